package io.github.fornada.advice.decide;

import io.github.fornada.ExecutionModel;
import io.github.fornada.advice.decide.Course.Phase;
import io.github.fornada.advice.decide.Forecast.Plan;

/**
 * Starts worker processes where threads seem to hold each other up, or may not be used, and the
 * rest of the job pays for them; and gives them up if they give no more.
 */
final class ProcessTrial {
  /** Compilers are waited for so long at most before processes are started. Guess. */
  private static final double COMPILE_PATIENCE = 3e9;

  /** Worker processes have at least so long to get warm. Guess. */
  private static final double TRIAL_NANOS = 1e9;

  /** So many items that worker processes would have done make one doubt that threads are better. */
  private static final double ITEMS_TO_DOUBT = 50; // Guess

  /** Below this part of what worker processes gave, threads give less. */
  private static final double CLEARLY_LESS = 0.8; // Guess

  /** So few items give a first idea of what worker processes give. Guess. */
  private static final int FEW_ITEMS = 3;

  private final Course course;
  private final Estimates known;
  private final Baseline before;
  private final HalfTrial half;

  /** Whether there was a trial, or none is needed, for the same work. */
  private boolean tried;

  /** Whether worker processes give more, and no lock tells why: threads share something else. */
  private boolean sharedState;

  /** What worker processes were expected to give when they were started. */
  private double rateForeseen = Double.NaN;

  private int workersForNothing;

  /** What worker processes gave that were given up; 0 if none were since the work changed. */
  private double gave;

  // Since then.
  private double nanosSince;
  private double doneSince;

  /** Whether worker processes were given up before, for the same work. */
  private boolean isSecond;

  ProcessTrial(Course course, Baseline before, HalfTrial half) {
    this.course = course;
    known = course.known;
    this.before = before;
    this.half = half;
  }

  void workChanged() {
    tried = false;
    gave = 0;
    isSecond = false;
  }

  /** Needs no trial: an earlier run has told. */
  void leaveOut() {
    tried = true;
  }

  boolean sharedState() {
    return sharedState;
  }

  int workersForNothing() {
    return workersForNothing;
  }

  // Whether to start them.

  /** Returns whether threads seem to hold each other up, and worker processes pay. */
  boolean help(Forecast forecast) {
    return isSuspected(forecast) && pay(forecast, chance(forecast));
  }

  private boolean isSuspected(Forecast forecast) {
    return Forecast.onThreads(course.setting())
        && !tried
        && course.setting().size() > 1
        && (forecast.lock() > 0 || isInflated() || half.isHeldUp());
  }

  private boolean isInflated() {
    double busy = Math.min(course.setting().size(), known.cores());
    return busy > 1.4 && known.inflation() > Forecast.INFLATED;
  }

  private double chance(Forecast forecast) {
    if (forecast.lock() > 0) {
      return 0.95;
    }
    if (half.isHeldUp()) {
      return 0.8;
    }
    // Bandwidth explains at most that two threads each get half of what the machine gives them.
    double byMemory = 2 / Math.max(1, course.machine.memoryScaling());
    return known.inflation() > 1.1 * byMemory ? 0.9 : 0.4;
  }

  /** Starts them because threads seem to hold each other up. */
  Decision startOnSuspicion(Forecast forecast) {
    course.forControl = !(forecast.lock() > 0);
    return start(forecast, suspicion());
  }

  private String suspicion() {
    if (course.forControl && half.isHeldUp()) {
      return "half of the threads give as much, and worker processes tell why";
    }
    return course.forControl
        ? "an item computes "
            + Say.times(known.inflation())
            + " as long beside others as alone, and worker processes tell why"
        : "threads wait for a lock, and each worker process has its own";
  }

  /**
   * Threads gave less than one at a time, so they hold each other up: by something in this JVM,
   * which worker processes do not share, or by the machine's memory. Processes tell which.
   */
  Decision afterThreads(Forecast forecast) {
    boolean isLock = forecast.lock() > 0;
    if (course.job.processDoubt() != null
        || known.cores() < 1.5
        || !pay(forecast, isLock ? 0.95 : 0.8)) {
      return course.stay();
    }
    course.forControl = !isLock;
    return start(
        forecast, "threads gave less than one at a time, and worker processes share nothing");
  }

  /** Starts them if they pay, because threads may not be used. */
  Decision insteadOfThreads(Forecast forecast) {
    return pay(forecast, 1)
        ? start(forecast, "threads are not safe here: " + course.job.threadDoubt())
        : course.stay();
  }

  /** Returns whether worker processes pay, if they are better with so large a chance. */
  private boolean pay(Forecast forecast, double chance) {
    Plan there = forecast.plan(ExecutionModel.PROCESSES);
    Plan here = forecast.plan(course.setting().model());
    if (!there.possible() || tried) {
      return false;
    }
    boolean compiling =
        known.compilers.or(0) > Estimates.COMPILING
            && known.compilingNanos() < COMPILE_PATIENCE
            && known.waitingShare() < 0.5;
    if (compiling) {
      return false;
    }
    double saving = here.nanos() - (there.nanos() - there.startNanos());
    double sure = Math.min(chance, Forecast.notSlower(there, here, 1));
    return sure * saving > there.startNanos()
        && here.nanos() - there.nanos() > Math.max(2.5 * Course.TIE_NANOS, 0.1 * here.nanos());
  }

  private Decision start(Forecast forecast, String why) {
    course.phase = Phase.STARTING;
    tried = true;
    Setting setting = course.setting();
    if (Forecast.onThreads(setting)) {
      known.keepLock(forecast.lock(), setting.size());
    }
    before.remember(forecast);
    Plan there = forecast.plan(ExecutionModel.PROCESSES);
    rateForeseen = there.rate();
    return course.change(there.setting(), why, Course.USUAL_LOOK / 2);
  }

  // The trial.

  /** Goes on while they start. */
  Decision starting(Observation o) {
    if (!o.settled() || o.done() == 0) {
      double lock = Forecast.lockNanos(known, before.setting);
      if (Forecast.onThreads(before.setting) && lock > known.lockBefore()) {
        // Threads go on while workers start, and it shows by now what they wait for.
        known.keepLock(lock, before.setting.size());
        course.forControl = false;
      }
      return course.stay(Course.USUAL_LOOK / 2);
    }
    course.phase = Phase.TRIAL;
    course.stageNanos = 0;
    return course.stay();
  }

  Decision next(Observation o) {
    Estimates.Level level = course.level();
    if (level == null || level.items() < 2.0 * course.setting().size()) {
      return course.stay();
    }
    double error = Math.hypot(level.relativeError(known.variation()), before.error());
    if (Double.isNaN(before.rate())) {
      // Hardly any had ended before: compare with what they would take, as is known by now.
      Plan then = course.forecast().plan(before.setting.model());
      return judge(o, level, level.rate() / then.rate(), Math.hypot(error, 0.1));
    }
    return judge(o, level, level.rate() / before.rate(), error);
  }

  private Decision judge(Observation o, Estimates.Level level, double gain, double error) {
    int size = course.setting().size();
    boolean warm = isWarm(o, level);
    boolean unclear = gain * (1 + 2 * error) > 1.1;
    if (gain * (1 - error) > 1.05
        || (warm && unclear && gain > 1.05 && level.items() > 10.0 * size)) {
      return keep();
    }
    if (!warm || (unclear && level.items() < 20.0 * size)) {
      return course.stay();
    }
    return giveUp(level, gain);
  }

  private boolean isWarm(Observation o, Estimates.Level level) {
    boolean stillRising = o.done() / o.nanos() > 1.15 * level.rate();
    double debt = known.longestColdNanos();
    return !stillRising
        && course.stageNanos
            >= Math.max(
                Math.min(3 * debt, 2 * known.compilingNanos()),
                Math.max(3 * course.response(), TRIAL_NANOS));
  }

  private Decision keep() {
    sharedState = course.forControl;
    if (isSecond) {
      workersForNothing = 0; // the first ones were compared with items of another kind
    }
    course.phase = Phase.HOLD;
    course.nextLook = known.elapsed() * 1.15;
    return course.stay();
  }

  private Decision giveUp(Estimates.Level level, double gain) {
    workersForNothing += course.setting().size();
    known.processesFellShort(level.rate() / rateForeseen);
    gave = Forecast.onThreads(before.setting) && !isSecond ? level.rate() : 0;
    isSecond = true;
    nanosSince = 0;
    doneSince = 0;
    // Threads that only held each other up computed no longer, so it is not the memory.
    course.memoryBound = course.forControl && !half.isHeldUp();
    half.refute();
    course.phase = Phase.HOLD;
    boolean alone = before.setting.model() == ExecutionModel.SEQUENTIAL;
    if (course.job.threadDoubt() != null && !alone) {
      return course.stay();
    }
    if (alone) {
      course.phase = Phase.START;
    }
    course.lookLater();
    return course.change(
        before.setting, "worker processes gave " + Say.times(gain) + " of what it was before");
  }

  /**
   * Returns what a later run begins with if this one ends while they start or are tried: with them
   * if they give more as far as is known, or if nothing is known but that threads may not be used.
   */
  Setting learned() {
    Estimates.Level level = course.level();
    boolean give = course.job.threadDoubt() != null;
    if (level != null && level.items() >= FEW_ITEMS && before.rate() > 0) {
      give = level.rate() > before.rate();
    }
    return give ? course.setting() : before.setting;
  }

  // Once they were given up, or cannot be used.

  void add(Observation o) {
    nanosSince += o.nanos();
    doneSince += o.done();
  }

  /**
   * Returns whether threads clearly give less than worker processes did that were given up. Those
   * were compared with what threads had given before, when items may have been others.
   */
  boolean gaveMore() {
    if (gave == 0
        || !Forecast.onThreads(course.setting())
        || nanosSince < Math.max(Course.LATE * before.response(), ITEMS_TO_DOUBT / gave)) {
      return false;
    }
    double most = doneSince + Course.SURE * Math.sqrt(doneSince + 1) + 1;
    return most / nanosSince < CLEARLY_LESS * gave;
  }

  /** Starts them again. */
  Decision again() {
    gave = 0;
    course.forControl = false;
    Decision decision =
        start(
            course.forecast(), "threads give less than worker processes did: the work had changed");
    // What was measured under this setting may be of the items before.
    before.count(doneSince, nanosSince);
    return decision;
  }

  /** It has turned out that the items cannot run in worker processes. */
  Decision leave(String why) {
    Setting back =
        before.setting.model() == ExecutionModel.PROCESSES ? Setting.SEQUENTIAL : before.setting;
    tried = true;
    gave = 0;
    course.forControl = false;
    course.phase = back.model() == ExecutionModel.SEQUENTIAL ? Phase.START : Phase.HOLD;
    course.nextLook = 0;
    return course.change(back, why);
  }
}
