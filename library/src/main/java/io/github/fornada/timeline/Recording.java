package io.github.fornada.timeline;

import io.github.fornada.Outcome;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskUsage;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** What a timeline remembers of one run. Thread-safe. */
final class Recording {
  /** Bars beyond so many are counted and not kept: about 200 MB. */
  static final int MOST_BARS = 4_000_000; // Guess

  /** All labels together, in bytes. */
  static final long MOST_LABEL_BYTES = 16L << 20; // Guess

  /** Failures told in full; the others are counted. */
  static final int MOST_FAILURES = 200;

  /** Starts and deaths of worker processes that are kept, each. */
  private static final int MOST_WORKER_EVENTS = 1000; // Guess

  private static final int STRIPES = 16; // Guess: above the cores of most machines
  private static final byte[] NO_LABEL = {};

  /** A worker process on its way; times in nanoseconds since the recording began. */
  record WorkerStart(int lane, long from, long to, long pid) {}

  /** A worker process that died unasked. */
  record WorkerDeath(int lane, long at, String manner) {}

  /** What times are counted from. */
  final long baseNanos;

  /** Whether {@link #baseNanos} is the begin of the measured run, and nothing before it counts. */
  final boolean marked;

  final Lanes lanes = new Lanes();
  private final Stripe[] stripes = new Stripe[STRIPES];
  private final AtomicLong labelBytes = new AtomicLong();
  private final AtomicInteger kept = new AtomicInteger();
  private final AtomicInteger failures = new AtomicInteger();

  /** Set once, by the thread that measures. */
  private volatile @Nullable Long endNanos;

  // Guarded by this.
  private final List<Failure> told = new ArrayList<>();
  private final List<WorkerStart> starts = new ArrayList<>();
  private final List<WorkerDeath> deaths = new ArrayList<>();

  Recording(long baseNanos, boolean marked) {
    this.baseNanos = baseNanos;
    this.marked = marked;
    for (int i = 0; i < STRIPES; i++) {
      stripes[i] = new Stripe();
    }
  }

  void end(long nanos) {
    endNanos = nanos - baseNanos;
  }

  /** When the measured run ended; null if nobody said. */
  @Nullable Long end() {
    return endNanos;
  }

  void finished(TaskEvent.Finished event) {
    TaskUsage usage = event.usage();
    long began = usage == null ? event.nanos() : usage.startedNanos();
    if (marked && began - baseNanos < 0) {
      return; // of a run before this one
    }
    Kind kind = Kind.of(event.outcome());
    int lane = usage == null ? 0 : lanes.number(usage.worker());
    Stripe stripe = stripes[lane % STRIPES];
    if (event.last()) {
      stripe.count(kind);
    }
    if (usage != null) {
      ran(event, usage, kind, lane, stripe);
    }
    if (event.last() && kind != Kind.DONE && kind != Kind.CANCELLED) {
      failed(event, kind, began - baseNanos);
    }
  }

  private void ran(TaskEvent.Finished event, TaskUsage usage, Kind kind, int lane, Stripe stripe) {
    long start = usage.startedNanos() - baseNanos;
    long end = Math.max(start, usage.endedNanos() - baseNanos);
    Long over = endNanos;
    long counted = over == null ? end - start : Math.max(0, Math.min(end, over) - start);
    stripe.measure(start, end, counted, usage.cpuNanos());
    if (kept.get() < MOST_BARS && kept.getAndIncrement() < MOST_BARS) {
      byte[] label = label(event.item());
      stripe.keep(
          lane, start, end - start, kind, event.last(), usage.cpuNanos(), event.index(), label);
    }
  }

  private byte[] label(@Nullable Object item) {
    if (labelBytes.get() >= MOST_LABEL_BYTES) {
      return NO_LABEL;
    }
    byte[] label = ItemText.of(item).getBytes(StandardCharsets.UTF_8);
    labelBytes.addAndGet(label.length);
    return label;
  }

  private void failed(TaskEvent.Finished event, Kind kind, long start) {
    if (failures.get() >= MOST_FAILURES || failures.getAndIncrement() >= MOST_FAILURES) {
      return; // the tally has it
    }
    Outcome<?> outcome = event.outcome();
    TaskUsage usage = event.usage();
    var failure =
        new Failure(
            event.index(),
            ItemText.of(event.item()),
            kind,
            Failure.headline(outcome),
            Failure.details(outcome),
            usage == null ? "" : usage.worker(),
            start,
            usage == null ? 0 : Math.max(0, usage.endedNanos() - usage.startedNanos()));
    synchronized (this) {
      told.add(failure);
    }
  }

  void workerReady(TaskEvent.WorkerReady event, long ownPid) {
    if (marked && event.nanos() - baseNanos < 0) {
      return;
    }
    int lane = lanes.number(event.worker());
    if (event.pid() == ownPid) {
      return; // a thread: there in no time
    }
    long to = event.nanos() - baseNanos;
    var start = new WorkerStart(lane, to - event.startupNanos(), to, event.pid());
    synchronized (this) {
      if (starts.size() < MOST_WORKER_EVENTS) {
        starts.add(start);
      }
    }
  }

  void workerEnded(TaskEvent.WorkerEnded event) {
    long at = event.nanos() - baseNanos;
    if (event.expected() || (marked && at < 0)) {
      return;
    }
    int lane = lanes.number(event.certificate().worker());
    synchronized (this) {
      if (deaths.size() < MOST_WORKER_EVENTS) {
        deaths.add(new WorkerDeath(lane, at, event.certificate().manner()));
      }
    }
  }

  // ---- for readers; each gives a copy as of now

  Stripe.Tally tally() {
    var sum = new Stripe.Tally();
    for (Stripe stripe : stripes) {
      stripe.addTo(sum);
    }
    return sum;
  }

  List<Chunk> chunks() {
    var all = new ArrayList<Chunk>();
    for (Stripe stripe : stripes) {
      stripe.addTo(all);
    }
    return all;
  }

  synchronized List<Failure> failures() {
    return List.copyOf(told);
  }

  synchronized List<WorkerStart> starts() {
    return List.copyOf(starts);
  }

  synchronized List<WorkerDeath> deaths() {
    return List.copyOf(deaths);
  }
}
