package io.github.fornada.advice.decide;

import io.github.fornada.ExecutionModel;
import io.github.fornada.advice.decide.Forecast.Plan;
import org.jspecify.annotations.Nullable;

/**
 * Looks now and then at a setting that is held, and decides whether to leave it: for worker
 * processes, for one at a time, for more or fewer in flight, for the other kind of threads, or for
 * a trial.
 */
final class Review {
  /** Items that wait for a smaller part of their time gain nothing from more threads than cores. */
  private static final double ONLY_COMPUTES = 0.05; // Guess

  private final Course course;
  private final Estimates known;
  private final Hold hold;
  private final Ramp ramp;
  private final Probe probe;
  private final HalfTrial half;
  private final ProcessTrial processes;
  private final OneAtATime one;

  Review(
      Course course,
      Hold hold,
      Ramp ramp,
      Probe probe,
      HalfTrial half,
      ProcessTrial processes,
      OneAtATime one) {
    this.course = course;
    known = course.known;
    this.hold = hold;
    this.ramp = ramp;
    this.probe = probe;
    this.half = half;
    this.processes = processes;
    this.one = one;
  }

  Decision next(Observation o) {
    int size = course.setting().size();
    if (course.failures.isRefusedNow(o, size)) {
      course.failures.limitAt(size);
      return hold.enter((int) (size * 0.8), Say.count(o.refused(), "item") + " were refused");
    }
    if (!hold.isTimeToLook()) {
      return tryMoreOrStay();
    }
    revise();
    Forecast forecast = course.forecast();
    boolean processesHelp = processes.help(forecast);
    boolean oneHelps = one.isBetter();
    if ((processesHelp || oneHelps)
        && !half.isDone()
        && !course.areTiny()
        && !(forecast.lock() > 0)) {
      // Items may have come to take longer since they ran alone: first, fewer of those of now.
      return half.begin();
    }
    if (processesHelp) {
      return processes.startOnSuspicion(forecast);
    }
    if (oneHelps) {
      return one.goBack(forecast);
    }
    Plan plan = forecast.plan(course.setting().model());
    int wanted = Math.min(plan.setting().size(), course.mostInFlight());
    Decision other =
        course.setting().model() == ExecutionModel.PROCESSES
            ? moreProcesses(wanted)
            : otherThreads(forecast, wanted);
    if (other != null) {
      return other;
    }
    return half.mayBegin(forecast) ? half.begin() : tryMoreOrStay();
  }

  private Decision tryMoreOrStay() {
    return probe.mayTryMore() ? probe.tryMore() : course.stay();
  }

  /** Takes back a limit of the other side that does not show any more. */
  private void revise() {
    if (course.isLocked() || known.waitingShare() < 0.1) {
      known.capacity = Double.POSITIVE_INFINITY;
    } else if (Double.isFinite(known.capacity)) {
      Estimates.Level here = course.level();
      if (here != null && here.items() >= 30) {
        boolean isIt = course.isCrowded(1.2) && here.nanos() > Course.LATE * here.response();
        known.capacity = isIt ? here.rate() : Math.max(known.capacity, here.rate());
      }
    }
  }

  private @Nullable Decision moreProcesses(int wanted) {
    return wanted > 1.3 * course.setting().size() && !course.areCoresBusy()
        ? hold.enter(wanted, "more worker processes pay")
        : null;
  }

  /** Returns what other number or kind of threads to use or try; null for none. */
  private @Nullable Decision otherThreads(Forecast forecast, int wanted) {
    int size = course.setting().size();
    if (wanted < size / 3
        && course.level() == null
        && known.waitingShare() < 0.5
        && !(known.compilers.or(0) > Estimates.COMPILING) // or they compute because they are cold
        && wanted >= known.cores()
        && course.areCoresBusy()) {
      return hold.enter(wanted, "they compute, and the others only wait for a core");
    }
    int cores = known.wholeCores();
    if (course.setting().model() == ExecutionModel.PLATFORM_THREADS
        && size > Math.max(cores, wanted)
        && known.waitingShare() < ONLY_COMPUTES
        && !course.isLocked()
        && course.areCoresBusy()) {
      return hold.enter(
          Math.max(cores, wanted), "they compute, and the others only wait for a core");
    }
    if (mayTryFewer(wanted)) {
      return probe.tryFewer(Math.max(2, Math.max(wanted, (int) (0.7 * size))));
    }
    if (course.setting().model() == ExecutionModel.PLATFORM_THREADS
        && forecast.mostlyWaits()
        && forecast.plan(ExecutionModel.VIRTUAL_THREADS).setting().size() > 1.2 * size
        && size >= Forecast.MOST_THREADS) {
      return course.change(
          new Setting(ExecutionModel.VIRTUAL_THREADS, size), "items wait, and more pay");
    }
    boolean hasRoom =
        !course.areCoresBusy()
            && !(size >= known.cores() && ramp.wouldStarveCompilers())
            && !(known.compilers.or(0) > Estimates.COMPILING && course.areCoresTaken());
    if (wanted > 1.2 * size && (!ramp.isStopped() || mayResume()) && hasRoom) {
      if (ramp.isStopped()) {
        hold.resumes();
      }
      ramp.goOnFromHere();
      return ramp.upTo(Math.min(2 * size, wanted), "there is room for more");
    }
    return null;
  }

  private boolean mayTryFewer(int wanted) {
    int size = course.setting().size();
    boolean sparesOthers =
        Double.isFinite(known.capacity)
            && course.isCrowded(1.4)
            && known.left() > 20L * size
            && probe.isCheapWithFewer();
    return wanted < 0.75 * size
        && size > 2
        && known.done() >= 30
        && course.level() != null // or there is nothing to compare fewer with
        && hold.isTimeForFewer()
        && (sparesOthers || (wanted < size / 3 && !course.isLocked()));
  }

  /**
   * Returns whether to go on where more in flight gave nothing, because cores are idle and items
   * compute: so it was chance, or warming up. Less and less often.
   */
  private boolean mayResume() {
    return known.waitingShare() <= 0.2
        && course.areCoresIdle()
        && !course.failures.isLimitKnown()
        && hold.isTimeForMore()
        && !course.isLocked();
  }
}
