package io.github.fornada.advice.decide;

import io.github.fornada.ExecutionModel;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How the items that are left would fare under each model, by the four walls. */
final class Forecast {
  /**
   * The part of the best rate that the advised size gives: more in flight costs more than it gives.
   */
  static final double ENOUGH = 0.995;

  /** The room beyond what Little's law asks for, because items do not come evenly. Guess. */
  private static final double ROOM = 1.25;

  /** The largest number of platform threads. Guess: as many as a sampler can follow, four times. */
  static final int MOST_THREADS = 256;

  /** The error of a rate that was predicted for a model that was not tried. Guess. */
  private static final double MODEL_ERROR = 0.12;

  /** The error of a rate that was predicted for another size of a model in use. */
  private static final double SIZE_ERROR = 0.06;

  /**
   * The error that no number of items takes away: what comes is not what was. Guess, tried in the
   * simulator.
   */
  private static final double FLOOR_ERROR = 0.055;

  /** How far ahead of what was seen it is foreseen less and less well, in terms of that time. */
  private static final double MOST_AHEAD = 4;

  /**
   * The error of what was measured while the compilers were busy. Guess, tried in the simulator.
   */
  private static final double COLD_ERROR = 0.25;

  /** So few items under an earlier setting tell nothing of it. Guess. */
  private static final int FEW_ITEMS = 10;

  /** From this variation on a few items may take as long as all others. Guess. */
  private static final double LONG_TAILED = 0.3;

  /** How much of the rate is kept while worker processes start. Guess. */
  private static final double WHILE_STARTING = 0.8;

  /**
   * The part of sending an item that is done one item after the other, in this JVM. Guess: each
   * worker has rings of its own, but what is sent is put together by few threads.
   */
  private static final double SENT_IN_TURN = 0.3;

  /** The memory of a platform thread, with what it touches of its stack. Guess. */
  private static final double THREAD_BYTES = 100e3;

  /** Of what items at a time give that take as long as one alone: more was not measured right. */
  private static final double MOST_GIVEN = 1.05; // Guess

  /** The memory of a virtual thread. Guess: a stack of a few frames. */
  private static final double VIRTUAL_BYTES = 5e3;

  /** How long a job of unknown length is taken to last at least. Guess. */
  private static final double UNKNOWN_NANOS = 2e9;

  /** An item that waits for locks for a smaller part of its time has no lock worth a name. */
  static final double LOCK_SHARE = 0.05;

  /** What an item computes more beside others than alone, from which on it is not noise. */
  static final double INFLATED = 1.15;

  /**
   * One model.
   *
   * @param rate items per nanosecond
   * @param nanos the time of the rest
   * @param error the standard error of that time, as part of it
   * @param startNanos what has to be paid before it gives anything
   * @param seen whether the setting was measured
   * @param open whether the rate may end at a limit that was not met yet
   */
  record Plan(
      Setting setting,
      double rate,
      double nanos,
      double error,
      double startNanos,
      long memoryBytes,
      boolean seen,
      boolean open,
      @Nullable String ruledOut) {
    boolean possible() {
      return ruledOut == null;
    }
  }

  /** How many items a forecast is for. */
  enum Horizon {
    /** Those that are left of this job. */
    REST,
    /** As many as there were: hardly anything is left of this job, and it is for one like it. */
    AGAIN,
    /** Those that are left, or as many as earlier jobs of the same pool had: for decisions. */
    TO_COME
  }

  private final Estimates known;
  private final Machine machine;
  private final Job job;
  private final Setting current;
  private final boolean memoryBound;
  private final int mostInFlight;
  private final Map<ExecutionModel, Plan> plans = new EnumMap<>(ExecutionModel.class);
  private final double lock;

  private final Horizon horizon;

  /** The network of both kinds of threads. */
  private @Nullable ClosedNetwork inThreads;

  /**
   * Predicts.
   *
   * @param memoryBound whether worker processes were seen to be slowed down as threads are
   * @param mostInFlight the most that may be in flight
   * @param horizon how many items it is for
   */
  Forecast(
      Estimates known,
      Machine machine,
      Job job,
      Setting current,
      boolean memoryBound,
      int mostInFlight,
      Horizon horizon) {
    this.known = known;
    this.horizon = horizon;
    this.machine = machine;
    this.job = job;
    this.current = current;
    this.memoryBound = memoryBound;
    this.mostInFlight = mostInFlight;
    lock = lockNanos(known, current);
    plans.put(ExecutionModel.SEQUENTIAL, sequential());
    plans.put(ExecutionModel.VIRTUAL_THREADS, threads(ExecutionModel.VIRTUAL_THREADS));
    plans.put(ExecutionModel.PLATFORM_THREADS, threads(ExecutionModel.PLATFORM_THREADS));
    plans.put(ExecutionModel.PROCESSES, processes());
  }

  Plan plan(ExecutionModel model) {
    return plans.getOrDefault(model, sequential());
  }

  boolean isAgain() {
    return horizon == Horizon.AGAIN;
  }

  /** Returns the time for which an item holds the lock that is waited for. */
  double lock() {
    return lock;
  }

  /** Returns the models, the simpler ones first. */
  List<Plan> simplestFirst() {
    var list = new ArrayList<Plan>();
    list.add(plan(ExecutionModel.SEQUENTIAL));
    boolean waits = current.model() == ExecutionModel.VIRTUAL_THREADS || mostlyWaits();
    list.add(plan(waits ? ExecutionModel.VIRTUAL_THREADS : ExecutionModel.PLATFORM_THREADS));
    list.add(plan(waits ? ExecutionModel.PLATFORM_THREADS : ExecutionModel.VIRTUAL_THREADS));
    list.add(plan(ExecutionModel.PROCESSES));
    return list;
  }

  /** Returns the items per nanosecond that as many threads would give if there were no lock. */
  double rateWithoutLock(int n) {
    return withoutLock(n).rate(n);
  }

  /** Returns how many threads would be of use if there were no lock. */
  int threadsWithoutLock() {
    int limit = Math.min(mostInFlight, MOST_THREADS);
    int most = most(limit, known.workHandedOver(), cpuPerCore(), known.capacity, 0);
    return Math.max(withoutLock(most).knee(ENOUGH), Math.min(2, limit));
  }

  private ClosedNetwork withoutLock(int most) {
    return network(known, most, 0, known.workHandedOver(), cpuPerCore(), 0, known.capacity);
  }

  /**
   * Returns how much more a larger number in flight gives, as part of what a smaller one does, if
   * only the processors and the lock limit it.
   */
  double gainForeseen(int from, int to) {
    ClosedNetwork network =
        network(known, to, lock, known.workHandedOver(), cpuPerCore(), 0, Double.POSITIVE_INFINITY);
    return network.rate(to) / network.rate(from) - 1;
  }

  boolean mostlyWaits() {
    return known.waitingShare() >= 0.5;
  }

  static boolean onThreads(Setting setting) {
    return setting.model() != ExecutionModel.PROCESSES
        && setting.model() != ExecutionModel.SEQUENTIAL;
  }

  /** Returns the time for which a lock is held by an item: 0 if none is waited for. */
  static double lockNanos(Estimates known, Setting current) {
    double whole = known.alone();
    if (!onThreads(current)) {
      // It was seen while the code was new, or workers were starting; an item is shorter by now.
      return Math.min(known.lockBefore(), whole);
    }
    double waited = known.lockWait.or(0) + known.nativeLockWait.or(0);
    double response = known.response.or(0);
    if (!(waited > LOCK_SHARE * response)) {
      return 0;
    }
    if (waited > 0.5 * response) {
      // It is always taken, so it is held for as long as passes between two ends.
      return Math.min(whole, response / Math.max(1, known.inFlight.or(current.size())));
    }
    double held = known.lockHeld.get();
    if (held > 0) {
      return Math.min(held, whole);
    }
    // How long must it be held for items to wait that long? By halving.
    int n = Math.min(current.size(), 256);
    double low = 0;
    double high = whole;
    for (int i = 0; i < 12; i++) {
      double middle = (low + high) / 2;
      if (network(known, n, middle, known.work(), known.cores(), 0, Double.POSITIVE_INFINITY)
              .lockWait(n)
          < waited) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return high;
  }

  private static ClosedNetwork network(
      Estimates known,
      int most,
      double lock,
      double work,
      double cores,
      double extraWait,
      double capacity) {
    double lockCpu = Math.min(lock, work);
    double lockWait = lock - lockCpu;
    return ClosedNetwork.solve(
        most,
        work - lockCpu,
        cores,
        Math.max(0, known.baseWait() - lockWait) + extraWait,
        lock,
        lockCpu,
        capacity);
  }

  /**
   * Returns the items to come. If their number is unknown, as many as there were, and at least two
   * seconds of them (a guess); if there are none left, as many again as there were: what comes next
   * may be the same job.
   */
  double left() {
    if (horizon == Horizon.AGAIN) {
      return Math.max(1.0, (double) known.done());
    }
    if (known.left() > 0) {
      return (double) (horizon == Horizon.TO_COME ? known.toCome() : known.left());
    }
    double again = Math.max(1.0, (double) known.done());
    return known.left() == 0 ? again : Math.max(again, UNKNOWN_NANOS / known.response.or(1e9));
  }

  private double rest(double rate, int n) {
    double left = left();
    double response = n / rate;
    if (left <= 0) {
      return response;
    }
    // The last ones in flight end one after the other. If times are exponentially distributed, the
    // last of n ends after the sum of 1/k response times; if all are the same, after one.
    double last = known.variation() * Math.max(0, Math.log(Math.min(n, left)) - 0.4);
    double tail = n == 1 ? 0 : response * Math.min(last, 6);
    double half = n == 1 || left <= n ? 0 : response * 0.5 * (1 - 1.0 / n);
    return Math.max(response, left / rate + half) + tail;
  }

  /**
   * Returns the standard error of the time of the rest, as part of it.
   *
   * @param rate that of the rate
   * @param nanos the time of the rest
   */
  private double error(double rate, double nanos) {
    double left = Math.max(1, left());
    double ofRest = known.variation() / Math.sqrt(left);
    // The further it is foreseen, the more may change; what was measured cold gets faster.
    double ahead = Math.min(MOST_AHEAD, nanos / Math.max(1, known.elapsed()));
    double change = FLOOR_ERROR * Math.sqrt(1 + ahead);
    double cold = COLD_ERROR * Math.min(1, known.compilingNanos() / Math.max(1, known.elapsed()));
    return Math.sqrt(rate * rate + ofRest * ofRest + change * change + cold * cold);
  }

  /**
   * Returns how long the longest of the items that are left may take, if times are log-normal with
   * the variation that was seen: the expected maximum (Cramer's approximation).
   */
  double longest(Plan plan) {
    double variation = known.variation();
    if (variation < LONG_TAILED || plan.setting().size() == 1) {
      return 0;
    }
    double spread = Math.log(1 + variation * variation);
    double log = Math.log(Math.max(3, left()));
    double z = Math.sqrt(2 * log) - (Math.log(log) + 2.53) / (2 * Math.sqrt(2 * log));
    double mean = plan.setting().size() / plan.rate();
    return mean * Math.exp(Math.sqrt(spread) * Math.max(0.5, z) - spread / 2);
  }

  private double cpuPerCore() {
    // An item that is parallel inside takes that many cores at once.
    double inside = known.inside.or(1);
    return inside > 1.2 ? known.cores() / inside : known.cores();
  }

  private Plan sequential() {
    double response = Math.max(1, known.alone());
    double rate = 1 / response;
    double error = known.variation() / Math.sqrt(Math.max(1.0, (double) known.done()));
    Estimates.Level level = known.level(Setting.SEQUENTIAL);
    boolean seen = level != null && level.items() >= 1;
    if (level != null && current.model() == ExecutionModel.SEQUENTIAL && level.items() >= 1) {
      rate = 1 / Math.max(1, level.response());
      error = level.relativeError(known.variation());
    }
    String no = null;
    double nanos = rest(rate, 1);
    return new Plan(Setting.SEQUENTIAL, rate, nanos, error(error, nanos), 0, 0, seen, false, no);
  }

  private Plan threads(ExecutionModel model) {
    int limit = mostInFlight;
    if (model == ExecutionModel.PLATFORM_THREADS) {
      limit = Math.min(limit, MOST_THREADS);
    }
    double work = known.workHandedOver();
    double inflation = known.inflation();
    double cores = cpuPerCore();
    if (inflation > INFLATED) {
      double beside = Math.max(1, Math.min(current.size(), cores) - 1);
      double most = Math.max(1, Math.min(limit, cores) - 1);
      work *= 1 + (inflation - 1) * Math.max(1, most / beside);
    }
    double capacity = Math.min(known.capacity, 1 / Math.max(1, machine.handOverNanos()));
    int most = most(limit, work, cores, capacity, lock);
    if (inThreads == null || most > inThreads.most()) {
      inThreads = network(known, most, lock, work, cores, 0, capacity);
    }
    ClosedNetwork network = inThreads;
    int n = Math.min(network.knee(ENOUGH), most);
    boolean open = false;
    if (known.capacity < Double.POSITIVE_INFINITY) {
      double base = work + known.baseWait() + lock;
      int room = (int) Math.ceil(ROOM * known.capacity * base);
      if (network.rate(most) >= 0.99 * known.capacity) {
        n = Math.clamp(Math.max(n, room), 1, most);
      }
    } else if (mostlyWaits()) {
      open = n > current.size();
    }
    n = Math.max(n, Math.min(2, limit));
    return measured(new Setting(model, n), network, open, memory(model, n), job.threadDoubt());
  }

  private int most(int limit, double work, double cores, double capacity, double held) {
    double wall = Math.min(capacity, cores / Math.max(1, work));
    if (held > 0) {
      wall = Math.min(wall, 1 / held);
    }
    double knee = wall * (work + known.baseWait() + held);
    double left = Math.max(2, left());
    return (int) Math.clamp(Math.min(3 * knee + 8, left), 1, Math.max(1, limit));
  }

  private Plan measured(
      Setting setting, ClosedNetwork network, boolean open, long memory, @Nullable String no) {
    int n = setting.size();
    double rate = network.rate(n);
    double error =
        Math.hypot(
            MODEL_ERROR, known.variation() / Math.sqrt(Math.max(1.0, (double) known.done())));
    boolean seen = false;
    Setting tried = !onThreads(current) && onThreads(setting) ? threadsBefore() : current;
    // Both kinds of threads compute on the same cores: what one gave, the other would have given.
    boolean toTell = horizon != Horizon.TO_COME && !mostlyWaits();
    boolean comparable = tried.model() == setting.model() || !tried.equals(current) || toTell;
    Estimates.Level level = comparable ? known.level(tried) : null;
    if (level != null && level.items() >= 3) {
      double own = level.relativeError(known.variation());
      double factor = Math.clamp(level.rate() / network.rate(tried.size()), 0.2, 2);
      // Both the measurement and the model err: each counts by how well it is known.
      double trust = MODEL_ERROR * MODEL_ERROR / (MODEL_ERROR * MODEL_ERROR + own * own);
      rate *= Math.pow(factor, trust);
      seen = current.size() == n && tried.model() == setting.model();
      error = seen ? own : Math.hypot(own, SIZE_ERROR);
      if (Double.isFinite(known.capacity)) {
        rate = Math.min(rate, known.capacity * 1.05);
      }
    }
    if (horizon != Horizon.TO_COME && mostlyWaits()) {
      // Items that began under another setting have ended under this one: for a moment that is more
      // than so many at a time can give.
      rate = Math.min(rate, MOST_GIVEN * n / Math.max(1, known.alone()));
    }
    double nanos = rest(rate, n);
    return new Plan(setting, rate, nanos, error(error, nanos), 0, memory, seen, open, no);
  }

  /** Returns the setting of threads of which most was seen; the one in use if none was. */
  private Setting threadsBefore() {
    Setting most = current;
    double items = FEW_ITEMS;
    for (Map.Entry<Setting, Estimates.Level> each : known.levels().entrySet()) {
      if (onThreads(each.getKey()) && each.getValue().items() > items) {
        most = each.getKey();
        items = each.getValue().items();
      }
    }
    return most;
  }

  private static long memory(ExecutionModel model, int n) {
    return (long) (n * (model == ExecutionModel.VIRTUAL_THREADS ? VIRTUAL_BYTES : THREAD_BYTES));
  }

  /** Returns what it takes to send an item to a worker process and its result back. */
  double shipping() {
    return (known.argumentBytes.or(0) + known.resultBytes.or(0)) * machine.nanosPerByte();
  }

  private Plan processes() {
    long fit = machine.workerBytes() > 0 ? machine.memoryBytes() / machine.workerBytes() : 1 << 20;
    int limit = (int) Math.min(Math.min(job.mostProcesses(), mostInFlight), fit);
    String no = job.processDoubt();
    if (no == null && limit < 1) {
      no =
          fit < 1
              ? "a worker process takes "
                  + Say.bytes((double) machine.workerBytes())
                  + ", and there are "
                  + Say.bytes((double) machine.memoryBytes())
              : "no worker process is allowed";
    }
    limit = Math.max(1, limit);
    double work = known.work() + shipping();
    double cores = cpuPerCore();
    if (memoryBound) {
      work *= known.inflation();
    }
    double left = Math.max(1, left());
    int most = (int) Math.clamp(Math.min(limit, left), 1, limit);
    double sending = SENT_IN_TURN * (shipping() + machine.processHandOverNanos());
    double capacity = Math.min(known.capacity, 1 / Math.max(1, sending));
    ClosedNetwork network =
        network(known, most, 0, work, cores, machine.processHandOverNanos(), capacity);
    int n = Math.max(network.knee(ENOUGH), Math.min(2, most));
    var setting = new Setting(ExecutionModel.PROCESSES, n);
    Plan plan = measured(setting, network, false, n * machine.workerBytes(), no);
    if (current.model() == ExecutionModel.PROCESSES) {
      return plan;
    }
    double rate = plan.rate() * known.processesGive();
    double start =
        Math.max(machine.workerStartNanos(), n * machine.workerStartCpuNanos() / known.cores());
    double debt = known.coldNanos() * n / Math.min(n, Math.max(1, known.cores()));
    // Items go on as they do now while workers start: that counts for a change, and not in a table
    // of what each model would take.
    boolean forChange = horizon == Horizon.TO_COME;
    double meanwhile = forChange ? start * currentRate() * WHILE_STARTING : 0;
    double nanos = start + debt + rest(rate, n) * Math.max(0, 1 - meanwhile / left);
    return new Plan(
        setting, rate, nanos, plan.error(), start + debt, plan.memoryBytes(), false, false, no);
  }

  /** Returns the time of the rest if nothing is changed. */
  double nanosAsNow() {
    return rest(Math.max(1e-18, currentRate()), current.size());
  }

  /** Returns what the setting in use gives, as measured or else as predicted. */
  double currentRate() {
    Estimates.Level level = known.level(current);
    if (level != null && level.items() >= 1) {
      return level.rate();
    }
    Plan plan = plans.get(current.model());
    return plan == null ? 0 : plan.rate();
  }

  /** Returns the simplest of the models that are about as fast as the fastest. */
  Plan best(double tieFactor, double tieNanos, boolean alsoProcesses) {
    List<Plan> candidates =
        simplestFirst().stream()
            .filter(Plan::possible)
            .filter(plan ->
                alsoProcesses
                    || plan.setting().model() != ExecutionModel.PROCESSES
                    || current.model() == ExecutionModel.PROCESSES)
            .toList();
    double least =
        candidates.stream().mapToDouble(Plan::nanos).min().orElse(Double.POSITIVE_INFINITY);
    return candidates.stream()
        .filter(plan -> plan.nanos() <= least * tieFactor + tieNanos)
        .findFirst()
        .orElseGet(this::sequential);
  }

  /** Returns the probability that the first takes no longer than the second, or hardly longer. */
  static double notSlower(Plan first, Plan second, double tieFactor) {
    double apart = second.nanos() * tieFactor - first.nanos();
    double error = Math.hypot(first.nanos() * first.error(), second.nanos() * second.error());
    return normal(apart / Math.max(1, error));
  }

  /** The distribution function of the normal distribution, to 0.0002 (Abramowitz and Stegun). */
  static double normal(double x) {
    double z = Math.abs(x);
    double t = 1 + z * (0.196854 + z * (0.115194 + z * (0.000344 + z * 0.019527)));
    double tail = 0.5 / (t * t * t * t);
    return x >= 0 ? 1 - tail : tail;
  }
}
