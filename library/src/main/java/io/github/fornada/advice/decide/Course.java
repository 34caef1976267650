package io.github.fornada.advice.decide;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How far a job has come: what is known of it, the phase, the setting in use, and when to look
 * again. Those who decide share it, and make their decisions by it, so that each change of the
 * setting is noted.
 */
final class Course {
  /** An item off the processor for so long waits: the next may begin. */
  static final double OFF_NANOS = 2e6;

  /** What takes less time is not measured yet. Guess. */
  static final double MEASURED_NANOS = 20e6;

  /** The shortest stretch: a shorter one would measure the measuring. Guess. */
  static final double SHORTEST_LOOK = 2e6;

  /** The usual stretch once nothing changes. */
  static final double USUAL_LOOK = 100e6;

  /** The part of the time so far that one more stretch may take: looking costs, change is rare. */
  private static final double LOOK_SHARE = 0.02;

  /** The same while a setting stays. Guess, tried in the simulator: with 0.02 no more was found. */
  private static final double STEADY_SHARE = 0.05;

  /** After so many response times a stage is judged by what has ended, whatever it shows. Guess. */
  static final double LATE = 4;

  /**
   * Standard errors by which a rate must miss another to be less. Guess, tried in the simulator.
   */
  static final double SURE = 2;

  /** Time saved that is worth no change, in nanoseconds. Guess: nobody notices. */
  static final double TIE_NANOS = 20e6;

  /** Items shorter than this in terms of a hand-over are looked at when compiled. Guess. */
  private static final double SMALL = 50;

  /** A lock that is waited for during this part of an item's time holds items up. Guess. */
  private static final double LOCKED = 0.3;

  /** Permits that are waited for during this part of an item's time are all in use. Guess. */
  private static final double PERMITS_SHORT = 0.1;

  /** Below this part of the cores busy there is room for more in flight. Guess. */
  private static final double IDLE = 0.6;

  /** From this part of the cores busy on there is no room for more that compute. Guess. */
  private static final double BUSY = 0.85;

  /** An advice is for another such job once only this part of the items is left. Guess. */
  private static final double NEARLY_OVER = 0.03;

  /** What is being done. */
  enum Phase {
    /** One item at a time, at first or again. */
    START,
    /** More and more are let in. */
    RAMP,
    /** The setting stays, and is looked at now and then. */
    HOLD,
    /** A quarter or half more is tried. */
    PROBE,
    /** Fewer are tried. */
    FEWER,
    /** Half of the threads are tried. */
    COMPARE,
    /** Worker processes start, and items go on as before. */
    STARTING,
    /** Worker processes are tried. */
    TRIAL
  }

  final Machine machine;
  final Estimates known;
  final Failures failures;
  private final List<String> changes = new ArrayList<>();

  /** What is known of the job; replaced when more is. */
  Job job;

  Phase phase = Phase.START;
  private Setting setting = Setting.SEQUENTIAL;

  /** When to look whether the setting in use still fits, while it stays. */
  double nextLook;

  /** The time since the size in use was let in, or tried. */
  double stageNanos;

  private double lastBusy;

  /** The same with what the compilers took. */
  private double lastAllBusy;

  /** Whether worker processes were seen to be slowed down as threads are. */
  boolean memoryBound;

  /** Whether worker processes are tried to learn why threads gain nothing. */
  boolean forControl;

  Course(Machine machine, Job job) {
    this.machine = machine;
    this.job = job;
    known = new Estimates(machine, job.items());
    failures = new Failures(known);
  }

  /**
   * Takes an observation in.
   *
   * @return what has changed in the work; empty if nothing has
   */
  String add(Observation o) {
    String news = known.add(o);
    stageNanos += o.nanos();
    failures.add(o);
    lastAllBusy = Estimates.finite(o.busyCores());
    lastBusy = lastAllBusy - Estimates.finite(o.compilerCores());
    return news;
  }

  /** Begins with another setting than one at a time. */
  void beginWith(Setting first) {
    setting = first;
  }

  void workChanged(String news) {
    changes.add("The work has changed: " + news + ".");
    nextLook = 0;
    known.keepLock(0, 1);
    failures.workChanged();
    if (phase == Phase.PROBE || phase == Phase.COMPARE || phase == Phase.FEWER) {
      phase = Phase.HOLD;
    }
  }

  Setting setting() {
    return setting;
  }

  List<String> changes() {
    return changes;
  }

  /** Returns whether the setting in use is only tried. */
  boolean isOnTrial() {
    return switch (phase) {
      case PROBE, FEWER, COMPARE, STARTING, TRIAL -> true;
      case START, RAMP, HOLD -> false;
    };
  }

  private boolean isTried() {
    return phase == Phase.PROBE || phase == Phase.FEWER || phase == Phase.COMPARE;
  }

  // Decisions.

  Decision stay() {
    return stay(look());
  }

  Decision stay(double look) {
    return new Decision(setting, false, "", isTried(), look, control(), mostFailures());
  }

  /** Keeps a setting that was tried, and says why. */
  Decision keep(String why) {
    return new Decision(setting, false, why, isTried(), look(), control(), mostFailures());
  }

  Decision change(Setting next, String why) {
    return change(next, why, look());
  }

  Decision change(Setting next, String why, double look) {
    boolean other = !next.equals(setting);
    if (other) {
      boolean ofModel = next.model() != setting.model();
      if (ofModel) {
        changes.add("From " + Say.setting(setting) + " to " + Say.setting(next) + ": " + why + ".");
      }
      if (next.size() < setting.size() || setting.size() == 1) {
        failures.countAnew();
      }
      setting = next;
      known.settingChanged();
    }
    return new Decision(
        setting, other, other ? why : "", isTried(), look, control(), mostFailures());
  }

  /** Changes to a setting that is to be measured, whatever was measured of it before. */
  Decision tryOut(Setting next, String why, double look) {
    stageNanos = 0;
    known.forget(next);
    return change(next, why, look);
  }

  private boolean control() {
    return forControl && (phase == Phase.STARTING || phase == Phase.TRIAL);
  }

  private long mostFailures() {
    return phase == Phase.RAMP || phase == Phase.PROBE || isUnproven() ? 1 : Long.MAX_VALUE;
  }

  /** Returns whether a size was refused, and it is not known yet that the one in use is not. */
  private boolean isUnproven() {
    Estimates.Level level = level();
    return phase == Phase.HOLD
        && failures.isLimitKnown()
        && (level == null || level.items() < setting.size());
  }

  /** Returns how long the next stretch is to be. */
  double look() {
    double least = phase == Phase.START ? MEASURED_NANOS : Math.min(USUAL_LOOK, 2 * response());
    double share = phase == Phase.START || phase == Phase.HOLD ? STEADY_SHARE : LOOK_SHARE;
    return Math.max(Math.max(SHORTEST_LOOK, least), Math.min(1e9, known.elapsed() * share));
  }

  /** Looks at the setting in use again when a part more of the time has gone by. */
  void lookLater() {
    nextLook = known.elapsed() * 1.15 + 50e6;
  }

  // What is known.

  int mostInFlight() {
    return failures.most(job.mostInFlight());
  }

  double response() {
    double response = known.response.or(Math.max(known.elapsed(), OFF_NANOS));
    // Until many have ended, those that have are the short ones.
    boolean few = known.response.weight() < 20;
    return Math.max(1, few ? Math.max(response, known.responseByRate()) : response);
  }

  /** Returns what was measured under the setting in use; null if nothing was. */
  Estimates.@Nullable Level level() {
    return known.level(setting);
  }

  /** Returns how the items that are to come would fare. */
  Forecast forecast() {
    return forecast(Forecast.Horizon.TO_COME);
  }

  /** Returns how many in flight of the model in use are foreseen to be enough. */
  int sizeForeseen() {
    return forecast().plan(setting.model()).setting().size();
  }

  /** Returns how the items that are left would fare, or those of another such job. */
  Forecast forecastToTell() {
    boolean over =
        known.left() >= 0 && known.left() <= Math.max(setting.size(), NEARLY_OVER * known.done());
    return forecast(over ? Forecast.Horizon.AGAIN : Forecast.Horizon.REST);
  }

  private Forecast forecast(Forecast.Horizon horizon) {
    return new Forecast(known, machine, job, setting, memoryBound, mostInFlight(), horizon);
  }

  /** Returns whether handing items over is a part of what they are seen to compute. */
  boolean areTiny() {
    return response() < SMALL * machine.handOverNanos();
  }

  /**
   * Returns whether items take so many times as long as they do alone, and others' use of the
   * processors does not explain it.
   */
  boolean isCrowded(double times) {
    Estimates.Level level = level();
    return level != null
        && level.items() >= 10
        && level.response() > times * known.alone() * known.delayByOthers();
  }

  /** Returns the cores that were busy in the last stretch, without what compilers took. */
  double busyCores() {
    return lastBusy;
  }

  boolean areCoresIdle() {
    return lastBusy < IDLE * known.cores();
  }

  boolean areCoresBusy() {
    return lastBusy >= BUSY * known.cores();
  }

  /** Returns whether items and compilers together keep all cores busy. */
  boolean areCoresTaken() {
    return lastAllBusy >= BUSY * known.cores();
  }

  boolean isLocked() {
    return lockShare() > LOCKED;
  }

  /** Returns the part of an item's time for which it waits for locks. */
  double lockShare() {
    return (known.lockWait.or(0) + known.nativeLockWait.or(0)) / response();
  }

  /** Returns whether items wait for permits of a pool: more in flight would wait, too. */
  boolean queuesForPermits() {
    return known.permitWait.or(0) > PERMITS_SHORT * response();
  }
}
