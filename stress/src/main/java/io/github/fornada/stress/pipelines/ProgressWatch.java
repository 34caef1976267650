package io.github.fornada.stress.pipelines;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Watches an execution. If nothing of it moves until the deadline, keeps where it and all threads
 * stood, and closes the run so that it ends.
 */
final class ProgressWatch implements AutoCloseable {
  private static final long LOOK_MILLIS = 200;

  private final Execution execution;
  private final Duration deadline;
  private final Consumer<String> stuck;
  private final CountDownLatch over = new CountDownLatch(1);

  /** Written by the thread that watches. */
  private volatile @Nullable String standstill;

  /**
   * Watches from now on.
   *
   * @param stuck is told if the run does not even end by its close
   */
  ProgressWatch(Execution execution, Duration deadline, Consumer<String> stuck) {
    this.execution = execution;
    this.deadline = deadline;
    this.stuck = stuck;
    Thread.ofPlatform().daemon().name("watch").start(this::watch);
  }

  /** Returns where all stood when nothing moved; null if it always did. */
  @Nullable String standstill() {
    return standstill;
  }

  private void watch() {
    try {
      if (moves()) {
        return;
      }
      String text = "no progress for " + deadline + "\n    " + execution + "\n" + threads();
      standstill = text;
      Thread.ofPlatform().daemon().name("close").start(execution::giveUp);
      if (!over.await(deadline.toMillis(), TimeUnit.MILLISECONDS)) {
        stuck.accept(text + "\nand its close does not end it:\n" + threads());
      }
    } catch (InterruptedException e) {
      throw new AssertionError("interrupted by nobody", e);
    }
  }

  /** Returns at the end, or false if nothing has moved until the deadline. */
  private boolean moves() throws InterruptedException {
    String last = "";
    long since = System.nanoTime();
    while (!over.await(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
      String now = execution.progress();
      if (!now.equals(last)) {
        last = now;
        since = System.nanoTime();
      } else if (System.nanoTime() - since > deadline.toNanos()) {
        return false;
      }
    }
    return true;
  }

  private static String threads() {
    var text = new StringBuilder();
    for (Map.Entry<Thread, StackTraceElement[]> each : Thread.getAllStackTraces().entrySet()) {
      text.append("  ").append(each.getKey()).append(' ').append(each.getKey().getState());
      for (StackTraceElement frame : each.getValue()) {
        text.append("\n      ").append(frame);
      }
      text.append('\n');
    }
    return text.toString();
  }

  @Override
  public void close() {
    over.countDown();
  }
}
