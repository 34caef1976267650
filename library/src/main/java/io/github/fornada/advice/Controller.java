package io.github.fornada.advice;

import io.github.fornada.ExecutionModel;
import io.github.fornada.advice.decide.Decision;
import io.github.fornada.advice.decide.Job;
import io.github.fornada.advice.decide.Journal;
import io.github.fornada.advice.decide.Learned;
import io.github.fornada.advice.decide.Machine;
import io.github.fornada.advice.decide.Observation;
import io.github.fornada.advice.decide.Setting;
import io.github.fornada.advice.decide.WaitKind;
import io.github.fornada.advice.sense.Refusals;
import io.github.fornada.elastic.ProcessSide;
import io.github.fornada.elastic.Sides;
import io.github.fornada.elastic.ThreadSide;
import io.github.fornada.jvm.HeapShortage;
import io.github.fornada.jvm.Log;
import io.github.fornada.jvm.OwnThreads;
import io.github.fornada.jvm.Timer;
import java.time.Duration;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.WeakHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Watches what a pool does, asks for decisions, and applies them. It has a thread while the pool
 * has something to do, and none otherwise; a pool whose work is over within {@link #FIRST_LOOK}
 * never has one.
 *
 * <p>Whatever fails here, the pool goes on with the setting it has.
 */
final class Controller implements ThreadSide.Watcher {
  /** When the first look at new work is. */
  private static final Duration FIRST_LOOK = Duration.ofMillis(1);

  /** How often the state of the pool is looked at within a stretch of observation. */
  private static final long SLICE_NANOS = 5_000_000; // Guess

  /** The same in long stretches, and with many items in flight: each time costs. */
  private static final long LONGEST_SLICE_NANOS = 20_000_000; // Guess

  /** In long stretches it is looked at this many times, at least. */
  private static final int SLICES = 8; // Guess

  private static final long SHORTEST_NANOS = 500_000;

  /**
   * How long the look at its classes is waited for at the start of a job that was learned before.
   */
  private static final long SCAN_NANOS = 500_000_000;

  /**
   * The same at the end of a short job, while there is no other work: nobody waits but for advice.
   */
  private static final long LAST_SCAN_NANOS = 4_000_000_000L; // Guess: a busy machine is slow

  /** How long who asks for advice waits until the last items were looked at. */
  private static final long ADVICE_NANOS = 1_000_000_000; // Guess

  /** How long it waits while items run, in case it is the last one that just ends. */
  private static final long MOMENT_NANOS = 2_000_000; // Guess

  /** How long the first result is waited for, to see what sending it would cost. */
  private static final long RESULT_NANOS = 10_000_000_000L; // Guess

  /** The threads are looked at about so many times in a stretch. */
  private static final double LOOKS = 10; // Guess

  private static final double SHORTEST_PAUSE_NANOS = 2e6;
  private static final double LONGEST_PAUSE_NANOS = 10e6; // Guess: more makes shares imprecise

  /** With more items in flight, looking at all of them is done less often. */
  private static final int MANY = 100; // Guess

  /** How long there must be nothing to do until the thread ends. */
  private static final long IDLE_NANOS = 300_000_000; // Guess

  /** How long no item of a function may be seen until another function is a new job. */
  private static final long OTHER_JOB_NANOS = 50_000_000; // Guess

  /**
   * How long all threads must wait for items of their own pool until a worker process takes one
   * more than the user allows. As for a spare thread.
   */
  private static final long STALL_NANOS = 50_000_000; // Guess

  /** What is learned of a shorter job is not kept. */
  private static final long WORTH_KEEPING_NANOS = 200_000_000; // Guess

  private final AutoOptions options;
  private final Chooser.Maker choosers;
  private final Senses senses;
  private final @Nullable Memory memory;
  private final @Nullable Journal journal;
  private final boolean isForAdvice;
  private final ThreadSide threads;
  private final AtomicBoolean active = new AtomicBoolean();

  /** Made before it is needed: then there may be no memory for it. */
  private final Runnable firstLook = this::firstLook;

  /** The controller's thread; null if there is none. Written by it. */
  private volatile @Nullable Thread watcher;

  /** How many threads wait for the last look. */
  private final AtomicInteger asking = new AtomicInteger();

  /** When the current period of work began. Written before its thread begins. */
  private volatile long workBegan;

  // ---- the helper. Guarded by the monitor.

  private @Nullable ProcessSide processes;

  /** The most workers that it was opened for; 0 if it was not. Also read without the monitor. */
  private volatile int slots;

  /** Why there are no worker processes; null if there may be. Also read without the monitor. */
  private volatile @Nullable String noProcesses;

  private boolean over;

  // ---- what was chosen. Written by the controller's thread, read by any.

  private volatile Choice choice = new Choice(ExecutionModel.SEQUENTIAL, 1, "");

  /** The job that runs, or the last that ran; null before the first was looked at. */
  private volatile @Nullable Known latest;

  // ---- the controller's thread only

  /** What is known of a function. */
  private static final class Known {
    final @Nullable MemoryKey memoryKey;
    final Doubts doubts;
    final Chooser chooser; // its monitor guards its use
    Job job;
    Setting setting;
    long nanos;

    /** The items whose end the chooser was told of. */
    long ended;

    Known(@Nullable MemoryKey memoryKey, Doubts doubts, Chooser chooser, Job job) {
      this.memoryKey = memoryKey;
      this.doubts = doubts;
      this.chooser = chooser;
      this.job = job;
      this.setting = chooser.first();
    }

    @Nullable Advice advice() {
      synchronized (chooser) {
        return chooser.advice();
      }
    }

    @Nullable Learned learned() {
      synchronized (chooser) {
        return chooser.learned();
      }
    }
  }

  private final WeakHashMap<Class<?>, Known> jobs = new WeakHashMap<>();
  private @Nullable Class<?> job;
  private long jobSeen;
  private Setting setting = Setting.SEQUENTIAL;

  /** Whether workers are being started for the current setting. */
  private boolean starting;

  /** The choice that nobody was told of yet; null if there is none. */
  private @Nullable Choice toTell;

  /** Whether that is only tried. */
  private boolean toTellIsTrial;

  /** The latest setting that is not of worker processes. */
  private Setting onThreads = Setting.SEQUENTIAL;

  // What the two sides were told last.
  private ExecutionModel rosterModel = ExecutionModel.SEQUENTIAL;
  private int rosterSize = 1;
  private boolean left;
  private int processesUsed;

  /** The most workers that can still run items. */
  private int workersUsed;

  /** Since when all threads wait for items of their own pool; 0 if they do not. */
  private long waitingSince;

  /** When they were last seen to. */
  private long waitedAt;

  /** The items in flight when the setting changed that have not ended, at most. */
  private long unsettled;

  private Totals last = Totals.NONE;

  // Of the failures, those that the chooser was told of: they are counted before their items are.
  private long failedTold;

  private long refusedTold;

  /** The same of the items that were cancelled. */
  private long cancelledTold;

  /** Whether its thread has failed, so that nobody chooses any more. Written by it. */
  private volatile boolean hasGivenUp;

  private Gathered gathered = new Gathered();

  /** What has happened since the pool was opened, on both sides. */
  private record Totals(
      long nanos,
      ThreadSide.Figures threads,
      ProcessSide.Figures processes,
      long workerCpuNanos,
      long cameBack) {
    static final Totals NONE =
        new Totals(
            0,
            new ThreadSide.Figures(0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
            new ProcessSide.Figures(0, 0, 0, 0),
            0,
            0);

    /** Returns these totals as those of a later moment until which nothing has happened. */
    Totals since(long moment) {
      return new Totals(moment, threads, processes, workerCpuNanos, cameBack);
    }

    long ended() {
      return threads.ended() + processes.ended();
    }

    int inFlight() {
      return threads.inFlight() + processes.inFlight();
    }
  }

  Controller(AutoOptions options, Chooser.Maker choosers, Senses senses, @Nullable Memory memory) {
    this.options = options;
    this.choosers = choosers;
    this.senses = senses;
    this.memory = memory;
    this.journal = Journal.CURRENT.isBound() ? Journal.CURRENT.get() : null;
    this.isForAdvice = Job.MEASURING.isBound() && Job.MEASURING.get();
    this.noProcesses = options.usesProcesses() ? null : "worker processes are not allowed";
    this.threads = Sides.threads().open(options.common(), Refusals::isRefusal, this);
  }

  ThreadSide threads() {
    return threads;
  }

  /**
   * Uses a setting from the start, and worker processes without waiting until they are ready; for
   * tests, before the first work.
   */
  void force(Setting first) {
    apply(first, "");
    if (starting) {
      starting = false;
      shareOut();
      tellChoice();
    }
  }

  Choice choice() {
    return choice;
  }

  /**
   * Returns what can be said so far. Where all work has just ended, its last items are looked at
   * first, which is waited for.
   */
  @Nullable Advice advice() {
    long began = System.nanoTime();
    asking.incrementAndGet();
    try {
      while (isAtWork()
          && !isOwnThread() // a listener of choices asks
          // An item's result is there a moment before it counts as ended.
          && System.nanoTime() - began < (threads.hasSomething() ? MOMENT_NANOS : ADVICE_NANOS)
          && !Thread.currentThread().isInterrupted()) {
        LockSupport.parkNanos(this, SHORTEST_NANOS);
      }
    } finally {
      asking.decrementAndGet();
    }
    Known known = latest;
    return known == null ? null : known.advice();
  }

  /**
   * Returns the advice once the pool has ended; a job over at once is told from what it did.
   *
   * @param function what has run: where nobody has looked at it in time, it is looked at now
   * @param item one of its items
   */
  Advice finalAdvice(Object function, @Nullable Object item) throws InterruptedException {
    while (isAtWork()) {
      LockSupport.parkNanos(this, SHORTEST_NANOS); // its thread has nothing more to do
    }
    Advice known = advice();
    if (known == null) {
      Totals now = totals();
      var doubts = new Doubts();
      var looked = new CountDownLatch(1);
      OwnThreads.start( // it runs code of the user's, which may hang
          "fornada-auto-scan",
          () -> {
            try {
              var _ = examine(doubts, function, item);
            } finally {
              looked.countDown();
            }
          });
      var _ = looked.await(LAST_SCAN_NANOS, TimeUnit.NANOSECONDS); // if not, it is not known
      Job all = job(doubts, now.ended());
      Chooser chooser = choosers.make(senses.machine(), all, null);
      var _ = chooser.next(observe(now, new Stretch(), null));
      known = Objects.requireNonNull(chooser.advice());
    }
    return known;
  }

  // ---- called by the pool

  @Override
  public void work() {
    if (!active.get() && active.compareAndSet(false, true)) {
      workBegan = System.nanoTime();
      boolean begins = false;
      try {
        var _ = Timer.after(FIRST_LOOK, firstLook);
        begins = true;
      } finally {
        if (!begins) {
          active.set(false); // or nobody would begin any more
        }
      }
    }
  }

  private void firstLook() {
    if (threads.hasSomething()) {
      OwnThreads.start("fornada-auto", this::watch);
    } else {
      rest();
    }
  }

  /**
   * Waits until nothing is left to be kept of what was learned: a program that ends after the
   * pool's close would lose it. Returns early if the calling thread is interrupted, which stays
   * set.
   *
   * @param limit how long at most
   */
  void awaitKept(Duration limit) {
    if (memory == null) {
      return;
    }
    long began = System.nanoTime();
    while (isAtWork()
        && !isOwnThread()
        && System.nanoTime() - began < limit.toNanos()
        && !Thread.currentThread().isInterrupted()) {
      LockSupport.parkNanos(this, SHORTEST_NANOS);
    }
  }

  /** Returns whether the calling thread is the controller's, which calls a listener of choices. */
  boolean isOwnThread() {
    return Thread.currentThread() == watcher;
  }

  /** Returns whether the controller's thread is to begin, or has something left to do. */
  private boolean isAtWork() {
    return active.get() && !hasGivenUp;
  }

  /** The thread ends, or never began: new work begins it again. */
  private void rest() {
    active.set(false);
    if (threads.hasSomething()) { // read after `active` was written; work() reads it last
      work();
    } else {
      threads.letGoOfFunction();
      if (journal != null) {
        journal.ended();
      }
    }
  }

  @Override
  public boolean helper() {
    return openHelper() != null;
  }

  @Override
  public void ends() {
    ProcessSide there;
    synchronized (this) {
      over = true;
      there = processes;
    }
    if (there == null) {
      threads.helperEnded();
      return;
    }
    there.pool().shutdown();
    OwnThreads.start(
        "fornada-auto-end",
        () -> {
          awaitEnd(there);
          threads.helperEnded();
        });
  }

  private static void awaitEnd(ProcessSide there) {
    while (true) {
      try {
        if (there.pool().awaitTermination(1, TimeUnit.DAYS)) {
          return;
        }
      } catch (InterruptedException e) {
        // Nobody else knows of this thread: it has nothing to do but wait.
      }
    }
  }

  // ---- the helper

  /** Returns the worker processes, opened if they were not; null if there can be none. */
  private @Nullable ProcessSide openHelper() {
    synchronized (this) {
      if (processes != null || over || noProcesses != null) {
        return processes;
      }
      try {
        int most = mostProcesses();
        processes = Sides.processes().open(threads.pool(), most, options.processes(), this::broken);
        slots = most;
        threads.helpedBy(processes.pool());
      } catch (RuntimeException e) {
        noProcesses = "worker processes cannot be started: " + e.getMessage();
      }
      return processes;
    }
  }

  private synchronized @Nullable ProcessSide helperIfOpen() {
    return processes;
  }

  /** As many as fit now, but no more than there are once they were opened. */
  private int mostProcesses() {
    int most = options.mostProcesses();
    int now =
        Math.min(
            options.mostInFlight(),
            most == 0 ? Sides.processes().workers(options.processes()) : most);
    int opened = slots;
    return opened == 0 ? now : Math.min(now, opened);
  }

  /** Called by a thread of the worker processes: none can be started any more. */
  private void broken(Throwable reason) {
    noProcesses = "worker processes cannot be started: " + reason.getMessage();
    threads.leaveToHelper(false); // at once: the controller's thread need not run now
  }

  // ---- the controller's thread

  private void watch() {
    watcher = Thread.currentThread();
    try {
      try {
        while (!hasBegunToSense()) {
          HeapShortage.await();
        }
        last = last.since(workBegan);
        watchUntilIdle();
      } finally {
        senses.close();
      }
      while (!hasKeptAll()) {
        HeapShortage.await();
      }
    } catch (RuntimeException | Error e) {
      giveUp(e);
      return; // still active, so that no other thread begins
    }
    job = null; // a class refers to its loader
    watcher = null;
    rest();
  }

  /** Returns false if the heap had no room for that: it is to be done again. */
  private boolean hasBegunToSense() {
    try {
      senses.begin(() -> threads.threads(64));
      return true;
    } catch (OutOfMemoryError e) {
      if (!HeapShortage.isOfHeap(e)) {
        throw e;
      }
      senses.close();
      return false;
    }
  }

  /** Returns false if the heap had no room for that: it is to be done again. */
  private boolean hasKeptAll() {
    try {
      keepAll();
      return true;
    } catch (OutOfMemoryError e) {
      if (!HeapShortage.isOfHeap(e)) {
        throw e;
      }
      return false;
    }
  }

  private void giveUp(Throwable thrown) {
    try {
      shareOutForGood();
      Log.get()
          .log(
              System.Logger.Level.WARNING,
              "a pool no longer chooses how to run its tasks; it goes on with " + choice,
              thrown);
      keepAll();
    } finally {
      hasGivenUp = true; // who waits for this thread must not do so for ever
    }
    if (journal != null) {
      journal.ended();
    }
  }

  private void watchUntilIdle() {
    var stretch = new Stretch();
    long idleSince = 0;
    while (true) {
      try {
        boolean idle = stretch.pass();
        long now = System.nanoTime();
        if (!idle) {
          idleSince = 0;
          look(stretch, now);
          continue;
        }
        idleSince = idleSince == 0 ? now : idleSince;
        if (threads.pool().isShutdown() || asking.get() > 0 || now - idleSince > IDLE_NANOS) {
          lastLook(stretch, idleSince);
          return;
        }
        stretch.nanos = SLICE_NANOS; // a source that gives nothing says nothing about the setting
      } catch (OutOfMemoryError e) {
        HeapShortage.await(e); // items have filled the heap, and go on as they do
      }
    }
  }

  /** Has what was observed judged, and does what follows from it. */
  private void look(Stretch stretch, long now) {
    Known known = currentJob(now);
    if (known == null) {
      return;
    }
    Totals totals = totals();
    if (comesBack(totals) || isAlone()) {
      last = totals;
      return;
    }
    Decision decision = decide(known, totals, stretch);
    stretch.begin(decision);
    known.setting = decision.setting();
    boolean heldBack = threads.isHeldBack();
    if (heldBack) {
      rosterSize = 0; // what it runs on is not what it was told last
    }
    threads.holdBackAfter(decision.mostFailures());
    if (!decision.setting().equals(setting)) {
      apply(decision.setting(), decision.reason(), decision.trial());
    } else {
      keeps(decision);
      if (heldBack) {
        shareOut();
      }
    }
    double pause = Math.clamp(stretch.nanos / LOOKS, SHORTEST_PAUSE_NANOS, LONGEST_PAUSE_NANOS);
    senses.pauseFor((long) pause);
  }

  /** Tells the chooser of what has ended since the last look, for its advice. */
  private void lastLook(Stretch stretch, long endedAt) {
    Known known = job == null ? null : jobs.get(job);
    Totals totals = totals().since(endedAt);
    if (known == null) {
      return;
    }
    // A short job is over before its classes are read, and maybe all of its items were told by
    // then.
    awaitScan(LAST_SCAN_NANOS, () -> known.doubts.examined || threads.hasSomething());
    if (totals.ended() == last.ended()) {
      update(known);
    } else if (known.ended == 0) {
      var _ = decide(known, totals, stretch); // all that there is to tell of its items
    } else {
      count(known, totals);
    }
  }

  /** Waits for what the look at the classes finds out; gives up after a while. */
  private void awaitScan(long nanos, BooleanSupplier isKnown) {
    long began = System.nanoTime();
    while (!isKnown.getAsBoolean() && System.nanoTime() - began < nanos) {
      LockSupport.parkNanos(this, SHORTEST_NANOS);
      var _ = Thread.interrupted(); // of no meaning here; parking would return at once
    }
  }

  /**
   * Tells how many items have ended since the last look, and nothing else of them: what their
   * threads waited for can no longer be seen.
   */
  private void count(Known known, Totals totals) {
    long ended = endedUncancelled(totals);
    long failed = Math.min(totals.threads().failed() - failedTold, ended);
    long refused = Math.min(totals.threads().refused() - refusedTold, failed);
    double no = Double.NaN;
    var counts =
        new Observation(
            setting,
            false,
            1,
            0,
            ended - failed,
            failed,
            refused,
            0,
            no,
            no,
            no,
            no,
            known.doubts.bytes,
            known.doubts.resultBytes,
            Map.of(),
            List.of(),
            no,
            0,
            no,
            no,
            no,
            no,
            no,
            no,
            0);
    var _ = decide(known, totals, counts);
  }

  private Decision decide(Known known, Totals totals, Stretch stretch) {
    return decide(known, totals, observe(totals, stretch, known.doubts));
  }

  private Decision decide(Known known, Totals totals, Observation observation) {
    update(known);
    known.nanos += totals.nanos() - last.nanos();
    known.ended += observation.done() + observation.failed();
    cancelledTold += totals.ended() - last.ended() - observation.done() - observation.failed();
    last = totals;
    failedTold += observation.failed();
    refusedTold += observation.refused();
    Decision decision;
    synchronized (known.chooser) {
      decision = known.chooser.next(observation);
    }
    latest = known;
    if (journal != null) {
      journal.decided(observation, decision);
    }
    return decision;
  }

  /** The samples of one stretch of observation. */
  private final class Stretch {
    /** How long it is. */
    private long nanos = SHORTEST_NANOS;

    /** It ends when so many items have failed. */
    private long mostFailures = Long.MAX_VALUE;

    private long slices;
    private long inFlightSum;
    private long hungry;

    /** Begins anew. */
    void begin(Decision decision) {
      nanos = (long) Math.max(SHORTEST_NANOS, decision.nextLookNanos());
      mostFailures = decision.mostFailures();
      slices = 0;
      inFlightSum = 0;
      hungry = 0;
    }

    /**
     * Waits for the end of the stretch, or until somebody asks for advice of work that is over.
     * Returns whether there was nothing to do at the end.
     */
    boolean pass() {
      long began = System.nanoTime();
      long left = nanos;
      while (left > 0) {
        ThreadSide.Figures here = threads.figures();
        ProcessSide there = helperIfOpen();
        int inFlight = here.inFlight() + (there == null ? 0 : there.figures().inFlight());
        long slice =
            inFlight > MANY
                ? LONGEST_SLICE_NANOS
                : Math.clamp(nanos / SLICES, SLICE_NANOS, LONGEST_SLICE_NANOS);
        LockSupport.parkNanos(this, Math.min(left, slice));
        var _ = Thread.interrupted(); // of no meaning here; parking would return at once
        slices++;
        inFlightSum += inFlight;
        if (inFlight < setting.size() && !threads.pool().isShutdown() && threads.lacksWork()) {
          hungry++;
        }
        noteJob();
        shareOut();
        if (threads.figures().failed() - last.threads().failed() >= mostFailures
            || (asking.get() > 0 && !threads.hasSomething())) {
          break;
        }
        left = nanos - (System.nanoTime() - began);
      }
      return !threads.hasSomething();
    }

    double inFlight() {
      return slices == 0 ? 0 : (double) inFlightSum / slices;
    }

    double hungryShare() {
      return slices == 0 ? 0 : (double) hungry / slices;
    }
  }

  // ---- which job

  private void noteJob() {
    Class<?> seen = seenJob();
    if (seen != null && seen == job) {
      jobSeen = System.nanoTime();
    }
  }

  private @Nullable Class<?> seenJob() {
    Object function = threads.function();
    if (function == null) {
      return null;
    }
    return codeOf(function, threads.item()).getClass();
  }

  /** What a task that was submitted without a function consists of is the task itself. */
  private static Object codeOf(Object function, @Nullable Object item) {
    return item != null && function.getClass().getName().startsWith(OWN_FUNCTIONS)
        ? item
        : function;
  }

  private static final String OWN_FUNCTIONS = "io.github.fornada.spi.";

  /** Returns what is known of the function whose items run; null if there are none. */
  private @Nullable Known currentJob(long now) {
    Object function = threads.function();
    if (function == null) {
      return null;
    }
    Object item = threads.item();
    Object code = codeOf(function, item);
    Class<?> seen = code.getClass();
    if (job != null && seen != job && now - jobSeen < OTHER_JOB_NANOS) {
      return jobs.get(job); // two kinds of items at the same time: one of them decides
    }
    Known known = jobs.get(seen);
    if (known == null) {
      known = begin(code, item);
      jobs.put(seen, known);
    }
    if (seen != job) {
      job = seen;
      jobSeen = now;
      if (!known.setting.equals(setting)) {
        apply(known.setting, "");
      }
    }
    return known;
  }

  /** Returns whether nothing could be sent to the workers: then they are not used for this job. */
  private boolean comesBack(Totals now) {
    Known known = job == null ? null : jobs.get(job);
    if (known == null
        || setting.model() != ExecutionModel.PROCESSES
        || now.cameBack() == last.cameBack()
        || now.processes().ended() > last.processes().ended()) {
      return false;
    }
    leaveProcesses(
        known,
        "the function or its items could not be sent to a worker process",
        "its items, or what is captured with them, cannot be sent to worker processes");
    return true;
  }

  /** Goes on without worker processes if none can be started any more. */
  private boolean isAlone() {
    String why = noProcesses;
    Known known = job == null ? null : jobs.get(job);
    if (why == null || known == null || setting.model() != ExecutionModel.PROCESSES) {
      return false;
    }
    leaveProcesses(known, why, why);
    return true;
  }

  /** Goes on with threads, and never tries worker processes again for this job. */
  private void leaveProcesses(Known known, String doubt, String reason) {
    known.doubts.ofProcesses = doubt;
    update(known);
    known.setting = onThreads;
    apply(onThreads, reason);
  }

  /**
   * Why a function may not run in some ways. Finding out takes a while, on a thread of its own;
   * until then nothing is risked.
   */
  private static final class Doubts {
    // Written by the thread that finds out, or by the controller's; read by the controller's.
    volatile @Nullable String ofThreads = Job.NOT_EXAMINED;
    volatile @Nullable String ofProcesses = Job.NOT_EXAMINED;
    volatile double bytes = Double.NaN;
    volatile double resultBytes = Double.NaN;

    /** Whether all that can be known without a result is known. */
    volatile boolean examined;
  }

  /**
   * The name under which is kept what is learned of a function. Finding it asks the class loader of
   * the user, which may hang or fail, on a thread of its own.
   */
  private static final class MemoryKey {
    // Both written by the thread that finds it out, in this order; read by the controller's.
    private volatile @Nullable String name;
    private volatile boolean isFound;

    static MemoryKey of(Memory memory, Object code) {
      var key = new MemoryKey();
      Thread waiting = Thread.currentThread();
      OwnThreads.start(
          "fornada-auto-key",
          () -> {
            try {
              key.name = memory.key(code);
            } finally {
              key.isFound = true;
              LockSupport.unpark(waiting);
            }
          });
      return key;
    }
  }

  private Known begin(Object code, @Nullable Object item) {
    MemoryKey key = memory == null ? null : MemoryKey.of(memory, code);
    var doubts = new Doubts();
    if (options.threadsAreSafe()) {
      doubts.ofThreads = null;
    }
    OwnThreads.start(
        "fornada-auto-scan",
        () -> {
          if (examine(doubts, code, item)) {
            ofResult(doubts);
          }
        });
    Job next = job(doubts, threads.waiting());
    Machine machine = senses.machine();
    Learned learned = memory == null || key == null ? null : recall(memory, key);
    if (learned != null && !mayBegin(learned.setting(), doubts)) {
      learned = null;
    }
    if (journal != null) {
      journal.began(machine, next, learned);
    }
    return new Known(key, doubts, choosers.make(machine, next, learned), next);
  }

  private @Nullable Learned recall(Memory from, MemoryKey key) {
    awaitScan(SCAN_NANOS, () -> key.isFound);
    String name = key.name;
    return name == null ? null : from.recall(name);
  }

  /** Finds out all that can be known without a result. Returns whether items may be sent at all. */
  private boolean examine(Doubts doubts, Object code, @Nullable Object item) {
    doubts.ofThreads = options.threadsAreSafe() ? null : found(() -> senses.threadDoubt(code));
    boolean mayBeSent = noProcesses == null;
    if (mayBeSent) {
      doubts.ofProcesses = found(() -> senses.processDoubt(code, item));
      doubts.bytes = senses.bytesOf(item);
    }
    doubts.examined = true;
    return mayBeSent;
  }

  /** Waits for a result, and finds out what it would cost to send it; gives up after a while. */
  private void ofResult(Doubts doubts) {
    threads.wantResult();
    long began = System.nanoTime();
    while (active.get() && System.nanoTime() - began < RESULT_NANOS) {
      Object result = threads.result();
      if (result != null) {
        if (doubts.ofProcesses == null) {
          doubts.ofProcesses = found(() -> senses.processDoubt(result));
        }
        doubts.resultBytes = senses.bytesOf(result);
        return;
      }
      LockSupport.parkNanos(this, SLICE_NANOS);
      var _ = Thread.interrupted(); // of no meaning here; parking would return at once
    }
  }

  private static @Nullable String found(Supplier<@Nullable String> doubt) {
    try {
      return doubt.get();
    } catch (RuntimeException | LinkageError e) {
      return "it could not be examined: " + e;
    }
  }

  private Job job(Doubts doubts, long items) {
    String without = noProcesses;
    if (without == null) {
      without = doubts.ofProcesses;
    }
    return new Job(
        items,
        doubts.ofThreads,
        without,
        options.mostInFlight(),
        without == null ? mostProcesses() : 0,
        isForAdvice);
  }

  /** Tells the chooser what has become known of the job. */
  private void update(Known known) {
    Job now = job(known.doubts, known.job.items());
    if (!now.equals(known.job)) {
      known.job = now;
      synchronized (known.chooser) {
        known.chooser.update(now);
      }
      if (journal != null) {
        journal.learned(now);
      }
    }
  }

  /** Returns whether a setting that was learned may be used; waits until that is known. */
  private boolean mayBegin(Setting learned, Doubts doubts) {
    boolean processes = learned.model() == ExecutionModel.PROCESSES;
    awaitScan(
        SCAN_NANOS,
        () ->
            processes
                ? noProcesses != null || !Job.isNotExamined(doubts.ofProcesses)
                : !Job.isNotExamined(doubts.ofThreads));
    return allows(job(doubts, -1), learned);
  }

  private static boolean allows(Job job, Setting learned) {
    return learned.size() <= job.mostInFlight()
        && switch (learned.model()) {
          case PROCESSES -> job.processDoubt() == null && learned.size() <= job.mostProcesses();
          case PLATFORM_THREADS, VIRTUAL_THREADS -> job.threadDoubt() == null;
          default -> true;
        };
  }

  private void keepAll() {
    if (memory != null) {
      for (Known known : jobs.values()) {
        Learned learned = known.nanos > WORTH_KEEPING_NANOS ? known.learned() : null;
        String name = known.memoryKey == null ? null : known.memoryKey.name;
        if (name != null && learned != null) {
          memory.keep(name, learned);
        }
      }
    }
  }

  // ---- what is observed

  private Totals totals() {
    ProcessSide there = helperIfOpen();
    ThreadSide.Figures here = threads.figures();
    ProcessSide.Figures away = there == null ? Totals.NONE.processes() : there.figures();
    return new Totals(System.nanoTime(), here, away, cpuOf(pids(there)), threads.cameBack());
  }

  private static Collection<Long> pids(@Nullable ProcessSide there) {
    return there == null ? List.of() : there.pids();
  }

  private static long cpuOf(Collection<Long> pids) {
    long sum = 0;
    for (long pid : pids) {
      sum +=
          ProcessHandle.of(pid)
              .flatMap(process -> process.info().totalCpuDuration())
              .map(Duration::toNanos)
              .orElse(0L);
    }
    return sum;
  }

  /** Returns how many items have ended since the last look, without those that were cancelled. */
  private long endedUncancelled(Totals now) {
    long ended = now.ended() - last.ended();
    // One that is cancelled ends a little later, which may be after the next look.
    return ended - Math.min(now.threads().cancelled() - cancelledTold, ended);
  }

  private Observation observe(Totals now, Stretch stretch, @Nullable Doubts known) {
    Senses.Sensed sensed = senses.read(pids(helperIfOpen()));
    ThreadSide.Figures here = now.threads();
    ThreadSide.Figures before = last.threads();
    double nanos = Math.max(1, now.nanos() - last.nanos());
    long endedHere = here.ended() - before.ended();
    long endedAway = now.processes().ended() - last.processes().ended();
    long ended = endedHere + endedAway;
    long counted = endedUncancelled(now);
    long failed = Math.min(here.failed() - failedTold, counted);
    unsettled = Math.max(0, unsettled - ended);
    boolean away = setting.model() == ExecutionModel.PROCESSES && !starting;
    double busy =
        (double) (here.busyNanos() - before.busyNanos())
            + (now.processes().workingNanos() - last.processes().workingNanos());
    long metered = here.metered() - before.metered();
    if (2 * metered < endedHere) {
      metered = 0; // of few others, such as the first ones, it tells nothing
    }
    double cpu =
        metered > 0
            ? (double) (here.cpuNanos() - before.cpuNanos()) / metered
            : away && endedAway > 0 && now.workerCpuNanos() > last.workerCpuNanos()
                ? (double) (now.workerCpuNanos() - last.workerCpuNanos()) / endedAway
                : Double.NaN;
    gathered.add(sensed);
    // What to multiply a sum over all threads by.
    double ofAnItem =
        gathered.threadNanos > 0 ? (ended > 0 ? busy / ended : nanos) / gathered.threadNanos : 0;
    Map<WaitKind, Double> waits = gathered.waitsOfAnItem(ofAnItem);
    double queue = gathered.threadNanos > 0 ? gathered.queueNanos * ofAnItem : Double.NaN;
    if (ended > 0) {
      gathered = new Gathered();
    }
    return new Observation(
        setting,
        !starting && unsettled == 0,
        nanos,
        Math.max(0, ended + now.inFlight() - last.inFlight()),
        counted - failed,
        failed,
        Math.min(here.refused() - refusedTold, failed),
        stretch.inFlight(),
        ended > 0 ? busy / ended : Double.NaN,
        endedHere > 0 && endedAway == 0
            ? (here.busySquares() - before.busySquares()) / endedHere
            : Double.NaN,
        cpu,
        metered > 0
            ? (double) (here.allocatedBytes() - before.allocatedBytes()) / metered
            : Double.NaN,
        known == null ? Double.NaN : known.bytes,
        known == null ? Double.NaN : known.resultBytes,
        waits,
        sensed.locks(),
        queue,
        away ? Double.NaN : sensed.offProcessorNanos(),
        sensed.busyCores(),
        sensed.foreignCores(),
        sensed.throttledShare(),
        sensed.collectorShare(),
        sensed.compilerCores(),
        stretch.hungryShare(),
        threads.waiting());
  }

  /**
   * What the threads did since an item ended last: an item may last many stretches, and how it
   * spent its time is told when it ends.
   */
  private static final class Gathered {
    double threadNanos;
    double queueNanos;
    final Map<WaitKind, Double> waits = new EnumMap<>(WaitKind.class);

    void add(Senses.Sensed sensed) {
      threadNanos += sensed.threadNanos();
      queueNanos += sensed.queueNanos();
      sensed.waits().forEach((kind, nanos) -> waits.merge(kind, nanos, Double::sum));
    }

    Map<WaitKind, Double> waitsOfAnItem(double ofAnItem) {
      var each = new EnumMap<WaitKind, Double>(WaitKind.class);
      waits.forEach((kind, nanos) -> each.put(kind, nanos * ofAnItem));
      return each;
    }
  }

  // ---- what is applied

  /** What was tried may be what is chosen by now, for another reason. */
  private void keeps(Decision decision) {
    if (!decision.reason().isEmpty() && toTell == null) {
      Setting kept = decision.setting();
      choice = new Choice(kept.model(), kept.size(), decision.reason());
    }
  }

  private void apply(Setting next, String reason) {
    apply(next, reason, false);
  }

  private void apply(Setting next, String reason, boolean trial) {
    ProcessSide there = next.model() == ExecutionModel.PROCESSES ? openHelper() : helperIfOpen();
    if (next.model() == ExecutionModel.PROCESSES) {
      if (there == null) {
        return; // the job begins anew, without worker processes, at the next look
      }
      there.prepare(next.size());
      starting = true;
    } else {
      onThreads = next;
      starting = false;
    }
    setting = next;
    unsettled = totals().inFlight();
    toTell = new Choice(next.model(), next.size(), reason);
    toTellIsTrial = trial;
    shareOut();
    tellChoice();
  }

  /** Tells of the latest choice once items run as it says: workers have to be ready for that. */
  private void tellChoice() {
    Choice next = toTell;
    if (next == null || starting) {
      return;
    }
    toTell = null;
    if (!toTellIsTrial) {
      choice = next;
    }
    try {
      options.choices().chose(next);
    } catch (RuntimeException | Error e) {
      Log.get().log(System.Logger.Level.WARNING, "a listener of a pool's choices failed", e);
    }
  }

  /**
   * Lets threads and worker processes take as many items as the setting says. Items go on as before
   * until all workers of a new setting are ready. A side takes less while the other still has items
   * of an earlier setting, where both together would have more in flight than the user allows.
   */
  private void shareOut() {
    ProcessSide there = helperIfOpen();
    int most = options.mostInFlight();
    if (setting.model() == ExecutionModel.PROCESSES && there != null && noProcesses == null) {
      if (starting && there.ready(setting.size()) >= setting.size()) {
        starting = false;
        unsettled = threads.figures().inFlight();
        tellChoice();
      }
      if (!starting) {
        int workers = Math.clamp(most - threads.figures().inFlight(), 0, setting.size());
        if (workers > 0) {
          waitingSince = 0;
        } else if (isStalled()) {
          workers = 1;
        }
        leaveToHelper(true);
        use(there, workers);
        return;
      }
      // Again: a start may have failed, and who was ready may have ended since.
      there.prepare(setting.size());
    }
    if (there != null) {
      use(there, 0);
    }
    int away = there == null ? 0 : Math.min(there.figures().inFlight(), workersUsed);
    if (away == 0) {
      workersUsed = 0;
    }
    runOn(onThreads.model(), Math.min(onThreads.size(), most - away));
    leaveToHelper(false);
  }

  /**
   * Returns whether all threads have waited for a while for items of their own pool. Those items
   * may be left to worker processes, and if none took any because of the items in flight, all would
   * wait for ever. What the threads wait for comes one by one, and they go on for a moment each
   * time.
   */
  private boolean isStalled() {
    long now = System.nanoTime();
    if (threads.waitsForItself()) {
      waitingSince = waitingSince == 0 ? now | 1 : waitingSince; // never 0
      waitedAt = now;
    } else if (now - waitedAt > STALL_NANOS) {
      waitingSince = 0;
    }
    return waitingSince != 0 && now - waitingSince >= STALL_NANOS;
  }

  /** Nobody shares out any more: no side may have no share because of what the other does. */
  private void shareOutForGood() {
    ProcessSide there = helperIfOpen();
    if (left && there != null && noProcesses == null) {
      use(there, setting.size());
    } else {
      runOn(onThreads.model(), onThreads.size());
      leaveToHelper(false);
    }
  }

  private void leaveToHelper(boolean yes) {
    if (left != yes) {
      left = yes;
      threads.leaveToHelper(yes);
    }
  }

  private void runOn(ExecutionModel model, int size) {
    if (rosterModel != model || rosterSize != size) {
      rosterModel = model;
      rosterSize = size;
      threads.runOn(model, size);
    }
  }

  private void use(ProcessSide there, int workers) {
    if (processesUsed != workers) {
      processesUsed = workers;
      workersUsed = Math.max(workersUsed, workers);
      there.use(workers);
    }
  }
}
