package io.github.fornada.advice.decide;

import io.github.fornada.ExecutionModel;
import io.github.fornada.advice.decide.Course.Phase;
import org.jspecify.annotations.Nullable;

/**
 * Chooses how to run a job, from observations of it. The same observations give the same decisions:
 * there is no clock, no thread and no chance here.
 *
 * <p>It begins with one item at a time ({@link OneAtATime}). As soon as one waits, or has ended, it
 * lets in more: twice as many for each response time, while that gives more throughput ({@link
 * Ramp}). Then it holds ({@link Hold}, {@link Review}), and looks now and then whether a quarter
 * more would help ({@link Probe}), and once whether half of them do as well ({@link HalfTrial}).
 * Worker processes are started only where threads were seen to hold each other up, or may not be
 * used, and where the rest of the job pays for them ({@link ProcessTrial}). See {@code
 * docs/how-it-decides.md}.
 *
 * <p>Not thread-safe.
 */
public final class Decider {
  /**
   * Nothing is learned of the items that begin at once, unless they are more than this part. Guess.
   */
  private static final int COLD_PART = 10;

  private final Course course;
  private final Baseline before;
  private final Hold hold;
  private final Ramp ramp;
  private final Probe probe;
  private final HalfTrial half;
  private final ProcessTrial processes;
  private final OneAtATime one;
  private final Review review;

  /** What an earlier run has found out; null if nothing, or if that is out of date. */
  private @Nullable Learned begunWith;

  /**
   * Creates a decider for one job.
   *
   * @param machine what is known of the machine
   * @param job what is known of the job
   */
  public Decider(Machine machine, Job job) {
    course = new Course(machine, job);
    before = new Baseline(course);
    hold = new Hold(course);
    ramp = new Ramp(course, hold);
    probe = new Probe(course, before, hold, ramp);
    half = new HalfTrial(course, before);
    processes = new ProcessTrial(course, before, half);
    one = new OneAtATime(course, before, ramp, half, processes);
    review = new Review(course, hold, ramp, probe, half, processes, one);
  }

  /**
   * Takes an observation and decides what to do next.
   *
   * @param o what was measured since the last call
   */
  public Decision next(Observation o) {
    String news = course.add(o);
    ramp.add(o);
    if (!news.isEmpty() && course.phase != Phase.STARTING && course.phase != Phase.TRIAL) {
      workChanged(news);
    }
    if (o.itemsLeft() == 0 && course.phase != Phase.START) {
      return course.stay();
    }
    String impossible = course.job.processDoubt();
    if (impossible != null && course.setting().model() == ExecutionModel.PROCESSES) {
      return processes.leave(impossible);
    }
    processes.add(o);
    if (processes.gaveMore()) {
      return processes.again();
    }
    return switch (course.phase) {
      case START -> one.next(o);
      case RAMP -> ramp.next(o);
      case HOLD -> review.next(o);
      case PROBE -> probe.more(o);
      case FEWER -> probe.fewer();
      case COMPARE -> half.next();
      case STARTING -> processes.starting(o);
      case TRIAL -> processes.next(o);
    };
  }

  private void workChanged(String news) {
    ramp.workChanged();
    course.workChanged(news);
    hold.workChanged();
    half.workChanged();
    processes.workChanged();
    one.workChanged();
    begunWith = null;
  }

  /**
   * Begins with the setting that was found in an earlier run, instead of one item at a time, and
   * looks whether it still fits. Called before the first observation.
   *
   * @return the setting to begin with: that one, or fewer threads where that many, in code that is
   *     not compiled yet, would keep the compilers from their work
   */
  public Setting beginWith(Learned earlier) {
    begunWith = earlier;
    Setting first = earlier.setting();
    before.setting = first;
    if (first.size() > 1 || first.model() == ExecutionModel.PROCESSES) {
      hold.begin();
      half.leaveOut();
    }
    int few = ramp.mostWhileCold();
    boolean tooMany = first.model() == ExecutionModel.PLATFORM_THREADS && first.size() > few;
    if (tooMany) {
      first = new Setting(first.model(), few);
    }
    course.beginWith(first);
    if (tooMany) {
      ramp.warmUpTo(earlier.setting().size());
    }
    if (first.size() > 1 && first.model() != ExecutionModel.PROCESSES) {
      long items = course.job.items();
      long most = items < 0 ? Long.MAX_VALUE : Math.max(few, items / COLD_PART);
      course.known.firstAreCold(Math.min(first.size(), most));
    }
    if (first.model() == ExecutionModel.PROCESSES) {
      processes.leaveOut();
    } else {
      course.known.otherSideWas(earlier.waitNanos(), earlier.capacity());
    }
    return first;
  }

  /** Returns what a later run can begin with; null if no item has ended. */
  public @Nullable Learned learned() {
    Finding found = result();
    if (found.cause() == Cause.UNKNOWN) {
      return null;
    }
    Setting setting =
        switch (course.phase) {
          case START, HOLD -> course.setting();
          case RAMP -> ramp.next();
          case PROBE, FEWER, COMPARE -> before.setting;
          case STARTING, TRIAL -> processes.learned();
        };
    Estimates known = course.known;
    // In worker processes nobody sees what items wait for.
    boolean areWaitsSeen = setting.model() != ExecutionModel.PROCESSES;
    return new Learned(
        setting,
        found.cause(),
        found.sentences().getFirst(),
        areWaitsSeen ? known.baseWait() : Double.NaN,
        known.capacity);
  }

  /** Takes what has become known of the job since; the number of its items stays as it was. */
  public void update(Job now) {
    course.job = now;
  }

  /** Returns what was found out so far. */
  public Finding result() {
    return new Explanation(
            course.known,
            course.machine,
            course.job,
            course.setting(),
            course.forecastToTell(),
            course.memoryBound,
            processes.sharedState(),
            one.wentBack(),
            begunWith)
        .finding(course.changes(), processes.workersForNothing());
  }
}
