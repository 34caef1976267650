package io.github.fornada.timeline;

import io.github.fornada.TaskEvent;
import io.github.fornada.TaskListener;
import io.github.fornada.TaskUsage;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Remembers who ran which task, and when: give it to a pool as a listener, and then to an {@link
 * HtmlReport} or to {@link ChromeTrace}.
 *
 * <p><b>Bounds.</b> A task costs about 50 bytes, its label included. Beyond 4,000,000 attempts the
 * rest is counted and measured but not drawn; labels are cut to 80 characters each and end at 16
 * MiB together; the first 200 failures are kept with their stacks.
 *
 * <p>Thread-safe: any number of pools may tell it events while others read it. A reader sees every
 * event told before, and perhaps some of those told meanwhile.
 */
public final class Timeline implements TaskListener {
  private static final long OWN_PID = ProcessHandle.current().pid();

  private final String title;

  /** Written by begin(), read by all. */
  private volatile Recording recording = new Recording(System.nanoTime(), false);

  /** With what it is called in reports, such as the label of a model. */
  public Timeline(String title) {
    this.title = Objects.requireNonNull(title, "title");
  }

  /**
   * The measured run begins now. What was recorded before is forgotten, and a task that started
   * before is not counted: it was warm-up.
   */
  public void begin() {
    recording = new Recording(System.nanoTime(), true);
  }

  /**
   * The measured run is over. What a task runs beyond this is not counted in {@link
   * TimelineSummary#inFlight}.
   */
  public void end() {
    recording.end(System.nanoTime());
  }

  @Override
  public void onEvent(TaskEvent event) {
    switch (event) {
      case TaskEvent.Finished finished -> recording.finished(finished);
      case TaskEvent.WorkerReady ready -> recording.workerReady(ready, OWN_PID);
      case TaskEvent.WorkerEnded ended -> recording.workerEnded(ended);
      // What ran says so when it ends: nothing is kept of tasks under way.
      case TaskEvent.Submitted submitted -> {}
      case TaskEvent.Started started -> {}
      case TaskEvent.Printed printed -> {}
    }
  }

  /** The figures of what was recorded so far. */
  public TimelineSummary summary() {
    return summary(recording);
  }

  static TimelineSummary summary(Recording seen) {
    Stripe.Tally tally = seen.tally();
    long[] durations = durations(seen.chunks());
    long wall = wall(seen, tally);
    return new TimelineSummary(
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
        seen.lanes.size());
  }

  String title() {
    return title;
  }

  Recording recording() {
    return recording;
  }

  /** Where the wall time begins, in nanoseconds since the recording began. */
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

  /** By nearest rank, of sorted figures. */
  private static long quantile(long[] sorted, double share) {
    if (sorted.length == 0) {
      return 0;
    }
    int rank = (int) Math.ceil(share * sorted.length);
    return sorted[Math.clamp(rank - 1, 0, sorted.length - 1)];
  }
}
