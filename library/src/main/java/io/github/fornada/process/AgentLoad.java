package io.github.fornada.process;

import io.github.fornada.process.wire.MessageOutput;

/**
 * How many items an agent has, and how many it wants to have. Without a lock: each value is written
 * alone, and those who read several need no more than a good guess.
 */
final class AgentLoad {
  /** The least work that a worker has ahead of it: enough for the way to the pool and back. */
  private static final long AHEAD_NANOS = 100_000_000; // Guess

  private static final int MOST_AHEAD = 1024; // Guess

  /** Where an item takes longer than so many times that, none waits at a worker that is busy. */
  private static final int NONE_AHEAD = 2; // Guess

  /**
   * How many items of each worker the mean remembers. Where times differ much, a mean of fewer
   * would rise with each long item, and too few would be ahead of workers that get short ones.
   */
  private static final int REMEMBERED = 8; // Guess

  /** The part of the mean that may be new at once, however many items have ended. */
  private static final double MOST_NEW = 0.5; // Guess

  /**
   * How long what has ended waits at most to be reported together with others, while workers have
   * enough to do. A report and the answer with new items cost both JVMs one to four milliseconds of
   * a processor, more while they are cold, which is much beside an item of 10 ms.
   */
  private static final long LONGEST_PAUSE = 100_000_000; // Guess

  /** How many items are reported together, if that does not take too long. */
  private static final int TOGETHER = 10; // Guess

  /** Reports need not be more frequent, with many workers or short items: half of it is ahead. */
  private static final long SHORTEST_PAUSE = 40_000_000; // Guess

  /** How many workers may be busy. Written by those who set it. */
  private volatile int workers;

  /** How many items are here, begun or not. Written under the lock of the items. */
  private volatile int held;

  /** The mean time of an item in nanoseconds; 0 if unknown. Written by those who run items. */
  private volatile long itemNanos;

  /** Whether none is to wait here until items have ended again. */
  private volatile boolean noneAhead;

  /** The pause between two reports that the pool wants, in nanoseconds. Written by the reporter. */
  private volatile long reportPause;

  /** Whether no worker can be started any more. */
  private volatile boolean broken;

  /** Whether the agent ends. */
  private volatile boolean ending;

  /** Whether it ends without waiting for what runs, and the pool has not asked for that. */
  private volatile boolean stopped;

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

  void end(boolean atOnce) {
    stopped = atOnce; // first: who sees the end must see how
    ending = true;
  }

  boolean isStopped() {
    return stopped;
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
    noneAhead = false;
    long mean = Math.max(1, nanos / Math.max(1, count));
    long before = itemNanos;
    double isNew = Math.min(MOST_NEW, count / (double) (REMEMBERED * Math.max(1, workers)));
    itemNanos = before == 0 ? mean : before + (long) ((mean - before) * isNew);
  }

  /** Until items have ended again, none is to wait here. */
  void wantNoneAhead() {
    noneAhead = true;
  }

  /** How long what has ended may wait to be reported together with others, in nanoseconds. */
  long gatherNanos() {
    return Math.clamp(TOGETHER * itemNanos / Math.max(1, workers), SHORTEST_PAUSE, LONGEST_PAUSE);
  }

  /**
   * The least work that a worker has ahead of it, in nanoseconds. With many agents each must pause
   * between two reports, and gets nothing in place of what has ended before it may tell so.
   */
  private long leastAheadNanos() {
    return AHEAD_NANOS + 2 * reportPause;
  }

  /** How many items it wants to have altogether, begun or not. */
  private int wanted() {
    if (isClosed()) {
      return 0;
    }
    long mean = itemNanos;
    int count = workers;
    long least = leastAheadNanos();
    if (mean == 0 || noneAhead || mean >= NONE_AHEAD * least) {
      return count;
    }
    // Half of it is there for what was not reported yet.
    long ahead = Math.max(least, 2 * (gatherNanos() + reportPause));
    return count * (1 + Math.clamp(ahead / mean, 1, MOST_AHEAD));
  }

  /**
   * Whether workers have enough to do for what has ended to wait: something else waits here too,
   * and less than half of the work ahead has ended. What is on its way to here does not matter:
   * another report would not bring it sooner.
   *
   * @param ended how many items have ended and were not reported
   */
  boolean hasEnough(int ended) {
    return !ending && held > workers && 2 * ended < wanted() - workers;
  }

  /** Appends what the pool is told in each poll and each report. */
  MessageOutput put(MessageOutput out) {
    return out.putInt(wanted()).putInt(workers).putInt(Math.max(0, held - workers));
  }
}
