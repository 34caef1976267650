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

/** What a timeline records of one run. Thread-safe. */
final class Recording {
  /** The largest number of bars that are kept, about 200 MB; further ones are only counted. */
  static final int MAX_BARS = 4_000_000; // Guess

  /** The largest size of all labels together, in bytes. */
  static final long MAX_LABEL_BYTES = 16L << 20; // Guess

  /** The largest number of failures kept with their stacks; further ones are only counted. */
  static final int MAX_FAILURES = 200;

  /** The largest number of starts, and of deaths, of worker processes that are kept. */
  private static final int MAX_WORKER_EVENTS = 1000; // Guess

  private static final int STRIPES = 16; // Guess: above the cores of most machines
  private static final byte[] NO_LABEL = {};

  /** The start of a worker process; times in nanoseconds since the recording began. */
  record WorkerStart(int lane, long from, long to, long pid) {}

  /** The unexpected death of a worker process; in nanoseconds since the recording began. */
  record WorkerDeath(int lane, long at, String manner) {}

  /** The {@link System#nanoTime} that all times are relative to. */
  final long baseNanos;

  /**
   * Whether {@link #baseNanos} is the start of the measured run, and earlier tasks do not count.
   */
  final boolean marked;

  final Lanes lanes = new Lanes();
  private final Stripe[] stripes = new Stripe[STRIPES];
  private final AtomicLong labelBytes = new AtomicLong();
  private final AtomicInteger kept = new AtomicInteger();
  private final AtomicInteger failures = new AtomicInteger();

  /** Set once, by the thread that measures. */
  private volatile @Nullable Long endNanos;

  // Guarded by this.
  private final List<Failure> shown = new ArrayList<>();
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

  /** Returns when the measured run ended; null if {@link Timeline#end} was not called. */
  @Nullable Long end() {
    return endNanos;
  }

  void finished(TaskEvent.Finished event) {
    TaskUsage usage = event.usage();
    long began = usage == null ? event.nanos() : usage.startedNanos();
    if (marked && began - baseNanos < 0) {
      return; // a task of an earlier run
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
    stripe.measure(lane, start, end, counted, usage.cpuNanos());
    if (kept.get() < MAX_BARS && kept.getAndIncrement() < MAX_BARS) {
      byte[] label = label(event.item());
      stripe.keep(
          lane, start, end - start, kind, event.last(), usage.cpuNanos(), event.index(), label);
    }
  }

  private byte[] label(@Nullable Object item) {
    if (labelBytes.get() >= MAX_LABEL_BYTES) {
      return NO_LABEL;
    }
    byte[] label = ItemText.of(item).getBytes(StandardCharsets.UTF_8);
    labelBytes.addAndGet(label.length);
    return label;
  }

  private void failed(TaskEvent.Finished event, Kind kind, long start) {
    if (failures.get() >= MAX_FAILURES || failures.getAndIncrement() >= MAX_FAILURES) {
      return; // counted in the tally
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
      shown.add(failure);
    }
  }

  void workerReady(TaskEvent.WorkerReady event, long ownPid) {
    if (marked && event.nanos() - baseNanos < 0) {
      return;
    }
    if (event.pid() == ownPid) {
      return; // a thread, whose start takes no time worth showing, nor a row without tasks
    }
    int lane = lanes.number(event.worker());
    long to = event.nanos() - baseNanos;
    var start = new WorkerStart(lane, to - event.startupNanos(), to, event.pid());
    synchronized (this) {
      if (starts.size() < MAX_WORKER_EVENTS) {
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
      if (deaths.size() < MAX_WORKER_EVENTS) {
        deaths.add(new WorkerDeath(lane, at, event.certificate().manner()));
      }
    }
  }

  // ---- for readers: each returns a copy

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
    return List.copyOf(shown);
  }

  synchronized List<WorkerStart> starts() {
    return List.copyOf(starts);
  }

  synchronized List<WorkerDeath> deaths() {
    return List.copyOf(deaths);
  }
}
