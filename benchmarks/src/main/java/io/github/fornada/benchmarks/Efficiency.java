package io.github.fornada.benchmarks;

import io.github.fornada.Pool;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How much of two processors a pool uses: the time of a plain loop over tasks that compute for
 * about 10 ms, divided by two, divided by the time of the same map on two workers. 1 is ideal.
 *
 * <p>Loop and map take turns, and each map is compared with the loops just before and after it, so
 * that changes of the machine's speed, or other work on it, spoil single rounds only.
 *
 * <p>A map has {@value #TASKS} tasks, so that its tail, in which one worker has no item while the
 * other runs the last one, is at most a hundredth of it. Before the first measured map there are
 * {@value #WARM_UP_MAPS} maps of {@value #TASKS} tasks of about 1 ms, in which the JIT compiles the
 * pool's own code in every process that runs it, and two of full length.
 */
final class Efficiency {
  private static final int TASKS = 100;

  private static final int WARM_UP_MAPS = 10;

  /** About 10 ms on a processor of 2024; measured and reported with the result. */
  private static final long STEPS = 5_000_000;

  private static final long QUICK_STEPS = STEPS / 10;

  private Efficiency() {}

  /** The efficiency of each round, in order, and the time of a task in the loop. */
  record Result(List<Double> rounds, double taskMillis) {
    double median() {
      return rounds.stream().sorted().toList().get(rounds.size() / 2);
    }
  }

  /** A chain of operations that no compiler can shorten. */
  static long compute(long seed) {
    return compute(seed, STEPS);
  }

  /** The same for a tenth of the time. */
  static long computeQuickly(long seed) {
    return compute(seed, QUICK_STEPS);
  }

  private static long compute(long seed, long steps) {
    long x = seed | 1;
    for (long i = 0; i < steps; i++) {
      x ^= x << 13;
      x ^= x >>> 7;
      x ^= x << 17;
    }
    return x;
  }

  static Result measure(Pool pool, int rounds) throws InterruptedException {
    if (pool.workers() != TinyTasks.WORKERS) {
      throw new IllegalArgumentException("needs 2 workers, got " + pool.workers());
    }
    List<Long> seeds = IntStream.range(0, TASKS).mapToObj(i -> i + 1L).toList();
    long expected = loop(seeds);
    for (int i = 0; i < WARM_UP_MAPS; i++) {
      pool.map(seeds, Efficiency::computeQuickly);
    }
    map(pool, seeds, expected);
    map(pool, seeds, expected);
    var ratios = new ArrayList<Double>();
    double loops = 0;
    long before = timeOfLoop(seeds);
    for (int round = 0; round < rounds; round++) {
      long began = System.nanoTime();
      map(pool, seeds, expected);
      long together = System.nanoTime() - began;
      long after = timeOfLoop(seeds);
      ratios.add((before + after) / 2.0 / TinyTasks.WORKERS / together);
      loops += after;
      before = after;
    }
    return new Result(ratios, loops / rounds / TASKS / 1e6);
  }

  private static long timeOfLoop(List<Long> seeds) {
    long began = System.nanoTime();
    long sum = loop(seeds);
    long took = System.nanoTime() - began;
    if (sum == 0) {
      throw new AssertionError("xorshift never gives 0, but the sum did");
    }
    return took;
  }

  private static long loop(List<Long> seeds) {
    long sum = 0;
    for (long seed : seeds) {
      sum += compute(seed);
    }
    return sum;
  }

  private static void map(Pool pool, List<Long> seeds, long expected) throws InterruptedException {
    long sum = pool.map(seeds, Efficiency::compute).stream().mapToLong(x -> x).sum();
    if (sum != expected) {
      throw new AssertionError("the pool computed " + sum + " instead of " + expected);
    }
  }
}
