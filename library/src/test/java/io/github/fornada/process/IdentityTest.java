package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Pool;
import io.github.fornada.RemoteTaskException;
import io.github.fornada.SideBySide;
import io.github.fornada.TaskException;
import io.github.fornada.TaskFunction;
import io.github.fornada.async.ConcurrencyLimiter;
import java.io.IOException;
import java.io.NotSerializableException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamField;
import java.io.Serializable;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/** What arrives is what was sent: one object stays one, and an exception keeps its type. */
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
@SideBySide
@SuppressWarnings({"ReferenceEquality", "ArrayRecordComponent"}) // that is what is tested
class IdentityTest {
  private Pool pool;

  @BeforeEach
  void open() {
    pool = Pools.open(1);
  }

  @AfterEach
  void close() throws InterruptedException {
    Pools.end(pool);
  }

  // ---- what is one

  record Pair(@Nullable Object left, @Nullable Object right) implements Serializable {}

  record Arrays(int[] left, int[] right) {}

  private static Pair shared(int levels) {
    var pair = new Pair("leaf", "leaf");
    for (int i = 1; i < levels; i++) {
      pair = new Pair(pair, pair);
    }
    return pair;
  }

  private static int depth(Pair pair) {
    int depth = 1;
    for (Object inner = pair.left(); inner instanceof Pair next; inner = next.left()) {
      depth++;
    }
    return depth;
  }

  @Test
  void aRecordWhosePartsAreSharedTakesNoMoreThanItsParts() throws Exception {
    for (int levels : new int[] {2, 3, 22, 200}) {
      Pair there = (Pair) Pools.soon(pool.submit(shared(levels), x -> x));
      assertThat(depth(there)).isEqualTo(levels);
      assertThat(there.left()).isSameAs(there.right());
    }
  }

  @Test
  void oneArrayInTwoPlacesOfARecordArrivesAsOne() throws Exception {
    int[] array = {1, 2};
    assertThat(Pools.soon(pool.submit(new Arrays(array, array), x -> x.left() == x.right())))
        .isEqualTo(true);
    var inner = new Pair(array, "x");
    assertThat(
            Pools.soon(
                pool.submit(
                    new Pair(inner, new Pair("y", array)),
                    x -> ((Pair) x.left()).left() == ((Pair) x.right()).right())))
        .isEqualTo(true);
    Arrays back = (Arrays) Pools.soon(pool.submit(1, x -> twice(new int[] {x})));
    assertThat(back.left()).isSameAs(back.right());
  }

  private static Arrays twice(int[] array) {
    return new Arrays(array, array);
  }

  @Test
  void aListThatHoldsItselfArrivesAsOneThatDoes() throws Exception {
    var list = new ArrayList<Object>();
    list.add(list);
    assertThat(Pools.soon(pool.submit(list, x -> x.get(0) == x))).isEqualTo(true);
  }

  @Test
  void aRecordOfManyRecordsArrivesWhole() throws Exception {
    Pair chain = new Pair(0, null);
    for (int i = 1; i < 300; i++) {
      chain = new Pair(i, chain);
    }
    assertThat(Pools.soon(pool.submit(chain, x -> x))).isEqualTo(chain);
  }

  @Test
  void copiesOfOneElementAreAsManyAsWereSent() throws Exception {
    for (int n : new int[] {0, 1_000, 1_000_000, Integer.MAX_VALUE}) {
      assertThat(Pools.soon(pool.submit(Collections.nCopies(n, "x"), List::size))).isEqualTo(n);
    }
    var nested = Map.of("a", Collections.nCopies(1_000_000, new Pair(1, 2)));
    assertThat(Pools.soon(pool.submit(nested, x -> x.get("a").get(999_999))))
        .isEqualTo(new Pair(1, 2));
    assertThat(Pools.soon(pool.submit(1_000_000, n -> Collections.nCopies(n, "x"))))
        .isEqualTo(Collections.nCopies(1_000_000, "x"));
  }

  // ---- records need not be serializable

  enum Colour {
    RED
  }

  record Plain(int number, Colour colour, @Nullable Object more) {}

  @Test
  void aRecordNeedNotBeSerializableWhereverItStands() throws Exception {
    var plain = new Plain(1, Colour.RED, new Plain(2, Colour.RED, null));
    assertThat(Pools.soon(pool.submit(plain, x -> x))).isEqualTo(plain);
    assertThat(Pools.soon(pool.submit(List.of(plain, plain), x -> x)))
        .isEqualTo(List.of(plain, plain));
    assertThat(Pools.soon(pool.submit(List.of(plain, plain), x -> x.get(0) == x.get(1))))
        .isEqualTo(true);
    assertThat(Pools.soon(pool.submit(1, x -> plain.number() + x))).isEqualTo(2);
    var holder = new Plain(3, Colour.RED, new ArrayList<>(List.of(plain)));
    assertThat(Pools.soon(pool.submit(holder, x -> x))).isEqualTo(holder);
  }

  record Totals(int sum, Plain plain) {}

  @Test
  void aResultThatCannotBeSentIsToldWithTheWayToIt() {
    assertThatThrownBy(() ->
            pool.map(
                List.of(1), x -> new Totals(x, new Plain(2, Colour.RED, new Thread(() -> {})))))
        .isInstanceOf(TaskException.class)
        .hasCauseInstanceOf(NotSerializableException.class)
        .hasMessageContaining("the result.plain.more (java.lang.Thread) is not serializable")
        .hasMessageContaining("leave it out, or return what it holds");
  }

  @Test
  void anItemThatCannotBeSentIsToldWithTheWayThroughRecords() {
    assertThatThrownBy(
            () -> pool.map(List.of(new Plain(1, Colour.RED, new Object())), x -> x.number()))
        .hasMessageContaining("the item.more (java.lang.Object) is not serializable");
  }

  // ---- exceptions

  static final class Mine extends RuntimeException {
    Mine(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  static final class Stays extends RuntimeException {
    final Object here = new Object();

    Stays(String message) {
      super(message);
    }
  }

  private Throwable thrownBy(TaskFunction<Integer, Integer> function) throws Exception {
    try {
      var _ = pool.map(List.of(1), function);
    } catch (TaskException e) {
      return e.getCause();
    }
    throw new AssertionError("nothing was thrown");
  }

  @Test
  void aCauseThatCannotTravelCostsTheExceptionNothing() throws Exception {
    Throwable thrown =
        thrownBy(x -> {
          throw new Mine("outer", new Stays("inner"));
        });
    assertThat(thrown).isInstanceOf(Mine.class).hasMessage("outer");
    assertThat(thrown.getCause()).isInstanceOf(RemoteTaskException.class);
    assertThat(((RemoteTaskException) thrown.getCause()).remoteClass())
        .isEqualTo(Stays.class.getName());
    assertThat(thrown.getCause()).hasMessageContaining("inner");
  }

  @Test
  void aSuppressedOneThatCannotTravelCostsTheOthersNothing() throws Exception {
    Throwable thrown =
        thrownBy(x -> {
          var e = new Mine("outer", new Mine("cause", null));
          e.addSuppressed(new Stays("first"));
          e.addSuppressed(new Mine("second", null));
          throw e;
        });
    assertThat(thrown).isInstanceOf(Mine.class);
    assertThat(thrown.getCause()).isInstanceOf(Mine.class).hasMessage("cause");
    assertThat(thrown.getSuppressed()[0])
        .isInstanceOf(RemoteTaskException.class)
        .hasMessageContaining("first");
    assertThat(thrown.getSuppressed()[1]).isInstanceOf(Mine.class).hasMessage("second");
  }

  @Test
  void anExceptionThatCannotTravelKeepsTheCausesAndSuppressedOnesThatCan() throws Exception {
    Throwable thrown =
        thrownBy(x -> {
          var e = new Stays("outer");
          e.initCause(new Mine("cause", null));
          e.addSuppressed(new Mine("suppressed", null));
          throw e;
        });
    assertThat(thrown).isInstanceOf(RemoteTaskException.class).hasMessageContaining("outer");
    assertThat(thrown.getCause()).isInstanceOf(Mine.class).hasMessage("cause");
    assertThat(thrown.getSuppressed()).hasSize(1);
    assertThat(thrown.getSuppressed()[0]).isInstanceOf(Mine.class).hasMessage("suppressed");
  }

  @Test
  void anExceptionOfAClassThatIsThereOnlyKeepsItsSuppressedOnesAsNames() throws Exception {
    Throwable thrown =
        thrownBy(x -> {
          RuntimeException e = ForeignClasses.exception("foreign");
          e.addSuppressed(new Mine("suppressed", null));
          throw e;
        });
    assertThat(thrown).isInstanceOf(RemoteTaskException.class).hasMessageContaining("foreign");
    assertThat(thrown.getSuppressed()[0]).hasMessageContaining("suppressed");
  }

  @Test
  void aCauseOfAClassThatIsThereOnlyCostsTheExceptionNothing() throws Exception {
    Throwable thrown =
        thrownBy(x -> {
          var e = new Mine("outer", ForeignClasses.exception("foreign"));
          e.addSuppressed(new Mine("suppressed", null));
          throw e;
        });
    assertThat(thrown).isInstanceOf(Mine.class).hasMessage("outer");
    assertThat(thrown.getCause())
        .isInstanceOf(RemoteTaskException.class)
        .hasMessageContaining("foreign");
    assertThat(thrown.getSuppressed()[0]).isInstanceOf(Mine.class).hasMessage("suppressed");
  }

  @Test
  void aTaskThatChangesItsContextLoaderStillThrowsWhatItThrows() throws Exception {
    Throwable thrown =
        thrownBy(x -> {
          var nothing = new URLClassLoader(new java.net.URL[0], null);
          Thread.currentThread().setContextClassLoader(nothing);
          throw new Mine("planted", null);
        });
    assertThat(thrown).isInstanceOf(Mine.class).hasMessage("planted");
  }

  // ---- records that are reached again

  record Node(String name, Object next) {}

  private static Node tied(String name) {
    var next = new AtomicReference<Object>();
    var node = new Node(name, List.of(next));
    next.set(new Object[] {node});
    return node;
  }

  private static String name(Object x) {
    return ((Node) x).name();
  }

  /** Writes its part unshared, as its list of fields says. */
  static final class UnsharedField implements Serializable {
    @SuppressWarnings("UnusedVariable") // serialization reads it
    private static final ObjectStreamField[] serialPersistentFields = {
      new ObjectStreamField("part", Object.class, true)
    };

    final Object part;

    UnsharedField(Object part) {
      this.part = part;
    }
  }

  /** Writes its part unshared by code of its own. */
  static final class UnsharedByCode implements Serializable {
    transient Object part;

    UnsharedByCode(Object part) {
      this.part = part;
    }

    private void writeObject(ObjectOutputStream out) throws IOException {
      out.writeUnshared(part);
    }

    private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
      part = in.readUnshared();
    }
  }

  @Test
  void aRecordThatIsWrittenUnsharedTravelsAsAnyOther() throws Exception {
    var field = new UnsharedField(new Node("a", List.of(new Node("b", 1))));
    var code = new UnsharedByCode(new Node("c", 2));
    assertThat(pool.submit(field, x -> x).get().part).isEqualTo(field.part);
    assertThat(pool.submit(code, x -> x).get().part).isEqualTo(code.part);
    // One record, written unshared and then twice so that it stays one.
    var both = List.of(new UnsharedField(field.part), field.part, field.part);
    List<?> back = pool.submit(both, x -> x).get();
    assertThat(((UnsharedField) back.get(0)).part).isEqualTo(field.part);
    assertThat(back.get(1)).isEqualTo(field.part).isSameAs(back.get(2));
  }

  @Test
  void aRecordThatIsWrittenUnsharedAndReachedAgainIsRefusedByName() {
    assertThatThrownBy(() -> pool.map(List.of(new UnsharedField(tied("a"))), x -> 1))
        .hasStackTraceContaining("a record of class " + Node.class.getName() + " is reached again");
  }

  @Test
  void aRecordThatIsReachedAgainFromItsOwnComponentIsRefusedByName() {
    for (Object bad : List.of(tied("a"), List.of("b", tied("b")), new Node("c", tied("d")))) {
      assertThatThrownBy(() -> pool.map(List.of(bad), x -> 1))
          .hasStackTraceContaining(
              "a record of class " + Node.class.getName() + " is reached again")
          .hasStackTraceContaining("component \"next\"");
    }
    assertThatThrownBy(() -> pool.map(List.of("r"), IdentityTest::tied))
        .hasStackTraceContaining("component \"next\"");
  }

  @Test
  void aRecordThatIsReachedTwiceButNotFromItselfArrivesAsOne() throws Exception {
    var shared = new Node("s", new ArrayList<>(List.of("x")));
    List<Object> both = new ArrayList<>(List.of(new Node("l", shared), new Node("r", shared)));
    both.add(shared);
    assertThat(pool.map(List.of(both), IdentityTest::areOne)).containsExactly(true);
  }

  private static boolean areOne(List<Object> nodes) {
    Object shared = nodes.get(2);
    return ((Node) nodes.get(0)).next() == shared
        && ((Node) nodes.get(1)).next() == shared
        && name(shared).equals("s");
  }

  /** As in an item that was itself read from a stream of the JDK's. */
  @Test
  void dataThatLooksLikeAReferenceIsData() throws Exception {
    byte[] data = new byte[5 * 256];
    for (int i = 0; i < 256; i++) {
      System.arraycopy(new byte[] {0x71, 0, 0x7e, 0, (byte) i}, 0, data, 5 * i, 5);
    }
    var node = new Node("n", new ArrayList<>(List.of(data, "x")));
    assertThat(pool.map(List.of(List.of(node, 1)), x -> name(x.getFirst()))).containsExactly("n");
  }

  // ---- proxies

  interface Hidden {
    int next(int x);
  }

  static final class Adds implements InvocationHandler, Serializable {
    @Override
    public Object invoke(Object proxy, Method method, Object[] args) {
      return (int) args[0] + 1;
    }
  }

  @Test
  void aProxyOfAnInterfaceThatIsNotPublicWorks() throws Exception {
    var loader = IdentityTest.class.getClassLoader();
    var hidden = (Hidden) Proxy.newProxyInstance(loader, new Class<?>[] {Hidden.class}, new Adds());
    assertThat(pool.submit(hidden, x -> x.next(1)).get()).isEqualTo(2);
    assertThat(pool.submit(hidden, x -> x).get().next(2)).isEqualTo(3);
  }

  // ---- what is said

  @Test
  void aLambdaThatRefersToItselfIsToldHowToBeWritten() {
    @SuppressWarnings({"unchecked", "rawtypes"})
    TaskFunction<Integer, Integer>[] self = new TaskFunction[1];
    self[0] = n -> n == 0 ? 1 : n * self[0].apply(n - 1);
    assertThatThrownBy(() -> pool.map(List.of(3), self[0]))
        .hasMessageContaining("a lambda that refers to itself")
        .hasMessageContaining("static method");
  }

  @Test
  void aLimiterInATaskIsSaidToWorkWithinOneJvm() {
    var limit = ConcurrencyLimiter.atMost(2);
    assertThatThrownBy(() -> pool.map(List.of(1), x -> x + (int) (long) limit.hashCode()))
        .hasMessageContaining("ConcurrencyLimiter")
        .hasMessageContaining("within one JVM only");
  }
}
