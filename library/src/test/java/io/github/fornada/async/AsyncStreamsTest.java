package io.github.fornada.async;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Completion;
import io.github.fornada.Outcome;
import io.github.fornada.TaskException;
import io.github.fornada.TaskTimeoutException;
import io.github.fornada.Waiting;
import io.github.fornada.async.Waits.Running;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(240)
final class AsyncStreamsTest {
  private final CountDownLatch never = new CountDownLatch(1);
  private final AtomicInteger running = new AtomicInteger();
  private final AtomicInteger most = new AtomicInteger();

  /** A stream that has ended has nothing running; its threads are gone a moment later. */
  @AfterEach
  void nothingIsLeft() {
    assertThat(running.get()).isZero();
    Eventually.noThreadIsNamed("fornada-gather");
    Eventually.noThreadIsNamed("fornada-merge");
  }

  private int counted(int item, Duration time) throws InterruptedException {
    most.accumulateAndGet(running.incrementAndGet(), Math::max);
    try {
      Thread.sleep(time);
      return item;
    } finally {
      running.decrementAndGet();
    }
  }

  private int forEver(int item) throws InterruptedException {
    running.incrementAndGet();
    try {
      never.await();
      return item;
    } finally {
      running.decrementAndGet();
    }
  }

  @Test
  void resultsComeInTheOrderOfTheItemsAndNotMoreAreInProgressThanAsked() {
    List<Integer> results =
        IntStream.range(0, 200)
            .boxed()
            .gather(
                AsyncStreams.<Integer, Integer>mapConcurrent(
                    5, i -> counted(i, Duration.ofNanos((i * 7919) % 1_000_000))))
            .toList();
    assertThat(results).hasSize(200).isSorted();
    assertThat(most.get()).isBetween(2, 5);
  }

  @Test
  void unorderedOnesDoNotWaitForASlowOne() {
    var release = new CountDownLatch(1);
    var results = new ArrayList<Integer>();
    IntStream.range(0, 100)
        .boxed()
        .gather(
            AsyncStreams.<Integer, Integer>mapConcurrent(
                4,
                i -> {
                  if (i == 0) {
                    release.await();
                  }
                  return i;
                },
                o -> o.unordered()))
        .forEach(i -> {
          results.add(i);
          if (results.size() == 50) {
            release.countDown(); // so 50 others were passed on before the first
          }
        });
    assertThat(results).hasSize(100).doesNotHaveDuplicates();
    assertThat(results.indexOf(0)).isGreaterThanOrEqualTo(50);
  }

  @Test
  void behindASlowFirstItemNoMoreThanAWindowIsTakenAndTheWindowIsUsed() throws Exception {
    var first = new CountDownLatch(1);
    var taken = new AtomicInteger();
    var ended = new AtomicInteger();
    Running<List<Integer>> stream =
        Waits.start(() ->
            Stream.iterate(0, i -> i < 100, i -> i + 1)
                .peek(_ -> taken.incrementAndGet())
                .gather(
                    AsyncStreams.<Integer, Integer>mapConcurrent(
                        3,
                        i -> {
                          if (i == 0) {
                            first.await();
                          }
                          ended.incrementAndGet();
                          return i;
                        },
                        o -> o.withWindow(10)))
                .toList());
    // 10 are held, 9 of them ended; the 11th is in the hands of the gatherer.
    Waiting.until("the window is full", () -> ended.get() == 9 && taken.get() == 11);
    stream.untilItWaits();
    assertThat(taken.get()).isEqualTo(11);
    first.countDown();
    assertThat(stream.get()).hasSize(100).isSorted();
  }

  @Test
  void theFirstFailureCancelsTheOthersAndNamesItsItem() {
    assertThatThrownBy(() ->
            Stream.of("a", "b", "c")
                .gather(
                    AsyncStreams.<String, Integer>mapConcurrent(
                        3,
                        s -> {
                          if (s.equals("b")) {
                            throw new java.io.IOException("no b");
                          }
                          return forEver(0);
                        }))
                .toList())
        .isInstanceOf(TaskException.class)
        .hasMessage("item 1 (b) failed: java.io.IOException: no b")
        .hasRootCauseMessage("no b");
  }

  @Test
  void aStreamThatWantsNoMoreCancelsWhatIsInProgress() {
    assertThat(
            Stream.iterate(0, i -> i + 1)
                .gather(
                    AsyncStreams.<Integer, Integer>mapConcurrent(
                        8, i -> i == 0 ? counted(i, Duration.ZERO) : forEver(i)))
                .findFirst())
        .contains(0);
    assertThat(
            Stream.iterate(0, i -> i + 1)
                .gather(
                    AsyncStreams.<Integer, Integer>mapConcurrent(
                        8, i -> i % 2 == 0 ? i : forEver(i), GatherOptions::unordered))
                .limit(3)
                .toList())
        .hasSize(3);
  }

  @Test
  void anExceptionFurtherDownCancelsWhatIsInProgress() {
    assertThatThrownBy(() ->
            Stream.iterate(0, i -> i + 1)
                .gather(
                    AsyncStreams.<Integer, Integer>mapConcurrent(8, i -> i == 0 ? i : forEver(i)))
                .forEach(i -> {
                  throw new IllegalStateException("consumer " + i);
                }))
        .hasMessage("consumer 0");
  }

  @Test
  void anInterruptOfTheConsumerCancelsWhatIsInProgress() throws Exception {
    Running<Boolean> stream =
        Waits.start(() -> {
          try {
            Stream.of(1, 2, 3)
                .gather(AsyncStreams.<Integer, Integer>mapConcurrent(2, this::forEver))
                .forEach(i -> {});
            return null;
          } catch (CancellationException e) {
            return Thread.currentThread().isInterrupted();
          }
        });
    Waiting.until("two in progress", () -> running.get() == 2);
    stream.untilItWaits().thread.interrupt();
    assertThat(stream.get()).isTrue();
  }

  @Test
  void anExceptionOfTheSourceEndsTheStreamAndWhatIsInProgressEndsByItself() {
    var source =
        Stream.iterate(0, i -> i + 1)
            .peek(i -> {
              if (i == 5) {
                throw new IllegalStateException("source");
              }
            });
    assertThatThrownBy(() ->
            source
                .gather(
                    AsyncStreams.<Integer, Integer>mapConcurrent(
                        8, i -> counted(i, Duration.ofMillis(1))))
                .toList())
        .hasMessage("source");
    Eventually.noThreadIsNamed("fornada-gather");
  }

  @Test
  void anItemOverItsLimitIsInterruptedAndItsOutcomeTellsWhere() throws Exception {
    Waiting.inOneOfFewRuns(Duration.ofMillis(50), this::anItemIsInterruptedAfter);
  }

  private void anItemIsInterruptedAfter(Duration limit) {
    List<Outcome<Integer>> outcomes =
        Stream.of(1, 2, 3)
            .gather(
                AsyncStreams.<Integer, Integer>outcomes(
                    3, i -> i == 2 ? forEver(i) : i, o -> o.withTimeout(limit)))
            .toList();
    assertThat(outcomes.get(0)).isEqualTo(new Outcome.Done<>(1));
    assertThat(outcomes.get(2)).isEqualTo(new Outcome.Done<>(3));
    assertThat(outcomes.get(1))
        .isInstanceOfSatisfying(
            Outcome.TimedOut.class,
            late -> assertThat(late.stack().toString()).contains("AsyncStreamsTest.forEver"));
    assertThatThrownBy(() ->
            Stream.of(7)
                .gather(
                    AsyncStreams.<Integer, Integer>mapConcurrent(
                        1, this::forEver, o -> o.withTimeout(Duration.ofMillis(20))))
                .toList())
        .isInstanceOf(TaskTimeoutException.class)
        .hasMessageStartingWith("item 0 (7) was over its timeout of 20 ms");
  }

  @Test
  void completionsCarryTheirItems() {
    List<Completion<Integer, Integer>> all =
        Stream.of(5, 0, 2)
            .gather(AsyncStreams.<Integer, Integer>completions(2, i -> 10 / i))
            .toList();
    assertThat(all).extracting(Completion::item).containsExactlyInAnyOrder(5, 0, 2);
    assertThat(all)
        .filteredOn(c -> c.item() == 5)
        .singleElement()
        .satisfies(c -> assertThat(c.outcome().get()).isEqualTo(2));
    assertThat(all)
        .filteredOn(c -> c.item() == 0)
        .singleElement()
        .satisfies(c -> assertThat(c.outcome()).isInstanceOf(Outcome.Failed.class));
  }

  @Test
  void emptyStreamsAndNullResultsAreFine() {
    assertThat(Stream.of().gather(AsyncStreams.mapConcurrent(2, x -> x)).toList()).isEmpty();
    assertThat(Stream.of(1).gather(AsyncStreams.mapConcurrent(2, _ -> null)).toList())
        .containsExactly((Object) null);
  }

  @Test
  void whatTheContextCarriesIsThereInEachTask() throws Exception {
    ScopedValue<String> user = ScopedValue.newInstance();
    List<String> seen =
        ScopedValue.where(user, "ana")
            .call(() ->
                TaskContext.with(user)
                    .call(() ->
                        Stream.of(1, 2)
                            .gather(
                                AsyncStreams.<Integer, String>mapConcurrent(2, i -> user.get() + i))
                            .toList()));
    assertThat(seen).containsExactly("ana1", "ana2");
  }

  @Test
  void theTextOfAnItemIsMadeForFailuresOnly() {
    Object item =
        new Object() {
          @Override
          public String toString() {
            throw new IllegalStateException("nobody needs this");
          }
        };
    assertThat(Stream.of(item).gather(AsyncStreams.mapConcurrent(2, _ -> 1)).toList())
        .containsExactly(1);
  }

  @Test
  void whatTheContextCarriesIsThereInTheSourcesOfAMerge() throws Exception {
    ScopedValue<String> user = ScopedValue.newInstance();
    Iterable<String> source = () -> List.of(user.orElse("nobody")).iterator();
    List<String> seen =
        ScopedValue.where(user, "ana")
            .call(() ->
                TaskContext.with(user).call(() -> AsyncStreams.merge(source, source).toList()));
    assertThat(seen).containsExactly("ana", "ana");
  }

  @Test
  void badOptionsAreToldWithTheirValues() {
    assertThatThrownBy(() -> AsyncStreams.mapConcurrent(0, x -> x))
        .hasMessage("atMost must be at least 1, got 0");
    assertThatThrownBy(() -> AsyncStreams.mapConcurrent(1, x -> x, o -> o.withWindow(-1)))
        .hasMessage("window must be at least 0, got -1");
    assertThatThrownBy(
            () -> AsyncStreams.mapConcurrent(1, x -> x, o -> o.withTimeout(Duration.ZERO)))
        .hasMessage("timeout must be positive, got PT0S");
  }

  // ---- merge

  @Test
  void aMergeHasAllElementsOfAllSources() {
    Channel<Integer> channel = Channel.bounded(3);
    Running<Void> sender =
        Waits.start(() -> {
          for (int i = 100; i < 200; i++) {
            channel.send(i);
          }
          channel.close();
          return null;
        });
    assertThat(
            AsyncStreams.merge(
                    IntStream.range(0, 100).boxed().toList(),
                    channel,
                    () -> IntStream.range(200, 300).boxed().iterator())
                .sorted()
                .toList())
        .isEqualTo(IntStream.range(0, 300).boxed().toList());
    Waiting.until("sender", () -> !sender.thread.isAlive());
    assertThat(AsyncStreams.merge().toList()).isEmpty();
  }

  @Test
  void aMergeThatIsLeftEarlyLeavesNoThread() {
    Channel<Integer> silent = Channel.rendezvous();
    Iterable<Integer> endless = () -> Stream.iterate(0, i -> i + 1).iterator();
    assertThat(AsyncStreams.merge(endless, silent).limit(1000).count()).isEqualTo(1000);
    assertThatThrownBy(() ->
            AsyncStreams.merge(silent, endless)
                .forEach(i -> {
                  throw new IllegalStateException("consumer " + i);
                }))
        .hasMessage("consumer 0");
  }

  @Test
  void anExceptionOfOneSourceEndsTheMergeWithIt() {
    Channel<Integer> silent = Channel.rendezvous();
    Iterable<Integer> failing =
        () ->
            new Iterator<>() {
              @Override
              public boolean hasNext() {
                return true;
              }

              @Override
              public Integer next() {
                throw new IllegalStateException("disk");
              }
            };
    assertThatThrownBy(() -> AsyncStreams.merge(silent, failing).toList())
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("disk");
  }
}
