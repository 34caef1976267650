package io.github.fornada.cli;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import java.util.List;
import java.util.Spliterator;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Runs some items in sequence to find out how long they take; that also warms this JVM up. */
final class Pilot {
  private final MethodCall call;
  private final List<String> items;
  private final PoolSettings settings;

  Pilot(MethodCall call, List<String> items, PoolSettings settings) {
    this.call = call;
    this.items = items;
    this.settings = settings;
  }

  /**
   * Returns the mean time of an item, over as many as fit in a number of seconds, and at least one.
   */
  double secondsEach(double seconds) {
    try (Pool pool = settings.withoutWorkers().open(ExecutionModel.SEQUENTIAL, call, List.of());
        Stream<Outcome<@Nullable String>> outcomes = pool.outcomes(items, call)) {
      Spliterator<Outcome<@Nullable String>> source = outcomes.spliterator();
      long began = System.nanoTime();
      int n = 0;
      double elapsed = 0;
      while (elapsed < seconds && source.tryAdvance(outcome -> {})) {
        n++;
        elapsed = (System.nanoTime() - began) / 1e9;
      }
      return elapsed / Math.max(1, n);
    } catch (CancellationException e) {
      return 0; // interrupted: the figure will not be used
    }
  }
}
