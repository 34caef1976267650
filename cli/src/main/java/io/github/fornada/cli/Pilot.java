package io.github.fornada.cli;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.TaskListener;
import java.util.List;
import java.util.Spliterator;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Runs some items, one after the other, to find out how long they take; that also warms this JVM
 * up. A task that is to run in worker processes only may be none that this JVM survives: its pilot
 * has a worker of its own.
 */
final class Pilot {
  /**
   * If the first item takes no longer than this, in seconds, there is a second: the first alone
   * does not tell what happens once from what happens with each. Guess.
   */
  private static final double SECOND_SECONDS = 5;

  private final MethodCall call;
  private final List<String> items;
  private final PoolSettings settings;
  private final TaskListener listener;

  /** Creates a pilot; the listener is told of its items. */
  Pilot(MethodCall call, List<String> items, PoolSettings settings, TaskListener listener) {
    this.call = call;
    this.items = items;
    this.settings = settings;
    this.listener = listener;
  }

  /**
   * Returns the mean time of an item, over as many as fit in a number of seconds, and at least one;
   * two, if the first does not take very long.
   *
   * @param models how the items are to run afterwards
   */
  double secondsEach(double seconds, List<ExecutionModel> models) {
    boolean apart = models.stream().allMatch(ExecutionModel.PROCESSES::equals);
    ExecutionModel model = apart ? ExecutionModel.PROCESSES : ExecutionModel.SEQUENTIAL;
    PoolSettings one = apart ? settings.withOneWorker() : settings.withoutWorkers();
    try (Pool pool = one.open(model, call, List.of(listener));
        Stream<Outcome<@Nullable String>> outcomes = pool.outcomes(items, call)) {
      if (apart) {
        awaitWorker(pool);
      }
      Spliterator<Outcome<@Nullable String>> source = outcomes.spliterator();
      long began = System.nanoTime();
      int n = 0;
      double elapsed = 0;
      while ((elapsed < seconds || (n == 1 && elapsed < SECOND_SECONDS))
          && source.tryAdvance(outcome -> {})) {
        n++;
        elapsed = (System.nanoTime() - began) / 1e9;
      }
      return elapsed / Math.max(1, n);
    } catch (CancellationException e) {
      return 0; // interrupted: the figure will not be used
    }
  }

  /** Its start is no time of an item. */
  private static void awaitWorker(Pool pool) {
    try {
      var _ = pool.submit("", ModelUnderTest.TRIVIAL).get();
    } catch (ExecutionException e) {
      // The items will end in the same way, and tell why.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
