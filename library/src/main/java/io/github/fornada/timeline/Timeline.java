package io.github.fornada.timeline;

import io.github.fornada.TaskEvent;
import io.github.fornada.TaskListener;
import io.github.fornada.TaskUsage;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Records which worker ran which task, and when. Give it to a pool as a listener, and then to an
 * {@link HtmlReport} or to {@link ChromeTrace}.
 *
 * <p><b>Bounds.</b> A task takes about 50 bytes, including its label. The first 4,000,000 attempts
 * are drawn; further ones are counted and measured only. Labels are cut to 80 characters, and are
 * left out once all labels together exceed 16 MiB. The first 200 failures are kept with their
 * stacks.
 *
 * <p>Thread-safe: any number of pools may report events while other threads read. A reader sees
 * every event reported before, and possibly some that are reported meanwhile.
 */
public final class Timeline implements TaskListener {
  private static final long OWN_PID = ProcessHandle.current().pid();

  private final String title;

  /** Written by begin(), read by any thread. */
  private volatile Recording recording = new Recording(System.nanoTime(), false);

  /**
   * Creates an empty timeline.
   *
   * @param title its name in reports, such as the label of a model
   */
  public Timeline(String title) {
    this.title = Objects.requireNonNull(title, "title");
  }

  /**
   * Starts the measured run. Everything recorded before is discarded, and tasks that have already
   * started are not counted, because they belong to the warm-up.
   */
  public void begin() {
    begin(System.nanoTime());
  }

  /**
   * Starts the measured run as {@link #begin()} does, at a time that was read before: so that other
   * figures of the run can be of exactly the same time.
   *
   * @param nanos a value of {@link System#nanoTime}
   */
  public void begin(long nanos) {
    recording = new Recording(nanos, true);
  }

  /**
   * Ends the measured run. Time that a task runs after this is not counted in {@link
   * TimelineSummary#inFlight}.
   */
  public void end() {
    end(System.nanoTime());
  }

  /**
   * Ends the measured run as {@link #end()} does, at a time that was read before.
   *
   * @param nanos a value of {@link System#nanoTime}
   */
  public void end(long nanos) {
    recording.end(nanos);
  }

  @Override
  public void onEvent(TaskEvent event) {
    switch (event) {
      case TaskEvent.Finished finished -> recording.finished(finished);
      case TaskEvent.WorkerReady ready -> recording.workerReady(ready, OWN_PID);
      case TaskEvent.WorkerEnded ended -> recording.workerEnded(ended);
      // Finished has the start too, so nothing is kept of tasks in progress.
      case TaskEvent.Submitted submitted -> {}
      case TaskEvent.Started started -> {}
      case TaskEvent.Printed printed -> {}
    }
  }

  /** Returns the figures of everything recorded so far. Its cost grows with the number of tasks. */
  public TimelineSummary summary() {
    return summary(recording);
  }

  static TimelineSummary summary(Recording seen) {
    Stripe.Tally tally = seen.tally();
    long[] durations = durations(seen.chunks());
    long wall = wall(seen, tally);
    return new TimelineSummary(
        new TimelineSummary.Values(
            wall,
            Arrays.stream(tally.outcomes).sum(),
            tally.count(Kind.DONE),
            tally.count(Kind.FAILED),
            tally.count(Kind.TIMED_OUT),
            tally.count(Kind.CANCELLED),
            tally.count(Kind.LOST),
            wall == 0 ? 0 : (double) tally.durations / wall,
            tally.cpuKnown ? tally.cpu : TaskUsage.UNKNOWN,
            quantile(durations, 0.50),
            quantile(durations, 0.95),
            quantile(durations, 0.99),
            quantile(durations, 1),
            tally.workers));
  }

  String title() {
    return title;
  }

  Recording recording() {
    return recording;
  }

  /** Returns the start of the wall time, in nanoseconds since the recording began. */
  static long origin(Recording recording, Stripe.Tally tally) {
    return recording.marked || tally.firstStart == Long.MAX_VALUE ? 0 : tally.firstStart;
  }

  private static long wall(Recording recording, Stripe.Tally tally) {
    Long end = recording.end();
    long last = end != null ? end : tally.lastEnd;
    return Math.max(0, last - origin(recording, tally));
  }

  private static long[] durations(List<Chunk> chunks) {
    long[] all = new long[chunks.stream().mapToInt(Chunk::size).sum()];
    int n = 0;
    for (Chunk chunk : chunks) {
      for (int i = 0; i < chunk.size(); i++) {
        all[n++] = chunk.duration(i);
      }
    }
    Arrays.sort(all);
    return all;
  }

  /** Returns a percentile of sorted figures, by nearest rank. */
  private static long quantile(long[] sorted, double share) {
    if (sorted.length == 0) {
      return 0;
    }
    int rank = (int) Math.ceil(share * sorted.length);
    return sorted[Math.clamp(rank - 1, 0, sorted.length - 1)];
  }
}
