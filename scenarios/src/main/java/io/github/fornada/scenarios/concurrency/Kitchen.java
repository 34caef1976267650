package io.github.fornada.scenarios.concurrency;

import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Makes cakes: mixing and icing keep a cook busy, baking only takes time. */
final class Kitchen {
  private Kitchen() {}

  /**
   * A cake to be made.
   *
   * @param number which
   * @param mixing rounds of work before the oven
   * @param bakingMillis time in the oven
   * @param icing rounds of work after it
   */
  record Cake(int number, long mixing, int bakingMillis, long icing) {}

  /** What is done to a cake. */
  enum Step {
    MIX,
    BAKE,
    ICE
  }

  /**
   * A step that was done.
   *
   * @param from when it began, in nanoseconds
   * @param to when it ended
   */
  record Done(int cake, Step step, long from, long to) {}

  /** Returns what the cake tastes of, which depends on all of the work. */
  static long make(Cake cake) throws InterruptedException {
    return make(cake, null, new ConcurrentLinkedQueue<>());
  }

  /**
   * Makes the cake and notes each step.
   *
   * @param cook held while mixing and icing; null if every cake has a cook of its own
   */
  static long make(Cake cake, @Nullable Lock cook, ConcurrentLinkedQueue<Done> notes)
      throws InterruptedException {
    long dough = work(cake.number(), Step.MIX, cake.number(), cake.mixing(), cook, notes);
    long from = System.nanoTime();
    TimeUnit.MILLISECONDS.sleep(cake.bakingMillis()); // the oven
    notes.add(new Done(cake.number(), Step.BAKE, from, System.nanoTime()));
    return work(cake.number(), Step.ICE, dough, cake.icing(), cook, notes);
  }

  private static long work(
      int cake,
      Step step,
      long seed,
      long rounds,
      @Nullable Lock cook,
      ConcurrentLinkedQueue<Done> notes)
      throws InterruptedException {
    if (cook != null) {
      cook.lockInterruptibly();
    }
    try {
      long from = System.nanoTime();
      long result = spin(seed, rounds);
      notes.add(new Done(cake, step, from, System.nanoTime()));
      return result;
    } finally {
      if (cook != null) {
        cook.unlock();
      }
    }
  }

  private static long spin(long seed, long rounds) {
    long state = seed | 1;
    for (long i = 0; i < rounds; i++) {
      state ^= state << 13;
      state ^= state >>> 7;
      state ^= state << 17;
    }
    return state;
  }

  /** Returns how many rounds of work take a millisecond on this machine. */
  static long roundsInAMillisecond() {
    long rounds = 200_000;
    long best = Long.MAX_VALUE;
    long sink = 0;
    for (int i = 0; i < 40; i++) {
      long began = System.nanoTime();
      sink += spin(i, rounds);
      best = Math.min(best, System.nanoTime() - began);
    }
    if (sink == 0) {
      throw new IllegalStateException("the work was left out");
    }
    return rounds * 1_000_000 / best;
  }

  /** Returns the cakes to make. */
  static List<Cake> cakes(int count, long roundsInAMillisecond) {
    return IntStream.rangeClosed(1, count)
        .mapToObj(
            number -> new Cake(number, 12 * roundsInAMillisecond, 50, 5 * roundsInAMillisecond))
        .toList();
  }
}
