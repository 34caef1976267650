package io.github.fornada.process;

import io.github.fornada.process.wire.MessageOutput;

/**
 * How many items an agent has, and how many it wants to have. Without a lock: each value is written
 * alone, and those who read several need no more than a good guess.
 */
final class AgentLoad {
  /** How much work a worker has ahead of it: enough for the way to the pool and back. */
  private static final long AHEAD_NANOS = 100_000_000; // Guess

  private static final int MOST_AHEAD = 1024; // Guess

  /** Where an item takes longer than so many times that, none waits at a worker that is busy. */
  private static final int NONE_AHEAD = 2; // Guess

  /** How many workers may be busy. Written by those who set it. */
  private volatile int workers;

  /** How many items are here, begun or not. Written under the lock of the items. */
  private volatile int held;

  /** The mean time of an item in nanoseconds; 0 if unknown. Written by those who run items. */
  private volatile long itemNanos;

  /** The pause between two reports that the pool wants, in nanoseconds. Written by the reporter. */
  private volatile long reportPause;

  /** Whether no worker can be started any more. */
  private volatile boolean broken;

  /** Whether the agent ends. */
  private volatile boolean ending;

  void use(int count) {
    workers = count;
  }

  int workers() {
    return workers;
  }

  void hold(int items) {
    held = items;
  }

  void pause(long nanos) {
    reportPause = nanos;
  }

  void breaks() {
    broken = true;
  }

  void end() {
    ending = true;
  }

  boolean isEnding() {
    return ending;
  }

  /** Whether it takes no more items. */
  boolean isClosed() {
    return broken || ending;
  }

  /** {@code count} items took a worker {@code nanos} nanoseconds. */
  void ran(int count, long nanos) {
    long mean = Math.max(1, nanos / Math.max(1, count));
    long before = itemNanos;
    itemNanos = before == 0 ? mean : before + (mean - before) / 8;
  }

  /** Returns the mean time of an item in nanoseconds; 0 if unknown. */
  long itemNanos() {
    return itemNanos;
  }

  /** Until items have ended again, none is to wait here. */
  void wantNoneAhead() {
    itemNanos = NONE_AHEAD * aheadNanos();
  }

  /**
   * How much work a worker has ahead of it, in nanoseconds. With many agents each must pause
   * between two reports, and gets nothing in place of what has ended before it may tell so.
   */
  private long aheadNanos() {
    return AHEAD_NANOS + 2 * reportPause;
  }

  /** How many items it wants to have altogether, begun or not. */
  private int wanted() {
    if (isClosed()) {
      return 0;
    }
    long mean = itemNanos;
    int count = workers;
    long ahead = aheadNanos();
    if (mean == 0 || mean >= NONE_AHEAD * ahead) {
      return count;
    }
    return count * (1 + Math.clamp(ahead / mean, 1, MOST_AHEAD));
  }

  /** Whether more than half of the work ahead is left. */
  boolean hasEnough() {
    int items = held;
    return !ending && items > workers && 2 * items > wanted();
  }

  /** Appends what the pool is told in each poll and each report. */
  MessageOutput put(MessageOutput out) {
    return out.putInt(wanted()).putInt(workers).putInt(Math.max(0, held - workers));
  }
}
