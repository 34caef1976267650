package io.github.fornada;

/**
 * Is told of every step in the life of every task of a pool; progress bars, timelines and reports
 * are listeners.
 *
 * <p>It is called by the pool's own threads, several at once: it must be thread-safe and quick, and
 * must not wait for the pool. For one task the order is submitted, started, finished, and each call
 * happens-before the next. What it throws is logged once and otherwise ignored: a listener cannot
 * harm a task.
 *
 * <p>A pool without listeners measures nothing per task.
 */
@FunctionalInterface
public interface TaskListener {
  /** Called once for each event. */
  void onEvent(TaskEvent event);
}
