package io.github.fornada.advice.decide;

import io.github.fornada.ExecutionModel;
import io.github.fornada.advice.decide.Course.Phase;
import io.github.fornada.advice.decide.Forecast.Plan;

/**
 * Runs one item at a time, and decides when it is worth it to do otherwise: more at a time, or
 * worker processes. Goes back to one at a time where several gave less.
 */
final class OneAtATime {
  /** An item that has computed for so long is not waited for: the next begins. Guess. */
  private static final double RUNNING_NANOS = 250e6;

  /** A model within this factor of the best is as good. */
  private static final double TIE = 1.05;

  /** Compilers are waited for so long at most before threads are tried. Guess. */
  private static final double COMPILE_PATIENCE = 0.15e9;

  // Where a job is measured: so many items run alone first, of so many, and for so long. Guess.
  private static final int MOST_ALONE = 8;
  private static final int ALONE_PART = 8;
  private static final double ALONE_NANOS = 1e9;

  private final Course course;
  private final Estimates known;
  private final Baseline before;
  private final Ramp ramp;
  private final HalfTrial half;
  private final ProcessTrial processes;

  private boolean wentBack;

  /** Whether what comes after going back to one at a time was worse than before, once. */
  private boolean backWasWorse;

  OneAtATime(Course course, Baseline before, Ramp ramp, HalfTrial half, ProcessTrial processes) {
    this.course = course;
    known = course.known;
    this.before = before;
    this.ramp = ramp;
    this.half = half;
    this.processes = processes;
  }

  void workChanged() {
    wentBack = false;
    backWasWorse = false;
  }

  /** Returns whether several at a time were given up, because they gave less. */
  boolean wentBack() {
    return wentBack;
  }

  Decision next(Observation o) {
    if (o.itemsLeft() == 0) {
      return course.stay();
    }
    if (isSeenAlone()) {
      return course.stay(Course.SHORTEST_LOOK);
    }
    if (known.done() == 0) {
      return beforeTheFirstEnded(o);
    }
    double work = known.work();
    double response = course.response();
    boolean compiling = Estimates.finite(o.compilerCores()) > Estimates.COMPILING;
    if (course.areTiny()
        && (known.elapsed() < Course.MEASURED_NANOS
            || (compiling && known.elapsed() < COMPILE_PATIENCE))) {
      return course.stay(5e6);
    }
    if (wentBack && isWorse()) {
      return returnToThreads();
    }
    if (known.elapsed() < course.nextLook) {
      return course.stay();
    }
    course.nextLook = known.elapsed() * 1.1 + Math.min(Course.USUAL_LOOK, response);
    Forecast forecast = course.forecast();
    if (wentBack) {
      return processes.afterThreads(forecast);
    }
    // Processes only where threads may not be used: whether they hold each other up is not known.
    Plan best = forecast.best(TIE, Course.TIE_NANOS, course.job.threadDoubt() != null);
    ExecutionModel model = best.setting().model();
    if (model == ExecutionModel.SEQUENTIAL) {
      return course.stay();
    }
    if (model == ExecutionModel.PROCESSES) {
      return processes.insteadOfThreads(forecast);
    }
    String why =
        forecast.mostlyWaits()
            ? "an item waits for " + Say.percent(known.waitingShare()) + " of its time"
            : "an item computes for " + Say.time(work) + ", and there are cores for more";
    return ramp.enter(model, why);
  }

  /**
   * Returns whether items go on one at a time only to see what one takes alone. Where others begin
   * as soon as the first waits, they queue for the same thing, and nobody can tell any more.
   */
  private boolean isSeenAlone() {
    long items = course.job.items();
    long wanted = items < 0 ? MOST_ALONE : Math.clamp(items / ALONE_PART, 1, MOST_ALONE);
    return course.job.isForAdvice()
        && known.elapsed() < ALONE_NANOS
        && known.done() + known.failed() < wanted;
  }

  private Decision beforeTheFirstEnded(Observation o) {
    boolean waits = o.offProcessorNanos() >= Course.OFF_NANOS;
    boolean runs = known.elapsed() >= RUNNING_NANOS && o.inFlight() > 0;
    if (!waits && !runs) {
      return course.stay(Course.SHORTEST_LOOK);
    }
    if (course.job.threadDoubt() != null || course.mostInFlight() < 2) {
      return course.stay(Course.MEASURED_NANOS);
    }
    if (!waits && known.cores() < 1.5) {
      return course.stay(Course.MEASURED_NANOS);
    }
    return ramp.enter(
        waits ? ExecutionModel.VIRTUAL_THREADS : ExecutionModel.PLATFORM_THREADS,
        waits ? "the first item waits" : "the first item computes for a while");
  }

  // Back to one at a time, and on from there.

  /** Returns whether several at a time give less than one does. */
  boolean isBetter() {
    Estimates.Level alone = known.level(Setting.SEQUENTIAL);
    Estimates.Level here = course.level();
    Estimates.Level fewer = half.level();
    if (half.isOneBetter() && fewer != null) {
      alone = fewer; // what ran alone at first was slower, before it was compiled
    }
    if (course.setting().model() == ExecutionModel.PROCESSES
        || backWasWorse
        || alone == null
        || here == null
        || alone.items() < 5
        || here.items() < 20) {
      return false;
    }
    if (fewer != null && fewer.rate() < 0.9 * here.rate()) {
      return false; // fewer of the items of now give less, so what ran alone were other items
    }
    double variation = known.variation();
    double error = Math.hypot(alone.relativeError(variation), here.relativeError(variation));
    return here.rate() < 0.95 * alone.rate() * (1 - 2 * error);
  }

  Decision goBack(Forecast forecast) {
    wentBack = true;
    Setting setting = course.setting();
    known.keepLock(forecast.lock(), setting.size());
    course.phase = Phase.START;
    before.remember();
    return course.tryOut(
        Setting.SEQUENTIAL, Say.setting(setting) + " gave less than one at a time", course.look());
  }

  /**
   * Returns whether one at a time gives clearly less than the threads that were left for it: then
   * items have come to take longer, and that is why threads gave less than the first items did.
   */
  private boolean isWorse() {
    Estimates.Level alone = known.level(Setting.SEQUENTIAL);
    if (alone == null || alone.items() < 5) {
      return false;
    }
    double error = Math.hypot(alone.relativeError(known.variation()), before.error());
    return alone.rate() < 0.95 * before.rate() * (1 - 2 * error);
  }

  private Decision returnToThreads() {
    wentBack = false;
    backWasWorse = true;
    course.phase = Phase.HOLD;
    course.lookLater();
    return course.change(before.setting, "one at a time gave less");
  }
}
