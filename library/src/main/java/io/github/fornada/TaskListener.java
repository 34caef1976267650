package io.github.fornada;

/**
 * Receives every step in the life of every task of a pool. Progress bars, timelines and reports are
 * listeners.
 *
 * <p>The pool's own threads call a listener, several at once: it must be thread-safe and quick, and
 * must not wait for the pool. For one task the order is submitted, started, finished, and each call
 * happens-before the next. An exception that a listener throws is logged once and otherwise
 * ignored: a listener cannot harm a task. But a call that blocks holds up the thread that makes it,
 * which may be one that submits, and with that the task and the pool's close: nobody interrupts it.
 * A listener that may have to wait hands its events over to a thread of its own.
 *
 * <p>A pool without listeners measures nothing per task.
 */
@FunctionalInterface
public interface TaskListener {
  /** Handles {@code event}. Called once for each event. */
  void onEvent(TaskEvent event);
}
