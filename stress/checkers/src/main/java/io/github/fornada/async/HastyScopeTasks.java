package io.github.fornada.async;

import org.jspecify.annotations.Nullable;

/**
 * A twin of {@link ScopeTasks}'s list that must be caught: it checks whether the scope is cancelled
 * before it publishes the task; the opposite order is correct.
 */
final class HastyScopeTasks {
  private volatile boolean cancelled;
  private volatile @Nullable Child<?> newest;

  boolean start(Child<?> child, Thread runner) {
    if (cancelled) {
      return false;
    }
    child.next = newest;
    newest = child;
    runner.start();
    return true;
  }

  void cancel() {
    cancelled = true;
    for (Child<?> child = newest; child != null; child = child.next) {
      child.stop();
    }
  }
}
