package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Busy;
import io.github.fornada.ExecutionModel;
import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.SideBySide;
import io.github.fornada.TaskEvent;
import io.github.fornada.Waiting;
import io.github.fornada.advice.AutoPools;
import io.github.fornada.advice.decide.Setting;
import io.github.fornada.spi.PayloadCodec;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.OutputStream;
import java.io.Serial;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.ListResourceBundle;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Results whose reading runs user code that behaves differently in the process that owns the pool:
 * there it is slow, waits for the pool, or never returns. It may hold up its own item only.
 */
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
@ExtendWith(NothingIsLeft.class)
@SideBySide
class ResultReadingTest {
  /** For what is stuck; nothing else may take so long. */
  private static final Duration LIMIT = Busy.scaled(Duration.ofSeconds(1));

  /** The same, where another run has a longer one. */
  private static final Duration SHORT = Duration.ofSeconds(1);

  /**
   * The same, longer where there is much else, and with a text that does not depend on the load.
   */
  private static final Duration LONGER = Duration.ofSeconds(4);

  /** What blocks for ever does so until all tests have ended. */
  private static final CountDownLatch LAST = new CountDownLatch(1);

  /** What a slow result waits for. */
  private static volatile CountDownLatch open = new CountDownLatch(1);

  private static final AtomicInteger BLOCKED = new AtomicInteger();

  /** What the record {@link Asks} waits for in the process that owns the pool. */
  private static final AtomicReference<@Nullable Pool> ASKED = new AtomicReference<>();

  @AfterAll
  static void releaseAll() {
    LAST.countDown();
  }

  /** Blocks for ever, interrupted or not. */
  private static void block() {
    BLOCKED.incrementAndGet();
    boolean ended = false;
    while (!ended) {
      try {
        LAST.await();
        ended = true;
      } catch (InterruptedException e) {
        // not even then
      }
    }
  }

  /** A result that is never read in the process that owns the pool, if it says so. */
  private static final class Stuck implements Serializable {
    @Serial private static final long serialVersionUID = 1L;

    final boolean isStuck;

    Stuck(boolean isStuck) {
      this.isStuck = isStuck;
    }

    @Serial
    private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
      in.defaultReadObject();
      if (isStuck && !Pools.isWorker()) {
        block();
      }
    }
  }

  private static final class StuckException extends RuntimeException {
    @Serial private static final long serialVersionUID = 1L;

    StuckException() {
      super("planted");
    }

    @Serial
    private Object readResolve() {
      if (!Pools.isWorker()) {
        block();
      }
      return this;
    }
  }

  /** Has code of its own, which is quick. */
  private record Checked(int value) {
    Checked {
      if (value < 0) {
        throw new IllegalArgumentException("value must not be negative, got " + value);
      }
    }
  }

  private record StuckRecord(int value) {
    StuckRecord {
      if (!Pools.isWorker()) {
        block();
      }
    }
  }

  private record Plain(int value, String text, Inner inner) {}

  private record Inner(long a, double b, boolean c) {}

  /** A record that asks the pool as it is made. */
  private record Asks(int value) {
    Asks {
      Pool pool = ASKED.get();
      if (pool != null) {
        value += pool.submit(100, x -> x + 1).join();
      }
    }
  }

  private static Pool open(UnaryOperator<ProcessOptions> change) {
    return Pools.open(
        1, o -> change.apply(o.withPolicy(o.policy().withGrace(Duration.ofMillis(100)))));
  }

  private static ProcessOptions limit(ProcessOptions o, Duration limit) {
    return o.withPolicy(o.policy().withTimeout(limit));
  }

  /** Until one more result is being read, and does not return. */
  private static void awaitBlocked(int before) {
    Waiting.until("it is being read", Leftovers.SOON, () -> BLOCKED.get() > before);
  }

  private static void assertThatOthersAreDone(Pool pool) throws Exception {
    assertThat(Pools.soon(pool.submit(1, x -> x + 1))).isEqualTo(2);
    assertThat(pool.map(IntStream.range(0, 500).boxed().toList(), x -> new Stuck(false)))
        .hasSize(500);
    assertThat(pool.map(IntStream.range(0, 500).boxed().toList(), Checked::new))
        .isEqualTo(IntStream.range(0, 500).mapToObj(Checked::new).toList());
  }

  // ---- only its own item

  @Test
  void aResultThatIsNeverReadHoldsUpNoOtherOfItsWorker() throws Exception {
    Pool pool = open(o -> o);
    try {
      int before = BLOCKED.get();
      CompletableFuture<Stuck> stuck = pool.submit(true, Stuck::new);
      awaitBlocked(before);
      assertThatOthersAreDone(pool);
      CompletableFuture<StuckRecord> second = pool.submit(1, StuckRecord::new);
      awaitBlocked(before + 1);
      assertThatOthersAreDone(pool);
      assertThat(stuck).isNotDone();
      assertThat(second).isNotDone();
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void aFailureThatIsNeverReadHoldsUpNoOtherOfItsWorker() throws Exception {
    Pool pool = open(o -> o);
    try {
      int before = BLOCKED.get();
      CompletableFuture<Integer> stuck =
          pool.submit(
              1,
              x -> {
                throw new StuckException();
              });
      awaitBlocked(before);
      assertThatOthersAreDone(pool);
      assertThat(stuck).isNotDone();
    } finally {
      Pools.end(pool);
    }
  }

  /** Loaded by the JDK, by its name, as a log record is read. */
  public static final class StuckBundle extends ListResourceBundle {
    /** For the JDK. */
    public StuckBundle() {
      if (!Pools.isWorker()) {
        block();
      }
    }

    @Override
    protected Object[][] getContents() {
      return new Object[0][];
    }
  }

  @Test
  void aLogRecordWhoseBundleIsNeverLoadedHoldsUpNoOtherOfItsWorker() throws Exception {
    Pool pool = open(o -> o);
    try {
      int before = BLOCKED.get();
      CompletableFuture<LogRecord> stuck =
          pool.submit(
              StuckBundle.class.getName(),
              name -> {
                var made = new LogRecord(Level.INFO, "m");
                made.setResourceBundleName(name);
                return made;
              });
      awaitBlocked(before);
      assertThatOthersAreDone(pool);
      assertThat(stuck).isNotDone();
    } finally {
      Pools.end(pool);
    }
  }

  /** An enum whose initialization does not end in the process that owns the pool. */
  private enum StuckEnum {
    ONE;

    static {
      if (!Pools.isWorker()) {
        block();
      }
    }
  }

  @Test
  void aClassThatIsAResultIsNotTakenForInitialized() throws Exception {
    Pool pool = open(o -> o);
    try {
      int before = BLOCKED.get();
      CompletableFuture<Class<?>> type = pool.submit(1, x -> StuckEnum.ONE.getDeclaringClass());
      CompletableFuture<List<StuckEnum>> stuck =
          pool.submit(1, x -> new ArrayList<>(List.of(StuckEnum.ONE)));
      awaitBlocked(before);
      assertThatOthersAreDone(pool);
      assertThat(stuck).isNotDone();
      assertThat(type).isNotNull();
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void resultsBesideOneThatIsNeverReadInACallAreThere() throws Exception {
    List<Outcome<Stuck>> all =
        Waiting.oneOfFew(
            LIMIT.multipliedBy(2),
            ResultReadingTest::threeOfManyAreStuck,
            ResultReadingTest::othersAreInTime);
    assertThat(all).hasSize(300);
    for (int i = 0; i < all.size(); i++) {
      assertThat(all.get(i))
          .as("item " + i)
          .isInstanceOf(isStuck(i) ? Outcome.TimedOut.class : Outcome.Done.class);
    }
  }

  private static boolean isStuck(int item) {
    return item % 100 == 50;
  }

  private static List<Outcome<Stuck>> threeOfManyAreStuck(Duration limit) {
    Pool pool = open(o -> limit(o, limit));
    try {
      return pool.outcomes(IntStream.range(0, 300).boxed().toList(), x -> new Stuck(isStuck(x)))
          .toList();
    } finally {
      pool.close();
    }
  }

  private static boolean othersAreInTime(List<Outcome<Stuck>> all) {
    return IntStream.range(0, all.size())
        .noneMatch(i -> !isStuck(i) && all.get(i) instanceof Outcome.TimedOut);
  }

  @Test
  void moreResultsThanThereAreThreadsForMayBlock() throws Exception {
    Pool pool = open(o -> limit(o, LONGER));
    try {
      List<CompletableFuture<Stuck>> stuck = new ArrayList<>();
      for (int i = 0; i < GuardedResults.MAX_THREADS + 8; i++) {
        stuck.add(pool.submit(true, Stuck::new));
      }
      assertThat(pool.map(IntStream.range(0, 1000).boxed().toList(), x -> x + 1)).hasSize(1000);
      for (int i = 0; i < GuardedResults.MAX_THREADS; i++) {
        CompletableFuture<Stuck> one = stuck.get(i);
        assertThatThrownBy(() -> Pools.soon(one)).hasMessageContaining("4 s");
      }
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void aSlowResultDelaysNoOther() throws Exception {
    record Slow(int value) {
      Slow {
        if (!Pools.isWorker()) {
          Waiting.until("it is opened", Leftovers.SOON, () -> open.getCount() == 0);
        }
      }
    }
    open = new CountDownLatch(1);
    Pool pool = open(o -> o);
    try {
      List<CompletableFuture<Slow>> slow =
          IntStream.range(0, 5).mapToObj(i -> pool.submit(i, Slow::new)).toList();
      assertThatOthersAreDone(pool);
      open.countDown();
      for (int i = 0; i < 5; i++) {
        assertThat(Pools.soon(slow.get(i))).isEqualTo(new Slow(i));
      }
    } finally {
      pool.close();
    }
  }

  @Test
  void aRecordMayAskItsOwnPoolAsItIsRead() throws Exception {
    Pool pool = open(o -> o);
    ASKED.set(pool);
    try {
      assertThat(((Asks) Pools.soon(pool.submit(1, Asks::new))).value()).isEqualTo(102);
      ASKED.set(pool);
      assertThat(pool.map(List.of(1, 2, 3), Asks::new).stream().map(Asks::value))
          .containsExactly(102, 103, 104);
    } finally {
      ASKED.set(null);
      pool.close();
    }
  }

  // ---- it ends, too

  @Test
  void aResultThatIsNeverReadIsOverTheTimeLimitAndItsStackSaysWhere() throws Exception {
    Waiting.inOneOfFewRuns(SHORT, ResultReadingTest::theStackSaysWhereAfter);
  }

  private static void theStackSaysWhereAfter(Duration limit) throws Exception {
    Pool pool = open(o -> limit(o, limit));
    try {
      Pools.warm(pool, List.of(false, false), Stuck::new);
      Outcome<Stuck> outcome = pool.outcomes(List.of(true), Stuck::new).toList().getFirst();
      assertThat(outcome).isInstanceOf(Outcome.TimedOut.class);
      assertThat(((Outcome.TimedOut<Stuck>) outcome).stack().toString()).contains("readObject");
      assertThatOthersAreDone(pool);
    } finally {
      pool.close();
    }
  }

  @Test
  void aResultThatIsBeingReadCanBeCancelled() throws Exception {
    Pool pool = open(o -> o);
    try {
      int before = BLOCKED.get();
      CompletableFuture<Stuck> stuck = pool.submit(true, Stuck::new);
      awaitBlocked(before);
      assertThat(stuck.cancel(true)).isTrue();
      assertThat(stuck).isCancelled();
    } finally {
      pool.close();
    }
  }

  @Test
  void shutdownNowEndsThoughResultsAreNeverRead() throws Exception {
    Pool pool = open(o -> o);
    int before = BLOCKED.get();
    CompletableFuture<Stuck> stuck = pool.submit(true, Stuck::new);
    CompletableFuture<Stuck> next = pool.submit(true, Stuck::new);
    awaitBlocked(before);
    Pools.end(pool);
    assertThat(stuck).isCompletedExceptionally();
    assertThat(next).isCompletedExceptionally();
  }

  @Test
  void aCloseEndsThoughAResultIsNeverRead() throws Exception {
    Pool pool = open(o -> o);
    int before = BLOCKED.get();
    CompletableFuture<Stuck> stuck = pool.submit(true, Stuck::new);
    awaitBlocked(before);
    pool.close();
    assertThatThrownBy(() -> Pools.soon(stuck))
        .isInstanceOf(ExecutionException.class)
        .hasMessageContaining("could not be read in this process")
        .hasMessageContaining("after the pool was shut down");
  }

  @Test
  void aCloseEndsThoughAResultIsNeverReadThatCameToAPoolThatChooses() throws Exception {
    Pool pool =
        AutoPools.fixed(
            new Setting(ExecutionModel.PROCESSES, 1),
            o -> o.withMostInFlight(1).withPolicy(o.policy().withGrace(Duration.ofMillis(100))));
    int before = BLOCKED.get();
    CompletableFuture<Stuck> stuck = pool.submit(true, Stuck::new);
    try {
      awaitBlocked(before);
      pool.shutdown();
      assertThatThrownBy(() -> Pools.soon(stuck))
          .isInstanceOf(ExecutionException.class)
          .hasMessageContaining("could not be read in this process")
          .hasMessageContaining("after the pool was shut down");
    } finally {
      Pools.end(pool);
    }
  }

  // ---- the codec

  private static final class Halting implements PayloadCodec {
    @Serial private static final long serialVersionUID = 1L;

    @Override
    public Session open(ClassLoader loader) {
      return new Session() {
        @Override
        public void write(Object value, OutputStream to) throws IOException {
          to.write(value.toString().getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public Object read(byte[] bytes, int from, int length) {
          String text = new String(bytes, from, length, StandardCharsets.UTF_8);
          if (text.equals("stuck") && !Pools.isWorker()) {
            block();
          }
          var read = new StringBuilder();
          read.append(text);
          return read;
        }
      };
    }
  }

  @Test
  void aCodecThatNeverReturnsHoldsUpOnlyItsOwnResult() throws Exception {
    Pool pool = open(o -> limit(o.withCodec(new Halting()), LONGER));
    try {
      CompletableFuture<StringBuilder> stuck = pool.submit("stuck", StringBuilder::new);
      List<String> texts = IntStream.range(0, 500).mapToObj(i -> "text " + i).toList();
      assertThat(
              pool.map(texts, StringBuilder::new).stream()
                  .map(StringBuilder::toString)
                  .collect(Collectors.toList()))
          .isEqualTo(texts);
      assertThatThrownBy(() -> Pools.soon(stuck)).hasMessageContaining("4 s");
    } finally {
      pool.close();
    }
  }

  // ---- what is read is what was sent

  @Test
  void resultsWithAndWithoutCodeOfTheirOwnComeInOrder() throws Exception {
    Pool pool = open(o -> o);
    try {
      List<Integer> items = IntStream.range(0, 1400).boxed().toList();
      List<Object> expected = new ArrayList<>();
      for (int i : items) {
        expected.add(mixed(i));
      }
      for (int round = 0; round < 3; round++) {
        assertThat(pool.<Integer, Object>map(items, ResultReadingTest::mixed)).isEqualTo(expected);
      }
    } finally {
      pool.close();
    }
  }

  private static Object mixed(int i) {
    return switch (i % 7) {
      case 0 -> i;
      case 1 -> "text " + i;
      case 2 -> new Plain(i, "x" + i, new Inner(i, i / 2.0, i % 2 == 0));
      case 3 -> new Checked(i);
      case 4 -> List.of(i, new Checked(i));
      case 5 -> List.of(new Plain(i, "", new Inner(0, 0, false)), Thread.State.NEW);
      default -> new double[0].length + i;
    };
  }

  @Test
  void workersMayBeReplacedWhileTheirResultsAreRead() throws Exception {
    Pool pool = open(o -> o.withMaxTasks(20));
    try {
      assertThat(pool.map(IntStream.range(0, 100).boxed().toList(), Checked::new))
          .isEqualTo(IntStream.range(0, 100).mapToObj(Checked::new).toList());
    } finally {
      pool.close();
    }
  }

  @Test
  void eachItemIsReportedOnceAndAfterItsStart() throws Exception {
    List<TaskEvent> events = new CopyOnWriteArrayList<>();
    Pool pool = open(o -> o.withPolicy(o.policy().withListener(events::add)));
    try {
      assertThat(pool.map(IntStream.range(0, 50).boxed().toList(), Checked::new)).hasSize(50);
    } finally {
      pool.close();
    }
    for (long i = 0; i < 50; i++) {
      long index = i;
      assertThat(
              events.stream()
                  .filter(e -> e instanceof TaskEvent.OfTask of && of.index() == index)
                  .map(e -> e.getClass().getSimpleName()))
          .containsExactly("Submitted", "Started", "Finished");
    }
  }

  @Test
  void aResultThatIsNotReadInTimeIsTriedAgainAsOftenAsRetriesSay() throws Exception {
    Waiting.inOneOfFewRuns(SHORT, ResultReadingTest::aResultIsTriedAgainAfter);
  }

  private static void aResultIsTriedAgainAfter(Duration limit) throws Exception {
    Pool pool = open(o -> limit(o.withPolicy(o.policy().withRetries(1)), limit));
    try {
      Pools.warm(pool, List.of(false, false), Stuck::new);
      int before = BLOCKED.get();
      assertThat(pool.outcomes(List.of(true), Stuck::new).toList().getFirst())
          .isInstanceOf(Outcome.TimedOut.class);
      assertThat(BLOCKED.get() - before).isEqualTo(2);
    } finally {
      pool.close();
    }
  }
}
