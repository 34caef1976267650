package io.github.fornada.advice.decide;

import io.github.fornada.ExecutionModel;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What is known of an item and of the machine: means that fade, of what was observed. */
final class Estimates {
  /**
   * How fast earlier stretches fade: with each doubling of the time since the work last changed,
   * what was measured before has a weight of one half to this power. So the window is always about
   * a fifth of the time so far, whether that is 10 ms or an hour. Guess, tried in the simulator.
   */
  private static final double FADING = 4;

  /** No stretch makes what was before count for less than this. Guess. */
  private static final double LEAST_KEPT = 0.3;

  /** Fewer items in flight than this part of the setting do not show what the setting gives. */
  private static final double FULL = 0.85;

  /** A source that is dry for a larger part of a stretch hides what the setting gives. Guess. */
  private static final double DRY = 0.2;

  /** So many items make a mean that can be compared with others. Guess. */
  private static final int MANY_ITEMS = 30;

  /**
   * Shorter items, in terms of a hand-over, keep those busy who hand them over and take their
   * results. Guess.
   */
  private static final double MANY_HAND_OVERS = 50;

  /** The busy cores of a shorter stretch may be those of what was in flight before it. */
  private static final double BUSY_NANOS = 200e6;

  /** Unless that is longer ago: busy cores are counted over about this time. */
  private static final double COARSE_NANOS = 100e6;

  /** So many end before those that wait for them at the other side. Guess. */
  private static final int FIRST_ITEMS = 4;

  /** Items that differ by less than this end in about the order in which they began. Guess. */
  private static final double ALIKE = 0.3;

  /** So few tell at least how much they differ. Guess. */
  private static final int FEW_ITEMS = 4;

  /** After so many response times counting what ends gives the rate. Guess. */
  private static final double FULL_ROUNDS = 3;

  /** Standard errors from which on a difference is taken for one. */
  private static final double CERTAIN = 2;

  /** How much more processor times may differ than response times, at most. Guess. */
  private static final double MOST_MORE = 1.5;

  /** The part of the processors from which on what others use delays items. Guess. */
  private static final double BUSY_WITH_OTHERS = 0.3;

  /**
   * How much longer an item takes, as part of its time, where others use all processors. Seen with
   * items of 20 ms that sleep, beside seven processes that compute on two processors: 1 to 3 times.
   */
  private static final double MOST_DELAY = 2;

  /** The part of the cores from which on all of them are busy. */
  private static final double SATURATED = 0.85;

  /** The part of the time off a processor that items do not spend in the queue for one. */
  private static final double LITTLE_QUEUED = 0.4; // Guess

  /** Below this many in flight an item is alone. */
  private static final double ALONE = 1.3;

  /** Items that compute for longer by a smaller part of their time are no other items. Guess. */
  private static final double LITTLE = 0.1;

  /**
   * Of the items that have begun, a part so small may be retries and not items that came. Guess.
   */
  private static final double FEW_CAME = 0.2;

  /** Waits that are seen for a smaller part of an item's time do not tell why it waits. Guess. */
  private static final double UNTOLD = 0.1;

  /** No thread computes for longer than its item takes, but for what is measured coarsely. */
  private static final double TOO_MUCH = 1.2;

  /** Compilers that take more of a core than this are busy: what is measured will get better. */
  static final double COMPILING = 0.25;

  /** A thread that waits is away for longer than this: it is put to sleep and woken. Guess. */
  private static final double SHORTEST_WAIT = 10e3;

  /** After so many response times a setting has had its full effect on what items wait for. */
  private static final double FULL_EFFECT = 1.5;

  /** What is lost to warming up, in terms of the time that the compilers take, at most. Guess. */
  private static final double MOST_COLD = 2;

  /** After this time what is measured counts as warm. Guess: C2 is mostly done by then. */
  private static final double COLD_NANOS = 5e9;

  private final Machine machine;
  final Mean cpu = new Mean();
  final Mean cpuAlone = new Mean();
  final Mean cpuTogether = new Mean();
  final Mean wait = new Mean();
  final Mean response = new Mean();
  final Mean square = new Mean();
  final Mean lockWait = new Mean();
  final Mean nativeLockWait = new Mean();

  /** What an item beside others waits for a permit of a pool of them, such as of connections. */
  final Mean permitWait = new Mean();

  final Mean lockHeld = new Mean();
  final Mean queue = new Mean();
  final Mean inFlight = new Mean();
  final Mean allocated = new Mean();
  final Mean argumentBytes = new Mean();
  final Mean resultBytes = new Mean();
  final Mean collector = new Mean();
  final Mean throttled = new Mean();
  final Mean foreign = new Mean();
  final Mean dry = new Mean();
  final Mean compilers = new Mean();

  /** The cores that one item alone keeps busy. */
  final Mean inside = new Mean();

  private final Map<WaitKind, Mean> kinds = new EnumMap<>(WaitKind.class);
  private final Map<Setting, Level> levels = new LinkedHashMap<>(); // the same order in each run
  private List<LockSite> locks = List.of();
  private @Nullable Setting lastSetting;

  /** What the other side gives, in items per nanosecond; infinite while no limit was seen. */
  double capacity = Double.POSITIVE_INFINITY;

  /**
   * How long a lock is held, as it was seen on threads before they were given up: one item alone,
   * or in a worker process, does not wait for it, so nothing is learned of it there.
   */
  private double lockBefore;

  /** The number of threads in flight then. */
  private int sizeBefore = 1;

  private double processesGive = 1;

  /**
   * What an item waited for without a queue in an earlier run; infinite if not known, or untrue.
   */
  private double waitBefore = Double.POSITIVE_INFINITY;

  /** Whether more than one item was ever allowed at a time. */
  private boolean hadMore;

  /** For how long one item at a time has been in flight, and nothing else. */
  private double aloneNanos;

  private boolean lookedAt;

  /** Whether the first item had others beside it, so that it may have queued as later ones do. */
  private boolean beganWithMany;

  /** The items that are still to end before anything is learned of one. */
  private long coldLeft;

  /** The stretch in which permits were waited for during the largest part of an item's time. */
  private @Nullable PermitQueue longestPermitQueue;

  /** What items were seen to wait for while the system measured how long they queue. */
  private final Mean surelyWaited = new Mean();

  /** What the items waited for that ended first, whatever was in flight at their end. */
  private double firstWaits;

  private double firstEnded;

  /** The least of that: where items are alike, the others queued for longer. */
  private double leastFirst = Double.POSITIVE_INFINITY;

  private long done;
  private long failed;
  private long refused;
  private long left;

  /** The items that had ended when nothing was left: those of earlier jobs. */
  private long earlier;

  private double elapsed;
  private double changedAt;

  /** In-flight items times time, and the items that ended: faded. */
  private double recentArea;

  private double recentDone;

  /** What is left of the weight of earlier stretches with this one. */
  private double keep = 1;

  /** The same since an item last ended. */
  private double keepOfItems = 1;

  private double compilingNanos;

  /** The processor time of the items of the first seconds, and their number. */
  private double coldCpu;

  private double coldItems;

  /**
   * The factor by which an item was seen to compute longer beside others than alone, at one and the
   * same time; NaN if that was not compared.
   */
  private double comparedInflation = Double.NaN;

  private final Drift cpuDrift = new Drift();
  private final Drift waitDrift = new Drift();
  private @Nullable Setting driftSetting;

  /** How long the setting has been in use, as far as its items are concerned. */
  private double underSetting;

  /** What is added to a time before its changes are looked at. */
  private double floor;

  /**
   * A queue for the permits of a pool, such as connections. Times are in nanoseconds.
   *
   * @param inFlight how many items were in flight
   * @param waited how long an item waited for a permit
   * @param took how long it took in all
   */
  record PermitQueue(double inFlight, double waited, double took) {
    double share() {
      return waited / took;
    }
  }

  /** What was measured under one setting. */
  static final class Level {
    private final Mean rate = new Mean();
    private final Mean response = new Mean();
    private final Mean square = new Mean();
    private final Mean inFlight = new Mean();
    private final Mean wait = new Mean();

    /** Of that, what was told while a processor was free: no wait for one can be taken for it. */
    private final Mean toldWait = new Mean();

    private final Mean cpu = new Mean();
    private double items;
    private double weightedItems;
    private double nanos;
    private int stretches;

    /** Returns items per nanosecond. */
    double rate() {
      double counted = rate.get();
      if (items > 0 && nanos < FULL_ROUNDS * response.get()) {
        // Counting misses those that have not had the time to end; Little's law counts those too
        // well that are short.
        return Math.sqrt(counted * rateByResponse());
      }
      return counted;
    }

    double response() {
      return response.get();
    }

    /** Returns the rate by Little's law: sooner right than counting, if items are much alike. */
    double rateByResponse() {
      return inFlight.get() / response.get();
    }

    double items() {
      return items;
    }

    /** Returns how much its times differed: their standard deviation as part of the mean. */
    double variation() {
      double mean = response.get();
      return Math.sqrt(Math.max(0, square.get() / (mean * mean) - 1));
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
          stretches < 4
              ? 0
              : Math.sqrt(rate.variance()) / rate.get() / Math.sqrt(Math.min(stretches, 10));
      return Math.max(fromItems, fromStretches) + 1e-3;
    }

    private void add(Observation o, double worked, double outside, double told, double keep) {
      cpu.add(worked, ended(o), keep);
      wait.add(outside, ended(o), keep);
      toldWait.add(told, ended(o), keep);
      double now = o.done() / o.nanos();
      rate.add(now, o.nanos(), keep);
      response.add(o.responseNanos(), ended(o), keep);
      square.add(o.responseSquareNanos(), ended(o), keep);
      items += o.done();
      weightedItems = weightedItems * keep + o.done();
      inFlight.add(o.inFlight(), o.nanos(), keep);
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
    double age = elapsed - changedAt;
    elapsed += o.nanos();
    keep = Math.max(LEAST_KEPT, Math.pow(age / (age + o.nanos()), FADING));
    keepOfItems *= keep;
    recentArea = recentArea * keep + o.inFlight() * o.nanos();
    recentDone = recentDone * keep + o.done();
    boolean moreCame =
        o.itemsLeft() > 0 && arrived(o) > Math.max(o.setting().size(), FEW_CAME * o.begun());
    left = o.itemsLeft();
    lastSetting = o.setting();
    done += o.done();
    failed += o.failed();
    refused += o.refused();
    if (left == 0 || moreCame) {
      earlier = done;
    }
    if (o.compilerCores() > COMPILING) {
      compilingNanos += o.nanos();
    }
    collector.add(o.collectorShare(), o.nanos(), keep);
    throttled.add(o.throttledShare(), o.nanos(), keep);
    // In a short stretch the system's own counting may give more than there is.
    foreign.add(Math.min(o.foreignCores(), machine.processors()), o.nanos(), keep);
    compilers.add(o.compilerCores(), o.nanos(), keep);
    inFlight.add(o.inFlight(), o.nanos(), keep);
    if (o.itemsLeft() != 0) { // at the end of a job nothing more is to come
      dry.add(o.idleForInputShare(), o.nanos(), keep);
    }
    if (coldLeft > 0) {
      coldLeft -= o.done();
      return "";
    }
    allocated.add(o.allocatedBytes(), ended(o), keepOfItems);
    argumentBytes.add(o.argumentBytes(), ended(o), keepOfItems);
    resultBytes.add(o.resultBytes(), ended(o), keepOfItems);
    if (o.done() == 0) {
      if (shows(o)) {
        Level level = levels.computeIfAbsent(o.setting(), s -> new Level());
        level.rate.add(0, o.nanos(), keep);
        level.nanos += o.nanos();
        level.stretches++;
      }
      return "";
    }
    double keep = Math.max(LEAST_KEPT, keepOfItems);
    keepOfItems = 1;
    boolean alone = o.inFlight() <= ALONE;
    double took = o.responseNanos();
    double queued = finite(o.queueNanos());
    double worked = o.cpuNanos();
    if (worked > TOO_MUCH * took && o.setting().model() != ExecutionModel.PROCESSES) {
      worked = Double.NaN; // of other items than those that ended
    }
    double busy = Math.max(0, finite(o.busyCores()) - finite(o.compilerCores()));
    hadMore |= o.setting().size() > 1;
    boolean wasAlone = aloneNanos > COARSE_NANOS;
    aloneNanos = alone && o.settled() && o.setting().size() == 1 ? aloneNanos + o.nanos() : 0;
    if (alone
        && o.setting().size() == 1
        && (!hadMore || (o.settled() && (o.nanos() > BUSY_NANOS || wasAlone)))
        && o.setting().model() != ExecutionModel.PROCESSES
        && Double.isFinite(o.busyCores())
        // What compilers have, an item that could use all cores has not; and classes are loaded.
        && !(o.compilerCores() > COMPILING)
        && took > MANY_HAND_OVERS * machine.handOverNanos()) {
      double byItems = busy * (1 - finite(o.collectorShare()));
      inside.add(byItems / Math.max(1, o.inFlight()), o.nanos(), keep);
    }
    if (!Double.isFinite(worked) && (o.settled() || o.done() >= 4)) {
      // Virtual threads: the cores that each in flight keeps busy, for as long as an item takes.
      worked = Math.min(busy / Math.max(1, o.inFlight()), 1) * took;
    }
    if (o.inFlight() > ALONE && o.setting().model() != ExecutionModel.PROCESSES) {
      cpuTogether.add(worked, ended(o), keep);
    } else if (alone) {
      cpuAlone.add(worked, ended(o), keep);
    }
    cpu.add(worked, ended(o), keep);
    if (o.setting().model() != ExecutionModel.PROCESSES && elapsed < COLD_NANOS) {
      coldCpu += finite(worked) * o.done();
      coldItems += o.done();
    }
    response.add(took, ended(o), keep);
    square.add(o.responseSquareNanos(), ended(o), keep);
    double ofThis = Double.isFinite(worked) ? worked : cpu.or(0);
    lookedAt |= !o.waits().isEmpty();
    double kinds = 0;
    for (Map.Entry<WaitKind, Double> each : o.waits().entrySet()) {
      kinds += finite(each.getValue());
    }
    boolean isFull = isFull(o);
    // Of platform threads the system measures it: it is no more than a part of that, however.
    boolean runsSoon = o.queueNanos() < LITTLE_QUEUED * (took - ofThis);
    if ((isFull && !runsSoon) || (took < SHORTEST_WAIT && kinds == 0)) {
      // What was not seen to wait was ready to run: when all processors are taken, that is what it
      // does when it does not run. And to wait at all takes longer than very short items take.
      // What was told while the queue was measured has not become a queue since. And nobody sees
      // what items of worker processes wait for: there it is what they waited for on threads.
      boolean unseen = o.setting().model() == ExecutionModel.PROCESSES && o.settled();
      double before = Math.max(surelyWaited.or(0), unseen ? wait.or(0) : 0);
      queued = Math.max(queued, took - ofThis - Math.max(kinds, before));
    }
    if (runsSoon && kinds > 0) {
      surelyWaited.add(Math.min(kinds, took - ofThis - queued), ended(o), keep);
    }
    double away = Math.max(0, took - ofThis - queued);
    queue.add(queued, ended(o), keep);
    double scale = kinds > away && kinds > 0 ? away / kinds : 1;
    double inLock = scale * finite(o.waits().getOrDefault(WaitKind.LOCK, 0.0));
    double inNative = scale * finite(o.waits().getOrDefault(WaitKind.NATIVE_LOCK, 0.0));
    for (WaitKind kind : WaitKind.values()) {
      double of = scale * finite(o.waits().getOrDefault(kind, 0.0));
      if (kind == WaitKind.UNKNOWN) {
        of += Math.max(0, away - kinds * scale);
      }
      this.kinds.computeIfAbsent(kind, k -> new Mean()).add(of, ended(o), keep);
    }
    // One alone waits for nobody, and in a process of its own hardly longer. While workers start,
    // items run as before.
    boolean onThreads = o.setting().model() != ExecutionModel.PROCESSES || !o.settled();
    boolean contended = !alone && onThreads;
    // A permit that one alone waits for is not held by another item of this job.
    double forPermit =
        alone ? 0 : scale * finite(o.waits().getOrDefault(WaitKind.CONNECTION_POOL, 0.0));
    if (contended) {
      lockWait.add(inLock, ended(o), keep);
      nativeLockWait.add(inNative, ended(o), keep);
      permitWait.add(forPermit, ended(o), keep);
      var queue = new PermitQueue(o.inFlight(), forPermit, took);
      if (o.done() >= FEW_ITEMS
          && (longestPermitQueue == null || queue.share() > longestPermitQueue.share())) {
        longestPermitQueue = queue;
      }
    }
    if (contended && !o.locks().isEmpty()) {
      locks = o.locks();
      double held = o.locks().getFirst().heldShare();
      lockHeld.add(held * o.nanos() / o.done(), ended(o), keep);
    }
    double withPermits = Math.max(0, away - inLock - inNative);
    double outside = Math.max(0, withPermits - forPermit);
    if (!beganWithMany && firstEnded < FIRST_ITEMS && !isFull) {
      firstWaits += withPermits * o.done();
      firstEnded += o.done();
      leastFirst = Math.min(leastFirst, withPermits);
    } else if (forPermit > 0 && firstEnded > 0) {
      // Those that queue are seen more often than they end, so too much is taken for the queue.
      outside = Math.clamp(firstWaits / firstEnded, outside, withPermits);
    }
    wait.add(outside, ended(o), keep);
    double untold = scale * finite(o.waits().getOrDefault(WaitKind.UNKNOWN, 0.0));
    double seen = kinds * scale - inLock - inNative - forPermit - untold;
    double told = isFull ? Double.NaN : Math.max(0, Math.min(seen, outside));
    if (shows(o)) {
      levels.computeIfAbsent(o.setting(), s -> new Level()).add(o, worked, outside, told, keep);
    }
    return changed(o, worked, outside + inLock + inNative + forPermit);
  }

  /** Returns whether all processors were taken: by this program, or by all together. */
  private boolean isFull(Observation o) {
    double busy = finite(o.busyCores()); // what compilers take, items cannot have
    double all = busy + finite(o.foreignCores());
    return busy > SATURATED * cores() || all > SATURATED * machine.processors();
  }

  /** Returns whether a stretch shows what its setting gives. */
  private static boolean shows(Observation o) {
    return o.settled()
        && finite(o.idleForInputShare()) < DRY
        && o.inFlight() >= FULL * o.setting().size();
  }

  private String changed(Observation o, double worked, double waited) {
    if (o.setting().model() == ExecutionModel.PROCESSES || !o.settled()) {
      return "";
    }
    if (!o.setting().equals(driftSetting)) {
      driftSetting = o.setting();
      waitDrift.restart();
      cpuDrift.restart();
      floor = 0.05 * o.responseNanos();
      underSetting = 0;
    }
    underSetting += o.nanos();
    if (underSetting < FULL_EFFECT * o.responseNanos() && o.setting().size() > 1) {
      return ""; // queues still grow or shrink to what they will be
    }
    double error = Math.max(0.1, variation()) / Math.sqrt(ended(o));
    String what = "";
    double cpuFactor = 1;
    // The floor keeps what is nearly nothing from changing by a large factor.
    if (compilers.or(0) < COMPILING && elapsed > 0.2e9) {
      double before = cpu.get();
      cpuFactor = cpuDrift.add(worked + floor, error, ended(o));
      if (Math.abs(worked - before) < LITTLE * Math.max(o.responseNanos(), response.or(0))) {
        cpuFactor = 1; // of virtual threads it is only known as well as the machine is quiet
      }
      if (cpuFactor != 1) {
        what = "an item now computes for " + Say.time(worked) + " instead of " + Say.time(before);
      }
    }
    double before = wait.get() + lockWait.or(0) + nativeLockWait.or(0) + permitWait.or(0);
    double factor = waitDrift.add(waited + floor, error, ended(o));
    boolean isLittle =
        Math.abs(waited - before) < LITTLE * Math.max(o.responseNanos(), response.or(0));
    if (factor != 1 && !isLittle && what.isEmpty()) {
      what = "an item now waits for " + Say.time(waited) + " instead of " + Say.time(before);
    }
    if (!what.isEmpty()) {
      cpuAlone.scale(cpuFactor);
      cpuAlone.fade(20);
      if (cpuFactor != 1) {
        cpu.fade(0);
        cpuTogether.fade(0);
      }
      capacity = Double.POSITIVE_INFINITY;
      comparedInflation = Double.NaN;
      levels.clear();
      changedAt = elapsed - o.nanos();
      for (Mean mean :
          List.of(wait, response, square, lockWait, nativeLockWait, permitWait, lockHeld)) {
        mean.fade(0);
      }
      longestPermitQueue = null;
      firstEnded = 0;
      firstWaits = 0;
      leastFirst = Double.POSITIVE_INFINITY;
      surelyWaited.clear();
      driftSetting = null;
    }
    return what;
  }

  /** Returns how many items have come since the last observation: a call may have begun since. */
  private double arrived(Observation o) {
    return left > 0 ? o.itemsLeft() + (double) o.begun() - left : 0;
  }

  /** Takes in which part of what was foreseen worker processes gave, when they are given up. */
  void processesFellShort(double part) {
    processesGive = Double.isFinite(part) ? Math.clamp(part, 0.01, 1) : 1;
  }

  /** Returns the part of what is foreseen for worker processes that they gave; 1 if unknown. */
  double processesGive() {
    return processesGive;
  }

  /** Keeps what is known of the lock, because threads are given up. */
  void keepLock(double nanos, int size) {
    lockBefore = nanos;
    sizeBefore = size;
  }

  double lockBefore() {
    return lockBefore;
  }

  int sizeBefore() {
    return sizeBefore;
  }

  /**
   * Begins with what an earlier run has found out about the other side: where many are in flight
   * from the start, a queue there cannot be told from the wait of one alone.
   */
  void otherSideWas(double waitNanos, double capacity) {
    waitBefore = waitNanos > 0 ? waitNanos : Double.POSITIVE_INFINITY;
    this.capacity = capacity > 0 ? capacity : Double.POSITIVE_INFINITY;
  }

  /** Takes in that items wait as long with fewer in flight: the other side is another by now. */
  void forgetOtherSide() {
    waitBefore = Double.POSITIVE_INFINITY;
  }

  /** Says that another setting is in use: what comes now comes under other conditions. */
  void settingChanged() {
    driftSetting = null;
    aloneNanos = 0;
  }

  /**
   * Learns nothing of items of which so many begin at once, before any other: they load classes,
   * and wait for each other to do so.
   */
  void firstAreCold(long items) {
    coldLeft = items;
    beganWithMany = true;
  }

  /** Returns the worst queue for permits that was seen; null if none was looked for. */
  @Nullable PermitQueue longestPermitQueue() {
    return longestPermitQueue;
  }

  /** Returns what was measured under a setting; null if nothing was. */
  @Nullable Level level(Setting setting) {
    Level level = levels.get(setting);
    return level == null || level.items < 1 ? null : level;
  }

  /** Forgets what was measured under a setting, because it is measured anew. */
  void forget(Setting setting) {
    levels.remove(setting);
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

  /**
   * Returns the number of items that are to be expected; -1 if unknown. A pool that is given the
   * same work again and again will be given more of it: as much as there was, as nothing else is
   * known. So what pays over all of that is paid for at the latest when it has cost as much to do
   * without it (the ski-rental rule).
   */
  long toCome() {
    return left > 0 ? Math.max(left, earlier) : left;
  }

  double elapsed() {
    return elapsed;
  }

  double compilingNanos() {
    return compilingNanos;
  }

  /**
   * Returns the processor time that the first items took beyond what such an item takes now: what
   * each new worker process will have to pay too. Only while the compilers were busy: items that
   * take longer because they share something are not cold.
   */
  double coldNanos() {
    // While the compilers are busy nobody knows yet how fast items will be.
    double slower = Math.min(coldCpu - coldItems * work(), MOST_COLD * compilingNanos);
    return Math.max(compilingNanos / 2, slower);
  }

  /** Returns how long it may take at most until a worker process is as fast as it will be. */
  double longestColdNanos() {
    return Math.max(compilingNanos / 2, coldCpu - coldItems * work());
  }

  /** Returns the mean time of an item that was spent waiting for a kind of thing. */
  double waited(WaitKind kind) {
    Mean mean = kinds.get(kind);
    return mean == null ? 0 : mean.or(0);
  }

  /** Returns the cores that this program can have now. */
  double cores() {
    double taken = foreign.or(0);
    // Below a tenth of a core it is noise; half of the machine is what the scheduler grants at
    // least.
    double cores = taken < 0.1 ? machine.usableCores() : machine.usableCores() - taken;
    return Math.max(
        cores, Math.min(machine.usableCores(), Math.max(0.5, machine.usableCores() / 2)));
  }

  /** Returns the cores that can be used, a part of one as one. */
  int wholeCores() {
    return (int) Math.ceil(cores() - 1e-9); // sums of shares are not exact
  }

  /**
   * Returns by how much an item may take longer than alone, as a factor, only because others use
   * the processors: then it waits for one each time it is woken. 1 on a machine that is not busy.
   */
  double delayByOthers() {
    double share = foreign.or(0) / machine.processors();
    return share < BUSY_WITH_OTHERS ? 1 : 1 + MOST_DELAY * Math.min(1, share);
  }

  /** Returns how much response times differ: their standard deviation as part of the mean. */
  double variation() {
    // Of one setting if possible: times under different ones differ for other reasons.
    Level level = lastSetting == null ? null : levels.get(lastSetting);
    Mean mean = response;
    Mean squares = square;
    if (level != null && level.items >= 10) {
      mean = level.response;
      squares = level.square;
    }
    if (mean.weight() == 0 || squares.weight() == 0) {
      return 1;
    }
    return Math.sqrt(Math.max(0, squares.get() / (mean.get() * mean.get()) - 1));
  }

  /**
   * Returns the factor by which the processor time of an item is longer beside others than alone; 1
   * unless that is certain.
   */
  double inflation() {
    if (Double.isFinite(comparedInflation)) {
      return comparedInflation;
    }
    if (cpuAlone.weight() < 1 || cpuTogether.weight() < 2) {
      return 1;
    }
    double factor = cpuTogether.get() / cpuAlone.get();
    // An item's processor time may differ more than its response, of which it is a part.
    double more = Math.clamp(response.or(0) / Math.max(1, cpuTogether.get()), 1, MOST_MORE);
    double error =
        Math.max(0.05, variation() * more)
            * Math.sqrt(1 / cpuAlone.weight() + 1 / cpuTogether.weight());
    return Math.abs(Math.log(factor)) < CERTAIN * error ? 1 : factor;
  }

  /**
   * Learns from a stretch with fewer in flight what an item would compute for alone, under the
   * assumption that each more that runs adds the same.
   *
   * @param fewer the setting of that stretch
   * @param more the usual one
   * @param onlyIfClear whether to learn nothing unless they clearly compute faster
   * @return whether something was learned
   */
  boolean compare(Setting fewer, Setting more, boolean onlyIfClear) {
    Level few = levels.get(fewer);
    Level many = levels.get(more);
    if (few == null || many == null || !(few.cpu.get() > 0) || !(many.cpu.get() > 0)) {
      return false;
    }
    double ratio = many.cpu.get() / few.cpu.get();
    double error =
        Math.max(0.05, variation())
            * Math.sqrt(1 / few.items + 1 / Math.max(1, many.weightedItems));
    double slower = 1;
    boolean clear = Math.log(ratio) > (onlyIfClear ? 1.5 : 1) * CERTAIN * error;
    if (onlyIfClear && !clear) {
      return false;
    }
    if (clear) {
      double x = Math.min(fewer.size(), machine.usableCores()) - 1;
      double y = Math.min(more.size(), machine.usableCores()) - 1;
      double growth = (ratio - 1) / Math.max(0.1 * y, y - ratio * x);
      slower = 1 + growth * y;
    }
    comparedInflation = slower;
    cpuAlone.clear(); // what ran alone were other items
    cpuTogether.clear();
    cpuTogether.add(many.cpu.get(), Math.max(20, many.weightedItems), 1);
    return true;
  }

  /** Returns the processor time of an item that runs alone. */
  double work() {
    double together = cpuTogether.or(Double.POSITIVE_INFINITY);
    double alone =
        cpuAlone.or(together / (Double.isFinite(comparedInflation) ? comparedInflation : 1));
    double least = Math.min(together, alone);
    return Double.isFinite(least) ? least : cpu.or(0);
  }

  /**
   * Returns the processor time of an item that is handed over to a thread, and runs alone there.
   */
  double workHandedOver() {
    // What was measured of items that were handed over has that in it.
    return Math.min(cpuTogether.or(Double.POSITIVE_INFINITY), work() + machine.handOverNanos());
  }

  /** Returns the time that an item takes with none beside it, in nanoseconds. */
  double alone() {
    return work() + baseWait();
  }

  /**
   * Returns what an item waits for, other than a lock, without a queue at the other side: the least
   * of what was seen with different numbers in flight.
   */
  double baseWait() {
    double least = leastWait(level -> level.wait);
    double told = leastWait(level -> level.toldWait);
    // Where all processors are taken, waiting for something else may not be seen; but what was told
    // while one was free is there.
    double found = Double.isFinite(told) ? Math.max(least, told) : least;
    found = Double.isFinite(found) ? found : wait.or(0);
    return Math.min(found, waitBefore);
  }

  /** Returns the least that was seen with different numbers in flight; infinite if none was. */
  private double leastWait(Function<Level, Mean> of) {
    double least = Double.POSITIVE_INFINITY;
    int smallest = Integer.MAX_VALUE;
    double ofSmallest = Double.POSITIVE_INFINITY;
    for (Map.Entry<Setting, Level> each : levels.entrySet()) {
      Level level = each.getValue();
      double waits = of.apply(level).get();
      if (Double.isNaN(waits)) {
        continue; // none has ended under that setting
      }
      if (level.items >= MANY_ITEMS) {
        least = Math.min(least, waits);
        continue;
      }
      if (each.getKey().size() < smallest) {
        smallest = each.getKey().size();
        ofSmallest = waits;
      }
      if (level.items >= FEW_ITEMS) {
        // A mean of few may be low by chance.
        double chance = CERTAIN * level.variation() / Math.sqrt(level.items);
        least = Math.min(least, waits * (1 + chance));
      }
    }
    double variation = variation();
    if (firstEnded >= FIRST_ITEMS && variation < ALIKE) {
      // Of items that are much alike, the first had the shortest queue before them.
      least = Math.min(least, leastFirst * (1 + CERTAIN * variation));
    }
    return Double.isFinite(least) ? least : ofSmallest;
  }

  /** Returns the time from an item's start to its end by Little's law: no end is waited for. */
  double responseByRate() {
    return recentDone > 0 ? recentArea / recentDone : 0;
  }

  /** Returns whether anybody looked at what items waited for. */
  boolean isLookedAt() {
    return lookedAt;
  }

  /** Returns the part of an item's time that it waits for something other than a lock. */
  double waitingShare() {
    double waits = baseWait();
    return waits / Math.max(1, waits + work());
  }

  /**
   * Returns whether items are off the processor and it was looked for what they wait for, but not
   * seen: they may wait for each other, each time for microseconds.
   */
  boolean waitsAreUntold() {
    double told = 0;
    for (WaitKind kind : WaitKind.values()) {
      told += kind == WaitKind.UNKNOWN ? 0 : waited(kind);
    }
    return lookedAt && told < UNTOLD * response.or(0);
  }

  /** Returns the number of items that ended well, as a weight. */
  private static double ended(Observation o) {
    return (double) o.done();
  }

  static double finite(double value) {
    return Double.isFinite(value) ? value : 0;
  }
}
