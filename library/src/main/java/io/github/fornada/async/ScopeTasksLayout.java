package io.github.fornada.async;

import org.jspecify.annotations.Nullable;

/**
 * The layout of the fields of {@link ScopeTasks}, by inheritance: what the owner writes at each
 * fork, what tasks write at each end, and what all threads read, at 64 bytes from each other. On
 * two processors a fork and an end would otherwise take the same cache line from each other several
 * times.
 */
final class ScopeTasksLayout {
  private ScopeTasksLayout() {}

  /** Written by the owner only. */
  abstract static class OfOwner {
    /** Head of the list of tasks, newest first. Read by threads that cancel or draw the scope. */
    volatile @Nullable Child<?> newest;

    /** The number of started tasks. */
    int started;

    /** The number of nodes in the list. */
    int linked;

    /** The number of nodes at which ended tasks are unlinked. */
    int sweepAt;

    /** Whether the owner has added to {@link OfTasks#pending} what it has started. */
    boolean isAwaited;
  }

  abstract static class FirstGap extends OfOwner {
    long gap0;
    long gap1;
    long gap2;
    long gap3;
    long gap4;
    long gap5;
    long gap6;
    long gap7;
  }

  /** Written by tasks that end. */
  abstract static class OfTasks extends FirstGap {
    // Started tasks, which the owner adds all at once when it begins to wait, less those that have
    // ended, which their threads take off one by one. So it is zero or less until the owner waits,
    // and from then on zero when, and only when, all have ended.
    volatile int pending;
  }

  abstract static class SecondGap extends OfTasks {
    long gap8;
    long gap9;
    long gap10;
    long gap11;
    long gap12;
    long gap13;
    long gap14;
    long gap15;
  }
}
