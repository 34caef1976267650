package io.github.fornada.contract;

import static io.github.fornada.contract.PoolUnderTest.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Busy;
import io.github.fornada.ExecutionModel;
import io.github.fornada.Extent;
import io.github.fornada.InPart;
import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.TaskFunction;
import io.github.fornada.TaskPolicy;
import io.github.fornada.TaskTimeoutException;
import io.github.fornada.Waiting;
import io.github.fornada.async.Async;
import io.github.fornada.pipeline.Pipeline;
import io.github.fornada.pipeline.PipelineOutcome;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.stream.Gatherer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What holds for pools within this JVM only: tasks that use their own pool (a task in another
 * process has no handle to it), and what becomes unreachable (in another process all is a copy).
 */
interface LocalContract extends PoolUnderTest {
  Duration LIMIT = Duration.ofMillis(300);

  // ---- blocked where an interrupt of a virtual thread blocks too

  @Test
  default void whatReadsFromAPipeIsStoppedAtItsLimitAndKeepsNoOtherLimitWaiting(
      @TempDir Path folder) throws Exception {
    Waiting.inEnoughTime(LIMIT, limit -> readsFromAPipeFor(limit, folder));
  }

  private void readsFromAPipeFor(Duration limit, Path folder) throws Exception {
    Path pipe = folder.resolve("pipe");
    Files.deleteIfExists(pipe);
    Process made = new ProcessBuilder("mkfifo", pipe.toString()).inheritIO().start();
    assertThat(made.waitFor()).as("mkfifo").isZero();
    // open for writing, so that opening for reading returns at once
    try (var writer = new RandomAccessFile(pipe.toFile(), "rw");
        Pool pool = open(2, policy -> policy.withTimeout(limit).withGrace(TimeContract.GRACE))) {
      CompletableFuture<Integer> reading = pool.submit(() -> readOne(pipe));
      assertThatThrownBy(() -> get(reading)).hasCauseInstanceOf(TaskTimeoutException.class);
      CompletableFuture<Integer> sleeping = pool.submit(600_000, Work::sleep);
      assertThatThrownBy(() -> get(sleeping)).hasCauseInstanceOf(TaskTimeoutException.class);
      assertThat(get(pool.submit(1, Work::increment))).isEqualTo(2);
      writer.write(1); // the thread that was given up ends too
    }
  }

  private static int readOne(Path pipe) throws IOException {
    try (FileChannel channel = FileChannel.open(pipe, StandardOpenOption.READ)) {
      return channel.read(ByteBuffer.allocate(1));
    }
  }

  // ---- tasks that wait for their own pool, with no other worker free

  @Test
  default void aTaskMayMapOverItsOwnPool() throws Exception {
    try (Pool pool = open(1)) {
      List<List<Integer>> nested =
          pool.map(List.of(10, 20, 30), n -> pool.map(List.of(n, n + 1), Work::increment));
      assertThat(nested).containsExactly(List.of(11, 12), List.of(21, 22), List.of(31, 32));
    }
    try (Pool pool = open(2)) {
      assertThat(fibonacci(pool, 12)).isEqualTo(144);
    }
  }

  /** Each round has hundreds of ends that may fall into the moment before a wait for them. */
  @Test
  @InPart
  default void noEndOfANestedMapIsMissed() throws Exception {
    int rounds = Extent.count(200, 60);
    for (int round = 0; round < rounds; round++) {
      try (Pool pool = open(2)) {
        assertThat(fibonacci(pool, 12)).isEqualTo(144);
      }
    }
  }

  private static int fibonacci(Pool pool, int n) throws InterruptedException {
    return n < 2
        ? n
        : pool.map(List.of(n - 1, n - 2), k -> fibonacci(pool, k)).stream()
            .mapToInt(Integer::intValue)
            .sum();
  }

  @Test
  default void aTaskMayConsumeStreamsOfItsOwnPool() throws Exception {
    try (Pool pool = open(1, policy -> policy.withWindow(4))) {
      List<Integer> items = IntStream.range(0, 50).boxed().toList();
      Iterable<Integer> lazy = Work.lazily(items);
      assertThat(get(pool.submit(() -> pool.outcomes(items, Work::increment).count())))
          .isEqualTo(50);
      assertThat(get(pool.submit(() -> pool.outcomes(lazy, Work::increment).count())))
          .isEqualTo(50);
      assertThat(get(pool.submit(() -> pool.completions(lazy, Work::increment).count())))
          .isEqualTo(50);
      assertThat(
              get(pool.submit(() -> items.stream().gather(pool.mapping(Work::increment)).toList())))
          .hasSize(50);
      assertThat(get(pool.submit(() -> pool.map(lazy, Work::increment)))).hasSize(50);
    }
  }

  @Test
  default void anItemIsNotTriedAgainWhenTheTaskThatWaitsForItIsStopped() throws Exception {
    boolean began = Waiting.oneOfFew(LIMIT, this::isNotTriedAgainAfter, each -> each);
    assertThat(began).as("the item began before the task that waits for it was stopped").isTrue();
  }

  /** Returns whether the item began each time; if not, it is not known whether it would be. */
  private boolean isNotTriedAgainAfter(Duration limit) throws Exception {
    boolean began = true;
    for (UnaryOperator<TaskPolicy> policy :
        List.<UnaryOperator<TaskPolicy>>of(p -> p, p -> p.withTimeout(limit))) {
      for (boolean mapped : List.of(false, true)) {
        var runs = new AtomicInteger();
        var inner = new CompletableFuture<CompletableFuture<Integer>>();
        try (Pool pool = open(1, p -> policy.apply(p).withRetries(1).withBackOff(Duration.ZERO))) {
          TaskFunction<Integer, Integer> waits =
              x -> {
                runs.incrementAndGet();
                new CountDownLatch(1).await();
                return x;
              };
          var outerRuns = new AtomicInteger();
          CompletableFuture<Integer> outer =
              pool.submit(
                  1,
                  x -> {
                    if (outerRuns.incrementAndGet() > 1) {
                      return x;
                    }
                    if (mapped) {
                      return pool.map(List.of(2), waits).getFirst();
                    }
                    inner.complete(pool.submit(2, waits));
                    return inner.join().get();
                  });
          Waiting.until("the item runs, or never will", () -> runs.get() > 0 || outer.isDone());
          if (pool.policy().timeout() == null) {
            assertThat(outer.cancel(true)).isTrue();
          } else if (isInTime(outer)) {
            assertThat(get(outer)).isEqualTo(1); // by its own second attempt
          } else {
            began = false; // a busy machine has stopped that one, too
          }
        }
        assertThat(runs).hasValueLessThanOrEqualTo(1);
        began &= runs.get() == 1;
        if (!mapped && inner.isDone()) {
          assertThat(inner.join()).isCancelled();
        }
      }
    }
    return began;
  }

  /** Returns whether it ends otherwise than over its limit. */
  private static boolean isInTime(CompletableFuture<?> future) throws Exception {
    try {
      var _ = get(future);
    } catch (ExecutionException e) {
      return !(e.getCause() instanceof TaskTimeoutException);
    }
    return true;
  }

  @Test
  default void whatAStoppedTaskStillRunsIsTriedAgain() throws Exception {
    try (Pool pool = open(1, p -> p.withRetries(1).withBackOff(Duration.ZERO))) {
      var began = new CountDownLatch(1);
      var runs = new AtomicInteger();
      var cleaned = new CompletableFuture<Integer>();
      CompletableFuture<Integer> outer =
          pool.submit(
              1,
              x -> {
                try {
                  began.countDown();
                  new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                  cleaned.complete(
                      pool.submit(
                              2,
                              y -> {
                                if (runs.incrementAndGet() == 1) {
                                  throw new IOException("not yet");
                                }
                                return y;
                              })
                          .join());
                }
                return x;
              });
      began.await();
      assertThat(outer.cancel(true)).isTrue();
      assertThat(get(cleaned)).isEqualTo(2);
      assertThat(runs).hasValue(2);
    }
  }

  @Test
  default void aTaskMayWaitForFuturesOfItsOwnPool() throws Exception {
    try (Pool pool = open(1)) {
      assertThat(get(pool.submit(() -> pool.submit(1, Work::increment).get()))).isEqualTo(2);
      assertThat(get(pool.submit(() -> pool.submit(1, Work::increment).join()))).isEqualTo(2);
      List<Callable<Integer>> jobs = List.of(() -> 1, () -> 2);
      assertThat(get(pool.submit(() -> pool.invokeAny(jobs)))).isIn(1, 2);
      assertThat(
              get(pool.submit(() -> pool.invokeAll(jobs).stream().map(Future::resultNow).toList())))
          .containsExactly(1, 2);
    }
  }

  /** Each of these waits in another way, and only `get` and `join` run items themselves. */
  @Test
  default void aTaskMayWaitForItsOwnPoolInAnyWay() throws Exception {
    for (int workers : List.of(1, 2)) {
      for (TaskFunction<Pool, Integer> waiting :
          List.<TaskFunction<Pool, Integer>>of(
              pool -> pool.submit(1, Work::increment).get(PATIENCE.toSeconds(), TimeUnit.SECONDS),
              pool -> pool.submit(() -> {}, 2).get(),
              pool ->
                  pool.submit(1, Work::increment)
                      .thenCombine(pool.submit(2, Work::increment), (a, b) -> a)
                      .get(),
              pool ->
                  pool.submit(0, Work::increment)
                      .thenCompose(x -> pool.submit(x, Work::increment))
                      .join(),
              pool -> {
                CompletableFuture<Integer> one = pool.submit(1, Work::increment);
                CompletableFuture.allOf(one, pool.submit(2, Work::increment)).join();
                return one.resultNow();
              },
              pool ->
                  pool.invokeAll(
                          List.<Callable<Integer>>of(() -> 2, () -> 3),
                          PATIENCE.toSeconds(),
                          TimeUnit.SECONDS)
                      .getFirst()
                      .resultNow(),
              pool ->
                  pool.invokeAny(
                      List.<Callable<Integer>>of(() -> 2, () -> 2),
                      PATIENCE.toSeconds(),
                      TimeUnit.SECONDS),
              pool -> {
                var done = new CountDownLatch(2);
                pool.execute(done::countDown);
                pool.execute(done::countDown);
                done.await();
                return 2;
              },
              pool -> {
                var service = new ExecutorCompletionService<Integer>(pool);
                var _ = service.submit(() -> 2);
                return service.take().get();
              },
              pool ->
                  Async.gather(List.of(1, 2), x -> pool.submit(1, Work::increment).get())
                      .getFirst(),
              pool ->
                  Async.gather(List.of(1, 2), x -> pool.map(List.of(1), Work::increment).getFirst())
                      .getFirst())) {
        try (Pool pool = open(workers)) {
          // More of them than workers: each worker has one.
          var futures = new ArrayList<CompletableFuture<Integer>>();
          for (int i = 0; i < 3; i++) {
            futures.add(pool.submit(() -> waiting.apply(pool)));
          }
          for (CompletableFuture<Integer> future : futures) {
            assertThat(get(future)).isEqualTo(2);
          }
        } // and closes
      }
    }
  }

  /** Each level needs one more spare worker. */
  @Test
  default void tasksMayWaitForTheirPoolManyLevelsDeep() throws Exception {
    try (Pool pool = open(2)) {
      CompletableFuture<Integer> deep = pool.submit(12, n -> levels(pool, n));
      assertThat(get(deep)).isEqualTo(12);
    }
  }

  private static int levels(Pool pool, int n) throws Exception {
    return n == 0
        ? 0
        : 1 + pool.submit(n - 1, k -> levels(pool, k)).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }

  /** One spare worker does them all: a new one for each item would cost a stall for each. */
  @Test
  default void aSpareWorkerStaysAsLongAsATaskWaitsForItemsOfItsOwnPool() throws Exception {
    List<Integer> items = IntStream.range(0, 40).boxed().toList();
    var threads = ConcurrentHashMap.<Thread>newKeySet();
    TaskFunction<Integer, Integer> noted =
        x -> {
          threads.add(Thread.currentThread());
          return x + 1;
        };
    for (TaskFunction<Pool, Integer> waiting :
        List.<TaskFunction<Pool, Integer>>of(
            pool -> {
              int sum = 0;
              for (int item : items) {
                sum += pool.submit(item, noted).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
              }
              return sum;
            },
            pool -> {
              var futures = items.stream().map(item -> pool.submit(item, noted)).toList();
              int sum = 0;
              for (CompletableFuture<Integer> future : futures) {
                sum += future.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
              }
              return sum;
            },
            pool -> {
              try (var run = Pipeline.from(items).stage("noted", pool, noted).run()) {
                return run.outcomes().mapToInt(PipelineOutcome::get).sum();
              }
            })) {
      threads.clear();
      try (Pool pool = open(1)) {
        assertThat(get(pool.submit(() -> waiting.apply(pool)))).isEqualTo(820);
      }
      // Not one: on a busy machine a stall may seem to last.
      assertThat(threads).hasSizeLessThan(items.size() / 2);
    }
  }

  /** Nor does it go on with the rest of a batch that it shares with the task that has waited. */
  @Test
  default void aSpareWorkerBeginsNothingWhileTheTaskThatHasWaitedGoesOn() throws Exception {
    int count = 3000; // the last ones are in one batch
    int waits = count - 10;
    var begun = new AtomicInteger();
    var next = new CountDownLatch(1);
    var whileItRan = new CompletableFuture<Integer>();
    try (Pool pool = open(1)) {
      var outcomes =
          pool.outcomes(
              IntStream.range(0, count).boxed().toList(),
              x -> {
                begun.incrementAndGet();
                if (x == waits) {
                  assertThat(pool.submit(1, Work::increment).get(1, TimeUnit.MINUTES)).isEqualTo(2);
                  if (pool.model() != ExecutionModel.SEQUENTIAL) {
                    next.await(PATIENCE.toSeconds(), TimeUnit.SECONDS);
                  }
                  int before = begun.get();
                  Work.compute(Duration.ofMillis(100)); // two stalls
                  whileItRan.complete(begun.get() - before);
                } else if (x > waits) {
                  next.countDown();
                  Work.compute(Duration.ofMillis(5));
                }
                return x;
              });
      assertThat(outcomes.filter(Outcome::isDone).count()).isEqualTo(count);
    }
    assertThat(get(whileItRan)).isLessThanOrEqualTo(2); // those that it had before it saw that
  }

  /** Tasks that wait for something else are no reason for more workers than there may be. */
  @Test
  default void aPoolHasNoMoreTasksInProgressThanWorkersUnlessTheyWaitForIt() throws Exception {
    Marks marks = marks();
    try (Pool pool = open(2)) {
      var most = new AtomicInteger();
      var now = new AtomicInteger();
      var futures = new ArrayList<CompletableFuture<Integer>>();
      for (int i = 0; i < 4; i++) {
        futures.add(
            pool.submit(() -> {
              most.accumulateAndGet(now.incrementAndGet(), Math::max);
              marks.await("go");
              return now.decrementAndGet();
            }));
      }
      var nested =
          Thread.ofPlatform()
              .start(() -> pool.outcomes(List.of(1, 2, 3), Work::increment).forEach(o -> {}));
      assertThat(nested.join(Duration.ofMillis(300))).as("it waits for the others").isFalse();
      assertThat(most).hasValueLessThanOrEqualTo(pool.workers());
      marks.set("go");
      for (CompletableFuture<Integer> future : futures) {
        get(future);
      }
      assertThat(nested.join(PATIENCE)).isTrue();
    }
  }

  // ---- what a task has of its caller, and leaves to the next

  @Test
  default void aTaskHasTheContextClassLoaderOfItsCallerAndNothingInherited() throws Exception {
    var inherited = new InheritableThreadLocal<String>();
    Thread self = Thread.currentThread();
    ClassLoader before = self.getContextClassLoader();
    try (Pool pool = open(1)) {
      inherited.set("alice");
      assertThat(get(pool.submit(() -> String.valueOf(inherited.get())))).isEqualTo("null");
      for (int caller = 0; caller < 3; caller++) {
        var own = new URLClassLoader(new URL[0], before);
        self.setContextClassLoader(own);
        assertThat(get(pool.submit(() -> Thread.currentThread().getContextClassLoader())))
            .isSameAs(own);
        assertThat(pool.map(List.of(1, 2), i -> Thread.currentThread().getContextClassLoader()))
            .containsOnly(own);
        Gatherer<Integer, ?, ClassLoader> later =
            pool.mapping(i -> Thread.currentThread().getContextClassLoader());
        self.setContextClassLoader(before);
        assertThat(Stream.of(1, 2).gather(later).toList()).containsOnly(own);
        self.setContextClassLoader(own);
        CompletableFuture<ClassLoader> dependent =
            pool.submit(1, Work::increment)
                .thenApply(x -> Thread.currentThread().getContextClassLoader());
        assertThat(get(dependent)).isSameAs(own);
      }
    } finally {
      self.setContextClassLoader(before);
      inherited.remove();
    }
  }

  @Test
  @SuppressWarnings("ThreadPriorityCheck") // nothing relies on it
  default void whatATaskChangesInItsThreadIsUndone() throws Exception {
    try (Pool pool = open(1)) {
      TaskFunction<Integer, List<Object>> look =
          i -> {
            Thread self = Thread.currentThread();
            return Arrays.asList(
                self.getContextClassLoader(),
                self.getPriority(),
                self.getUncaughtExceptionHandler() instanceof ThreadGroup,
                self.getName().matches("(sequential|threads|virtual)-1"),
                self.isInterrupted());
          };
      List<Object> before = get(pool.submit(1, look));
      get(
          pool.submit(() -> {
            Thread self = Thread.currentThread();
            self.setContextClassLoader(null);
            self.setName("mine");
            self.setPriority(Thread.MIN_PRIORITY);
            self.setUncaughtExceptionHandler((thread, thrown) -> {});
            self.interrupt();
          }));
      assertThat(get(pool.submit(1, look))).isEqualTo(before);
    }
  }

  @Test
  default void aPoolWithoutWorkKeepsNoCallersClassLoader() throws Exception {
    Thread self = Thread.currentThread();
    ClassLoader before = self.getContextClassLoader();
    try (Pool pool = open(2)) {
      List<WeakReference<Object>> loaders = new ArrayList<>();
      Thread caller =
          Thread.ofPlatform()
              .start(() -> {
                ClassLoader own = new URLClassLoader(new URL[0], before);
                loaders.add(new WeakReference<>(own));
                Thread.currentThread().setContextClassLoader(own);
                pool.submit(1, Work::increment).thenApply(x -> x).join();
                assertThat(pool.outcomes(List.of(1, 2), Work::increment).count()).isEqualTo(2);
                assertThat(pool.outcomes(Work.lazily(List.of(1)), Work::increment).count())
                    .isEqualTo(1);
                Thread.currentThread().setContextClassLoader(before); // the thread is kept
              });
      assertThat(caller.join(PATIENCE)).isTrue();
      awaitCollected(loaders);
    }
  }

  @Test
  default void retriesOfNestedTasksAreDoneByTheOneThatWaits() throws Exception {
    var tries = new AtomicInteger();
    try (Pool pool = open(1, policy -> policy.withRetries(1).withBackOff(Duration.ofMillis(5)))) {
      assertThat(
              get(
                  pool.submit(() ->
                      pool.map(
                          List.of(1, 2),
                          i -> {
                            if (tries.incrementAndGet() == 1) {
                              throw new IOException("not yet");
                            }
                            return i;
                          }))))
          .containsExactly(1, 2);
      tries.set(0);
      assertThat(
              get(
                  pool.submit(() ->
                      pool.submit(
                              7,
                              i -> {
                                if (tries.incrementAndGet() == 1) {
                                  throw new IOException("not yet");
                                }
                                return i;
                              })
                          .get())))
          .isEqualTo(7);
    }
  }

  @Test
  default void whatAnInnerTaskBroughtIsUndoneForTheOneThatWaits() throws Exception {
    try (Pool pool = open(1, policy -> policy.withCarrier(new Tickets.Nesting()))) {
      Tickets.hold("outer");
      CompletableFuture<List<String>> seen =
          pool.submit(() -> {
            String before = Tickets.current();
            Tickets.hold("inner");
            List<String> within = pool.map(List.of(1), Tickets::currentFor);
            Tickets.hold(before);
            CompletableFuture<String> future = pool.submit(2, Tickets::currentFor);
            Tickets.hold("kept");
            return List.of(within.getFirst(), future.get(), Tickets.current());
          });
      assertThat(get(seen)).containsExactly("inner for 1", "outer for 2", "kept");
    } finally {
      Tickets.drop();
    }
  }

  @Test
  default void aDeafTaskWithinATaskIsGivenUpWithIt() throws Exception {
    Waiting.inEnoughTime(Busy.scaled(Duration.ofMillis(100)), this::givesUpADeafTaskAfter);
  }

  private void givesUpADeafTaskAfter(Duration limit) throws Exception {
    Marks marks = marksOfRun();
    try (Pool pool =
        open(1, policy -> policy.withTimeout(limit).withGrace(Duration.ofMillis(50)))) {
      CompletableFuture<List<Integer>> outer =
          pool.submit(() -> pool.map(List.of(1), i -> Work.deaf(marks)));
      assertThatThrownBy(() -> get(outer)).isInstanceOf(ExecutionException.class);
      assertThat(get(pool.submit(1, Work::increment))).isEqualTo(2);
    } // closes although the task is not over
    marks.set("over");
  }

  // ---- memory

  @Test
  default void itemsAndFunctionsAreLetGoWhenDone() throws Exception {
    try (Pool pool = open(2)) {
      var futures = new ArrayList<Future<?>>();
      var items = new ArrayList<WeakReference<Object>>();
      for (int i = 0; i < 100; i++) {
        submitBig(pool, futures, items);
      }
      for (Future<?> future : futures) {
        future.get();
      }
      mapBig(pool, items);
      awaitCollected(items);
      assertThat(futures).allMatch(Future::isDone); // these were kept all the time
    }
  }

  @Test
  default void whatWasCarriedIsLetGoWhenDone() throws Exception {
    try (Pool pool = open(2, policy -> policy.withCarrier(new Tickets.Nesting()))) {
      var captured = new ArrayList<WeakReference<Object>>();
      var futures = new ArrayList<Future<?>>();
      for (int i = 0; i < 100; i++) {
        String ticket = "ticket " + i;
        Tickets.hold(ticket);
        captured.add(new WeakReference<>(ticket));
        submitBig(pool, futures, captured);
      }
      Tickets.drop();
      for (Future<?> future : futures) {
        future.get();
      }
      awaitCollected(captured);
    }
  }

  private static void submitBig(
      Pool pool, List<Future<?>> futures, List<WeakReference<Object>> items) {
    byte[] item = new byte[100_000];
    byte[] captured = new byte[100_000];
    items.add(new WeakReference<>(item));
    items.add(new WeakReference<>(captured));
    futures.add(pool.submit(item, bytes -> bytes.length + captured.length));
  }

  private static void mapBig(Pool pool, List<WeakReference<Object>> items) throws Exception {
    List<byte[]> big = IntStream.range(0, 100).mapToObj(i -> new byte[100_000]).toList();
    big.forEach(item -> items.add(new WeakReference<>(item)));
    pool.map(big, bytes -> bytes.length);
    assertThat(pool.outcomes(big, bytes -> bytes.length).allMatch(Outcome::isDone)).isTrue();
    Iterable<byte[]> lazy = Work.lazily(big);
    assertThat(pool.completions(lazy, bytes -> bytes.length).count()).isEqualTo(100);
    assertThat(big.stream().gather(pool.mapping(bytes -> bytes.length)).count()).isEqualTo(100);
  }

  private static void awaitCollected(List<WeakReference<Object>> items)
      throws InterruptedException {
    Waiting.untilCollected(
        "all " + items.size() + " items were collected",
        () -> items.stream().allMatch(item -> item.get() == null));
  }

  @Test
  @InPart
  default void itemsLargerThanTheHeapTogetherAreStreamed() {
    // 150,000 or 1,000,000 x 10 kB in a heap of 1 GB.
    int count = Extent.count(1_000_000, 150_000);
    Iterable<byte[]> items =
        () -> IntStream.range(0, count).mapToObj(i -> new byte[10_000]).iterator();
    try (Pool pool = open(2)) {
      assertThat(pool.completions(items, bytes -> bytes.length).count()).isEqualTo(count);
    }
  }

  // ---- items that run on the thread of the task that waits for them

  @Test
  @SuppressWarnings("ThreadPriorityCheck") // nothing relies on it
  default void whatAnItemDoesToTheThreadOfTheTaskThatWaitsForItIsUndone() throws Exception {
    try (Pool pool = open(1)) {
      CompletableFuture<List<Object>> seen =
          pool.submit(
              "outer",
              name -> {
                Thread own = Thread.currentThread();
                own.setName(name);
                var before = state(own);
                var _ =
                    get(
                        pool.submit(
                            "inner",
                            other -> {
                              Thread.currentThread().setName(other);
                              Thread.currentThread().setPriority(2);
                              Thread.currentThread().setUncaughtExceptionHandler((t, e) -> {});
                              Thread.currentThread().interrupt();
                              return other;
                            }));
                assertThat(state(own)).isEqualTo(before);
                return before;
              });
      assertThat(get(seen)).contains("outer", false);
    }
  }

  private static List<Object> state(Thread thread) {
    return List.of(
        thread.getName(),
        thread.getPriority(),
        thread.getUncaughtExceptionHandler(),
        thread.isInterrupted());
  }

  @Test
  default void anItemOnTheThreadOfTheTaskThatWaitsForItIsCancelledAlone() throws Exception {
    try (Pool pool = open(1)) {
      var inner = new CompletableFuture<CompletableFuture<Integer>>();
      var began = new CountDownLatch(1);
      CompletableFuture<Boolean> outer =
          pool.submit(
              "outer",
              _ -> {
                var sleeping =
                    pool.submit(
                        600_000,
                        millis -> {
                          began.countDown();
                          return Work.sleep(millis);
                        });
                inner.complete(sleeping);
                assertThatThrownBy(sleeping::join).isInstanceOf(CancellationException.class);
                return Thread.currentThread().isInterrupted();
              });
      assertThat(began.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
      assertThat(get(inner).cancel(true)).isTrue();
      assertThat(get(outer)).as("the interrupt was the inner item's").isFalse();
    }
  }

  @Test
  default void anInterruptOfTheTaskThatWaitsIsNotLostInAnItemOnItsThread() throws Exception {
    try (Pool pool = open(1)) {
      var began = new CountDownLatch(1);
      var sawIt = new CompletableFuture<Boolean>();
      CompletableFuture<Integer> outer =
          pool.submit(
              1,
              x -> {
                var swallows =
                    pool.submit(
                        600_000,
                        millis -> {
                          began.countDown();
                          try {
                            return Work.sleep(millis);
                          } catch (InterruptedException e) {
                            return 0;
                          }
                        });
                int zero = swallows.join();
                sawIt.complete(Thread.currentThread().isInterrupted());
                return zero + x;
              });
      assertThat(began.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
      assertThat(outer.cancel(true)).isTrue();
      assertThat(get(sawIt)).isTrue();
    }
  }
}
