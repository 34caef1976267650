package io.github.fornada.benchmarks;

import io.github.fornada.Pool;
import io.github.fornada.threads.ThreadPool;
import io.github.fornada.threads.VirtualThreadPool;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.Blackhole;

/**
 * Tasks that do almost nothing, so that the cost of handing them to a pool remains: nanoseconds of
 * wall time for each of 10,000 items, on two workers or on virtual threads.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(TinyTasks.ITEMS)
public class TinyTasks {
  static final int ITEMS = 10_000;
  static final int WORKERS = 2;

  static int tiny(int x) {
    return x * 31 + 7;
  }

  private static final List<Integer> NUMBERS = IntStream.range(0, ITEMS).boxed().toList();
  private static final List<Callable<Integer>> JOBS =
      NUMBERS.stream().<Callable<Integer>>map(i -> () -> tiny(i)).toList();

  /** The same items, whose number the pool does not know in advance. */
  private static final Iterable<Integer> LAZY =
      new Iterable<>() {
        @Override
        public Iterator<Integer> iterator() {
          return NUMBERS.iterator();
        }
      };

  // ---- the calls, on any executor

  private static int submitAndGetEach(ExecutorService executor) throws Exception {
    var futures = new ArrayList<Future<Integer>>(ITEMS);
    for (int i : NUMBERS) {
      futures.add(executor.submit(() -> tiny(i)));
    }
    int sum = 0;
    for (Future<Integer> future : futures) {
      sum += future.get();
    }
    return sum;
  }

  private static int invokeAll(ExecutorService executor) throws Exception {
    int sum = 0;
    for (Future<Integer> future : executor.invokeAll(JOBS)) {
      sum += future.get();
    }
    return sum;
  }

  private static int submitItems(Pool pool) throws Exception {
    var futures = new ArrayList<Future<Integer>>(ITEMS);
    for (int i : NUMBERS) {
      futures.add(pool.submit(i, TinyTasks::tiny));
    }
    int sum = 0;
    for (Future<Integer> future : futures) {
      sum += future.get();
    }
    return sum;
  }

  // ---- the executors

  /** A Fornada pool of two platform threads. */
  @State(Scope.Benchmark)
  public static class Threads {
    Pool pool = ThreadPool.open(o -> o.withWorkers(WORKERS));

    /** Ends the pool. */
    @TearDown
    public void close() {
      pool.close();
    }
  }

  /** A Fornada pool of virtual threads with default options. */
  @State(Scope.Benchmark)
  public static class Virtual {
    Pool pool = VirtualThreadPool.open();

    /** Ends the pool. */
    @TearDown
    public void close() {
      pool.close();
    }
  }

  /** The JDK's fixed pool. */
  @State(Scope.Benchmark)
  public static class Fixed {
    ExecutorService executor = Executors.newFixedThreadPool(WORKERS);

    /** Ends the pool. */
    @TearDown
    public void close() {
      executor.close();
    }
  }

  /** The JDK's executor of a virtual thread for each task. */
  @State(Scope.Benchmark)
  public static class PerTask {
    ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();

    /** Ends the executor. */
    @TearDown
    public void close() {
      executor.close();
    }
  }

  /** The pool that parallel streams of this benchmark run on: the caller is one of its two. */
  @State(Scope.Benchmark)
  public static class Parallel {
    /** Parallel streams use the common pool, which the runner limits to one thread. */
    @Setup
    public void check() {
      int threads = ForkJoinPool.getCommonPoolParallelism() + 1;
      if (threads != WORKERS) {
        throw new IllegalStateException("a parallel stream would have " + threads + " threads");
      }
    }
  }

  // ---- Fornada on threads

  @Benchmark
  public List<Integer> threadsMap(Threads on) throws InterruptedException {
    return on.pool.map(NUMBERS, TinyTasks::tiny);
  }

  @Benchmark
  public void threadsOutcomes(Threads on, Blackhole hole) {
    on.pool.outcomes(NUMBERS, TinyTasks::tiny).forEach(hole::consume);
  }

  @Benchmark
  public void threadsCompletions(Threads on, Blackhole hole) {
    on.pool.completions(NUMBERS, TinyTasks::tiny).forEach(hole::consume);
  }

  @Benchmark
  public void threadsLazyOutcomes(Threads on, Blackhole hole) {
    on.pool.outcomes(LAZY, TinyTasks::tiny).forEach(hole::consume);
  }

  @Benchmark
  public void threadsGather(Threads on, Blackhole hole) {
    NUMBERS.stream().gather(on.pool.mapping(TinyTasks::tiny)).forEach(hole::consume);
  }

  @Benchmark
  public int threadsSubmit(Threads on) throws Exception {
    return submitItems(on.pool);
  }

  @Benchmark
  public int threadsInvokeAll(Threads on) throws Exception {
    return invokeAll(on.pool);
  }

  // ---- the JDK on threads

  @Benchmark
  public int executorSubmit(Fixed on) throws Exception {
    return submitAndGetEach(on.executor);
  }

  @Benchmark
  public int executorInvokeAll(Fixed on) throws Exception {
    return invokeAll(on.executor);
  }

  @Benchmark
  public List<Integer> parallelStream(Parallel on) {
    return NUMBERS.parallelStream().map(TinyTasks::tiny).toList();
  }

  // ---- Fornada on virtual threads

  @Benchmark
  public List<Integer> virtualMap(Virtual on) throws InterruptedException {
    return on.pool.map(NUMBERS, TinyTasks::tiny);
  }

  @Benchmark
  public void virtualOutcomes(Virtual on, Blackhole hole) {
    on.pool.outcomes(NUMBERS, TinyTasks::tiny).forEach(hole::consume);
  }

  @Benchmark
  public void virtualLazyOutcomes(Virtual on, Blackhole hole) {
    on.pool.outcomes(LAZY, TinyTasks::tiny).forEach(hole::consume);
  }

  @Benchmark
  public void virtualGather(Virtual on, Blackhole hole) {
    NUMBERS.stream().gather(on.pool.mapping(TinyTasks::tiny)).forEach(hole::consume);
  }

  @Benchmark
  public int virtualSubmit(Virtual on) throws Exception {
    return submitItems(on.pool);
  }

  // ---- the JDK on virtual threads

  @Benchmark
  public int perTaskSubmit(PerTask on) throws Exception {
    return submitAndGetEach(on.executor);
  }

  @Benchmark
  public int perTaskInvokeAll(PerTask on) throws Exception {
    return invokeAll(on.executor);
  }
}
