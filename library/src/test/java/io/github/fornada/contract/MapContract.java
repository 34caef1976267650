package io.github.fornada.contract;

import static io.github.fornada.contract.PoolUnderTest.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.TaskException;
import io.github.fornada.TaskFunction;
import java.io.FileNotFoundException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What {@link Pool#map} and {@link Pool#mapping} promise. */
interface MapContract extends PoolUnderTest {

  /** An item whose toString never returns. */
  record Speechless(int number) implements Serializable {
    @Override
    public String toString() {
      while (true) {
        LockSupport.park();
        var _ = Thread.interrupted(); // or it would not park again, but take a processor
      }
    }
  }

  /** An item whose toString fails. */
  record Nameless(int number) implements Serializable {
    @Override
    public String toString() {
      throw new IllegalStateException("no name");
    }
  }

  private static List<Integer> numbers(int from, int to) {
    return IntStream.range(from, to).boxed().toList();
  }

  /** Where tasks run elsewhere, what they capture has the same bytes in each call. */
  @Test
  default void noCallSeesWhatTasksOfAnotherChangeInWhatTheyCaptured() throws Exception {
    try (Pool pool = lend(1)) {
      for (int call = 0; call < 3; call++) {
        assertThat(get(pool.submit(1, counting()))).isEqualTo(1);
        assertThat(pool.map(List.of(1), counting())).containsExactly(1);
        assertThat(pool.outcomes(List.of(1), counting())).containsExactly(new Outcome.Done<>(1));
        assertThat(Stream.of(1).gather(pool.mapping(counting()))).containsExactly(1);
        assertThat(get(pool.submit(1, new Sum(new ArrayList<>())))).isEqualTo(1);
      }
    }
  }

  private static TaskFunction<Integer, Integer> counting() {
    var seen = new ArrayList<Integer>();
    return x -> {
      seen.add(x);
      return seen.size();
    };
  }

  record Sum(List<Integer> seen) implements TaskFunction<Integer, Integer> {
    @Override
    public Integer apply(Integer x) {
      seen.add(x);
      return seen.stream().mapToInt(Integer::intValue).sum();
    }
  }

  @Test
  default void resultsComeInTheOrderOfTheItems() throws Exception {
    List<Integer> items = numbers(0, 20_000);
    try (Pool pool = lend(3)) {
      List<Integer> results = pool.map(items, Work::increment);
      assertThat(results).isEqualTo(numbers(1, 20_001));
      assertThatThrownBy(results::removeLast).isInstanceOf(UnsupportedOperationException.class);
      Iterable<Integer> lazy = Work.lazily(items);
      assertThat(pool.map(lazy, Work::increment)).isEqualTo(numbers(1, 20_001));
      assertThat(items.stream().gather(pool.mapping(Work::increment)).toList())
          .isEqualTo(numbers(1, 20_001));
    }
  }

  @Test
  default void noItemsGiveNoResults() throws Exception {
    try (Pool pool = lend(2)) {
      assertThat(pool.map(List.<Integer>of(), Work::increment)).isEmpty();
      Iterable<Integer> lazy = Work.lazily(List.of());
      assertThat(pool.map(lazy, Work::increment)).isEmpty();
      assertThat(Stream.<Integer>of().gather(pool.mapping(Work::increment)).toList()).isEmpty();
    }
  }

  @Test
  default void nullItemsAndNullResultsAreValues() throws Exception {
    List<String> items = Arrays.asList("a", null, "b");
    try (Pool pool = lend(2)) {
      assertThat(pool.map(items, Work::nothing)).containsExactly(null, null, null);
      Iterable<String> lazy = Work.lazily(items);
      assertThat(pool.map(lazy, Work::nothing)).containsExactly(null, null, null);
      assertThat(items.stream().gather(pool.mapping(Work::nothing)).toList())
          .containsExactly(null, null, null);
      assertThat(pool.map(items, item -> item == null)).containsExactly(false, true, false);
    }
  }

  @Test
  default void theFirstFailureIsThrownAndNamesItsItem() {
    List<Integer> items = List.of(1, 2, 20, 3);
    try (Pool pool = lend(1)) {
      assertThatThrownBy(() -> pool.map(items, Work::noTens))
          .isInstanceOf(TaskException.class)
          .hasMessageContaining("item 2 (20) failed")
          .cause()
          .isInstanceOf(FileNotFoundException.class)
          .hasMessage("no 20");
      Iterable<Integer> lazy = Work.lazily(items);
      assertThatThrownBy(() -> pool.map(lazy, Work::noTens))
          .isInstanceOf(TaskException.class)
          .hasMessageContaining("item 2 (20) failed")
          .hasCauseInstanceOf(FileNotFoundException.class);
    }
  }

  @Test
  default void aFailureIsThrownByAGathererWhereverItIs() {
    try (Pool pool = lend(2)) {
      for (int last : List.of(1, 2, 3, 5, 20)) {
        for (int round = 0; round < 10; round++) {
          Stream<Integer> items =
              IntStream.rangeClosed(1, last).map(i -> i == last ? 10 : 1).boxed();
          assertThatThrownBy(() -> items.gather(pool.mapping(Work::noTens)).toList())
              .as("the last of %d", last)
              .isInstanceOf(TaskException.class)
              .hasMessageContaining("item " + (last - 1) + " (10) failed");
        }
      }
    }
  }

  @Test
  default void anItemWhoseToStringFailsIsStillReported() {
    try (Pool pool = lend(1)) {
      assertThatThrownBy(() ->
              pool.map(
                  List.of(new Nameless(1)),
                  item -> {
                    throw new FileNotFoundException("gone");
                  }))
          .isInstanceOf(TaskException.class)
          .hasMessageContaining("whose toString fails")
          .hasCauseInstanceOf(FileNotFoundException.class);
    }
  }

  @Test
  default void anItemWhoseToStringHangsIsStillReported() throws InterruptedException {
    try (Pool pool = lend(1)) {
      for (int k = 0; k < 2; k++) { // the second is not even asked
        assertThatThrownBy(() ->
                pool.map(
                    List.of(new Speechless(1)),
                    item -> {
                      throw new FileNotFoundException("gone");
                    }))
            .isInstanceOf(TaskException.class)
            .hasMessageContaining("whose toString hangs")
            .hasCauseInstanceOf(FileNotFoundException.class);
      }
      assertThat(pool.map(List.of(1, 2), x -> x + 1)).containsExactly(2, 3);
    }
  }

  @Test
  default void aFailureEndsAMapOverAnEndlessSource() {
    var numbers = new Work.Counting();
    try (Pool pool = lend(2)) {
      Iterable<Integer> fromOne = () -> numbers.iterator();
      assertThatThrownBy(() -> pool.map(fromOne, i -> Work.noTens(i + 1)))
          .isInstanceOf(TaskException.class)
          .hasMessageMatching("item \\d*9 .*");
    }
  }

  @Test
  default void afterAFailureNoFurtherItemStarts() {
    Marks marks = marks();
    try (Pool pool = lend(1)) {
      assertThatThrownBy(() ->
              pool.map(
                  numbers(0, 1000),
                  i -> {
                    marks.set(i);
                    return Work.noTens(i + 5);
                  }))
          .isInstanceOf(TaskException.class)
          .hasMessageContaining("item 5 (5) failed");
    }
    assertThat(marks.all()).as("what was under way at most").hasSizeLessThan(900);
  }

  @Test
  default void anInterruptOfTheCallerCancelsAndIsThrown() throws Exception {
    for (boolean lazy : List.of(false, true)) {
      var marks =
          new Marks(java.nio.file.Files.createDirectory(folder().resolve("" + lazy)).toString());
      List<String> list = List.of("a", "b");
      Iterable<String> items = lazy ? Work.lazily(list) : list;
      try (Pool pool = lend(1)) {
        var thrown = new AtomicReference<Throwable>();
        Thread caller =
            Thread.ofPlatform()
                .start(() -> {
                  try {
                    pool.map(
                        items,
                        item -> {
                          marks.set("began");
                          try {
                            marks.await("never");
                          } catch (InterruptedException e) {
                            marks.set("interrupted");
                            throw e;
                          }
                          return item;
                        });
                  } catch (Throwable e) {
                    thrown.set(e);
                  }
                });
        marks.await("began");
        caller.interrupt();
        assertThat(caller.join(PATIENCE)).isTrue();
        assertThat(thrown.get()).isInstanceOf(InterruptedException.class);
        marks.await("interrupted");
      }
    }
  }

  @Test
  default void aCallerThatIsInterruptedAlreadyStartsNothing() {
    Marks marks = marks();
    try (Pool pool = lend(1)) {
      Thread.currentThread().interrupt();
      assertThatThrownBy(() ->
              pool.map(
                  List.of(1),
                  i -> {
                    marks.set("ran");
                    return i;
                  }))
          .isInstanceOf(InterruptedException.class);
      assertThat(Thread.interrupted()).isFalse();
    }
    assertThat(marks.has("ran")).isFalse();
  }

  @Test
  default void whatTheSourceThrowsIsThrown() {
    try (Pool pool = lend(2)) {
      assertThatThrownBy(() -> pool.map(Work.failingAfter(50), Work::increment))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("the source broke");
      assertThatThrownBy(() -> pool.map(Work.failingCollectionAfter(50), Work::increment))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("the source broke");
    }
  }

  @Test
  default void shutdownNowCutsAMapOff() throws Exception {
    for (boolean lazy : List.of(false, true)) {
      var marks =
          new Marks(java.nio.file.Files.createDirectory(folder().resolve("" + lazy)).toString());
      List<Integer> list = numbers(0, 100);
      Iterable<Integer> items = lazy ? Work.lazily(list) : list;
      Pool pool = open(2);
      var thrown = new AtomicReference<Throwable>();
      Thread caller =
          Thread.ofPlatform()
              .start(() -> {
                try {
                  pool.map(
                      items,
                      item -> {
                        marks.set("began");
                        marks.await("never");
                        return item;
                      });
                } catch (Throwable e) {
                  thrown.set(e);
                }
              });
      marks.await("began");
      pool.shutdownNow();
      assertThat(caller.join(PATIENCE)).isTrue();
      assertThat(thrown.get())
          .isInstanceOf(RejectedExecutionException.class)
          .hasMessageContaining("shut down at once");
      PoolUnderTest.awaitTermination(pool);
    }
  }

  @Test
  default void shutdownNowIsNotTakenForTheEndByAGatherer() throws Exception {
    Marks marks = marks();
    Pool pool = open(2);
    var result = new CompletableFuture<List<Integer>>();
    Thread caller =
        Thread.ofPlatform()
            .start(() -> {
              try {
                result.complete(
                    numbers(0, 5).stream()
                        .gather(
                            pool.mapping(i -> {
                              marks.set("began");
                              marks.await("never");
                              return i;
                            }))
                        .toList());
              } catch (Throwable e) {
                result.completeExceptionally(e);
              }
            });
    marks.await("began");
    pool.shutdownNow();
    assertThat(caller.join(PATIENCE)).isTrue();
    assertThat(result.exceptionNow()).isInstanceOf(RejectedExecutionException.class);
    PoolUnderTest.awaitTermination(pool);
  }

  @Test
  default void aGathererStopsWhenItsStreamHasEnough() {
    try (Pool pool = open(2, policy -> policy.withWindow(16))) {
      var numbers = new Work.Counting();
      List<Integer> first =
          java.util.stream.StreamSupport.stream(numbers.spliterator(), false)
              .gather(pool.mapping(Work::increment))
              .limit(50)
              .toList();
      assertThat(first).isEqualTo(numbers(1, 51));
      assertThat(numbers.taken.get()).isLessThanOrEqualTo(50 + 16 + 1);
    }
  }

  @Test
  default void tenThreadsMapAndSubmitAtOnce() throws Exception {
    try (Pool pool = lend(3)) {
      var failures = new ArrayList<CompletableFuture<Void>>();
      for (int t = 0; t < 10; t++) {
        int from = t * 1000;
        var done = new CompletableFuture<Void>();
        failures.add(done);
        Thread.ofPlatform()
            .start(() -> {
              try {
                for (int round = 0; round < 5; round++) {
                  assertThat(pool.map(numbers(from, from + 300), Work::increment))
                      .isEqualTo(numbers(from + 1, from + 301));
                  var futures = new ArrayList<CompletableFuture<Integer>>();
                  for (int i = 0; i < 50; i++) {
                    futures.add(pool.submit(from + i, Work::increment));
                  }
                  for (int i = 0; i < 50; i++) {
                    assertThat(PoolUnderTest.get(futures.get(i))).isEqualTo(from + i + 1);
                  }
                }
                done.complete(null);
              } catch (Throwable e) {
                done.completeExceptionally(e);
              }
            });
      }
      for (var done : failures) {
        PoolUnderTest.get(done);
      }
    }
  }
}
