package io.github.fornada.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Completion;
import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.Waiting;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What {@link Pool#outcomes} and {@link Pool#completions} promise. */
interface StreamContract extends PoolUnderTest {

  private static List<Integer> numbers(int from, int to) {
    return IntStream.range(from, to).boxed().toList();
  }

  private static <T> List<Iterable<T>> bothWays(List<T> items) {
    return List.of(items, Work.lazily(items));
  }

  @Test
  default void everyItemHasItsOutcomeInOrder() {
    try (Pool pool = lend(3)) {
      for (Iterable<Integer> items : bothWays(numbers(0, 5000))) {
        List<Outcome<Integer>> outcomes =
            pool.<Integer, Integer>outcomes(items, Work::noTens).toList();
        assertThat(outcomes).hasSize(5000);
        for (int i = 0; i < 5000; i++) {
          if (i % 10 == 0) {
            assertThat(outcomes.get(i)).isInstanceOf(Outcome.Failed.class);
            assertThat(((Outcome.Failed<?>) outcomes.get(i)).cause()).hasMessage("no " + i);
          } else {
            assertThat(outcomes.get(i)).isEqualTo(new Outcome.Done<>(i));
          }
        }
      }
    }
  }

  @Test
  default void everyItemHasItsCompletionOnce() {
    try (Pool pool = lend(3)) {
      for (Iterable<Integer> items : bothWays(numbers(0, 5000))) {
        List<Completion<Integer, Integer>> completions =
            pool.<Integer, Integer>completions(items, Work::increment).toList();
        assertThat(completions).hasSize(5000);
        var seen = new HashSet<Long>();
        for (Completion<Integer, Integer> c : completions) {
          assertThat(seen.add(c.index())).isTrue();
          assertThat((long) c.item()).isEqualTo(c.index());
          assertThat(c.outcome()).isEqualTo(new Outcome.Done<>(c.item() + 1));
        }
      }
    }
  }

  @Test
  default void noItemsGiveAnEmptyStream() {
    try (Pool pool = lend(2)) {
      for (Iterable<Integer> items : bothWays(List.<Integer>of())) {
        assertThat(pool.outcomes(items, Work::increment)).isEmpty();
        assertThat(pool.completions(items, Work::increment)).isEmpty();
      }
    }
  }

  @Test
  default void nullIsAnItemAndAResult() {
    try (Pool pool = lend(2)) {
      for (Iterable<String> items : bothWays(Arrays.asList("a", null))) {
        assertThat(pool.<String, String>outcomes(items, Work::nothing).toList())
            .containsExactly(new Outcome.Done<>(null), new Outcome.Done<>(null));
      }
    }
  }

  @Test
  default void countCountsByRunning() {
    Marks marks = marks();
    try (Pool pool = lend(2)) {
      long count =
          pool.outcomes(
                  List.of(1, 2, 3),
                  i -> {
                    marks.set(i);
                    return i;
                  })
              .count();
      assertThat(count).isEqualTo(3);
      assertThat(marks.all()).containsExactly("1", "2", "3");
    }
  }

  @Test
  default void nothingStartsBeforeTheTerminalOperation() {
    var numbers = new Work.Counting();
    try (Pool pool = lend(2)) {
      Stream<Outcome<Integer>> stream = pool.outcomes(numbers, Work::increment);
      assertThat(numbers.taken.get()).isZero();
      stream.close();
    }
    assertThat(numbers.taken.get()).isZero();
  }

  @Test
  default void neverMoreThanTheWindowIsTakenAheadOfWhatWasConsumed() {
    for (int window : List.of(1, 7, 64)) {
      try (Pool pool = open(3, policy -> policy.withWindow(window))) {
        var lazy = new Work.Counting();
        neverAhead(pool.outcomes(lazy, Work::increment), lazy, window);
        var collection = new Work.CountingCollection();
        neverAhead(pool.outcomes(collection, Work::increment), collection.numbers, window);
        var unordered = new Work.CountingCollection();
        neverAhead(pool.completions(unordered, Work::increment), unordered.numbers, window);
      }
    }
  }

  private static void neverAhead(Stream<?> stream, Work.Counting source, int window) {
    try (stream) {
      Iterator<?> it = stream.iterator();
      for (int consumed = 0; consumed < 500; consumed++) {
        // The element handed over last is still with its consumer: it counts as not consumed.
        long ahead = source.taken.get() - Math.max(0, consumed - 1);
        assertThat(ahead)
            .as("window %d, consumed %d", window, consumed)
            .isLessThanOrEqualTo(window + 1L);
        it.next();
      }
    }
  }

  @Test
  default void aSlowSourceDoesNotHoldBackWhatIsDue() throws Exception {
    Marks marks = marks();
    var given = new AtomicInteger();
    Iterable<Integer> source =
        () ->
            new Iterator<>() {
              @Override
              public boolean hasNext() {
                return given.get() < 2;
              }

              @Override
              public Integer next() {
                int i = given.getAndIncrement();
                if (i == 1) {
                  try {
                    marks.await("the first was consumed");
                  } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                  }
                }
                return i;
              }
            };
    try (Pool pool = lend(2)) {
      assertThat(
              pool.outcomes(source, Work::increment)
                  .peek(outcome -> marks.set("the first was consumed"))
                  .toList())
          .containsExactly(new Outcome.Done<>(1), new Outcome.Done<>(2));
    }
  }

  @Test
  default void whatTheSourceThrowsComesAfterTheOutcomesDue() {
    try (Pool pool = lend(2)) {
      for (Iterable<Integer> source :
          List.of(Work.failingAfter(50), Work.failingCollectionAfter(50))) {
        var got = new ArrayList<Outcome<Integer>>();
        assertThatThrownBy(
                () -> pool.<Integer, Integer>outcomes(source, Work::increment).forEach(got::add))
            .isInstanceOf(IllegalStateException.class)
            .hasMessage("the source broke");
        assertThat(got)
            .hasSize(50)
            .startsWith(new Outcome.Done<>(1))
            .endsWith(new Outcome.Done<>(50));
      }
    }
  }

  @Test
  default void aSourceWhoseIteratorIsNullIsNamed() {
    try (Pool pool = lend(2)) {
      Iterable<Integer> source = () -> null;
      assertThatThrownBy(() -> pool.outcomes(source, Work::increment).toList())
          .isInstanceOf(NullPointerException.class)
          .hasMessageContaining("iterator() of their source")
          .hasMessageContaining("returned null");
      assertThatThrownBy(() -> pool.map(source, Work::increment))
          .isInstanceOf(NullPointerException.class)
          .hasMessageContaining("returned null");
    }
  }

  @Test
  default void aSourceThatGivesNoIteratorIsReported() {
    try (Pool pool = lend(2)) {
      Iterable<Integer> lazy =
          () -> {
            throw new IllegalStateException("no iterator");
          };
      Collection<Integer> collection =
          new java.util.AbstractCollection<>() {
            @Override
            public Iterator<Integer> iterator() {
              throw new IllegalStateException("no iterator");
            }

            @Override
            public int size() {
              return 1;
            }
          };
      for (Iterable<Integer> source : List.of(lazy, collection)) {
        assertThatThrownBy(() -> pool.outcomes(source, Work::increment).toList())
            .isInstanceOf(IllegalStateException.class)
            .hasMessage("no iterator");
      }
    }
  }

  @Test
  default void aConsumerThatStopsEarlyLeavesAtMostAWindowAndThePoolCloses() {
    var numbers = new Work.Counting();
    var collection = new Work.CountingCollection();
    try (Pool pool = open(2, policy -> policy.withWindow(16))) {
      assertThat(pool.outcomes(numbers, Work::increment).limit(3).toList()).hasSize(3);
      assertThat(pool.outcomes(collection, Work::increment).limit(3).toList()).hasSize(3);
    }
    assertThat(numbers.taken.get()).isLessThanOrEqualTo(3 + 16 + 1);
    assertThat(collection.numbers.taken.get()).isLessThanOrEqualTo(3 + 16);
  }

  @Test
  default void aStreamThatIsLeftEarlyKeepsNoThread() {
    try (Pool pool = open(2, policy -> policy.withWindow(8))) {
      for (Function<Stream<?>, Object> leave :
          List.<Function<Stream<?>, Object>>of(
              stream -> assertThat(stream.findFirst()).isPresent(),
              stream -> assertThat(stream.anyMatch(any -> true)).isTrue(),
              stream -> assertThat(stream.limit(3).toList()).hasSize(3),
              stream -> stream.iterator().next(),
              stream -> stream.spliterator().tryAdvance(any -> {}),
              stream -> assertThat(stream.parallel().findFirst()).isPresent())) {
        var source = new Read(100, 100);
        var _ = leave.apply(pool.outcomes(source, Work::increment));
        var _ = leave.apply(pool.completions(source, Work::increment));
        Waiting.untilCollected("the threads that read have ended", source::isLeft);
      }
    }
  }

  @Test
  default void aSourceThatWaitsIsLeftWithItsStream() {
    try (Pool pool = lend(2)) {
      var source = new Read(100, 1);
      var _ = pool.outcomes(source, Work::increment).findFirst();
      Waiting.untilCollected("the thread that read has ended", source::isLeft);
    }
  }

  @Test
  default void aStreamThatSomebodyHoldsIsReadToItsEnd() {
    try (Pool pool = open(2, policy -> policy.withWindow(4))) {
      Iterator<?> kept = pool.outcomes(new Read(30, 30), Work::increment).iterator();
      int count = 0;
      while (kept.hasNext()) {
        assertThat(kept.next()).isEqualTo(new Outcome.Done<>(count + 1));
        collectAtEveryThird(count);
        count++;
      }
      assertThat(count).isEqualTo(30);
      assertThat(
              pool.outcomes(new Read(30, 30), Work::increment)
                  .peek(outcome -> collectAtEveryThird(outcome.get()))
                  .parallel()
                  .toList())
          .hasSize(30);
    }
  }

  /** A collection takes a processor for longer than all items together. */
  private static void collectAtEveryThird(int number) {
    if (number % 3 == 0) {
      System.gc();
    }
  }

  /** Numbers from 0, which only one thread reads; knows its threads. */
  final class Read implements Iterable<Integer> {
    private final int count;
    private final int waitAt;
    private final Set<Thread> threads = ConcurrentHashMap.newKeySet();

    /**
     * So many numbers.
     *
     * @param waitAt before which number it waits until it is interrupted
     */
    Read(int count, int waitAt) {
      this.count = count;
      this.waitAt = waitAt;
    }

    /** Whether it was read, and no thread of those that read it is left. */
    boolean isLeft() {
      return !threads.isEmpty() && threads.stream().noneMatch(Thread::isAlive);
    }

    @Override
    public Iterator<Integer> iterator() {
      threads.add(Thread.currentThread());
      return IntStream.range(0, count).peek(this::pass).iterator();
    }

    private void pass(int number) {
      if (number == waitAt) {
        try {
          new CountDownLatch(1).await();
        } catch (InterruptedException e) {
          throw new CancellationException();
        }
      }
    }
  }

  @Test
  default void aConsumerThatThrowsLeavesThePoolUsable() throws Exception {
    try (Pool pool = lend(2)) {
      assertThatThrownBy(() ->
              pool.outcomes(new Work.Counting(), Work::increment)
                  .forEach(outcome -> {
                    throw new IllegalStateException("consumer");
                  }))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("consumer");
      assertThat(PoolUnderTest.get(pool.submit(1, Work::increment))).isEqualTo(2);
    }
  }

  @Test
  default void closingTheStreamStopsItsTasks() throws Exception {
    Marks marks = marks();
    try (Pool pool = lend(2)) {
      Stream<Outcome<Integer>> stream =
          pool.outcomes(
              new Work.Counting(),
              i -> {
                if (i > 0) {
                  marks.set("began");
                  try {
                    marks.await("never");
                  } catch (InterruptedException e) {
                    marks.set("interrupted");
                  }
                }
                return i;
              });
      stream.iterator().next();
      marks.await("began");
      stream.close();
      marks.await("interrupted");
    }
  }

  @Test
  default void anInterruptedConsumerCancelsTheWork() throws Exception {
    Marks marks = marks();
    try (Pool pool = lend(2)) {
      var result = new CompletableFuture<Boolean>();
      Thread consumer =
          Thread.ofPlatform()
              .start(() -> {
                try {
                  pool.outcomes(
                          new Work.Counting(),
                          i -> {
                            marks.set("began");
                            try {
                              marks.await("never");
                            } catch (InterruptedException e) {
                              marks.set("interrupted");
                            }
                            return i;
                          })
                      .forEach(outcome -> {});
                } catch (CancellationException e) {
                  result.complete(Thread.currentThread().isInterrupted());
                } catch (Throwable e) {
                  result.completeExceptionally(e);
                }
              });
      marks.await("began");
      consumer.interrupt();
      assertThat(PoolUnderTest.get(result)).as("the interrupt is still set").isTrue();
      marks.await("interrupted");
    }
  }

  @Test
  default void shutdownEndsAStreamAfterWhatWasTakenWithARejection() {
    for (boolean lazy : List.of(true, false)) {
      Pool pool = open(2, policy -> policy.withWindow(8));
      var collection = new Work.CountingCollection();
      Iterable<Integer> source = lazy ? collection.numbers : collection;
      var got = new ArrayList<Outcome<Integer>>();
      assertThatThrownBy(() ->
              pool.<Integer, Integer>outcomes(source, Work::increment)
                  .forEach(outcome -> {
                    got.add(outcome);
                    if (got.size() == 20) {
                      pool.shutdown();
                    }
                  }))
          .isInstanceOf(RejectedExecutionException.class)
          .hasMessageContaining("shut down");
      assertThat(got).hasSizeBetween(20, 20 + 8 + 1);
      for (int i = 0; i < got.size(); i++) {
        assertThat(got.get(i)).isEqualTo(new Outcome.Done<>(i + 1));
      }
      pool.close();
    }
  }

  @Test
  default void shutdownNowEndsAStreamThatWaits() throws Exception {
    Marks marks = marks();
    Pool pool = open(2);
    var thrown = new AtomicReference<Throwable>();
    Thread consumer =
        Thread.ofPlatform()
            .start(() -> {
              try {
                pool.<Integer, Integer>outcomes(
                        new Work.Counting(),
                        i -> {
                          marks.set("began");
                          marks.await("never");
                          return i;
                        })
                    .forEach(outcome -> {});
              } catch (Throwable e) {
                thrown.set(e);
              }
            });
    marks.await("began");
    pool.shutdownNow();
    assertThat(consumer.join(PATIENCE)).isTrue();
    assertThat(thrown.get()).isInstanceOf(CancellationException.class);
    PoolUnderTest.awaitTermination(pool);
  }

  @Test
  default void shutdownNowEndsEveryStreamInTheSameWay() {
    for (Iterable<Integer> items : bothWays(numbers(0, 5000))) {
      Pool pool = open(1);
      Iterator<?> outcomes = pool.outcomes(items, Work::increment).iterator();
      outcomes.next();
      pool.shutdownNow();
      assertThatThrownBy(() -> outcomes.forEachRemaining(outcome -> {}))
          .isInstanceOf(CancellationException.class)
          .hasMessage("the stream was stopped: the pool was shut down at once");
    }
  }

  @Test
  default void aPoolThatIsShutDownGivesNoStreams() {
    Pool pool = open(1);
    Stream<Outcome<Integer>> before = pool.outcomes(List.of(1), Work::increment);
    pool.close();
    assertThatThrownBy(() -> pool.outcomes(List.of(1), Work::increment))
        .isInstanceOf(RejectedExecutionException.class);
    assertThatThrownBy(before::toList).isInstanceOf(RejectedExecutionException.class);
  }
}
