package io.github.fornada.advice.decide;

import io.github.fornada.ExecutionModel;
import io.github.fornada.advice.decide.Course.Phase;

/**
 * Lets in more and more at a time, about twice as many for each response time, while that gives
 * more throughput. Then it holds what was worth it.
 */
final class Ramp {
  /**
   * Items off the processor may be doubled up to this number before any has ended. Guess: as TCP.
   */
  private static final int UNANSWERED = 32;

  /** From this size on more are let in by parts, so that a limit is met with few. Guess. */
  private static final int BY_PARTS = 16;

  /** The factor of one such part: two of them make a doubling. */
  private static final double PART = 1.42;

  /** Times that differ by more than this do not show the rate before all of them have ended. */
  private static final double UNEVEN = 0.3;

  /** After so many items for each in flight a gain that is not there is not waited for. Guess. */
  private static final int ENOUGH_ITEMS = 50;

  /** The part of what was added that more in flight must give. */
  static final double HALF = 0.5;

  /** A lock that is waited for during this part of an item's time is always taken. */
  private static final double SATURATED_LOCK = 0.5;

  /** A lock that is waited for during this part of an item's time may be the limit. Guess. */
  private static final double SEEN_LOCK = 0.15;

  /** The part of what a lock allows from which on more in flight give no more. Guess. */
  private static final double LOCK_WALL = 0.8;

  /** So many threads for each core leave the compilers enough of it. Guess. */
  private static final int COLD_THREADS = 4;

  /** After so many items for each in flight, those that come take no longer than these. Guess. */
  private static final int WARM_ITEMS = 20;

  private final Course course;
  private final Estimates known;
  private final Hold hold;

  // The last size that was worth it, what it gave, and the size that is let in.
  private int good = 1;
  private double goodRate = Double.NaN;
  private double goodItems = 1;
  private int target = 1;

  // Since more were let in.
  private double allNanos;
  private double allDone;

  // Since those that were in flight before have ended, where items differ.
  private double countedNanos;
  private double countedDone;

  /** Whether more in flight gave nothing, or were refused. */
  private boolean stopped;

  private boolean stoppedByFailures;

  /** Whether a size that is known to be right is only kept back until its code is compiled. */
  private boolean warmsUp;

  Ramp(Course course, Hold hold) {
    this.course = course;
    known = course.known;
    this.hold = hold;
  }

  void add(Observation o) {
    allNanos += o.nanos();
    allDone += o.done();
  }

  void workChanged() {
    stopped = false;
    if (course.phase == Phase.RAMP) {
      good = course.setting().size();
      goodRate = Double.NaN;
      beginCounting();
    }
  }

  private void beginCounting() {
    course.stageNanos = 0;
    countedNanos = 0;
    countedDone = 0;
  }

  boolean isStopped() {
    boolean isOver = stoppedByFailures && !course.failures.isLimitKnown(); // they fail alone, too
    return stopped && !isOver;
  }

  /** Begins from one at a time. */
  Decision enter(ExecutionModel model, String why) {
    good = 1;
    Estimates.Level alone = known.level(Setting.SEQUENTIAL);
    goodRate = alone != null ? alone.rate() : Double.NaN;
    goodItems = alone != null ? alone.items() : 1;
    return stage(model, Math.min(2, course.mostInFlight()), why);
  }

  /** Returns how many threads may begin with code that is not compiled. */
  int mostWhileCold() {
    return COLD_THREADS * known.wholeCores();
  }

  /**
   * Lets in as many as are known to be right, as soon as that leaves the compilers the processors
   * that they need.
   *
   * <p>64 threads that begin at once with code that is not compiled, each of which waits for 28 ms
   * and computes for 1.5 ms, had no item in four seconds on two cores: each got its share of them,
   * the compilers' threads as little as any other.
   */
  void warmUpTo(int size) {
    warmsUp = true;
    course.phase = Phase.RAMP;
    target = size;
    good = course.setting().size();
  }

  private Decision warmUp(Observation o, int size) {
    boolean theyWait = o.offProcessorNanos() >= Course.OFF_NANOS;
    // What keeps the cores busy is known a tenth of a second later.
    boolean isTold = known.done() >= size || course.stageNanos >= Course.USUAL_LOOK;
    boolean thereIsRoom = isTold && !course.areCoresTaken();
    if (theyWait || thereIsRoom) {
      good = size;
      int most = Math.min(target, course.mostInFlight());
      String why = theyWait ? "all of them wait" : "there is room for more";
      if (2 * size < most) {
        // Those that wait are seen to, so the next look need not wait for what they give.
        double look = theyWait ? Course.SHORTEST_LOOK : look();
        course.stageNanos = 0;
        return course.change(new Setting(course.setting().model(), 2 * size), why, look);
      }
      warmsUp = false;
      return hold.enter(most, why);
    }
    if (known.done() > (long) WARM_ITEMS * size) {
      warmsUp = false;
      return hold.enter(size, "as many as pay");
    }
    return stay();
  }

  /** Takes the setting in use for the last that was worth it. */
  void goOnFromHere() {
    good = course.setting().size();
    Estimates.Level here = course.level();
    goodRate = here == null ? Double.NaN : here.rate();
    goodItems = here == null ? 1 : here.items();
  }

  /** Goes on from a size that was tried, and was worth it. */
  Decision goOnAfter(Baseline before, double rate, String why) {
    stopped = false;
    good = before.setting.size();
    goodRate = before.rate();
    return grow(course.setting().size(), rate, why);
  }

  /** Begins to let in more of what is in use, up to a size. */
  Decision upTo(int size, String why) {
    return stage(course.setting().model(), size, why);
  }

  /** Begins to let in more, up to a size. */
  private Decision stage(ExecutionModel model, int size, String why) {
    course.phase = Phase.RAMP;
    warmsUp = false;
    target = size;
    allNanos = 0;
    allDone = 0;
    beginCounting();
    known.forget(new Setting(model, size));
    return course.change(new Setting(model, step(good, size)), why, look());
  }

  /** Returns the next size on the way to a target: by parts once it is large. */
  private int step(int from, int to) {
    boolean direct = from < BY_PARTS || !mayBeRefused();
    return direct ? to : (int) Math.min(to, Math.ceil(from * PART));
  }

  private boolean mayBeRefused() {
    return known.waitingShare() > 0.2;
  }

  /** Returns what would be let in next: a job that ends early has not shown how many pay. */
  Setting next() {
    Setting here = course.setting();
    int most = Math.min(2 * here.size(), Math.min(course.sizeForeseen(), course.mostInFlight()));
    boolean areMore = here.size() > 1 && !isStopped() && most > here.size();
    return areMore ? new Setting(here.model(), most) : here;
  }

  private double look() {
    double response = course.response();
    boolean under = course.setting().size() < target;
    return Math.clamp(response / (under ? 8 : 4), Course.SHORTEST_LOOK, Course.USUAL_LOOK);
  }

  private Decision stay() {
    return course.stay(look());
  }

  Decision next(Observation o) {
    Setting setting = course.setting();
    int size = setting.size();
    if (course.failures.isTooMany(o, size)) {
      return backOff(size);
    }
    if (warmsUp) {
      return warmUp(o, size);
    }
    if (size < target) {
      beginCounting();
      return course.change(
          new Setting(setting.model(), step(size, target)), "more of them pay", look());
    }
    if (known.done() == 0) {
      boolean off = o.offProcessorNanos() >= Course.OFF_NANOS;
      boolean busy = keepsCoresBusy(size);
      if ((off && size < UNANSWERED) || busy) {
        return grow(size, Double.NaN, off ? "all of them wait" : "each keeps a core busy");
      }
      return course.stay(
          Math.max(Course.SHORTEST_LOOK, Math.min(Course.USUAL_LOOK, known.elapsed() / 4)));
    }
    if (keepsCoresBusy(size)
        && known.waitingShare() < 0.5
        && course.stageNanos >= Course.SHORTEST_LOOK) {
      return grow(size, Double.NaN, "each keeps a core busy");
    }
    if (known.done() >= 3 && course.lockShare() > SATURATED_LOCK && !o.waits().isEmpty()) {
      return stop(size, goodRate, 0);
    }
    if (known.done() >= Math.max(5, 2 * size) && course.lockShare() > SEEN_LOCK && atLockWall()) {
      return stop(size, goodRate, 0);
    }
    double response = course.response();
    if (asMuchAsBefore(response)) {
      return grow(size, Double.NaN, "items end as fast as they would with none beside them");
    }
    return byRate(o, size, response);
  }

  /** Decides by what more in flight give, once enough items have ended to tell. */
  private Decision byRate(Observation o, int size, double response) {
    int enough = Math.clamp(size / 2, 3, 64);
    double variation = known.variation();
    double rate;
    double items;
    Estimates.Level level = course.level();
    // On a busy machine there may always be fewer in flight than are allowed: then count what ends.
    boolean shown = level != null || course.stageNanos < Course.LATE * response;
    // Those that get a permit at once end first; others do not end at all for a while.
    if (variation < UNEVEN && shown && !course.queuesForPermits()) {
      if (level == null || level.items() < enough) {
        return stay();
      }
      rate = level.rateByResponse();
      items = level.items();
    } else {
      // The short ones end first, so their response tells nothing; their number does, once those
      // that began before there were so many have ended.
      double skip = Math.max(0, 1 - variation) * response;
      if (course.stageNanos > skip) {
        countedNanos += o.nanos();
        countedDone += o.done();
      }
      if (countedDone < enough || countedNanos < 0.5 * response) {
        return stay();
      }
      rate = countedDone / countedNanos;
      items = countedDone;
    }
    double basis = goodRate;
    if (Double.isNaN(basis)) {
      basis = good / known.alone();
    }
    double gain = rate / basis - 1;
    double want = HALF * ((double) size / good - 1);
    if (gain < want) { // what the processors still allow takes longer to find out
      want = Math.min(want, HALF * course.forecast().gainForeseen(good, size));
    }
    double error =
        (1 + gain) * Math.sqrt(1 / items + 1 / Math.max(1, goodItems)) * Math.max(variation, 0.1);
    if (gain >= want || (course.stageNanos > 2.5 * response && gain >= HALF * want)) {
      goodItems = items;
      return grow(size, rate, "more in flight gave " + Say.percent(gain) + " more");
    }
    // To stop too early costs more than to let in too many for a moment.
    boolean longEnough =
        variation < UNEVEN || (course.stageNanos > 2 * response && items > 2.0 * size);
    if ((longEnough && gain + Course.SURE * error < want) || items > ENOUGH_ITEMS * size) {
      return stop(size, rate, gain);
    }
    return stay();
  }

  /**
   * Returns whether, one response time after more were let in, as many end as those before should
   * give. What the new ones give is known a response time later; that is not waited for.
   */
  private boolean asMuchAsBefore(double response) {
    double alone = known.alone();
    return allNanos >= response
        && allDone >= Math.max(3, good / 2)
        && response < 1.25 * alone * known.delayByOthers()
        && allDone / allNanos >= 0.75 * good / alone;
  }

  private boolean keepsCoresBusy(int size) {
    double share = known.done() == 0 ? 1 : 1 - known.waitingShare();
    double possible = Math.min(size, known.cores());
    return share > 0.5
        && size <= Math.ceil(known.cores())
        && course.busyCores() >= 0.75 * possible * share;
  }

  /** Returns whether items end nearly as fast as the lock allows: more in flight give no more. */
  private boolean atLockWall() {
    Estimates.Level level = course.level();
    double lock = course.forecast().lock();
    return level != null
        && level.items() >= Math.max(5, course.setting().size())
        && level.rateByResponse() * lock > LOCK_WALL;
  }

  private Decision grow(int size, double rate, String why) {
    good = size;
    goodRate = rate;
    int cap = known.done() == 0 ? firstCap() : course.sizeForeseen();
    if (course.areCoresIdle() && known.waitingShare() > 0.2 && !course.isLocked()) {
      // Most cores are idle, so what is predicted to be enough is not.
      cap = (int) Math.max(cap, Math.min(2L * size, Math.max(1, known.left())));
    }
    if (wouldStarveCompilers()) {
      cap = Math.min(cap, Math.max(size, known.wholeCores()));
    }
    int next = (int) Math.min(Math.min(2L * size, cap), course.mostInFlight());
    if (next <= size) {
      return hold.enter(size, "as many as pay");
    }
    return upTo(next, why);
  }

  /**
   * Returns whether more threads than cores would only keep the compilers from their work: while
   * those are busy, each item ends sooner than the one before it, however many are in flight, so
   * what more of them give cannot be told. Measured with decision trees on two cores: 16 threads
   * from the start take twice as long as two.
   */
  boolean wouldStarveCompilers() {
    return course.setting().model() == ExecutionModel.PLATFORM_THREADS
        && known.compilers.or(0) > Estimates.COMPILING
        && known.waitsAreUntold();
  }

  /** Before anything has ended: as many as there are cores, if they compute. */
  private int firstCap() {
    return course.setting().model() == ExecutionModel.PLATFORM_THREADS
        ? known.wholeCores()
        : UNANSWERED;
  }

  private Decision stop(int size, double rate, double gain) {
    stopped = true;
    stoppedByFailures = false;
    double best = Double.isNaN(goodRate) ? rate : Math.max(rate, goodRate);
    boolean lockBound = course.isLocked();
    if (!lockBound && !course.areCoresBusy() && known.waitingShare() > 0.2) {
      known.capacity = best;
    }
    // What was good is kept: only a size above it has been found to give nothing.
    Decision decision =
        hold.enter(
            Math.clamp(course.sizeForeseen(), Math.min(good, size), size),
            Say.count(size, "item")
                + " in flight gave only "
                + Say.percent(Math.max(0, gain))
                + " more than "
                + good);
    if (lockBound) {
      course.nextLook = 0;
    }
    return decision;
  }

  private Decision backOff(int size) {
    int back = course.failures.backOff(size, good); // the parts on the way have shown nothing yet
    stopped = true;
    stoppedByFailures = true;
    warmsUp = false;
    return hold.enter(back, course.failures.sayRefused(size));
  }
}
