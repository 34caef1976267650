package io.github.fornada.advice.decide;

import io.github.fornada.ExecutionModel;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A job that follows the four walls without any chance: it makes the observations that a decider
 * gets, and does as the decider says. Times are in milliseconds.
 */
final class Series {
  double cpu;
  double wait;
  double lock;
  double cores = 4;
  double usable = 4;

  /** What each other busy core adds to the processor time of an item, as part of it. */
  double growth;

  boolean growthInProcesses;

  /** What the other side gives, in items a millisecond. */
  double capacity = Double.POSITIVE_INFINITY;

  int refuses = Integer.MAX_VALUE;

  /** Whether the job runs to be measured. */
  boolean isForAdvice;

  /** The part of the items that fails, however many are in flight. */
  double failing;

  long items = 100_000;

  /** How many items a call has, one call after the other; 0 if all come at once. */
  long ofACall;

  WaitKind kind = WaitKind.SOCKET;
  WaitKind lockKind = WaitKind.LOCK;

  /** Whether nobody sees that a lock is waited for: each wait is too short. */
  boolean lockIsUnseen;

  /** Whether what items wait for is not seen while all cores are taken. */
  boolean waitIsUnseenAtCores;

  /** How much the times of items differ: their standard deviation as part of the mean. */
  double variation = 0.1;

  /** Whether what the other side gives is limited by a pool of permits, which are waited for. */
  boolean permits;

  double inside = 1;
  double foreign;
  double throttled;
  double collector;
  double compilers;
  double dry;
  double bytes = 100;
  @Nullable String threadDoubt;
  @Nullable String processDoubt;
  double memoryScaling = 1.8;
  double workerStart = 250;

  final List<Setting> settings = new ArrayList<>();
  final List<Decision> decisions = new ArrayList<>();
  final List<Observation> observations = new ArrayList<>();
  double now;
  long done;
  long refused;

  private final Consumer<Series> change;
  private double readyAt = -1;
  private double fraction;
  private double badFraction;

  /** The items of the setting before that are still in flight. */
  private double older;

  private Setting running = Setting.SEQUENTIAL;

  Series(Consumer<Series> change) {
    this.change = change;
    change.accept(this);
  }

  Machine machine() {
    return new Machine(
        (int) cores,
        usable,
        32L << 30,
        60L << 20,
        workerStart * 1e6,
        100e6,
        1000,
        40_000,
        1,
        memoryScaling);
  }

  Job job() {
    return new Job(items, threadDoubt, processDoubt, 1000, (int) cores, isForAdvice);
  }

  /** Runs until a share of the items has ended, or so much time has passed. */
  Decider run(double share, double mostMillis) {
    var decider = new Decider(machine(), job());
    run(decider, share, mostMillis);
    return decider;
  }

  void run(Decider decider, double share, double mostMillis) {
    double look = 2;
    while (done < share * items && now < mostMillis) {
      Observation o = observe(look);
      Decision decision = decider.next(o);
      observations.add(o);
      decisions.add(decision);
      if (decision.changed()) {
        settings.add(decision.setting());
        older = Math.min(running.size(), decision.setting().size());
        if (decision.setting().model() == ExecutionModel.PROCESSES) {
          readyAt = now + workerStart;
        } else {
          running = decision.setting();
          readyAt = -1;
        }
      }
      look = decision.nextLookNanos() / 1e6;
      change.accept(this);
    }
  }

  /** Uses the latest of {@link #settings} from now on. */
  void useLatest() {
    running = asked();
  }

  private Setting asked() {
    return settings.isEmpty() ? Setting.SEQUENTIAL : settings.getLast();
  }

  /** Items a millisecond with so many in flight. */
  private double rate(int n) {
    boolean processes = running.model() == ExecutionModel.PROCESSES;
    double work = work(n);
    double rate = n / (work + wait);
    rate = Math.min(rate, usable / (work * inside));
    if (!processes && lock > 0 && n > 1) {
      rate = Math.min(rate, 1 / lock);
    }
    return Math.min(rate, capacity);
  }

  private double work(int n) {
    boolean processes = running.model() == ExecutionModel.PROCESSES;
    double busy = Math.min(n, usable) - 1;
    return cpu * (1 + (processes && !growthInProcesses ? 0 : growth * busy));
  }

  private Observation observe(double look) {
    if (readyAt >= 0 && now >= readyAt) {
      running = asked();
      older = running.size();
      readyAt = -1;
    }
    int n = (int) Math.min(running.size(), Math.max(1L, items - done));
    int taken = Math.min(n, refuses);
    double rate = rate(taken);
    double length = n > refuses ? Math.min(look, 1) : look;
    double ended = rate * length + fraction;
    long whole = (long) Math.min((double) (items - done), ended);
    fraction = whole == items - done ? 0 : ended - whole;
    double response = taken / rate;
    double work = work(taken);
    double others = Math.max(0, response - work - wait);
    boolean atLock = lock > 0 && running.model() != ExecutionModel.PROCESSES && rate > 0.98 / lock;
    boolean atCores = !atLock && rate * work * inside > 0.98 * usable;
    Map<WaitKind, Double> waits = new EnumMap<>(WaitKind.class);
    double queued = atLock || atCores ? 0 : others;
    double seen = atCores && waitIsUnseenAtCores ? 0 : wait;
    waits.put(kind, 1e6 * (seen + (permits ? 0 : queued)));
    if (permits) {
      waits.put(WaitKind.CONNECTION_POOL, 1e6 * queued);
    }
    waits.put(lockKind, 1e6 * (atLock && !lockIsUnseen ? others : 0));
    double failed = whole * failing + badFraction;
    long bad = (long) failed;
    badFraction = failed - bad;
    boolean settled = readyAt < 0 && older <= 0;
    older -= whole;
    now += length;
    done += whole;
    refused += n - taken;
    double off = whole == 0 && wait > 0 && now < wait ? now * 1e6 : 0;
    return new Observation(
        asked(),
        settled,
        length * 1e6,
        whole,
        whole - bad,
        n - taken + bad,
        n - taken,
        taken,
        whole > bad ? response * 1e6 : Double.NaN,
        whole > bad ? response * response * 1e12 * (1 + variation * variation) : Double.NaN,
        whole > bad && running.model() != ExecutionModel.VIRTUAL_THREADS ? work * 1e6 : Double.NaN,
        1000,
        bytes,
        10,
        waits,
        atLock && !lockIsUnseen
            ? List.of(
                new LockSite(
                    "com.acme.Parser.parse(Parser.java:42)",
                    "com.acme.Table.find(Table.java:7)",
                    "java.lang.Object",
                    "",
                    1,
                    Math.min(1, rate * lock)))
            : List.of(),
        running.model() == ExecutionModel.VIRTUAL_THREADS
            ? Double.NaN
            : 1e6 * (atCores ? others : 0),
        off,
        rate * work * inside + compilers,
        foreign,
        throttled,
        collector,
        compilers,
        dry,
        Math.max(0, (ofACall == 0 ? items - done : ofACall - done % ofACall) - n));
  }
}
