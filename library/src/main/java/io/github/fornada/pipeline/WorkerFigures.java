package io.github.fornada.pipeline;

/**
 * What is measured of one worker of a stage.
 *
 * <p>Its first items take longer than those to come: classes are loaded, code is not compiled yet.
 * So the figures are of its later items only: of half of them at least, of all that it begins after
 * some seconds, and never of the first.
 */
final class WorkerFigures {
  /** What was counted up to some moment. */
  private record Mark(
      long items,
      long times,
      long busyNanos,
      double squares,
      int restarts,
      long restartNanos,
      long at) {}

  /**
   * The figures of a time.
   *
   * @param times how many times were measured: one for each item, or for a batch of tiny ones
   * @param squares the sum of their squares, each divided by the items it is of
   * @param restarts how often its JVM was replaced
   * @param restartNanos for how long it could run nothing for that reason
   * @param nanos how long that time was
   * @param isWarm false if it is of the first items, because there are no others
   */
  record Window(
      long items,
      long times,
      long busyNanos,
      double squares,
      int restarts,
      long restartNanos,
      long nanos,
      boolean isWarm) {}

  /**
   * After so long a worker's items are no longer its first. Without a bound, one slow item in the
   * first half of a run would not be seen.
   */
  private static final long WARM_UP_NANOS = 2_000_000_000; // Guess

  private final String name;

  // ---- guarded by this

  private long items;
  private long times;
  private long busyNanos;
  private double squares;
  private int restarts;
  private long restartNanos;
  private long lastEnd;

  /** Where the figures begin, and where they will begin when twice as many items have ended. */
  private Mark base;

  private Mark next;
  private long nextAt = 1;

  private final long began;

  /** A worker that begins an item now. */
  WorkerFigures(String name, long now) {
    this.name = name;
    this.began = now;
    this.base = new Mark(0, 0, 0, 0, 0, 0, now);
    this.next = base;
  }

  String name() {
    return name;
  }

  synchronized void ran(int count, long nanos, long now) {
    items += count;
    times++;
    busyNanos += nanos;
    squares += (double) nanos * nanos / count / count;
    lastEnd = now;
    if (items >= nextAt && (now - began <= WARM_UP_NANOS || next.items == 0)) {
      base = next;
      next = new Mark(items, times, busyNanos, squares, restarts, restartNanos, now);
      nextAt = 2 * items;
    }
  }

  /** Its JVM was replaced: for so long it could run nothing. Before the next item. */
  synchronized void restarted(long nanos) {
    restarts++;
    restartNanos += nanos;
  }

  synchronized long items() {
    return items;
  }

  /**
   * The figures so far.
   *
   * @param stageEnd when the last item of any worker ended
   */
  synchronized Window window(long stageEnd) {
    // The second mark follows the first items: before that, they are all there is.
    Mark from = base.items == 0 && items > next.items ? next : base;
    long count = items - from.items;
    long busy = busyNanos - from.busyNanos;
    // An item that runs now is not in the figures yet, and neither is its time. What is beyond the
    // time of an item, the worker was idle.
    long tail = count == 0 ? 0 : Math.max(0, stageEnd - lastEnd - busy / count);
    return new Window(
        count,
        times - from.times,
        busy,
        squares - from.squares,
        restarts - from.restarts,
        restartNanos - from.restartNanos,
        Math.max(1, lastEnd - from.at + tail),
        from.items > 0);
  }
}
