package io.github.fornada.spi;

import io.github.fornada.Outcome;
import io.github.fornada.TaskPolicy;
import io.github.fornada.stress.Explorer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/**
 * A task is stopped while it comes to its second try, which would never end: that try is not begun,
 * or it is stopped too, and the pool gets quiet.
 */
public class RetryScenario implements Explorer.Scenario {
  private final ManualPool pool = new ManualPool(TaskPolicy.DEFAULT.withRetries(1));
  private final CompletableFuture<Integer> future = pool.submit(0, i -> i);

  public RetryScenario() {
    Timer.due.clear();
  }

  /** The whole pool is shut down at once. */
  public static final class Shutdown extends RetryScenario {
    @Override
    void stop() {
      super.pool.shutdownNow();
    }
  }

  @Override
  public List<Runnable> threads() {
    return List.of(this::work, this::stop);
  }

  private void work() {
    Batch<?, ?> first = pool.take(1, null);
    if (first == null) {
      return; // it was stopped before
    }
    if (first.claim() == 0) {
      fail(first);
    }
    Runnable resume = Timer.due.poll();
    if (resume != null) {
      resume.run();
    }
    Batch<?, ?> second = pool.take(1, first);
    if (second == null) {
      return;
    }
    if (second.claim() == 0) {
      pool.runEndless(second);
      fail(second);
    }
    pool.hasDone(second);
  }

  private static <R> void fail(Batch<?, R> batch) {
    batch.end(0, new Outcome.Failed<>(new IllegalStateException("the task's")), null);
  }

  void stop() {
    future.cancel(true);
  }

  @Override
  public void check() {
    pool.shutdownUnasked();
    if (pool.quiet() != 1 || !future.isDone()) {
      throw new AssertionError("quiet " + pool.quiet() + " times, done: " + future.isDone());
    }
  }

  /** Lets go of the action, as the timer does. */
  public static final class Due extends FutureTask<Void> {
    private final Runnable action;

    public Due(Runnable action) {
      super(action, null);
      this.action = action;
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
      return Timer.due.remove(action);
    }
  }

  /** In the place of ours: the scenario's worker waits for it. */
  public static final class Timer {
    public static final ArrayDeque<Runnable> due = new ArrayDeque<>();

    public static Future<?> hold() {
      return new Due(() -> {});
    }

    public static Duration bounded(Duration pause) {
      return pause;
    }

    public static @Nullable Future<?> after(Duration pause, Runnable action) {
      return tryAfter(pause, action);
    }

    public static @Nullable Future<?> tryAfter(Duration pause, Runnable action) {
      due.add(action);
      return new Due(action);
    }
  }
}
