package io.github.fornada.advice.decide;

import io.github.fornada.ExecutionModel;
import io.github.fornada.advice.decide.Course.Phase;
import org.jspecify.annotations.Nullable;

/**
 * Runs half of the threads for a moment, once, to see whether they slow each other down: whether an
 * item computes faster then, or half of them give as much.
 */
final class HalfTrial {
  /** Of what threads should give, a part so small is nothing. Guess. */
  private static final double LITTLE = 0.25;

  /** Threads that give a smaller part of what their cores could may hold each other up. Guess. */
  private static final double LITTLE_GIVEN = 0.7;

  /** What comparing with half of the threads may cost, as part of the items that are left. */
  private static final double COMPARE_SHARE = 0.03;

  /** The differences that comparing is to show, and those that it must show to be worth it. */
  private static final double FINE = 0.12;

  private static final double GROSS = 0.4;

  /** A rest that takes less time is not worth comparing. Guess. */
  private static final double WORTH_COMPARING = 0.2e9;

  /** Two that share nothing give twice what one gives. */
  private static final double ABOUT_AS_MUCH = 0.75; // Guess

  /** How long it takes to see how many cores one item keeps busy. Guess. */
  private static final double INSIDE_NANOS = 300e6;

  private final Course course;
  private final Estimates known;
  private final Baseline before;

  private boolean done;

  /** The setting with fewer in flight that was compared with; null before. */
  private @Nullable Setting half;

  /** Whether half as many at a time were seen to give as much, and no lock tells why. */
  private boolean heldUp;

  /** Whether one at a time, in the middle of the job, gave more than several before. */
  private boolean oneGaveMore;

  private double itemsNeeded;
  private double longest;

  /** The time that comparing has taken so far. */
  private double spent;

  HalfTrial(Course course, Baseline before) {
    this.course = course;
    known = course.known;
    this.before = before;
  }

  void workChanged() {
    done = false;
    half = null;
    heldUp = false;
    oneGaveMore = false;
  }

  /** Needs no trial: an earlier run has told. */
  void leaveOut() {
    done = true;
  }

  boolean isDone() {
    return done;
  }

  boolean isHeldUp() {
    return heldUp;
  }

  /** Worker processes, which share nothing, give no more: threads do not hold each other up. */
  void refute() {
    heldUp = false;
  }

  boolean isOneBetter() {
    return oneGaveMore;
  }

  /** Returns what half of them gave; null if they were not tried. */
  Estimates.@Nullable Level level() {
    return half == null ? null : known.level(half);
  }

  boolean mayBegin(Forecast forecast) {
    Setting setting = course.setting();
    int busy = Math.min(setting.size(), known.wholeCores());
    Estimates.Level level = course.level();
    return !done
        && busy >= 2
        && !course.areTiny()
        && setting.model() != ExecutionModel.PROCESSES
        && (mayUseProcesses() || giveLittle(level, busy))
        && (known.waitingShare() < 0.5 || known.waitsAreUntold())
        && known.compilers.or(0) < Estimates.COMPILING
        && !(forecast.lock() > 0)
        && level != null
        && level.items() >= Math.min(itemsToTell(FINE), 2.0 * setting.size() + 16)
        && itemsToTell(GROSS) < COMPARE_SHARE * known.toCome()
        && itemsToTell(GROSS) / Math.max(1e-18, level.rate()) < timeLeft()
        && known.toCome() / Math.max(1e-18, level.rate()) > WORTH_COMPARING;
  }

  private boolean mayUseProcesses() {
    return course.job.processDoubt() == null && course.job.mostProcesses() > 1;
  }

  /** Returns whether threads give far less than as many cores do. */
  private boolean giveLittle(Estimates.@Nullable Level level, int busy) {
    return level != null && level.rate() * known.work() < LITTLE_GIVEN * busy;
  }

  /** Returns how many items it takes to tell, from now on, a difference of so large a part. */
  private double itemsToTell(double part) {
    double variation = known.variation();
    double running = Math.min(course.setting().size(), known.cores());
    return Math.max(Math.max(8, 0.5 * running), 2 * variation * variation / (part * part));
  }

  Decision begin() {
    course.phase = Phase.COMPARE;
    done = true;
    itemsNeeded = itemsToTell(FINE);
    longest = timeLeft();
    Setting all = course.setting();
    before.setting = all;
    half = new Setting(all.model(), (int) Math.max(1, Math.min(all.size(), known.cores()) / 2));
    return course.tryOut(half, "to see whether half of them compute faster", look());
  }

  private double look() {
    return Math.min(course.look(), Course.USUAL_LOOK / 2);
  }

  /** Returns the time that comparing may take, of all the time that the job takes. */
  private double timeLeft() {
    double all = known.elapsed() + known.toCome() / course.forecast().currentRate();
    return COMPARE_SHARE * all - spent;
  }

  Decision next() {
    Estimates.Level level = course.level();
    Setting setting = course.setting();
    boolean enough = level != null && level.items() >= itemsNeeded;
    boolean clear =
        level != null && level.items() >= 8 && known.compare(setting, before.setting, true);
    // One that gives about as much as several may be parallel inside: how many cores it keeps busy.
    Estimates.Level all = known.level(before.setting);
    boolean toMeasure =
        setting.size() == 1
            && course.stageNanos < INSIDE_NANOS
            && level != null
            && all != null
            && level.rate() > ABOUT_AS_MUCH * all.rate();
    if ((toMeasure || (!enough && !clear)) && course.stageNanos < longest) {
      return course.stay(look());
    }
    course.phase = Phase.HOLD;
    spent += course.stageNanos;
    if (enough && !clear) {
      known.compare(setting, before.setting, false);
    }
    course.nextLook = 0;
    double slower = known.inflation();
    heldUp = slower <= Forecast.INFLATED && gave(level, 1 - LITTLE);
    oneGaveMore = setting.size() == 1 && gave(level, 1);
    String told =
        slower > Forecast.INFLATED
            ? "an item computes "
                + Say.times(slower)
                + " as long beside others as with half of them"
            : heldUp ? "half of them gave as much" : "with half of them an item computes no faster";
    return course.change(before.setting, told);
  }

  /**
   * Returns whether a part of the threads clearly gave as much as all of them.
   *
   * @param share 1 for as much; less for as much but for a part of what the others should add
   */
  private boolean gave(Estimates.@Nullable Level part, double share) {
    Estimates.Level all = known.level(before.setting);
    if (part == null || all == null || part.items() < 8 || all.items() < 8) {
      return false;
    }
    double variation = known.variation();
    double error = Math.hypot(part.relativeError(variation), all.relativeError(variation));
    double busy = Math.min(before.setting.size(), known.cores());
    double removed = 1 - Math.min(1, course.setting().size() / busy);
    return part.rate() * (1 - error) > all.rate() * (1 - (1 - share) * removed);
  }
}
