package io.github.fornada.advice.decide;

import io.github.fornada.ExecutionModel;
import io.github.fornada.advice.decide.Forecast.Plan;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Chooses how to run a job, from observations of it. The same observations give the same decisions:
 * there is no clock, no thread and no chance here.
 *
 * <p>It begins with one item at a time. As soon as one waits, or has ended, it lets in more: twice
 * as many for each response time, while that gives more throughput. Then it holds, and looks now
 * and then whether a quarter more would help. Worker processes are started only where threads were
 * seen to hold each other up, or may not be used, and where the rest of the job pays for them. See
 * {@code docs/how-it-decides.md}.
 *
 * <p>Not thread-safe.
 */
public final class Decider {
  /** An item off the processor for so long waits: the next may begin. */
  private static final double OFF_NANOS = 2e6;

  /** An item that has computed for so long is not waited for: the next begins. Guess. */
  private static final double RUNNING_NANOS = 250e6;

  /** What takes less time is not measured yet. Guess. */
  private static final double MEASURED_NANOS = 20e6;

  /** The shortest stretch: a shorter one would measure the measuring. Guess. */
  private static final double SHORTEST_LOOK = 2e6;

  /** The usual stretch once nothing changes. */
  private static final double USUAL_LOOK = 100e6;

  /** The part of the time so far that one more stretch may take: looking costs, change is rare. */
  private static final double LOOK_SHARE = 0.02;

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

  /** After so many response times a stage is judged by what has ended, whatever it shows. Guess. */
  private static final double LATE = 4;

  /** A trial that takes so many times as long as was foreseen is given up. Guess. */
  private static final double PATIENCE = 4;

  /** After so many items for each in flight a gain that is not there is not waited for. Guess. */
  private static final int ENOUGH_ITEMS = 50;

  /** The part of what was added that more in flight must give. */
  private static final double HALF = 0.5;

  /**
   * The part of what was taken away that fewer in flight may lose. Guess, tried in the simulator.
   */
  private static final double FEWER_LOST = 0.15;

  /** Threads that give a smaller part of what their cores could may hold each other up. Guess. */
  private static final double LITTLE_GIVEN = 0.7;

  /** Of what threads should give, a part so small is nothing. Guess. */
  private static final double LITTLE = 0.25;

  /**
   * Standard errors by which a gain must be missed before the ramp stops. Guess, tried in the
   * simulator.
   */
  private static final double SURE = 2;

  /** A model within this factor of the best is as good. */
  private static final double TIE = 1.05;

  /** Time saved that is worth no change, in nanoseconds. Guess: nobody notices. */
  private static final double TIE_NANOS = 20e6;

  /** Items shorter than this in terms of a hand-over are looked at when compiled. Guess. */
  private static final double SMALL = 50;

  /** Compilers are waited for so long at most before threads are tried. Guess. */
  private static final double COMPILE_PATIENCE = 0.15e9;

  /** Compilers are waited for so long at most before processes are started. Guess. */
  private static final double COMPILE_PATIENCE_PROCESSES = 3e9;

  /** A lock that is waited for during this part of an item's time is always taken. */
  private static final double SATURATED_LOCK = 0.5;

  /** Permits that are waited for during this part of an item's time are all in use. Guess. */
  private static final double PERMITS_SHORT = 0.1;

  /** A lock that is waited for during this part of an item's time may be the limit. Guess. */
  private static final double SEEN_LOCK = 0.15;

  /** The part of what a lock allows from which on more in flight give no more. Guess. */
  private static final double LOCK_WALL = 0.8;

  /** Below this part of the cores busy there is room for more in flight. Guess. */
  private static final double IDLE = 0.6;

  /** Worker processes have at least so long to get warm. Guess. */
  private static final double TRIAL_NANOS = 1e9;

  /** What comparing with half of the threads may cost, as part of the items that are left. */
  private static final double COMPARE_SHARE = 0.03;

  /** The differences that comparing is to show, and those that it must show to be worth it. */
  private static final double FINE = 0.12;

  private static final double GROSS = 0.4;

  /** So many items that worker processes would have done make one doubt that threads are better. */
  private static final double ITEMS_TO_DOUBT = 50; // Guess

  /** Below this part of what worker processes gave, threads give less. */
  private static final double CLEARLY_LESS = 0.8; // Guess

  /** A rest that takes less time is not worth comparing. Guess. */
  private static final double WORTH_COMPARING = 0.2e9;

  /** Failures that may come from looking for a limit, and the part of the items. */
  private static final long FEW_FAILURES = 3;

  private static final double FAILURE_SHARE = 0.005;

  /** A larger part of the items is most of them. */
  private static final double MOST = 0.5;

  /** An advice is for another such job once only this part of the items is left. Guess. */
  private static final double NEARLY_OVER = 0.03;

  private enum Phase {
    START,
    RAMP,
    HOLD,
    PROBE,
    FEWER,
    COMPARE,
    STARTING,
    TRIAL
  }

  private final Machine machine;
  private Job job;
  private final Estimates known;
  private final List<String> changes = new ArrayList<>();

  private Phase phase = Phase.START;
  private Setting setting = Setting.SEQUENTIAL;
  private Setting before = Setting.SEQUENTIAL;

  // The ramp: the last size that was worth it, what it gave, and the size that is tried.
  private int good = 1;
  private double goodRate = Double.NaN;
  private double goodItems = 1;
  private int target = 1;
  private double stageNanos;
  private double countedNanos;

  /** The items that have ended, and failed, since fewer were in flight, or one at a time. */
  private long endedHere;

  private long failedHere;

  // Since more were let in.
  private double allNanos;
  private double allDone;
  private double countedDone;
  private boolean stopped;

  /** The least number in flight with which items were refused. */
  private int refusedAt = Integer.MAX_VALUE;

  /** Whether items failed that do not fail alone: they will, whatever else changes. */
  private boolean failsBesideOthers;

  /** The size before the one in use. */
  private int sizeBefore = 1;

  private double nextLook;
  private double holdBegan;
  private boolean firstOfHold;
  private double nextProbe;
  private double probePause;
  private double nextFewer;
  private double fewerPause = 1;
  private double resumePause = 3;

  /** What an earlier run has found out; null if nothing, or if that is out of date. */
  private @Nullable Learned begunWith;

  private boolean compared;

  /** The setting with fewer in flight that was compared with; null before. */
  private @Nullable Setting comparedWith;

  /** Whether half as many at a time were seen to give as much, and no lock tells why. */
  private boolean heldUp;

  /** Whether one at a time, in the middle of the job, gave more than several before. */
  private boolean oneGaveMore;

  /** Whether what comes after going back to one at a time was worse than before, once. */
  private boolean backWasWorse;

  private double itemsNeeded;
  private double longestCompare;

  /** The time that comparing has taken so far. */
  private double comparing;

  private boolean processesTried;
  private boolean memoryBound;
  private boolean sharedState;
  private boolean forControl;
  private double rateBefore = Double.NaN;

  /** The response time before a trial, which says how long it may take. */
  private double responseBefore;

  /** What worker processes were expected to give when they were started. */
  private double rateForeseen = Double.NaN;

  private double errorBefore;
  private int workersForNothing;

  /** What worker processes gave that were given up; 0 if none were since the work changed. */
  private double processesGave;

  // Since then.
  private double nanosSinceProcesses;
  private double doneSinceProcesses;

  /** Whether worker processes were given up before, for the same work. */
  private boolean secondTrial;

  private boolean wentBack;
  private double lastBusy;

  /**
   * Creates a decider for one job.
   *
   * @param machine what is known of the machine
   * @param job what is known of the job
   */
  public Decider(Machine machine, Job job) {
    this.machine = machine;
    this.job = job;
    known = new Estimates(machine, job.items());
  }

  /**
   * Takes an observation and decides what to do next.
   *
   * @param o what was measured since the last call
   */
  public Decision next(Observation o) {
    String news = known.add(o);
    stageNanos += o.nanos();
    allNanos += o.nanos();
    allDone += o.done();
    failedHere += o.failed();
    endedHere += o.done() + o.failed();
    lastBusy = Estimates.finite(o.busyCores()) - Estimates.finite(o.compilerCores());
    if (!news.isEmpty() && phase != Phase.STARTING && phase != Phase.TRIAL) {
      workChanged(news);
    }
    if (o.itemsLeft() == 0 && phase != Phase.START) {
      return stay(look());
    }
    String impossible = job.processDoubt();
    if (impossible != null && setting.model() == ExecutionModel.PROCESSES) {
      return leaveProcesses(impossible);
    }
    nanosSinceProcesses += o.nanos();
    doneSinceProcesses += o.done();
    if (givesLessThanProcesses()) {
      return backToProcesses();
    }
    return switch (phase) {
      case START -> start(o);
      case RAMP -> ramp(o);
      case HOLD -> hold(o);
      case PROBE -> probe(o);
      case FEWER -> fewer();
      case COMPARE -> compare();
      case STARTING -> starting(o);
      case TRIAL -> trial(o);
    };
  }

  /**
   * Begins with the setting that was found in an earlier run, instead of one item at a time, and
   * looks whether it still fits. Called before the first observation.
   */
  public void beginWith(Learned earlier) {
    begunWith = earlier;
    setting = earlier.setting();
    before = setting;
    good = setting.size();
    target = setting.size();
    sizeBefore = setting.size();
    if (setting.size() > 1 || setting.model() == ExecutionModel.PROCESSES) {
      phase = Phase.HOLD;
      processesTried = setting.model() == ExecutionModel.PROCESSES;
      compared = true;
    }
  }

  /** Returns what a later run can begin with; null if no item has ended. */
  public @Nullable Learned learned() {
    Finding found = result();
    if (found.cause() == Cause.UNKNOWN) {
      return null;
    }
    boolean onTrial =
        switch (phase) {
          case PROBE, FEWER, COMPARE, STARTING, TRIAL -> true;
          case START, RAMP, HOLD -> false;
        };
    return new Learned(onTrial ? before : setting, found.cause(), found.sentences().getFirst());
  }

  /** Takes what has become known of the job since; the number of its items stays as it was. */
  public void update(Job now) {
    job = now;
  }

  /** Returns what was found out so far. */
  public Finding result() {
    return new Explanation(
            known,
            machine,
            job,
            setting,
            forecast(isNearlyOver() ? Forecast.Horizon.AGAIN : Forecast.Horizon.REST),
            memoryBound,
            sharedState,
            wentBack,
            begunWith)
        .finding(changes, workersForNothing);
  }

  private void workChanged(String news) {
    changes.add("The work has changed: " + news + ".");
    nextLook = 0;
    stopped = false;
    processesTried = false;
    wentBack = false;
    known.keepLock(0, 1);
    if (!failsBesideOthers) {
      refusedAt = Integer.MAX_VALUE;
    }
    resumePause = 3;
    nextProbe = known.elapsed() + 3 * response();
    probePause = 3 * response();
    compared = false;
    comparedWith = null;
    heldUp = false;
    oneGaveMore = false;
    backWasWorse = false;
    processesGave = 0;
    secondTrial = false;
    begunWith = null;
    if (phase == Phase.PROBE || phase == Phase.COMPARE || phase == Phase.FEWER) {
      phase = Phase.HOLD;
    }
    if (phase == Phase.RAMP) {
      good = setting.size();
      goodRate = Double.NaN;
      stageNanos = 0;
      countedNanos = 0;
      countedDone = 0;
    }
  }

  // One at a time.

  private Decision start(Observation o) {
    if (o.itemsLeft() == 0) {
      return stay(look());
    }
    if (known.done() == 0) {
      return beforeTheFirstEnded(o);
    }
    double work = known.work();
    double response = response();
    boolean compiling = Estimates.finite(o.compilerCores()) > Estimates.COMPILING;
    if (areTiny()
        && (known.elapsed() < MEASURED_NANOS
            || (compiling && known.elapsed() < COMPILE_PATIENCE))) {
      return stay(5e6);
    }
    if (wentBack && oneAtATimeIsWorse()) {
      return returnToThreads();
    }
    if (known.elapsed() < nextLook) {
      return stay(look());
    }
    nextLook = known.elapsed() * 1.1 + Math.min(USUAL_LOOK, response);
    Forecast forecast = forecast();
    if (wentBack) {
      return afterThreads(forecast);
    }
    // Processes only where threads may not be used: whether they hold each other up is not known.
    Plan best = forecast.best(TIE, TIE_NANOS, job.threadDoubt() != null);
    if (best.setting().model() == ExecutionModel.SEQUENTIAL) {
      return stay(look());
    }
    if (best.setting().model() == ExecutionModel.PROCESSES) {
      return processesPay(forecast, 1) ? startProcesses(forecast, doubtReason()) : stay(look());
    }
    String why =
        forecast.mostlyWaits()
            ? "an item waits for " + Say.percent(known.waitingShare()) + " of its time"
            : "an item computes for " + Say.time(work) + ", and there are cores for more";
    return enterRamp(best.setting().model(), why);
  }

  /**
   * Returns whether one at a time gives clearly less than the threads that were left for it: then
   * items have come to take longer, and that is why threads gave less than the first items did.
   */
  private boolean oneAtATimeIsWorse() {
    Estimates.Level alone = known.level(Setting.SEQUENTIAL);
    if (alone == null || alone.items() < 5) {
      return false;
    }
    double error = Math.hypot(alone.relativeError(known.variation()), errorBefore);
    return alone.rate() < 0.95 * rateBefore * (1 - 2 * error);
  }

  private Decision returnToThreads() {
    wentBack = false;
    backWasWorse = true;
    phase = Phase.HOLD;
    nextLook = known.elapsed() * 1.15 + 50e6;
    return change(before, "one at a time gave less", look());
  }

  /**
   * Threads gave less than one at a time, so they hold each other up: by something in this JVM,
   * which worker processes do not share, or by the machine's memory. Processes tell which.
   */
  private Decision afterThreads(Forecast forecast) {
    if (processesTried || job.processDoubt() != null || known.cores() < 1.5) {
      return stay(look());
    }
    if (!processesPay(forecast, chanceAfterThreads(forecast))) {
      return stay(look());
    }
    forControl = !(forecast.lock() > 0);
    return startProcesses(
        forecast, "threads gave less than one at a time, and worker processes share nothing");
  }

  private double chanceAfterThreads(Forecast forecast) {
    return forecast.lock() > 0 ? 0.95 : 0.8;
  }

  private Decision beforeTheFirstEnded(Observation o) {
    boolean waits = o.offProcessorNanos() >= OFF_NANOS;
    boolean runs = known.elapsed() >= RUNNING_NANOS && o.inFlight() > 0;
    if (!waits && !runs) {
      return stay(SHORTEST_LOOK);
    }
    if (job.threadDoubt() != null || mostInFlight() < 2) {
      return stay(MEASURED_NANOS);
    }
    if (!waits && known.cores() < 1.5) {
      return stay(MEASURED_NANOS);
    }
    return enterRamp(
        waits ? ExecutionModel.VIRTUAL_THREADS : ExecutionModel.PLATFORM_THREADS,
        waits ? "the first item waits" : "the first item computes for a while");
  }

  private String doubtReason() {
    return "threads are not safe here: " + job.threadDoubt();
  }

  // More and more at a time.

  private Decision enterRamp(ExecutionModel model, String why) {
    good = 1;
    Estimates.Level alone = known.level(Setting.SEQUENTIAL);
    goodRate = alone != null ? alone.rate() : Double.NaN;
    goodItems = alone != null ? alone.items() : 1;
    return stage(model, Math.min(2, mostInFlight()), why);
  }

  /** Begins to let in more, up to a size. */
  private Decision stage(ExecutionModel model, int size, String why) {
    phase = Phase.RAMP;
    target = size;
    allNanos = 0;
    allDone = 0;
    stageNanos = 0;
    countedNanos = 0;
    countedDone = 0;
    known.forget(new Setting(model, size));
    return change(new Setting(model, step(good, size)), why, rampLook());
  }

  /** Returns the next size on the way to a target: by parts once it is large. */
  private int step(int from, int to) {
    boolean direct = from < BY_PARTS || !mayBeRefused();
    return direct ? to : (int) Math.min(to, Math.ceil(from * PART));
  }

  private boolean mayBeRefused() {
    return known.waitingShare() > 0.2;
  }

  private double rampLook() {
    double response = response();
    boolean under = setting.size() < target;
    return Math.clamp(response / (under ? 8 : 4), SHORTEST_LOOK, USUAL_LOOK);
  }

  private Decision ramp(Observation o) {
    int limit = limitMet(o);
    if (limit > 0) {
      return backOff(limit);
    }
    int size = setting.size();
    if (size < target) {
      stageNanos = 0;
      countedNanos = 0;
      countedDone = 0;
      return change(
          new Setting(setting.model(), step(size, target)), "more of them pay", rampLook());
    }
    if (known.done() == 0) {
      boolean off = o.offProcessorNanos() >= OFF_NANOS;
      boolean busy = keepsCoresBusy(size);
      if ((off && size < UNANSWERED) || busy) {
        return grow(size, Double.NaN, off ? "all of them wait" : "each keeps a core busy");
      }
      return stay(Math.max(SHORTEST_LOOK, Math.min(USUAL_LOOK, known.elapsed() / 4)));
    }
    if (keepsCoresBusy(size) && known.waitingShare() < 0.5 && stageNanos >= SHORTEST_LOOK) {
      return grow(size, Double.NaN, "each keeps a core busy");
    }
    if (known.done() >= 3 && lockShare() > SATURATED_LOCK && !o.waits().isEmpty()) {
      return stop(size, goodRate, 0);
    }
    if (known.done() >= Math.max(5, 2 * size) && lockShare() > SEEN_LOCK && atLockWall()) {
      return stop(size, goodRate, 0);
    }
    int enough = Math.clamp(size / 2, 3, 64);
    double response = response();
    if (asMuchAsBefore(response)) {
      return grow(size, Double.NaN, "items end as fast as they would with none beside them");
    }
    double variation = known.variation();
    double rate;
    double items;
    Estimates.Level level = known.level(setting);
    // On a busy machine there may always be fewer in flight than are allowed: then count what ends.
    boolean shown = level != null || stageNanos < LATE * response;
    // Those that get a permit at once end first; others do not end at all for a while.
    if (variation < UNEVEN && shown && !queuesForPermits()) {
      if (level == null || level.items() < enough) {
        return stay(rampLook());
      }
      rate = level.rateByResponse();
      items = level.items();
    } else {
      // The short ones end first, so their response tells nothing; their number does, once those
      // that began before there were so many have ended.
      double skip = Math.max(0, 1 - variation) * response;
      if (stageNanos > skip) {
        countedNanos += o.nanos();
        countedDone += o.done();
      }
      if (countedDone < enough || countedNanos < 0.5 * response) {
        return stay(rampLook());
      }
      rate = countedDone / countedNanos;
      items = countedDone;
    }
    double basis = goodRate;
    if (Double.isNaN(basis)) {
      basis = good / (known.work() + known.baseWait());
    }
    double gain = rate / basis - 1;
    double want = HALF * ((double) size / good - 1);
    if (gain < want) { // what the processors still allow takes longer to find out
      want = Math.min(want, HALF * forecast().gainForeseen(good, size));
    }
    double error =
        (1 + gain) * Math.sqrt(1 / items + 1 / Math.max(1, goodItems)) * Math.max(variation, 0.1);
    if (gain >= want || (stageNanos > 2.5 * response && gain >= HALF * want)) {
      goodItems = items;
      return grow(size, rate, "more in flight gave " + Say.percent(gain) + " more");
    }
    // To stop too early costs more than to let in too many for a moment.
    boolean longEnough = variation < UNEVEN || (stageNanos > 2 * response && items > 2.0 * size);
    if ((longEnough && gain + SURE * error < want) || items > ENOUGH_ITEMS * size) {
      return stop(size, rate, gain);
    }
    return stay(rampLook());
  }

  /**
   * Returns whether, one response time after more were let in, as many end as those before should
   * give. What the new ones give is known a response time later; that is not waited for.
   */
  private boolean asMuchAsBefore(double response) {
    double alone = known.work() + known.baseWait();
    return allNanos >= response
        && allDone >= Math.max(3, good / 2)
        && response < 1.25 * alone
        && allDone / allNanos >= 0.75 * good / alone;
  }

  private boolean keepsCoresBusy(int size) {
    double share = known.done() == 0 ? 1 : 1 - known.waitingShare();
    double possible = Math.min(size, known.cores());
    return share > 0.5 && size <= Math.ceil(known.cores()) && lastBusy >= 0.75 * possible * share;
  }

  private Decision grow(int size, double rate, String why) {
    good = size;
    goodRate = rate;
    int cap = known.done() == 0 ? firstCap() : forecast().plan(setting.model()).setting().size();
    if (lastBusy < IDLE * known.cores() && known.waitingShare() > 0.2 && !locked()) {
      // Most cores are idle, so what is predicted to be enough is not.
      cap = (int) Math.max(cap, Math.min(2L * size, Math.max(1, known.left())));
    }
    int next = (int) Math.min(Math.min(2L * size, cap), mostInFlight());
    if (next <= size) {
      return enterHold(size, "as many as pay");
    }
    return stage(setting.model(), next, why);
  }

  /** Before anything has ended: as many as there are cores, if they compute. */
  private int firstCap() {
    return setting.model() == ExecutionModel.PLATFORM_THREADS
        ? (int) Math.ceil(known.cores() - 1e-9)
        : UNANSWERED;
  }

  private Decision stop(int size, double rate, double gain) {
    stopped = true;
    double best = Double.isNaN(goodRate) ? rate : Math.max(rate, goodRate);
    boolean lockBound = locked();
    boolean coresBound = lastBusy >= 0.85 * known.cores();
    if (!lockBound && !coresBound && known.waitingShare() > 0.2) {
      known.capacity = best;
    }
    int wanted = forecast().plan(setting.model()).setting().size();
    // What was good is kept: only a size above it has been found to give nothing.
    Decision decision =
        enterHold(
            Math.clamp(wanted, Math.min(good, size), size),
            Say.count(size, "item")
                + " in flight gave only "
                + Say.percent(Math.max(0, gain))
                + " more than "
                + good);
    if (lockBound) {
      nextLook = 0;
    }
    return decision;
  }

  /** Returns whether items end nearly as fast as the lock allows: more in flight give no more. */
  private boolean atLockWall() {
    Estimates.Level level = known.level(setting);
    double lock = forecast().lock();
    return level != null
        && level.items() >= Math.max(5, setting.size())
        && level.rateByResponse() * lock > LOCK_WALL;
  }

  private boolean locked() {
    return lockShare() > 0.3;
  }

  private double lockShare() {
    return (known.lockWait.or(0) + known.nativeLockWait.or(0)) / response();
  }

  /** Returns whether items wait for permits of a pool: more in flight would wait, too. */
  private boolean queuesForPermits() {
    return known.permitWait.or(0) > PERMITS_SHORT * response();
  }

  /** Returns the size that was refused, or 0. */
  private int limitMet(Observation o) {
    if (o.failed() == 0) {
      return 0;
    }
    double usual = known.failed() - o.failed();
    double ended = known.done() + known.failed() - o.failed() - o.done();
    double expected = ended > 0 ? usual / ended * (o.done() + o.failed()) : 0;
    boolean overload = o.refused() > 0 || o.failed() > FEW_FAILURES + 3 * expected;
    return overload || mostFailHere() ? setting.size() : 0;
  }

  /** Returns whether most items fail since more are in flight, and did not before. */
  private boolean mostFailHere() {
    double before = known.done() + known.failed() - endedHere;
    double usual = before > 0 ? (known.failed() - failedHere) / before : 0;
    return setting.size() > 1
        && failedHere >= FEW_FAILURES
        && failedHere >= MOST * endedHere
        && usual < MOST / 2;
  }

  private Decision backOff(int size) {
    boolean alone = mostFailHere(); // whatever is in between was passed in the same moment
    int back = alone ? 1 : Math.max(1, Math.min(Math.max(good, sizeBefore), size - 1));
    refusedAt = Math.min(refusedAt, alone ? 2 : size);
    failsBesideOthers |= alone;
    stopped = true;
    return enterHold(back, refusal(size));
  }

  /** Says that items failed; that they were refused only if some looked like that. */
  private String refusal(int size) {
    return known.refused() > 0
        ? "the other side refused items with " + size + " in flight"
        : "items failed with " + size + " in flight, and hardly any alone";
  }

  // As it is, for a while.

  private Decision enterHold(int size, String why) {
    phase = Phase.HOLD;
    stageNanos = 0;
    countedNanos = 0;
    countedDone = 0;
    holdBegan = known.elapsed();
    firstOfHold = true;
    nextLook = firstLookOfHold();
    probePause = Math.max(10 * response(), USUAL_LOOK);
    nextProbe = known.elapsed() + (crowded(1.2) ? probePause : resumePause * response());
    Setting next = new Setting(setting.model(), Math.max(1, size));
    return next.equals(setting) ? stay(look()) : change(next, why, look());
  }

  private double firstLookOfHold() {
    return holdBegan + Math.max(2 * response(), 30e6);
  }

  private Decision hold(Observation o) {
    if (o.refused() > 0 && setting.size() > 1) {
      double allowed = Math.max(FEW_FAILURES, FAILURE_SHARE * (known.done() + known.failed()));
      if (o.refused() > FAILURE_SHARE * (o.done() + o.failed())
          && o.settled()
          && known.refused() > allowed) {
        refusedAt = setting.size();
        return enterHold(
            (int) (setting.size() * 0.8), Say.count(o.refused(), "item") + " were refused");
      }
    }
    if (firstOfHold) {
      // The first items may have taken far longer than those that come now.
      nextLook = Math.min(nextLook, firstLookOfHold());
    }
    if (known.elapsed() < nextLook || known.done() == 0) {
      return mayProbe() ? beginProbe() : stay(look());
    }
    firstOfHold = false;
    nextLook = known.elapsed() * 1.15 + 50e6;
    if (locked() || known.waitingShare() < 0.1) {
      known.capacity = Double.POSITIVE_INFINITY;
    } else if (Double.isFinite(known.capacity)) {
      Estimates.Level here = known.level(setting);
      if (here != null && here.items() >= 30) {
        boolean isIt = crowded(1.2) && here.nanos() > LATE * here.response();
        known.capacity = isIt ? here.rate() : Math.max(known.capacity, here.rate());
      }
    }
    Forecast forecast = forecast();
    boolean processesHelp =
        suspect(forecast) && processesPay(forecast, chanceOfProcesses(forecast));
    boolean oneHelps = worseThanAlone();
    if ((processesHelp || oneHelps) && !compared && !areTiny() && !(forecast.lock() > 0)) {
      // Items may have come to take longer since they ran alone: first, fewer of those of now.
      return beginCompare();
    }
    if (processesHelp) {
      return startProcesses(forecast, suspicion(forecast));
    }
    if (oneHelps) {
      return backToOne(forecast);
    }
    int size = setting.size();
    Plan plan = forecast.plan(setting.model());
    int wanted = Math.min(plan.setting().size(), mostInFlight());
    if (setting.model() == ExecutionModel.PROCESSES) {
      if (wanted > 1.3 * size && lastBusy < 0.85 * known.cores()) {
        return enterHold(wanted, "more worker processes pay");
      }
    } else {
      boolean sparesOthers =
          Double.isFinite(known.capacity) && crowded(1.4) && known.left() > 20L * size;
      if (wanted < size / 3
          && known.level(setting) == null
          && known.waitingShare() < 0.5
          && wanted >= known.cores()
          && lastBusy >= 0.85 * known.cores()) {
        return enterHold(wanted, "they compute, and the others only wait for a core");
      }
      if (wanted < 0.75 * size
          && size > 2
          && known.done() >= 30
          && known.level(setting) != null // or there is nothing to compare fewer with
          && known.elapsed() > nextFewer
          && (sparesOthers || (wanted < size / 3 && !locked()))) {
        return beginFewer(Math.max(2, Math.max(wanted, (int) (0.7 * size))));
      }
      if (setting.model() == ExecutionModel.PLATFORM_THREADS
          && forecast.mostlyWaits()
          && forecast.plan(ExecutionModel.VIRTUAL_THREADS).setting().size() > 1.2 * size
          && size >= Forecast.MOST_THREADS) {
        return change(
            new Setting(ExecutionModel.VIRTUAL_THREADS, size), "items wait, and more pay", look());
      }
      if (wanted > 1.2 * size && (!stopped || mayResume()) && lastBusy < 0.85 * known.cores()) {
        if (stopped) {
          resumePause *= 3;
        }
        goOnFromHere();
        return stage(setting.model(), Math.min(2 * size, wanted), "there is room for more");
      }
    }
    if (mayCompare(forecast)) {
      return beginCompare();
    }
    return mayProbe() ? beginProbe() : stay(look());
  }

  /**
   * Returns whether to go on where more in flight gave nothing, because cores are idle and items
   * compute: so it was chance, or warming up. Less and less often.
   */
  private boolean mayResume() {
    return known.waitingShare() <= 0.2
        && lastBusy < IDLE * known.cores()
        && refusedAt == Integer.MAX_VALUE
        && known.elapsed() >= nextProbe
        && !locked();
  }

  /** Returns whether items take so many times as long as they do alone. */
  private boolean crowded(double times) {
    Estimates.Level level = known.level(setting);
    return level != null
        && level.items() >= 10
        && level.response() > times * (known.work() + known.baseWait());
  }

  private Decision backToOne(Forecast forecast) {
    wentBack = true;
    known.keepLock(forecast.lock(), setting.size());
    phase = Phase.START;
    rememberThis();
    return tryOut(
        Setting.SEQUENTIAL, Say.setting(setting) + " gave less than one at a time", look());
  }

  private boolean worseThanAlone() {
    Estimates.Level alone = known.level(Setting.SEQUENTIAL);
    Estimates.Level here = known.level(setting);
    Estimates.Level fewer = comparedWith == null ? null : known.level(comparedWith);
    if (oneGaveMore && fewer != null) {
      alone = fewer; // what ran alone at first was slower, before it was compiled
    }
    if (setting.model() == ExecutionModel.PROCESSES
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

  // A quarter more, now and then.

  private boolean mayProbe() {
    return setting.model() != ExecutionModel.PROCESSES
        && setting.size() > 1
        // Where cores are idle, what was predicted to be enough may not be.
        && (stopped || lastBusy < IDLE * known.cores())
        && known.elapsed() >= nextProbe
        && setting.size() < mostInFlight()
        && known.waitingShare() > 0.2
        && lastBusy < 0.85 * known.cores()
        && !locked()
        && !queuesForPermits()
        && known.level(setting) != null
        && (refusedAt == Integer.MAX_VALUE || mayFail())
        && (!crowded(1.2)
            || itemsToTell() < 0.1 * (known.left() >= 0 ? known.left() : known.done()));
  }

  /** Returns whether looking for the limit may cost some more failed items. */
  private boolean mayFail() {
    double items = known.left() >= 0 ? known.left() + known.done() : known.done();
    return known.refused() < 0.75 * Math.max(FEW_FAILURES, FAILURE_SHARE * items);
  }

  /** Returns how many items it takes to tell whether a quarter more gives an eighth more. */
  private double itemsToTell() {
    double variation = Math.max(0.2, known.variation());
    return Math.max(2.0 * setting.size(), 2 * variation * variation / (0.06 * 0.06));
  }

  private Decision beginProbe() {
    if (!crowded(1.2) && refusedAt == Integer.MAX_VALUE) {
      // Items take no longer than alone, so what stopped the ramp was chance.
      goOnFromHere();
      known.capacity = Double.POSITIVE_INFINITY;
      resumePause *= 3;
      int cap = forecast().plan(setting.model()).setting().size();
      int next = (int) Math.min(Math.min(2L * good, cap), mostInFlight());
      if (next > good) {
        return stage(setting.model(), next, "items take no longer than alone");
      }
    }
    phase = Phase.PROBE;
    itemsNeeded = itemsToTell();
    rememberThis();
    stageNanos = 0;
    countedNanos = 0;
    countedDone = 0;
    int more = Math.min(mostInFlight(), (int) Math.ceil(setting.size() * 1.25));
    if (refusedAt < Integer.MAX_VALUE) {
      more = Math.min(more, setting.size() + Math.max(1, (refusedAt - setting.size()) / 2));
    }
    return tryOut(
        new Setting(setting.model(), more), "to see whether a quarter more helps", look());
  }

  /** Tries whether fewer give as much: then the other side has a shorter queue. */
  private Decision beginFewer(int size) {
    phase = Phase.FEWER;
    itemsNeeded = itemsToTell();
    rememberThis();
    stageNanos = 0;
    return tryOut(new Setting(setting.model(), size), "to see whether fewer give as much", look());
  }

  private Decision fewer() {
    Estimates.Level level = known.level(setting);
    if (level == null || level.items() < 0.5 * itemsNeeded) {
      return takesTooLong() ? giveUpTrial() : stay(look());
    }
    phase = Phase.HOLD;
    double lost = 1 - level.rate() / rateBefore;
    double removed = 1 - (double) setting.size() / before.size();
    nextLook = known.elapsed() * 1.15 + 50e6;
    if (lost > FEWER_LOST * removed) {
      boolean queues = queuesForPermits() || crowded(1.2);
      known.capacity = queues ? rateBefore : Double.POSITIVE_INFINITY;
      fewerPause *= 3;
      nextFewer = known.elapsed() * fewerPause;
      return change(before, "fewer gave less", look());
    }
    return stay(look());
  }

  private Decision probe(Observation o) {
    int limit = limitMet(o);
    if (limit > 0) {
      refusedAt = Math.min(refusedAt, limit);
      return enterHold(before.size(), refusal(limit));
    }
    Estimates.Level level = known.level(setting);
    if (level == null || level.items() < itemsNeeded) {
      return takesTooLong() ? giveUpTrial() : stay(look());
    }
    double gain = level.rate() / rateBefore - 1;
    double added = (double) setting.size() / before.size() - 1;
    phase = Phase.HOLD;
    if (gain >= HALF * added) {
      known.capacity = Double.POSITIVE_INFINITY;
      stopped = false;
      nextLook = known.elapsed() * 1.15 + 50e6;
      probePause = Math.max(10 * response(), USUAL_LOOK);
      nextProbe = known.elapsed();
      good = before.size();
      goodRate = rateBefore;
      return grow(
          setting.size(), level.rate(), "a quarter more gave " + Say.percent(gain) + " more");
    }
    probePause *= 3;
    nextProbe = known.elapsed() + probePause;
    return change(before, "a quarter more gave nothing", look());
  }

  /** Returns whether fewer items end than are needed to tell: the work may have changed. */
  private boolean takesTooLong() {
    return rateBefore > 0 && stageNanos > PATIENCE * (itemsNeeded / rateBefore + responseBefore);
  }

  private Decision giveUpTrial() {
    phase = Phase.HOLD;
    nextLook = 0;
    firstOfHold = false;
    probePause *= 3;
    nextProbe = known.elapsed() + probePause;
    fewerPause *= 3;
    nextFewer = known.elapsed() * fewerPause;
    // What it gave it gives no more, or the trial would not have taken so long.
    known.forget(before);
    return change(before, "it could not be told", look());
  }

  // With half of them for a moment: do they slow each other down?

  /** Returns whether handing items over is a part of what they are seen to compute. */
  private boolean areTiny() {
    return response() < SMALL * machine.handOverNanos();
  }

  private boolean mayCompare(Forecast forecast) {
    before = setting;
    int busy = (int) Math.min(setting.size(), Math.ceil(known.cores() - 1e-9));
    Estimates.Level level = known.level(setting);
    return !compared
        && busy >= 2
        && !areTiny()
        && setting.model() != ExecutionModel.PROCESSES
        && (mayUseProcesses() || giveLittle(level, busy))
        && (known.waitingShare() < 0.5 || known.waitsAreUntold())
        && known.compilers.or(0) < Estimates.COMPILING
        && !(forecast.lock() > 0)
        && level != null
        && level.items() >= Math.min(itemsToCompare(FINE), 2.0 * setting.size() + 16)
        && itemsToCompare(GROSS) < COMPARE_SHARE * known.toCome()
        && itemsToCompare(GROSS) / Math.max(1e-18, level.rate()) < leftForComparing()
        && known.toCome() / Math.max(1e-18, level.rate()) > WORTH_COMPARING;
  }

  private boolean mayUseProcesses() {
    return job.processDoubt() == null && job.mostProcesses() > 1;
  }

  /** Returns whether threads give far less than as many cores do. */
  private boolean giveLittle(Estimates.@Nullable Level level, int busy) {
    return level != null && level.rate() * known.work() < LITTLE_GIVEN * busy;
  }

  /** Returns how many items it takes to tell a difference of so large a part. */
  private double itemsToCompare(double part) {
    double variation = known.variation();
    double running = Math.min(before.size(), known.cores());
    return Math.max(Math.max(8, 0.5 * running), 2 * variation * variation / (part * part));
  }

  private Decision beginCompare() {
    phase = Phase.COMPARE;
    compared = true;
    itemsNeeded = itemsToCompare(FINE);
    longestCompare = leftForComparing();
    before = setting;
    stageNanos = 0;
    int half = (int) Math.max(1, Math.min(setting.size(), known.cores()) / 2);
    comparedWith = new Setting(setting.model(), half);
    return tryOut(
        comparedWith,
        "to see whether half of them compute faster",
        Math.min(look(), USUAL_LOOK / 2));
  }

  /** Returns the time that comparing may take, of all the time that the job takes. */
  private double leftForComparing() {
    double all = known.elapsed() + known.toCome() / forecast().currentRate();
    return COMPARE_SHARE * all - comparing;
  }

  private Decision compare() {
    Estimates.Level level = known.level(setting);
    boolean enough = level != null && level.items() >= itemsNeeded;
    boolean clear = level != null && level.items() >= 8 && known.compare(setting, before, true);
    if (!enough && !clear && stageNanos < longestCompare) {
      return stay(Math.min(look(), USUAL_LOOK / 2));
    }
    phase = Phase.HOLD;
    comparing += stageNanos;
    if (enough && !clear) {
      known.compare(setting, before, false);
    }
    nextLook = 0;
    double slower = known.inflation();
    heldUp = slower <= Forecast.INFLATED && gave(level, 1 - LITTLE);
    oneGaveMore = setting.size() == 1 && gave(level, 1);
    String told =
        slower > Forecast.INFLATED
            ? "an item computes "
                + Say.times(slower)
                + " as long beside others as with half of them"
            : heldUp ? "half of them gave as much" : "with half of them an item computes no faster";
    return change(before, told, look());
  }

  /**
   * Returns whether a part of the threads clearly gave as much as all of them.
   *
   * @param share 1 for as much; less for as much but for a part of what the others should add
   */
  private boolean gave(Estimates.@Nullable Level part, double share) {
    Estimates.Level all = known.level(before);
    if (part == null || all == null || part.items() < 8 || all.items() < 8) {
      return false;
    }
    double variation = known.variation();
    double error = Math.hypot(part.relativeError(variation), all.relativeError(variation));
    double busy = Math.min(before.size(), known.cores());
    double removed = 1 - Math.min(1, setting.size() / busy);
    return part.rate() * (1 - error) > all.rate() * (1 - (1 - share) * removed);
  }

  // Worker processes.

  private boolean suspect(Forecast forecast) {
    return setting.model() != ExecutionModel.PROCESSES
        && !processesTried
        && setting.size() > 1
        && (forecast.lock() > 0 || inflated() || heldUp);
  }

  private boolean inflated() {
    double busy = Math.min(setting.size(), known.cores());
    return busy > 1.4 && known.inflation() > Forecast.INFLATED;
  }

  private double chanceOfProcesses(Forecast forecast) {
    if (forecast.lock() > 0) {
      return 0.95;
    }
    if (heldUp) {
      return 0.8;
    }
    // Bandwidth explains at most that two threads each get half of what the machine gives them.
    double byMemory = 2 / Math.max(1, machine.memoryScaling());
    return known.inflation() > 1.1 * byMemory ? 0.9 : 0.4;
  }

  private String suspicion(Forecast forecast) {
    forControl = !(forecast.lock() > 0);
    if (forControl && heldUp) {
      return "half of the threads give as much, and worker processes tell why";
    }
    return forControl
        ? "an item computes "
            + Say.times(known.inflation())
            + " as long beside others as alone, and worker processes tell why"
        : "threads wait for a lock, and each worker process has its own";
  }

  private boolean processesPay(Forecast forecast, double chance) {
    Plan there = forecast.plan(ExecutionModel.PROCESSES);
    Plan here = forecast.plan(setting.model());
    if (!there.possible() || processesTried) {
      return false;
    }
    boolean compiling =
        known.compilers.or(0) > Estimates.COMPILING
            && known.compilingNanos() < COMPILE_PATIENCE_PROCESSES
            && known.waitingShare() < 0.5;
    if (compiling) {
      return false;
    }
    double saving = here.nanos() - (there.nanos() - there.startNanos());
    double sure = Math.min(chance, Forecast.notSlower(there, here, 1));
    return sure * saving > there.startNanos()
        && here.nanos() - there.nanos() > Math.max(2.5 * TIE_NANOS, 0.1 * here.nanos());
  }

  private Decision startProcesses(Forecast forecast, String why) {
    phase = Phase.STARTING;
    processesTried = true;
    before = setting;
    if (Forecast.onThreads(setting)) {
      known.keepLock(forecast.lock(), setting.size());
    }
    Estimates.Level level = known.level(setting);
    boolean measured = level != null && level.items() >= 10;
    boolean alone = setting.model() == ExecutionModel.SEQUENTIAL;
    rateBefore = measured || !alone ? forecast.currentRate() : Double.NaN;
    errorBefore = level == null || level.items() < 1 ? 0.5 : level.relativeError(known.variation());
    stageNanos = 0;
    Plan there = forecast.plan(ExecutionModel.PROCESSES);
    rateForeseen = there.rate();
    responseBefore = level == null ? response() : Math.min(response(), level.response());
    return change(there.setting(), why, USUAL_LOOK / 2);
  }

  private Decision starting(Observation o) {
    if (!o.settled() || o.done() == 0) {
      double lock = Forecast.lockNanos(known, before);
      if (Forecast.onThreads(before) && lock > known.lockBefore()) {
        // Threads go on while workers start, and it shows by now what they wait for.
        known.keepLock(lock, before.size());
        forControl = false;
      }
      return stay(USUAL_LOOK / 2);
    }
    phase = Phase.TRIAL;
    stageNanos = 0;
    countedNanos = 0;
    countedDone = 0;
    return stay(look());
  }

  private Decision trial(Observation o) {
    Estimates.Level level = known.level(setting);
    if (level == null || level.items() < 2.0 * setting.size()) {
      return stay(look());
    }
    double error = Math.hypot(level.relativeError(known.variation()), errorBefore);
    if (Double.isNaN(rateBefore)) {
      // Hardly any had ended before: compare with what they would take, as is known by now.
      Plan then = forecast().plan(before.model());
      return judge(o, level, level.rate() / then.rate(), Math.hypot(error, 0.1));
    }
    return judge(o, level, level.rate() / rateBefore, error);
  }

  private Decision judge(Observation o, Estimates.Level level, double gain, double error) {
    double debt = known.longestColdNanos();
    boolean warm =
        !stillRising(o, level)
            && stageNanos
                >= Math.max(
                    Math.min(3 * debt, 2 * known.compilingNanos()),
                    Math.max(3 * response(), TRIAL_NANOS));
    boolean unclear = gain * (1 + 2 * error) > 1.1;
    if (gain * (1 - error) > 1.05
        || (warm && unclear && gain > 1.05 && level.items() > 10.0 * setting.size())) {
      sharedState = forControl;
      if (secondTrial) {
        workersForNothing = 0; // the first ones were compared with items of another kind
      }
      phase = Phase.HOLD;
      nextLook = known.elapsed() * 1.15;
      return stay(look());
    }
    if (!warm || (unclear && level.items() < 20.0 * setting.size())) {
      return stay(look());
    }
    workersForNothing += setting.size();
    known.processesFellShort(level.rate() / rateForeseen);
    processesGave = Forecast.onThreads(before) && !secondTrial ? level.rate() : 0;
    secondTrial = true;
    nanosSinceProcesses = 0;
    doneSinceProcesses = 0;
    memoryBound = forControl && !heldUp; // they compute no longer, so it is not the memory
    heldUp = false;
    phase = Phase.HOLD;
    if (job.threadDoubt() != null && before.model() != ExecutionModel.SEQUENTIAL) {
      return stay(look());
    }
    if (before.model() == ExecutionModel.SEQUENTIAL) {
      phase = Phase.START;
    }
    nextLook = known.elapsed() * 1.15 + 50e6;
    return change(
        before, "worker processes gave " + Say.times(gain) + " of what it was before", look());
  }

  /**
   * Returns whether threads clearly give less than worker processes did that were given up. Those
   * were compared with what threads had given before, when items may have been others.
   */
  private boolean givesLessThanProcesses() {
    if (processesGave == 0
        || !Forecast.onThreads(setting)
        || nanosSinceProcesses < Math.max(LATE * responseBefore, ITEMS_TO_DOUBT / processesGave)) {
      return false;
    }
    double most = doneSinceProcesses + SURE * Math.sqrt(doneSinceProcesses + 1) + 1;
    return most / nanosSinceProcesses < CLEARLY_LESS * processesGave;
  }

  private Decision backToProcesses() {
    processesGave = 0;
    processesTried = false;
    forControl = false;
    Decision decision =
        startProcesses(
            forecast(), "threads give less than worker processes did: the work had changed");
    // What was measured under this setting may be of the items before.
    rateBefore = Math.max(1, doneSinceProcesses) / nanosSinceProcesses;
    errorBefore = 1 / Math.sqrt(Math.max(1, doneSinceProcesses));
    return decision;
  }

  /** It has turned out that the items cannot run in worker processes. */
  private Decision leaveProcesses(String why) {
    Setting back = before.model() == ExecutionModel.PROCESSES ? Setting.SEQUENTIAL : before;
    processesTried = true;
    processesGave = 0;
    forControl = false;
    phase = back.model() == ExecutionModel.SEQUENTIAL ? Phase.START : Phase.HOLD;
    nextLook = 0;
    return change(back, why, look());
  }

  private static boolean stillRising(Observation o, Estimates.Level level) {
    return o.done() / o.nanos() > 1.15 * level.rate();
  }

  // What all of them use.

  /** Remembers the setting in use and what it gives, to compare another one with it. */
  private void rememberThis() {
    before = setting;
    Estimates.Level here = known.level(setting);
    rateBefore = here == null ? Double.NaN : here.rate();
    // Not that of the items in flight: where the work has just changed they may take for ever.
    responseBefore = here == null ? response() : Math.min(response(), here.response());
    errorBefore = here == null ? 1 : here.relativeError(known.variation());
  }

  /** Takes the setting in use for the last that was worth it. */
  private void goOnFromHere() {
    good = setting.size();
    Estimates.Level here = known.level(setting);
    goodRate = here == null ? Double.NaN : here.rate();
    goodItems = here == null ? 1 : here.items();
  }

  /** Changes to a setting that is to be measured, whatever was measured of it before. */
  private Decision tryOut(Setting next, String why, double look) {
    known.forget(next);
    return change(next, why, look);
  }

  private Decision change(Setting next, String why, double look) {
    boolean other = !next.equals(setting);
    if (other) {
      boolean ofModel = next.model() != setting.model();
      if (ofModel) {
        changes.add("From " + Say.setting(setting) + " to " + Say.setting(next) + ": " + why + ".");
      }
      sizeBefore = setting.size();
      if (next.size() < setting.size() || setting.size() == 1) {
        failedHere = 0;
        endedHere = 0;
      }
      setting = next;
      known.settingChanged();
    }
    return new Decision(setting, other, other ? why : "", look, control(), mostFailures());
  }

  private Decision stay(double look) {
    return new Decision(setting, false, "", look, control(), mostFailures());
  }

  private boolean control() {
    return forControl && (phase == Phase.STARTING || phase == Phase.TRIAL);
  }

  private long mostFailures() {
    return phase == Phase.RAMP || phase == Phase.PROBE ? 1 : Long.MAX_VALUE;
  }

  private int mostInFlight() {
    return Math.max(1, Math.min(job.mostInFlight(), refusedAt - 1));
  }

  private double response() {
    double response = known.response.or(Math.max(known.elapsed(), OFF_NANOS));
    // Until many have ended, those that have are the short ones.
    boolean few = known.response.weight() < 20;
    return Math.max(1, few ? Math.max(response, known.responseByRate()) : response);
  }

  private double look() {
    double least = phase == Phase.START ? MEASURED_NANOS : Math.min(USUAL_LOOK, 2 * response());
    return Math.max(
        Math.max(SHORTEST_LOOK, least),
        Math.min(1e9, known.elapsed() * (phase == Phase.START ? 0.05 : LOOK_SHARE)));
  }

  private Forecast forecast() {
    return forecast(Forecast.Horizon.TO_COME);
  }

  private Forecast forecast(Forecast.Horizon horizon) {
    return new Forecast(known, machine, job, setting, memoryBound, mostInFlight(), horizon);
  }

  /** Returns whether what is left tells nothing of a job like this one. */
  private boolean isNearlyOver() {
    return known.left() >= 0
        && known.left() <= Math.max(setting.size(), NEARLY_OVER * known.done());
  }

  /** Returns the sizes that were used and what they gave, for the report. */
  Map<Setting, Estimates.Level> levels() {
    return known.levels();
  }
}
