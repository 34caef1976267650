package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Cells;
import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.SideBySide;
import io.github.fornada.Waiting;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;

/** Several objects are sent in one message too, whatever their own code does. */
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
@ExtendWith(NothingIsLeft.class)
@SideBySide
class ObjectRowTest {
  private static final int ITEMS = 3_000;
  private static final int ODD = 1_963;

  private Pool pool;

  /** A number in an object that does something when it is read, at one number. */
  private static class Thing implements Serializable {
    final int number;
    final @Nullable Way atRead;

    Thing(int number, @Nullable Way atRead) {
      this.number = number;
      this.atRead = atRead;
    }

    private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
      in.defaultReadObject();
      if (atRead != null) {
        atRead.happen();
      }
    }

    /** The same number in another object, which is harmless. */
    Thing next() {
      return new Thing(number, null);
    }
  }

  private static List<Thing> harmless() {
    return IntStream.range(0, ITEMS).mapToObj(i -> new Thing(i, null)).toList();
  }

  private static List<Thing> with(Thing odd) {
    var things = new ArrayList<>(harmless());
    things.set(ODD, odd);
    return things;
  }

  private void open(int workers, UnaryOperator<ProcessOptions> change) throws InterruptedException {
    pool = Pools.open(workers, change);
    Pools.warm(pool, harmless(), Thing::next);
    // Until items are known to be quick, they go one by one.
    for (int i = 0; i < 2; i++) {
      assertThat(pool.outcomes(harmless(), Thing::next)).hasSize(ITEMS); // late ones do not matter
    }
  }

  @AfterEach
  void end() throws InterruptedException {
    Pools.end(pool);
  }

  private static void onlyTheOddOneFails(List<Outcome<Thing>> outcomes) {
    assertThat(outcomes).hasSize(ITEMS);
    assertThat(outcomes.get(ODD).isDone()).isFalse();
    for (int i = 0; i < ITEMS; i++) {
      if (i != ODD) {
        assertThat(outcomes.get(i).isDone()).as("item %d", i).isTrue();
        assertThat(outcomes.get(i).get().number).isEqualTo(i);
      }
    }
  }

  @ParameterizedTest
  @Cells(
      verify = {"THROWS_EXCEPTION", "HALTS"},
      rest = {"THROWS_ERROR", "LOOPS_DEAF_TO_INTERRUPTS"})
  void onlyTheItemThatCannotBeReadFails(Way way) throws Exception {
    onlyTheOddOneFails(
        Waiting.oneOfFew(
            way.limit(),
            limit -> oneCannotBeRead(way, limit),
            all -> Waiting.othersAreInTime(all, ODD)));
  }

  private List<Outcome<Thing>> oneCannotBeRead(Way way, Duration limit) throws Exception {
    open(2, o -> o.withTimeout(limit).withInitializer(Pools::loadWhatItemsNeed));
    try {
      return pool.outcomes(with(new Thing(ODD, way)), Thing::next).toList();
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void onlyTheItemWhoseResultCannotBeReadFails() throws Exception {
    open(2, o -> o);
    onlyTheOddOneFails(
        pool.outcomes(
                harmless(), x -> new Thing(x.number, x.number == ODD ? Way.THROWS_EXCEPTION : null))
            .toList());
  }

  /** Throws when half of it is written. */
  private static final class HalfWritten extends Thing {
    private final Thing first = new Thing(-1, null);

    HalfWritten(int number) {
      super(number, null);
    }

    private void writeObject(ObjectOutputStream out) throws IOException {
      out.writeObject(first);
      throw new IllegalStateException("half is enough");
    }
  }

  @Test
  void anItemThatThrowsWhenHalfWrittenLeavesItsRowWhole() throws Exception {
    open(2, o -> o);
    List<Outcome<Thing>> outcomes = pool.outcomes(with(new HalfWritten(ODD)), Thing::next).toList();
    onlyTheOddOneFails(outcomes);
    assertThat(outcomes.get(ODD).toString()).contains("half is enough");
  }

  /** Is not written before the test allows it. */
  private static final class Stuck extends Thing {
    static volatile CountDownLatch gate = new CountDownLatch(1);

    Stuck(int number) {
      super(number, null);
    }

    private void writeObject(ObjectOutputStream out) throws IOException {
      try {
        gate.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      out.defaultWriteObject();
    }
  }

  @Test
  void anItemThatIsNotWrittenHoldsUpNobody() throws Exception {
    open(2, o -> o);
    Stuck.gate = new CountDownLatch(1);
    Set<Integer> came = new HashSet<>();
    pool.completions(with(new Stuck(ODD)), Thing::next)
        .forEach(c -> {
          came.add(c.outcome().get().number);
          if (came.size() == ITEMS - 1) {
            assertThat(came).doesNotContain(ODD);
            Stuck.gate.countDown();
          }
        });
    assertThat(came).hasSize(ITEMS);
  }

  @Test
  void itemsBeforeOneThatIsNotWrittenEndThoughThereIsOneWorker() throws Exception {
    open(1, o -> o);
    Stuck.gate = new CountDownLatch(1);
    Set<Integer> came = new HashSet<>();
    pool.outcomes(with(new Stuck(ODD)), Thing::next)
        .forEach(outcome -> {
          came.add(outcome.get().number);
          if (came.size() == ODD) {
            Stuck.gate.countDown();
          }
        });
    assertThat(came).hasSize(ITEMS);
  }

  @ParameterizedTest
  @Cells(
      verify = {"1000", "1500000"},
      rest = {"40000", "200000"})
  void objectsOfEverySizeArrive(int most) throws Exception {
    open(2, o -> o.withHeap("256m"));
    List<List<String>> items =
        IntStream.range(0, 300).mapToObj(i -> List.of("x".repeat(i % 50 == 7 ? most : i))).toList();
    assertThat(pool.map(items, x -> List.of(x.getFirst() + "y")))
        .isEqualTo(items.stream().map(x -> List.of(x.getFirst() + "y")).toList());
  }

  @Test
  void aWorkerWithFewTasksLeftGetsNoMore() throws Exception {
    open(2, o -> o.withMaxTasks(2_000));
    assertThat(pool.map(harmless(), x -> x.number))
        .isEqualTo(IntStream.range(0, ITEMS).boxed().toList());
  }
}
