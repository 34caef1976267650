package io.github.fornada.async;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * What the thread of a user's thread factory runs: its task, once, and only if the scope has
 * started the thread. A task that runs although its fork has failed would end without being waited
 * for.
 */
final class FactoryGate implements Runnable {
  private static final int CLOSED = 0;
  private static final int OPEN = 1;
  private static final int PASSED = 2;
  private static final int SHUT = 3;

  /** CLOSED -> OPEN -> PASSED, or SHUT. */
  private final AtomicInteger state = new AtomicInteger(CLOSED);

  private final Child<?> child;

  FactoryGate(Child<?> child) {
    this.child = child;
  }

  /** Lets the task run. By the owner, before it starts the thread. */
  void open() {
    state.set(OPEN);
  }

  /** Returns whether the task does not run, and never will. */
  boolean shut() {
    return state.compareAndSet(OPEN, SHUT);
  }

  @Override
  public void run() {
    if (state.compareAndSet(OPEN, PASSED)) {
      child.run();
    }
  }
}
