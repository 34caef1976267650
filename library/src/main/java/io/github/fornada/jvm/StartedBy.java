package io.github.fornada.jvm;

/**
 * Implemented by a thread's uncaught-exception handler to name the thread that it was started by,
 * at no cost for the thread. Pools follow it from a task of a scope to the thread that opened the
 * scope, which may be one of their own workers.
 */
public interface StartedBy {
  /** Returns the thread that waits for the end of this one. */
  Thread startedBy();
}
