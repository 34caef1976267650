package io.github.fornada.async;

import static io.github.fornada.async.Threads.start;
import static io.github.fornada.async.Threads.startOnPlatformThread;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Completion;
import io.github.fornada.Outcome;
import io.github.fornada.TaskFunction;
import io.github.fornada.TaskTimeoutException;
import io.github.fornada.Waiting;
import io.github.fornada.async.Threads.Endless;
import io.github.fornada.async.Threads.Running;
import io.github.fornada.jvm.Durations;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@org.junit.jupiter.api.Timeout(240)
final class AsyncTest {
  private static final ScopedValue<String> USER = ScopedValue.newInstance();

  private final Endless endless = new Endless();

  /** Whatever a verb did, none of its tasks is still running when it has returned or thrown. */
  @AfterEach
  void nothingIsLeft() {
    assertThat(endless.running.get()).as("tasks that still run").isZero();
  }

  private static String failing() throws IOException {
    throw new IOException("planted");
  }

  /** Fails when the endless task runs. */
  private String failingThen() throws Exception {
    endless.awaitBegun();
    return failing();
  }

  /** Gives a result when the endless task runs. */
  private String winning() throws Exception {
    endless.awaitBegun();
    return "won";
  }

  // ---- gather

  @Test
  void theResultsOfTwoToFiveTasksHaveEachItsType() throws Exception {
    Gathered2<String, Integer> two = Async.gather(() -> "a", () -> 2);
    assertThat(two.first() + two.second()).isEqualTo("a2");
    Gathered3<String, Integer, Character> three = Async.gather(() -> "a", () -> 2, () -> 'c');
    assertThat(three).isEqualTo(new Gathered3<>("a", 2, 'c'));
    int sum =
        Async.gather(() -> 1, () -> 2, () -> 3, () -> 4).combine((a, b, c, d) -> a + b + c + d);
    assertThat(sum).isEqualTo(10);
    String text =
        Async.gather(() -> 1, () -> "b", () -> 3L, () -> 4.0, () -> 'e')
            .combine((a, b, c, d, e) -> a + b + c + d + e);
    assertThat(text).isEqualTo("1b34.0e");
  }

  @Test
  void whatCombinesMayThrow() {
    assertThatThrownBy(() -> Async.gather(() -> 1, () -> 2).combine((a, b) -> failing()))
        .isInstanceOf(IOException.class);
  }

  @Test
  void tasksOfOneGatherRunAtTheSameTime() throws Exception {
    var together = new CountDownLatch(3);
    Callable<Boolean> meet =
        () -> {
          together.countDown();
          together.await();
          return true;
        };
    assertThat(Async.gather(meet, meet, meet).third()).isTrue();
  }

  @Test
  void aTaskMayGiveNull() throws Exception {
    assertThat(Async.gather(() -> null, () -> "b")).isEqualTo(new Gathered2<>(null, "b"));
    assertThat(Async.gather(List.of(1, 2), _ -> null)).containsExactly(null, null);
  }

  @Test
  void resultsAreInTheOrderOfTheItemsWhateverEndsFirst() throws Exception {
    var latches = IntStream.range(0, 50).mapToObj(_ -> new CountDownLatch(1)).toList();
    List<Integer> items = IntStream.range(0, 50).boxed().toList();
    assertThat(
            Async.gather(
                items,
                i -> {
                  if (i < 49) {
                    latches.get(i + 1).await(); // the last ends first
                  }
                  latches.get(i).countDown();
                  return i;
                }))
        .isEqualTo(items);
    assertThat(Async.gather(List.<Callable<Integer>>of(() -> 1, () -> 2))).containsExactly(1, 2);
    assertThat(Async.gather(List.of(), i -> i)).isEmpty();
  }

  @Test
  void theFirstFailureCancelsTheOthersAndIsThrown() {
    assertThatThrownBy(() -> Async.gather(endless, this::failingThen))
        .isInstanceOf(ScopeFailedException.class)
        .cause()
        .isInstanceOf(IOException.class);
    assertThat(endless.interrupted).hasValue(1);
  }

  @Test
  void afterAFailureNoMoreItemsAreTaken() {
    var taken = new AtomicInteger();
    Iterable<Integer> endlessItems =
        () ->
            new Iterator<>() {
              @Override
              public boolean hasNext() {
                return true;
              }

              @Override
              public Integer next() {
                return taken.incrementAndGet();
              }
            };
    assertThatThrownBy(() -> Async.gather(endlessItems, i -> i < 5 ? i : failing()))
        .isInstanceOf(ScopeFailedException.class)
        .hasRootCauseMessage("planted");
    assertThat(taken.get()).isGreaterThanOrEqualTo(5);
  }

  @Test
  void aSourceThatThrowsEndsTheTasksBegunAndIsThrownOn() {
    Iterable<Integer> broken =
        () ->
            new Iterator<>() {
              @Override
              public boolean hasNext() {
                return true;
              }

              @Override
              public Integer next() {
                if (endless.running.get() > 0) {
                  throw new NoSuchElementException("planted");
                }
                return 1;
              }
            };
    assertThatThrownBy(() -> Async.gather(broken, _ -> endless.call()))
        .isInstanceOf(NoSuchElementException.class)
        .hasMessage("planted")
        .hasNoSuppressedExceptions();
    assertThat(endless.interrupted.get()).isPositive();
  }

  @Test
  void anInterruptOfTheCallerInterruptsAllTasks() throws Exception {
    var caller = start(() -> Async.gather(Collections.nCopies(100, 1), _ -> endless.call()));
    Waiting.until("all run", () -> endless.running.get() == 100);
    caller.interrupt();
    assertThat(caller.failure()).isInstanceOf(InterruptedException.class);
    assertThat(endless.interrupted).hasValue(100);
    assertThat(endless.running).hasValue(0);
  }

  @Test
  void verbsMayBeCalledFromPlatformThreads() throws Exception {
    assertThat(startOnPlatformThread(() -> Async.gather(List.of(1, 2), i -> i + 1)).result())
        .containsExactly(2, 3);
  }

  @Test
  void nothingIsKeptOfTasksThatAreCancelledWithoutAFailure() {
    var thrown = new AtomicReference<Throwable>();
    var joiner =
        new Joiners.AllItems<Integer, String>(
            x -> {
              try {
                return endless.call();
              } catch (InterruptedException e) {
                thrown.set(e);
                throw e;
              }
            },
            /* haveTexts= */ true);
    try (var scope = TaskScope.open(joiner)) {
      scope.fork(joiner.task(0, 7));
      Waiting.until("the task has begun", () -> endless.running.get() == 1);
      scope.cancel();
    }
    assertThat(thrown.get()).isNotNull();
    assertThat(joiner.subjectOf(thrown.get())).isNull();
  }

  // ---- outcomes

  @Test
  void everyItemHasAnOutcomeAndNoneCancelsAnother() throws Exception {
    List<Outcome<Integer>> outcomes = Async.outcomes(List.of("1", "x", "3"), Integer::parseInt);
    assertThat(outcomes.get(0)).isEqualTo(new Outcome.Done<>(1));
    assertThat(outcomes.get(1))
        .isInstanceOfSatisfying(
            Outcome.Failed.class,
            failed -> assertThat(failed.cause()).isInstanceOf(NumberFormatException.class));
    assertThat(outcomes.get(2)).isEqualTo(new Outcome.Done<>(3));
  }

  @Test
  void completionsTellToWhichItemAnOutcomeBelongs() throws Exception {
    List<Completion<String, Integer>> all =
        Async.completions(List.of("1", "x"), Integer::parseInt).stream()
            .sorted(Comparator.comparingLong(Completion::index))
            .toList();
    assertThat(all.get(0)).isEqualTo(new Completion<>(0, "1", new Outcome.Done<>(1)));
    assertThat(all.get(1).item()).isEqualTo("x");
    assertThat(all.get(1).outcome().isDone()).isFalse();
  }

  @Test
  void completionsComeInOrderOfCompletion() throws Exception {
    int count = 10;
    var threads = new ConcurrentHashMap<Integer, Thread>();
    List<Completion<Integer, Integer>> all =
        Async.completions(
            IntStream.range(0, count).boxed().toList(),
            i -> {
              threads.put(i, Thread.currentThread());
              if (i + 1 < count) {
                Waiting.until("the next item has begun", () -> threads.containsKey(i + 1));
                threads.get(i + 1).join();
              }
              return i;
            });
    assertThat(all)
        .extracting(Completion::index)
        .containsExactly(9L, 8L, 7L, 6L, 5L, 4L, 3L, 2L, 1L, 0L);
    assertThat(all).allSatisfy(c -> assertThat(c.outcome().get()).isEqualTo(c.item()));
  }

  @Test
  void completionsOfAnyIterableHaveNullsAndDuplicatesEachWithItsIndex() throws Exception {
    List<@Nullable String> items = Arrays.asList("a", null, "a");
    Iterable<@Nullable String> once = items;
    assertThat(Async.<@Nullable String, @Nullable String>completions(once, s -> s))
        .containsExactlyInAnyOrder(
            new Completion<>(0, "a", new Outcome.Done<>("a")),
            new Completion<>(1, null, new Outcome.Done<>(null)),
            new Completion<>(2, "a", new Outcome.Done<>("a")));
    assertThat(Async.completions(List.<String>of(), String::length)).isEmpty();
  }

  @Test
  void anInterruptEndsCompletionsWithAllTheirTasks() throws Exception {
    var caller = start(() -> Async.completions(List.of(1, 2), _ -> endless.call()));
    endless.awaitBegun();
    caller.interrupt();
    assertThat(caller.failure()).isInstanceOf(InterruptedException.class);
  }

  @Test
  void listsOfResultsCannotBeChanged() throws Exception {
    List<Callable<Integer>> tasks = List.of(() -> 1);
    for (List<?> list :
        List.of(
            Async.gather(tasks),
            Async.gather(List.of(1), i -> i),
            Async.outcomes(List.of(1), i -> i),
            Async.completions(List.of(1), i -> i))) {
      assertThatThrownBy(list::removeFirst).isInstanceOf(UnsupportedOperationException.class);
    }
  }

  @Test
  void aFailureOfGatherNamesItsItem() {
    assertThatThrownBy(() -> Async.gather(List.of("1", "x"), Integer::parseInt))
        .isInstanceOf(ScopeFailedException.class)
        .hasMessageStartingWith(
            "item 1 (x) of scope \"gather\" failed: java.lang.NumberFormatException")
        .hasCauseInstanceOf(NumberFormatException.class);
    assertThatThrownBy(() ->
            Async.gather(List.<Callable<String>>of(() -> "fine", () -> "fine", AsyncTest::failing)))
        .hasMessage("task 2 of scope \"gather\" failed: java.io.IOException: planted");
    String longItem = "x".repeat(1000);
    assertThatThrownBy(() -> Async.gather(List.of(longItem), Integer::parseInt))
        .hasMessageStartingWith("item 0 (" + "x".repeat(80) + "...) of scope");
  }

  // ---- timeouts as outcomes

  private static final TaskFunction<Integer, Integer> SLOW =
      i -> {
        if (i == 1) {
          new CountDownLatch(1).await();
        }
        return i;
      };

  @Test
  void anItemThatATimeoutEndedIsTimedOutThroughAllPolicies() throws Exception {
    for (int k = 0; k < policiesAround(Timeout.ofMillis(1)).size(); k++) {
      int policy = k;
      // A stack that a busy machine does not give in time is left out.
      Waiting.inOneOfFewRuns(Duration.ofMillis(20), limit -> isTimedOutThrough(policy, limit));
    }
  }

  private static List<TaskFunction<Integer, Integer>> policiesAround(Timeout timeout) {
    return List.of(
        timeout.wrap(SLOW),
        ConcurrencyLimiter.atMost(9).wrap(timeout.wrap(SLOW)),
        Retry.times(1).withBackOff(Duration.ZERO, 1, Duration.ZERO).wrap(timeout.wrap(SLOW)),
        Hedge.after(Duration.ofMillis(1)).wrap(timeout.wrap(SLOW)),
        Timeout.ofSeconds(60).wrap(timeout.wrap(SLOW)));
  }

  private static void isTimedOutThrough(int policy, Duration limit) throws Exception {
    TaskFunction<Integer, Integer> function =
        policiesAround(Timeout.ofMillis(limit.toMillis())).get(policy);
    List<Outcome<Integer>> outcomes = Async.outcomes(List.of(0, 1), function);
    assertThat(outcomes.get(0)).isEqualTo(new Outcome.Done<>(0));
    isTimedOut(limit, outcomes.get(1));
    for (var each : Async.completions(List.of(0, 1), function)) {
      if (each.index() == 1) {
        isTimedOut(limit, each.outcome());
      }
    }
    isTimedOut(
        limit,
        Stream.of(0, 1)
            .gather(AsyncStreams.<Integer, Integer>outcomes(2, function))
            .toList()
            .get(1));
  }

  private static void isTimedOut(Duration limit, Outcome<?> outcome) {
    assertThat(outcome)
        .isInstanceOfSatisfying(
            Outcome.TimedOut.class,
            late -> {
              assertThat(late.timeout()).isEqualTo(limit);
              assertThat(((Outcome.TimedOut<?>) late).stack())
                  .anyMatch(frame -> frame.getClassName().equals(AsyncTest.class.getName()));
            });
  }

  @Test
  void aStreamThatATimeoutEndsNamesTheItemAndKeepsTheTriesBefore() throws Exception {
    // A busy machine may let the other item be over it too, three times in a row.
    Waiting.inOneOfFewRuns(Duration.ofMillis(20), AsyncTest::aStreamNamesTheItemAfter);
  }

  private static void aStreamNamesTheItemAfter(Duration limit) {
    TaskFunction<Integer, Integer> function =
        Retry.times(2)
            .withBackOff(Duration.ZERO, 1, Duration.ZERO)
            .wrap(Timeout.ofMillis(limit.toMillis()).wrap(SLOW));
    assertThatThrownBy(() ->
            Stream.of(0, 1)
                .gather(AsyncStreams.<Integer, Integer>mapConcurrent(2, function))
                .toList())
        .isInstanceOf(TaskTimeoutException.class)
        .hasMessage("item 1 (1) was over its timeout of " + Durations.inWords(limit))
        .satisfies(e -> assertThat(e.getSuppressed()).hasSize(2));
  }

  // ---- race, firstSuccess

  @Test
  void theFirstToEndWinsARaceAndTheOthersAreCancelled() throws Exception {
    assertThat(Async.<String>race(endless, this::winning)).isEqualTo("won");
    assertThat(endless.interrupted).hasValue(1);
  }

  @Test
  void aFailureWinsARaceToo() {
    assertThatThrownBy(() -> Async.<String>race(endless, this::failingThen))
        .isInstanceOf(ScopeFailedException.class)
        .hasRootCauseMessage("planted");
    assertThat(endless.interrupted).hasValue(1);
  }

  @Test
  void theFirstSuccessCountsThoughOthersFailedBefore() throws Exception {
    var failed = new CountDownLatch(1);
    String result =
        Async.firstSuccess(
            () -> {
              failed.countDown();
              return failing();
            },
            () -> {
              failed.await();
              return winning();
            },
            endless);
    assertThat(result).isEqualTo("won");
    assertThat(endless.interrupted).hasValue(1);
  }

  @Test
  void ifAllFailTheFirstFailureIsTheCauseAndTheOthersAreSuppressed() {
    var first = new CountDownLatch(1);
    assertThatThrownBy(() ->
            Async.<String>firstSuccess(
                () -> {
                  throw new IOException("first");
                },
                () -> {
                  first.await();
                  throw new IOException("second");
                },
                () -> {
                  first.countDown();
                  throw new IOException("third");
                }))
        .isInstanceOf(ScopeFailedException.class)
        .satisfies(e -> assertThat(e.getSuppressed()).hasSize(2));
  }

  @Test
  void aRaceOfNobodyIsRefused() {
    assertThatThrownBy(() -> Async.race(List.<Callable<String>>of()))
        .hasMessage("race needs at least one task, got none");
    assertThatThrownBy(() -> Async.firstSuccess(List.<Callable<String>>of()))
        .hasMessage("firstSuccess needs at least one task, got none");
  }

  @Test
  void anInterruptEndsARaceWithAllItsRunners() throws Exception {
    var caller = start(() -> Async.<String>race(endless, endless, endless));
    Waiting.until("all run", () -> endless.running.get() == 3);
    caller.interrupt();
    assertThat(caller.failure()).isInstanceOf(InterruptedException.class);
    assertThat(endless.interrupted).hasValue(3);
  }

  // ---- withTimeout

  @Test
  void whatTakesTooLongIsInterruptedAndTheExceptionShowsWhereItWas() throws Exception {
    Waiting.inOneOfFewRuns(
        Duration.ofMillis(50), limit -> isInterruptedAfter(limit, new Endless()));
  }

  private static void isInterruptedAfter(Duration limit, Endless endless) {
    assertThatThrownBy(() -> Async.withTimeout(limit, endless))
        .isInstanceOfSatisfying(
            TaskTimeoutException.class, e -> assertThat(e.timeout()).isEqualTo(limit))
        .satisfies(e -> {
          // One that a busy machine does not give in time is left out.
          assertThat(e.getCause()).as("its stack").isNotNull();
          assertThat(e.getCause().getStackTrace())
              .anyMatch(frame -> frame.getClassName().equals(Endless.class.getName()));
        });
    assertThat(endless.running.get()).as("tasks that still run").isZero();
    assertThat(endless.interrupted).hasValue(1);
  }

  @Test
  void whatIsInTimeReturnsOrThrowsAsIfCalledDirectly() throws Exception {
    var limit = Timeout.ofSeconds(60);
    assertThat(limit.call(() -> "in time")).isEqualTo("in time");
    String nothing = limit.call(() -> null);
    assertThat(nothing).isNull();
    var planted = new IOException("planted");
    assertThatThrownBy(() ->
            limit.call(() -> {
              throw planted;
            }))
        .isSameAs(planted);
    var error = new StackOverflowError("planted");
    assertThatThrownBy(() ->
            limit.call(() -> {
              throw error;
            }))
        .isSameAs(error);
  }

  @Test
  void anInterruptOfTheCallerInterruptsWhatIsLimited() throws Exception {
    var caller = start(() -> Timeout.ofSeconds(60).call(endless));
    endless.awaitBegun();
    caller.interrupt();
    assertThat(caller.failure()).isInstanceOf(InterruptedException.class);
    assertThat(endless.interrupted).hasValue(1);
  }

  @Test
  void aTimeLimitOfNothingIsRefused() {
    assertThatThrownBy(() -> Timeout.ofSeconds(0)).hasMessage("timeout must be positive, got PT0S");
  }

  // ---- every

  @Test
  void everyKeepsToItsTimesAndLeavesOutThoseThatHaveGoneBy() {
    var ticker = ManualTicker.jumping();
    long began = ticker.nanos();
    var times = new ArrayList<Long>();
    assertThatThrownBy(() ->
            Async.every(
                Duration.ofMillis(100),
                () -> {
                  times.add((ticker.nanos() - began) / 1_000_000);
                  int takes = times.size() == 3 ? 250 : times.size() == 5 ? 100 : 30;
                  ticker.advance(Duration.ofMillis(takes));
                  if (times.size() == 8) {
                    failing();
                  }
                },
                ticker))
        .isInstanceOf(IOException.class);
    // The third ends at 450; the fifth just when the next one is due.
    assertThat(times).containsExactly(0L, 100L, 200L, 500L, 600L, 700L, 800L, 900L);
  }

  @Test
  void everyRunsBesideItsBodyAndEndsWithIt() throws Exception {
    var times = new AtomicInteger();
    String result =
        Async.every(
            Duration.ofNanos(1),
            times::incrementAndGet,
            () -> {
              Waiting.until("some times", () -> times.get() > 10);
              return "done";
            });
    assertThat(result).isEqualTo("done");
    int after = times.get();
    assertThat(times.get()).as("not once more").isEqualTo(after);
  }

  @Test
  void anActionThatFailsCancelsTheBodyAndIsThrown() {
    assertThatThrownBy(() -> Async.every(Duration.ofSeconds(1), this::failingThen, endless))
        .isInstanceOf(IOException.class)
        .hasMessage("planted");
    assertThat(endless.interrupted).hasValue(1);
  }

  @Test
  void aBodyThatFailsEndsTheActionAndIsThrown() {
    assertThatThrownBy(() -> Async.every(Duration.ofSeconds(1), endless::call, this::failingThen))
        .isInstanceOf(IOException.class);
    assertThat(endless.interrupted).hasValue(1);
  }

  @Test
  void whatABodyThrowsWhileItIsCancelledIsSuppressed() {
    var begun = new CountDownLatch(1);
    assertThatThrownBy(() ->
            Async.every(
                Duration.ofSeconds(1),
                () -> {
                  begun.await();
                  throw new IOException("planted");
                },
                () -> {
                  begun.countDown();
                  try {
                    return endless.call();
                  } catch (InterruptedException e) {
                    throw new IllegalStateException("could not be undone");
                  }
                }))
        .isInstanceOf(IOException.class)
        .hasMessage("planted")
        .satisfies(e ->
            assertThat(e.getSuppressed())
                .singleElement()
                .satisfies(late -> assertThat(late).hasMessage("could not be undone")));
  }

  @Test
  void everyIsInterruptedInItsPause() throws Exception {
    var times = new AtomicInteger();
    var caller =
        start(() -> {
          Async.every(Duration.ofDays(1), times::incrementAndGet);
          return "never";
        });
    Waiting.until("once", () -> times.get() == 1);
    caller.interrupt();
    assertThat(caller.failure()).isInstanceOf(InterruptedException.class);
    assertThatThrownBy(() -> Async.every(Duration.ZERO, () -> {}))
        .hasMessage("period must be positive, got PT0S");
  }

  // ---- together

  @Test
  void policiesAreComposedAsNestedCalls() throws Exception {
    var tries = new AtomicInteger();
    TaskFunction<Integer, Integer> function =
        ConcurrencyLimiter.atMost(2)
            .wrap(
                Retry.times(2)
                    .withBackOff(Duration.ZERO, 1, Duration.ZERO)
                    .wrap(
                        Timeout.ofSeconds(60)
                            .wrap((Integer i) -> {
                              if (tries.incrementAndGet() % 3 != 0) {
                                throw new IOException("planted");
                              }
                              return i;
                            })));
    assertThat(function.apply(7)).isEqualTo(7);
    assertThat(tries).hasValue(3);
    Callable<String> callable =
        RateLimiter.perSecond(1_000).wrap(ConcurrencyLimiter.atMost(1).wrap(() -> "called"));
    assertThat(callable.call()).isEqualTo("called");
  }

  @Test
  void everyVerbHasTheContextAroundIt() {
    var seen = Collections.synchronizedList(new ArrayList<String>());
    Callable<Boolean> see = () -> seen.add(USER.orElse("nobody"));
    ScopedValue.where(USER, "ana")
        .run(() ->
            TaskContext.with(USER)
                .run(() -> {
                  try {
                    Async.gather(see, see);
                    Async.gather(List.of(1), _ -> see.call());
                    Async.outcomes(List.of(1), _ -> Async.gather(List.of(1), _ -> see.call()));
                    Async.race(see);
                    Async.firstSuccess(see);
                    Async.withTimeout(Duration.ofSeconds(60), see);
                    Async.hedge(Duration.ofDays(1), see);
                    Async.retry(Retry.times(0), see);
                    ConcurrencyLimiter.atMost(1).call(see);
                    Async.every(Duration.ofDays(1), () -> {}, see);
                  } catch (Exception e) {
                    throw new AssertionError(e);
                  }
                }));
    assertThat(seen).hasSize(11).containsOnly("ana");
  }

  /** A verb that is cancelled at any moment leaves no permit taken and no task running. */
  @Test
  void aCancelAtAnyMomentLeavesNothingBehind() throws Exception {
    var limit = ConcurrencyLimiter.atMost(3);
    ConcurrencyLimiter.ByKey<Integer> byKey = ConcurrencyLimiter.byKey(1);
    RateLimiter rate = RateLimiter.perSecond(100_000);
    var running = new AtomicInteger();
    TaskFunction<Integer, Integer> work =
        i -> {
          running.incrementAndGet();
          try {
            if (i % 5 == 4) {
              throw new IOException("planted");
            }
            Thread.sleep(Duration.ofNanos(i * 100_000L));
            return i;
          } finally {
            running.decrementAndGet();
          }
        };
    TaskFunction<Integer, Integer> all =
        limit.wrap(
            Retry.times(1)
                .withBackOff(Duration.ofNanos(10_000), 1, Duration.ofNanos(10_000))
                .wrap(
                    rate.wrap(
                        byKey.wrap(
                            i -> i % 3,
                            Hedge.after(Duration.ofNanos(200_000))
                                .wrap(Timeout.ofMillis(1).wrap(work))))));
    List<Integer> items = IntStream.range(0, 20).boxed().toList();
    var random = new Random(11);
    int cutOff = 0;
    for (int round = 0; round < 300; round++) {
      Running<List<Outcome<Integer>>> caller = start(() -> Async.outcomes(items, all));
      long until = System.nanoTime() + random.nextInt(3_000_000);
      while (System.nanoTime() < until) {
        Thread.onSpinWait();
      }
      caller.interrupt();
      caller.thread().join();
      assertThat(running).as("tasks that still run").hasValue(0);
      assertThat(limit.inUse()).as("places taken").isZero();
      assertThat(limit.waiting()).isZero();
      assertThat(rate.waiting()).isZero();
      assertThat(byKey.keys()).isZero();
      try {
        assertThat(caller.result()).hasSize(items.size());
      } catch (java.util.concurrent.ExecutionException e) {
        assertThat(e).hasCauseInstanceOf(InterruptedException.class);
        cutOff++;
      }
    }
    assertThat(cutOff).as("rounds that were cut off").isPositive();
  }
}
