package io.github.fornada.advice.decide;

import io.github.fornada.advice.decide.Course.Phase;

/**
 * Tries another number in flight while one is held: a quarter or half more, to see whether that
 * gives more; or fewer, to see whether they give as much, because then the other side has a shorter
 * queue.
 */
final class Probe {
  /**
   * The part of what was taken away that fewer in flight may lose. Guess, tried in the simulator.
   */
  private static final double FEWER_LOST = 0.15;

  /** Fewer are a third fewer at least, so it takes less to tell what they give. */
  private static final double OF_FEWER = 0.5;

  private final Course course;
  private final Estimates known;
  private final Baseline before;
  private final Hold hold;
  private final Ramp ramp;
  private double itemsNeeded;

  /** How much more was let in. */
  private Part part = Part.QUARTER;

  /** How much more is tried. */
  private enum Part {
    QUARTER("a quarter", 0.25),
    HALF("half", 0.5);

    final String words;
    final double more;

    Part(String words, double more) {
      this.words = words;
      this.more = more;
    }
  }

  Probe(Course course, Baseline before, Hold hold, Ramp ramp) {
    this.course = course;
    known = course.known;
    this.before = before;
    this.hold = hold;
    this.ramp = ramp;
  }

  /** Returns how many items it takes to tell whether so much more gives half of that more. */
  private double itemsToTell(Part part) {
    double variation = Math.max(0.2, known.variation());
    double error = 0.24 * part.more;
    return Math.max(2.0 * course.setting().size(), 2 * variation * variation / (error * error));
  }

  /** Returns whether few of the items to come are enough to tell. */
  private boolean isCheap(Part part) {
    return areFew(itemsToTell(part));
  }

  /** Returns whether few of the items to come are enough to tell what fewer in flight give. */
  boolean isCheapWithFewer() {
    return areFew(OF_FEWER * itemsToTell(Part.QUARTER));
  }

  private boolean areFew(double items) {
    return items < 0.1 * (known.left() >= 0 ? known.left() : known.done());
  }

  // A quarter more, now and then. Where times vary so much that this takes too many items to tell,
  // half more: else what was chance, on a busy machine, would never be noticed.

  boolean mayTryMore() {
    return Forecast.onThreads(course.setting())
        && course.setting().size() > 1
        // Where cores are idle, what was predicted to be enough may not be.
        && (ramp.isStopped() || course.areCoresIdle())
        && hold.isTimeForMore()
        && course.setting().size() < course.mostInFlight()
        && known.waitingShare() > 0.2
        && !course.areCoresBusy()
        && !course.isLocked()
        && !course.queuesForPermits()
        && course.level() != null
        && (!course.failures.isLimitKnown() || course.failures.mayFail())
        && (!course.isCrowded(1.2) || isCheap(Part.QUARTER) || isCheap(Part.HALF));
  }

  Decision tryMore() {
    Setting setting = course.setting();
    int size = setting.size();
    if (!course.isCrowded(1.2) && !course.failures.isLimitKnown()) {
      // Items take no longer than alone, so what stopped the ramp was chance.
      ramp.goOnFromHere();
      known.capacity = Double.POSITIVE_INFINITY;
      hold.resumes();
      int next = (int) Math.min(Math.min(2L * size, course.sizeForeseen()), course.mostInFlight());
      if (next > size) {
        return ramp.upTo(next, "items take no longer than alone");
      }
    }
    course.phase = Phase.PROBE;
    part = isCheap(Part.QUARTER) || !isCheap(Part.HALF) ? Part.QUARTER : Part.HALF;
    itemsNeeded = itemsToTell(part);
    before.remember();
    int more = Math.min(course.mostInFlight(), (int) Math.ceil(size * (1 + part.more)));
    return course.tryOut(
        new Setting(setting.model(), course.failures.towards(size, more)),
        "to see whether " + part.words + " more helps",
        course.look());
  }

  Decision more(Observation o) {
    int size = course.setting().size();
    if (course.failures.isTooMany(o, size)) {
      course.failures.refused(size);
      return hold.enter(before.setting.size(), course.failures.sayRefused(size));
    }
    Estimates.Level level = course.level();
    if (level == null || level.items() < itemsNeeded) {
      return stayOrGiveUp();
    }
    double gain = level.rate() / before.rate() - 1;
    double added = (double) size / before.setting.size() - 1;
    course.phase = Phase.HOLD;
    if (gain >= Ramp.HALF * added) {
      known.capacity = Double.POSITIVE_INFINITY;
      known.forgetOtherSide();
      hold.moreHelped();
      String why = part.words + " more gave " + Say.percent(gain) + " more";
      Decision next = ramp.goOnAfter(before, level.rate(), why);
      return next.changed() ? next : course.keep(why);
    }
    hold.moreGaveNothing();
    return course.change(before.setting, part.words + " more gave nothing");
  }

  // Fewer, where the other side is crowded.

  Decision tryFewer(int size) {
    course.phase = Phase.FEWER;
    itemsNeeded = itemsToTell(Part.QUARTER);
    before.remember();
    return course.tryOut(
        new Setting(course.setting().model(), size),
        "to see whether fewer give as much",
        course.look());
  }

  Decision fewer() {
    Estimates.Level level = course.level();
    if (level == null || level.items() < OF_FEWER * itemsNeeded) {
      return stayOrGiveUp();
    }
    course.phase = Phase.HOLD;
    double lost = 1 - level.rate() / before.rate();
    double removed = 1 - (double) course.setting().size() / before.setting.size();
    course.lookLater();
    if (lost > FEWER_LOST * removed) {
      if (lost > Ramp.HALF * removed) {
        known.forgetOtherSide();
      }
      boolean queues = course.queuesForPermits() || course.isCrowded(1.2);
      known.capacity = queues ? before.rate() : Double.POSITIVE_INFINITY;
      hold.fewerGaveLess();
      return course.change(before.setting, "fewer gave less");
    }
    return course.keep("fewer gave as much");
  }

  private Decision stayOrGiveUp() {
    return before.takesTooLong(itemsNeeded) ? hold.giveUpTrial(before) : course.stay();
  }
}
