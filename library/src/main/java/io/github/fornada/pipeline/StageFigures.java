package io.github.fornada.pipeline;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** What is measured of a stage while it runs. */
final class StageFigures {
  private static final VarHandle FIRST;

  static {
    try {
      FIRST = MethodHandles.lookup().findVarHandle(StageFigures.class, "firstNanos", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** More workers than these share one set of figures. */
  private static final int MOST_WORKERS = 10_000;

  /** Why workers that do nothing do nothing. */
  enum Idle {
    /** There was something to do when it was last asked for. */
    NO,
    FOR_INPUT,
    FOR_ROOM,
    /** For room, while all that is in the queue waits for an item that comes before it. */
    FOR_TURN
  }

  /**
   * The figures of all workers together.
   *
   * @param meanNanos of an item in a worker, 0 while none has ended
   * @param error how much that may be off, as a part of it: its relative standard error
   * @param measured the items that the mean is of; 0 if there are none but the workers' first
   * @param busy the part of the workers' time in which they ran items
   */
  record Reading(
      double meanNanos,
      double error,
      long measured,
      double busy,
      Restarts restarts,
      List<WorkerSummary> workers) {}

  /**
   * What it took to replace worker JVMs.
   *
   * @param count how many were replaced in the time that the mean is of
   * @param nanosPerItem how long workers could run nothing for that, for each item of the mean
   * @param part of the workers' time
   */
  record Restarts(long count, double nanosPerItem, double part) {
    static final Restarts NONE = new Restarts(0, 0, 0);
  }

  /**
   * What the idle time of the workers, while the stage had items, was spent on.
   *
   * @param forRoom the part in which items waited that could not be begun, for lack of room
   * @param forTurn the part of it in which all that took the room waited for an item before it
   * @param atEnd the part after all input had come: the last items ran, and there was none for the
   *     other workers
   */
  record IdleParts(double forRoom, double forTurn, double atEnd) {
    static final IdleParts NONE = new IdleParts(0, 0, 0);
  }

  private final LongAdder busyNanos = new LongAdder();
  private final LongAdder timed = new LongAdder();
  private final LongAdder cpuNanos = new LongAdder();
  private final LongAdder restarts = new LongAdder();

  private final StageHistory history = new StageHistory();

  private final ConcurrentHashMap<String, WorkerFigures> workers = new ConcurrentHashMap<>();

  /** When the first item was begun, and when one ended last; 0 for never. */
  @SuppressWarnings("unused") // by FIRST
  private volatile long firstNanos;

  private volatile long lastNanos;

  /** What was counted before the figures began anew. Written by the monitor. */
  private volatile Base base = new Base(0, 0, 0);

  private record Base(long timed, long cpuNanos, long restarts) {}

  /** Items that were given to workers; results passed on; items that ended without one. */
  final LongAdder taken = new LongAdder();

  final LongAdder passedOn = new LongAdder();
  final LongAdder failed = new LongAdder();

  /** How many of those were cancelled. */
  final LongAdder cancelled = new LongAdder();

  /** Items that nothing became of. */
  final LongAdder dropped = new LongAdder();

  // ---- guarded by the lock of the stage's queue

  private Idle idle = Idle.FOR_INPUT;
  private long idleSince = System.nanoTime();
  private long inputNanos;
  private long roomNanos;
  private long turnNanos;
  private long endNanos;
  private boolean begun;

  /** Whether all input has come. */
  private boolean inputEnded;

  void ran(int count, long nanos, String worker) {
    timed.add(count);
    busyNanos.add(nanos);
    long now = System.nanoTime();
    lastNanos = now;
    if (firstNanos == 0) {
      FIRST.compareAndSet(this, 0L, now - nanos);
    }
    WorkerFigures own = workers.get(worker);
    if (own == null) {
      String name = workers.size() < MOST_WORKERS ? worker : "";
      own = workers.computeIfAbsent(name, n -> new WorkerFigures(n, now - nanos));
    }
    own.ran(count, nanos, now);
    history.ran(count, now - nanos, now);
  }

  /** The JVM of a worker was replaced, which counts if the worker has run items before. */
  void restarted(String worker, long from, long to) {
    WorkerFigures own = workers.get(worker);
    if (own != null) {
      own.restarted(to - from);
      restarts.increment();
      history.restarted(from, to);
    }
  }

  /** How many worker JVMs have replaced others. */
  long restarts() {
    return restarts.sum() - base.restarts;
  }

  StageHistory history() {
    return history;
  }

  void usedCpu(long nanos) {
    cpuNanos.add(nanos);
  }

  /** The processor time of all items, as far as it is measured here. */
  long cpuNanos() {
    return cpuNanos.sum() - base.cpuNanos;
  }

  /** How many items are in the times. */
  long timed() {
    return timed.sum() - base.timed;
  }

  /** How many runs of items there were ever. */
  long allTimed() {
    return timed.sum();
  }

  /** From the first item's beginning to the last one's end, in nanoseconds. */
  long activeNanos() {
    return firstNanos == 0 ? 0 : Math.max(1, lastNanos - firstNanos);
  }

  /** The figures are of what follows: the stages have other sizes. Under the queue's lock. */
  void beginAnew() {
    base = new Base(timed.sum(), cpuNanos.sum(), restarts.sum());
    workers.clear();
    firstNanos = 0;
    settle(System.nanoTime());
    inputNanos = 0;
    roomNanos = 0;
    turnNanos = 0;
    endNanos = 0;
  }

  /** All input has come: who is idle from now on does not wait for more. Under the queue's lock. */
  void inputEnds() {
    settle(System.nanoTime());
    inputEnded = true;
  }

  /** Under the queue's lock. */
  void becomes(Idle now) {
    if (idle != now) {
      long nanos = System.nanoTime();
      settle(nanos);
      idle = now;
      if (!begun) {
        begun = true;
        inputNanos = 0; // until the first item came, the pipeline had not begun
      }
    }
  }

  private void settle(long nanos) {
    history.idle(idle, idleSince, nanos);
    switch (idle) {
      case FOR_INPUT -> {
        if (inputEnded) {
          endNanos += nanos - idleSince;
        } else {
          inputNanos += nanos - idleSince;
        }
      }
      case FOR_ROOM -> roomNanos += nanos - idleSince;
      case FOR_TURN -> turnNanos += nanos - idleSince;
      case NO -> {}
    }
    idleSince = nanos;
  }

  /** What the idle time was spent on. Under the queue's lock. */
  IdleParts idleParts() {
    long atEnd = endNanos;
    if (inputEnded && idle == Idle.FOR_INPUT) {
      // Once the last item has ended, nobody is idle: the stage has done all it had to.
      atEnd += Math.max(0, lastNanos - idleSince);
    } else {
      settle(System.nanoTime());
    }
    double all = inputNanos + roomNanos + turnNanos + atEnd;
    return all == 0
        ? IdleParts.NONE
        : new IdleParts((roomNanos + turnNanos) / all, turnNanos / all, atEnd / all);
  }

  /** The mean time of all items ever, in nanoseconds; 0 while unknown. */
  double meanNanos() {
    long count = timed.sum();
    return count == 0 ? 0 : busyNanos.sum() / (double) count;
  }

  /**
   * The figures of the workers.
   *
   * @param size how many there are
   * @param starting how many of them have not come up yet
   */
  Reading reading(int size, int starting) {
    long end = lastNanos;
    var warm = new Sum();
    var all = new Sum();
    long nanos = 0;
    var each = new ArrayList<WorkerSummary>();
    for (WorkerFigures worker : workers.values()) {
      WorkerFigures.Window window = worker.window(end);
      all.add(window);
      if (window.isWarm()) {
        warm.add(window);
      }
      nanos += window.nanos();
      each.add(
          new WorkerSummary(
              worker.name(),
              worker.items(),
              Math.min(1, window.busyNanos() / (double) window.nanos()),
              window.busyNanos() / (double) Math.max(1, window.items())));
    }
    each.sort(
        Comparator.comparingInt((WorkerSummary w) -> w.name().length())
            .thenComparing(WorkerSummary::name));
    if (each.isEmpty()) {
      return new Reading(0, 1, 0, 0, Restarts.NONE, List.of());
    }
    Sum used = warm.items > 0 ? warm : all;
    // Those that have come up and had no item were idle all the time.
    int idle = Math.max(0, size - each.size() - starting);
    double time = nanos + idle * (nanos / (double) each.size());
    double busy = Math.min(1, all.busyNanos / time);
    return new Reading(
        used.mean(),
        used.error(),
        warm.items,
        busy,
        new Restarts(
            used.restarts,
            used.items == 0 ? 0 : used.restartNanos / (double) used.items,
            Math.min(1 - busy, all.restartNanos / time)),
        each);
  }

  private static final class Sum {
    private long items;
    private long times;
    private long busyNanos;
    private double squares;
    private long restarts;
    private long restartNanos;

    void add(WorkerFigures.Window window) {
      items += window.items();
      times += window.times();
      busyNanos += window.busyNanos();
      squares += window.squares();
      restarts += window.restarts();
      restartNanos += window.restartNanos();
    }

    double mean() {
      return items == 0 ? 0 : busyNanos / (double) items;
    }

    double error() {
      double mean = mean();
      if (times < 2 || mean == 0) {
        return 1;
      }
      double variance = Math.max(0, squares / times - mean * mean) * times / (times - 1);
      return Math.min(1, Math.sqrt(variance / times) / mean);
    }
  }
}
