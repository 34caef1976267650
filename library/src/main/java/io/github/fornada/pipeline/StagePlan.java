package io.github.fornada.pipeline;

import io.github.fornada.Pool;
import io.github.fornada.TaskFunction;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * A stage that is not open yet.
 *
 * @param before maps and filters to be run before its own function
 * @param after and after it
 * @param batches how its items are made of those that come
 */
record StagePlan(
    String name,
    Opener pool,
    boolean isFlat,
    TaskFunction<@Nullable Object, @Nullable Object> main,
    List<Step> before,
    List<Step> after,
    Batches batches) {

  /**
   * Where its pool comes from.
   *
   * @param size how many workers it has at first
   * @param ownsPool whether the pool is opened for this stage alone
   * @param canChange whether it may have more workers or fewer while it runs
   * @param open opens it, given how many workers it may have at most
   */
  record Opener(int size, boolean ownsPool, boolean canChange, IntFunction<Pool> open) {}

  /**
   * How items are put together.
   *
   * @param size how many make one; 0 where each stays one
   * @param patience how long the first waits for the others
   */
  record Batches(int size, Duration patience) {
    static final Batches NONE = new Batches(0, Duration.ZERO);
  }

  /** Whether what it gives is what its function returns, for every item one. */
  boolean givesWhatItReturns() {
    for (Step step : before) {
      if (step.isFilter()) {
        return false;
      }
    }
    for (Step step : after) {
      if (step.isFilter()) {
        return false;
      }
    }
    return !isFlat;
  }

  boolean ownsPool() {
    return pool.ownsPool();
  }

  boolean canChange() {
    return pool.canChange();
  }

  /** Opens its pool, which may have {@code most} workers if its size can change. */
  Pool open(int most) {
    return pool.open().apply(canChange() ? most : pool.size());
  }

  TaskFunction<@Nullable Object, @Nullable Object> function() {
    if (isFlat) {
      return new FlatFunction(before, main, after);
    }
    if (before.isEmpty() && after.isEmpty()) {
      return main;
    }
    var all = new ArrayList<Step>(before);
    all.add(new Step(main, false));
    all.addAll(after);
    return new StepsFunction(all, before.size());
  }
}
