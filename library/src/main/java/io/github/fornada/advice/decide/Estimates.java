package io.github.fornada.advice.decide;

import io.github.fornada.ExecutionModel;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What is known of an item and of the machine: means that fade, of what was observed. */
final class Estimates {
  /**
   * What is left of the weight of earlier stretches with each new one. Measured by the simulator:
   * 0.8 and 0.97 are worse by 1 % of the time, under drift and under noise.
   */
  private static final double KEEP = 0.9;

  /** Fewer items in flight than this part of the setting do not show what the setting gives. */
  private static final double FULL = 0.85;

  /** A source that is dry for a larger part of a stretch hides what the setting gives. Guess. */
  private static final double DRY = 0.2;

  /** Below this many in flight an item is alone. */
  private static final double ALONE = 1.3;

  /** Compilers that take more of a core than this are busy: what is measured will get better. */
  static final double COMPILING = 0.25;

  /** After this time what is measured counts as warm. Guess: C2 is mostly done by then. */
  private static final double COLD_NANOS = 5e9;

  private final Machine machine;
  final Mean cpu = new Mean(KEEP);
  final Mean cpuAlone = new Mean(KEEP);
  final Mean cpuTogether = new Mean(KEEP);
  final Mean wait = new Mean(KEEP);
  final Mean baseWait = new Mean(KEEP);
  final Mean response = new Mean(KEEP);
  final Mean square = new Mean(KEEP);
  final Mean lockWait = new Mean(KEEP);
  final Mean nativeLockWait = new Mean(KEEP);
  final Mean lockHeld = new Mean(KEEP);
  final Mean queue = new Mean(KEEP);
  final Mean allocated = new Mean(KEEP);
  final Mean argumentBytes = new Mean(KEEP);
  final Mean resultBytes = new Mean(KEEP);
  final Mean collector = new Mean(KEEP);
  final Mean throttled = new Mean(KEEP);
  final Mean foreign = new Mean(KEEP);
  final Mean dry = new Mean(KEEP);
  final Mean compilers = new Mean(KEEP);

  /** The cores that one item alone keeps busy. */
  final Mean inside = new Mean(KEEP);

  private final Map<WaitKind, Mean> kinds = new EnumMap<>(WaitKind.class);
  private final Map<Setting, Level> levels = new HashMap<>();
  private List<LockSite> locks = List.of();
  private double smallestLevel = Double.POSITIVE_INFINITY;

  /** What the other side gives, in items per nanosecond; infinite while no limit was seen. */
  double capacity = Double.POSITIVE_INFINITY;

  private long done;
  private long failed;
  private long refused;
  private long left;
  private double elapsed;
  private double compilingNanos;

  /** The processor time of the items of the first seconds, and their number. */
  private double coldCpu;

  private double coldItems;

  private final Drift cpuDrift = new Drift();
  private final Drift waitDrift = new Drift();
  private @Nullable Setting waitSetting;

  /** What was measured under one setting. */
  static final class Level {
    private final Mean rate = new Mean(KEEP);
    private final Mean response = new Mean(KEEP);
    private double items;
    private double weightedItems;
    private double nanos;
    private double between;
    private int stretches;

    double rate() {
      return rate.get();
    }

    double response() {
      return response.get();
    }

    double items() {
      return items;
    }

    double nanos() {
      return nanos;
    }

    int stretches() {
      return stretches;
    }

    /** Returns the standard error of the rate, as part of it. */
    double relativeError(double variation) {
      if (items < 1) {
        return 1;
      }
      double fromItems = Math.max(variation, 0.2) / Math.sqrt(Math.max(1, weightedItems));
      double fromStretches =
          stretches < 4 ? 0 : Math.sqrt(rate.variance()) / rate.get() / Math.sqrt(Math.min(stretches, 10));
      return Math.max(fromItems, fromStretches) + 1e-3;
    }

    private void add(Observation o) {
      double now = o.done() / o.nanos();
      rate.add(now, o.nanos());
      response.add(o.responseNanos(), o.done());
      items += o.done();
      weightedItems = weightedItems * KEEP + o.done();
      nanos += o.nanos();
      stretches++;
    }
  }

  Estimates(Machine machine, long items) {
    this.machine = machine;
    left = items;
  }

  /**
   * Takes an observation in.
   *
   * @return what has changed in the work since the setting was last changed; empty if nothing has
   */
  String add(Observation o) {
    elapsed += o.nanos();
    left = o.itemsLeft();
    done += o.done();
    failed += o.failed();
    refused += o.refused();
    if (o.compilerCores() > COMPILING) {
      compilingNanos += o.nanos();
    }
    collector.add(o.collectorShare(), o.nanos());
    throttled.add(o.throttledShare(), o.nanos());
    foreign.add(o.foreignCores(), o.nanos());
    compilers.add(o.compilerCores(), o.nanos());
    dry.add(o.idleForInputShare(), o.nanos());
    allocated.add(o.allocatedBytes(), o.done());
    argumentBytes.add(o.argumentBytes(), o.done());
    resultBytes.add(o.resultBytes(), o.done());
    if (o.done() == 0) {
      return "";
    }
    boolean alone = o.inFlight() <= ALONE;
    double took = o.responseNanos();
    double queued = finite(o.queueNanos());
    double worked = o.cpuNanos();
    double busy = Math.max(0, finite(o.busyCores()) - finite(o.compilerCores()));
    if (alone && o.setting().model() != ExecutionModel.PROCESSES) {
      inside.add(busy * o.nanos() / (o.done() * took), o.done());
    }
    if (!Double.isFinite(worked) && (o.settled() || o.done() >= 4)) {
      worked = Math.min(busy * o.nanos() / o.done(), took);
    }
    if (o.inFlight() > ALONE && o.setting().model() != ExecutionModel.PROCESSES) {
      cpuTogether.add(worked, o.done());
    } else if (alone) {
      cpuAlone.add(worked, o.done());
    }
    cpu.add(worked, o.done());
    if (o.setting().model() != ExecutionModel.PROCESSES && elapsed < COLD_NANOS) {
      coldCpu += finite(worked) * o.done();
      coldItems += o.done();
    }
    response.add(took, o.done());
    square.add(o.responseSquareNanos(), o.done());
    queue.add(o.queueNanos(), o.done());
    double away = Math.max(0, took - cpu.or(0) - queued);
    double kinds = 0;
    for (Map.Entry<WaitKind, Double> each : o.waits().entrySet()) {
      kinds += finite(each.getValue());
    }
    double scale = kinds > away && kinds > 0 ? away / kinds : 1;
    double inLock = scale * finite(o.waits().getOrDefault(WaitKind.LOCK, 0.0));
    double inNative = scale * finite(o.waits().getOrDefault(WaitKind.NATIVE_LOCK, 0.0));
    for (WaitKind kind : WaitKind.values()) {
      double of = scale * finite(o.waits().getOrDefault(kind, 0.0));
      if (kind == WaitKind.UNKNOWN) {
        of += Math.max(0, away - kinds * scale);
      }
      this.kinds.computeIfAbsent(kind, k -> new Mean(KEEP)).add(of, o.done());
    }
    lockWait.add(inLock, o.done());
    nativeLockWait.add(inNative, o.done());
    if (!o.locks().isEmpty()) {
      locks = o.locks();
      double held = o.locks().getFirst().heldShare();
      lockHeld.add(held * o.nanos() / o.done(), o.done());
    }
    double outside = Math.max(0, away - inLock - inNative);
    wait.add(outside, o.done());
    // What one waits for without a queue at the other side: as seen with the fewest in flight.
    if (o.inFlight() < smallestLevel / ALONE) {
      smallestLevel = Math.max(1, o.inFlight());
      baseWait.clear();
    }
    if (o.inFlight() <= smallestLevel * ALONE) {
      baseWait.add(outside, o.done());
    } else if (outside < baseWait.or(0) && o.settled()) {
      baseWait.fade(o.done());
      baseWait.add(outside, o.done());
    }
    if (o.settled()
        && finite(o.idleForInputShare()) < DRY
        && o.inFlight() >= FULL * o.setting().size()) {
      levels.computeIfAbsent(o.setting(), s -> new Level()).add(o);
    }
    return changed(o, worked, outside);
  }

  private String changed(Observation o, double worked, double outside) {
    if (o.setting().model() == ExecutionModel.PROCESSES || !o.settled()) {
      return "";
    }
    double error = Math.max(0.1, variation()) / Math.sqrt(o.done());
    String what = "";
    double average = response.get();
    if (compilers.or(0) < COMPILING && elapsed > 0.2e9) {
      double before = cpu.get();
      double factor = cpuDrift.add(worked, error, o.done());
      if (factor != 1 && worked > 0.02 * average) {
        what = "an item now computes for " + Say.time(worked) + " instead of " + Say.time(before);
        moved(factor, cpu, cpuAlone, cpuTogether);
      }
    }
    if (!o.setting().equals(waitSetting)) {
      waitSetting = o.setting();
      waitDrift.restart();
    }
    double before = wait.get();
    double factor = waitDrift.add(outside, error, o.done());
    if (factor != 1 && outside > 0.05 * average) {
      what = "an item now waits for " + Say.time(outside) + " instead of " + Say.time(before);
      moved(factor, wait, baseWait);
      capacity = Double.POSITIVE_INFINITY;
    }
    if (!what.isEmpty()) {
      levels.clear();
      response.fade(o.done());
      square.fade(o.done());
    }
    return what;
  }

  private static void moved(double factor, Mean... means) {
    for (Mean mean : means) {
      mean.scale(factor);
      mean.fade(20);
    }
  }

  /** Says that a setting was given up for another: what comes now comes under other conditions. */
  void settingChanged() {
    waitSetting = null;
  }

  /** Returns what was measured under a setting; null if nothing was. */
  @Nullable Level level(Setting setting) {
    return levels.get(setting);
  }

  Map<Setting, Level> levels() {
    return levels;
  }

  List<LockSite> locks() {
    return locks;
  }

  long done() {
    return done;
  }

  long failed() {
    return failed;
  }

  long refused() {
    return refused;
  }

  /** Returns the number of items that have not begun; -1 if unknown. */
  long left() {
    return left;
  }

  double elapsed() {
    return elapsed;
  }

  double compilingNanos() {
    return compilingNanos;
  }

  /**
   * Returns the processor time that the first items took beyond what such an item takes now: what
   * each new worker process will have to pay too.
   */
  double coldNanos() {
    return Math.max(0, coldCpu - coldItems * work());
  }

  /** Returns the mean time of an item that was spent waiting for a kind of thing. */
  double waited(WaitKind kind) {
    Mean mean = kinds.get(kind);
    return mean == null ? 0 : mean.or(0);
  }

  /** Returns the cores that this program can have now. */
  double cores() {
    double taken = foreign.or(0);
    // Below a tenth of a core it is noise; half of the machine is what the scheduler grants at least.
    double cores = taken < 0.1 ? machine.usableCores() : machine.usableCores() - taken;
    return Math.max(cores, Math.min(machine.usableCores(), Math.max(0.5, machine.usableCores() / 2)));
  }

  /** Returns how much response times differ: their standard deviation as part of the mean. */
  double variation() {
    double mean = response.or(0);
    if (!(mean > 0) || square.weight() == 0) {
      return 1;
    }
    return Math.sqrt(Math.max(0, square.get() / (mean * mean) - 1));
  }

  /** Returns the factor by which the processor time of an item grows when two run at once. */
  double inflation() {
    if (cpuAlone.weight() < 2 || cpuTogether.weight() < 2) {
      return 1;
    }
    return cpuTogether.get() / cpuAlone.get();
  }

  /** Returns the processor time of an item that runs alone. */
  double work() {
    double together = cpuTogether.or(Double.POSITIVE_INFINITY);
    double alone = cpuAlone.or(Double.POSITIVE_INFINITY);
    double least = Math.min(together, alone);
    return Double.isFinite(least) ? least : cpu.or(0);
  }

  /** Returns the part of an item's time that it waits for something other than a lock. */
  double waitingShare() {
    double waits = baseWait.or(0);
    return waits / Math.max(1, waits + work());
  }

  static double finite(double value) {
    return Double.isFinite(value) ? value : 0;
  }
}
