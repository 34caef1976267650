package io.github.fornada.pipeline;

import com.sun.management.OperatingSystemMXBean;
import io.github.fornada.ExecutionModel;
import io.github.fornada.jvm.Durations;
import io.github.fornada.jvm.HeapShortage;
import io.github.fornada.jvm.InterruptGate;
import io.github.fornada.jvm.Log;
import io.github.fornada.jvm.OwnThreads;
import io.github.fornada.jvm.StackSample;
import io.github.fornada.process.ProcessPool;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Looks at a running pipeline from time to time, on a thread of its own: how many processors are
 * free, whether a stage has stalled, and whether its user wants to know how it goes.
 */
final class Monitor {
  private static final long TICK = Duration.ofMillis(200).toNanos(); // Guess

  /** How often it looks at the queues alone. */
  private static final long SHORT_TICK = Duration.ofMillis(50).toNanos(); // Guess

  /** What is added to a time must be less than 292 years. */
  private static final long LONGEST_INTERVAL = Long.MAX_VALUE / 4;

  /** How long sizes are tried at least. */
  private static final long JUDGED_AFTER = Duration.ofMillis(500).toNanos(); // Guess

  /** With how many items of each stage at least. */
  private static final int ENOUGH = 10; // Guess

  private final PipelineEngine engine;
  private final PipelineOptions options;
  private final CountDownLatch ended = new CountDownLatch(1);
  private final CountDownLatch gone = new CountDownLatch(1);

  /** Open while a listener is called. */
  private final InterruptGate<String> gate = new InterruptGate<>();

  /** Whether listeners hear no more: one did not end though it was interrupted. */
  private volatile boolean silent;

  /** Null before the start. Written once. */
  private volatile @Nullable Thread thread;

  // ---- guarded by this

  private double loadSum;
  private int loads;

  private final Map<ProcessPool, WorkerCpu> cpuOfWorkers = new HashMap<>();

  private final Map<Stage, Long> cpuByStage = new HashMap<>();

  /** Processor time of stages before their figures began anew. */
  private final Map<Stage, Long> cpuBefore = new HashMap<>();

  private final List<String> changes = new ArrayList<>();

  // ---- the monitor thread's own

  /** Null where the stages keep the sizes that they were given. */
  private @Nullable StageSizes sizes;

  /** When the figures began anew. */
  private long anewSince;

  private long nextLook;

  /** Whether something has failed, which was told. */
  private boolean hasFailed;

  /** When the listener is to be called next. */
  private long nextCall;

  private final Map<Stage, Seen> seen = new HashMap<>();

  private record Seen(long progress, long sinceNanos, boolean told) {}

  Monitor(PipelineEngine engine, PipelineOptions options) {
    this.engine = engine;
    this.options = options;
  }

  void start() {
    OwnThreads.start("fornada-pipeline-monitor", this::run);
  }

  /** The run has ended. Never waits. */
  void end() {
    ended.countDown();
  }

  /**
   * Waits until the user's listener has had its last call, after {@link #end}. One that blocks is
   * interrupted when half of the time is over, and its last call, if that blocks too, when half of
   * the rest is. One that does not return then is told of and left alone: it hears no more.
   */
  void awaitEnd(long nanos) throws InterruptedException {
    if (thread == Thread.currentThread() // a listener has closed the run
        || gone.await(nanos / 2, TimeUnit.NANOSECONDS)) {
      return;
    }
    interrupt();
    if (gone.await(nanos / 4, TimeUnit.NANOSECONDS)) {
      return;
    }
    interrupt();
    if (gone.await(nanos / 4, TimeUnit.NANOSECONDS)) {
      return;
    }
    silent = true; // before the look at the gate: who opens it after that sees it
    interrupt();
    Thread own = thread;
    if (own != null && gate.abandon(InterruptGate.passOf(gate.word()))) {
      Log.get()
          .log(
              System.Logger.Level.WARNING,
              "a listener of a pipeline has not returned, though the run was closed and it was"
                  + " interrupted; its thread stays until it does:"
                  + System.lineSeparator()
                  + stack(own));
    }
  }

  /** Interrupts the call of a listener, if there is one that was not interrupted yet. */
  private void interrupt() {
    Thread own = thread;
    long word = gate.word();
    if (own != null && InterruptGate.isRunning(word)) {
      var _ = gate.interrupt(InterruptGate.passOf(word), own, null);
    }
  }

  private void lookAtQueues() {
    engine.lookAtHeap();
    long now = System.nanoTime();
    for (Stage stage : engine.stages()) {
      stage.lookAtQueue(now);
    }
  }

  private void run() {
    thread = Thread.currentThread();
    long every = Math.min(Durations.nanos(options.interval()), LONGEST_INTERVAL);
    nextCall = System.nanoTime() + every;
    try {
      while (!begins()) {}
      while (!awaitEnded(Math.min(SHORT_TICK, every)) && !engine.isLeft()) {
        lookAgain(every);
      }
      tell();
    } catch (OutOfMemoryError e) {
      failed(e);
    } finally {
      gone.countDown();
    }
  }

  /** Returns whether there was memory for it; waits for a moment if not. */
  private boolean begins() {
    try {
      sizes = sizes();
      anewSince = System.nanoTime();
      look();
      nextLook = System.nanoTime() + TICK;
      return true;
    } catch (OutOfMemoryError e) {
      HeapShortage.await(e);
      return false;
    } catch (RuntimeException | Error e) {
      failed(e);
      return true;
    }
  }

  private void lookAgain(long every) {
    try {
      engine.settle();
      lookAtQueues();
      if (System.nanoTime() - nextLook >= 0) {
        look();
        nextLook = System.nanoTime() + TICK;
      }
      if (System.nanoTime() - nextCall >= 0 && ended.getCount() > 0) { // else the last call is due
        tell();
        nextCall = System.nanoTime() + every;
      }
    } catch (OutOfMemoryError e) {
      // What there was no memory for now is done the next time.
    } catch (RuntimeException | Error e) {
      failed(e);
    }
  }

  /** Tells once of figures that cannot be had, such as for a class that there was no memory for. */
  private void failed(Throwable e) {
    if (!hasFailed) {
      hasFailed = true;
      Log.get().log(System.Logger.Level.WARNING, "figures of a pipeline are missing", e);
    }
  }

  private boolean awaitEnded(long nanos) {
    try {
      return ended.await(nanos, TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      return ended.getCount() == 0; // by a listener that has kept this thread: it means nothing
    }
  }

  private void tell() {
    PipelineSummary summary = PipelineSummary.of(engine);
    StageEvents.tell(summary);
    Consumer<? super PipelineSummary> listener = options.progress();
    if (listener != null) {
      call(listener, summary);
    }
  }

  private <A> void call(Consumer<? super A> listener, A argument) {
    long pass = gate.open();
    try {
      if (!silent) {
        listener.accept(argument);
      }
    } catch (Throwable e) { // user code: it cannot harm the run
      Log.get().log(System.Logger.Level.WARNING, "a listener of a pipeline failed", e);
    } finally {
      // No interrupt is left behind either way: the listener's own would end the next wait.
      if (!gate.close(pass) && !gate.closeInterrupted(pass)) {
        silent = true; // it was given up, and has returned after all
      }
    }
  }

  // ---- what it looks at

  private void look() {
    double load =
        ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean os
            ? os.getCpuLoad()
            : -1;
    synchronized (this) {
      if (load >= 0 && !cpuByStage.isEmpty()) { // the first look is of the time before
        loadSum += load;
        loads++;
      }
      for (Stage stage : engine.stages()) {
        cpuByStage.put(stage, cpu(stage));
      }
    }
    long now = System.nanoTime();
    for (Stage stage : engine.stages()) {
      lookForStall(stage, now);
    }
    StageSizes deciding = sizes;
    if (deciding != null && now - anewSince >= JUDGED_AFTER) {
      lookAtSizes(deciding);
    }
  }

  // ---- the sizes of stages

  private @Nullable StageSizes sizes() {
    List<Stage> stages = engine.stages();
    int n = stages.size();
    var names = new String[n];
    var first = new int[n];
    var fixed = new boolean[n];
    var most = new int[n]; // the options of its pool may say fewer than its share of the total
    int sized = 0;
    for (int k = 0; k < n; k++) {
      names[k] = stages.get(k).name();
      first[k] = stages.get(k).size();
      fixed[k] = !stages.get(k).isSized();
      most[k] = stages.get(k).pool().workers();
      sized += fixed[k] ? 0 : 1;
    }
    return sized == 0 ? null : new StageSizes(names, options.total(), first, fixed, most);
  }

  private void lookAtSizes(StageSizes deciding) {
    PipelineSummary summary = PipelineSummary.of(engine);
    int n = summary.stages().size();
    double[] busy = Diagnosis.loads(summary.stages());
    var rate = new double[n];
    double cores = 0;
    for (int k = 0; k < n; k++) {
      StageSummary stage = summary.stages().get(k);
      if (stage.measured() < Math.max(ENOUGH, 3L * stage.size()) || stage.starting() > 0) {
        return;
      }
      rate[k] = stage.trueRate() * stage.load();
      cores += Math.max(0, stage.cpuCores());
    }
    StageSizes.Step step =
        deciding.next(
            new StageSizes.Load(
                busy,
                rate,
                cores,
                summary.freeProcessors(),
                Runtime.getRuntime().availableProcessors()));
    boolean changed = false;
    for (int k = 0; k < n; k++) {
      Stage stage = engine.stages().get(k);
      if (stage.size() > step.sizes()[k]) { // first those that give a worker away
        stage.size(step.sizes()[k]);
        changed = true;
      }
    }
    for (int k = 0; k < n; k++) {
      Stage stage = engine.stages().get(k);
      if (stage.size() < step.sizes()[k]) {
        stage.size(step.sizes()[k]);
        changed = true;
      }
    }
    if (changed) {
      beginAnew();
    } else {
      anewSince = System.nanoTime(); // it is enough to look as often
    }
    if (!step.because().isEmpty()) {
      synchronized (this) {
        changes.add(Diagnosis.time((double) engine.elapsedNanos()) + ": " + step.because());
      }
    }
  }

  /** What is measured from now on is of other sizes. */
  private void beginAnew() {
    for (Stage stage : engine.stages()) {
      stage.in().lock().lock();
      try {
        stage.figures().beginAnew();
        stage.in().beginAnew();
      } finally {
        stage.in().lock().unlock();
      }
    }
    synchronized (this) {
      loadSum = 0;
      loads = 0;
      cpuBefore.putAll(cpuByStage);
    }
    anewSince = System.nanoTime();
  }

  /** How the sizes of stages have changed. */
  List<String> changes() {
    synchronized (this) {
      return List.copyOf(changes);
    }
  }

  /** The processor time of a stage's own workers, in nanoseconds; -1 if unknown. */
  private long cpu(Stage stage) {
    return switch (stage.pool().model()) {
      case VIRTUAL_THREADS, CLUSTER -> -1;
      case SEQUENTIAL, PLATFORM_THREADS -> stage.figures().cpuNanos();
      case PROCESSES ->
          stage.pool() instanceof ProcessPool pool && stage.ownsPool() ? cpu(pool) : -1;
    };
  }

  private long cpu(ProcessPool pool) {
    return cpuOfWorkers
        .computeIfAbsent(pool, p -> new WorkerCpu())
        .look(
            pool.stats().workers().stream()
                .map(worker -> new WorkerCpu.Worker(worker.pid(), worker.starts(), worker.tasks()))
                .toList(),
            pid ->
                ProcessHandle.of(pid)
                    .flatMap(process -> process.info().totalCpuDuration())
                    .map(Duration::toNanos)
                    .orElse(-1L));
  }

  /** The mean number of processors that a stage keeps busy while it is active; -1 if unknown. */
  double cpuCores(Stage stage) {
    long active = stage.figures().activeNanos();
    if (active == 0) {
      return -1;
    }
    synchronized (this) {
      long cpu =
          stage.pool().model() == ExecutionModel.PROCESSES
              ? cpuByStage.getOrDefault(stage, -1L) - cpuBefore.getOrDefault(stage, 0L)
              : cpu(stage);
      return cpu < 0 ? -1 : Math.min(stage.size(), cpu / (double) active);
    }
  }

  /** The mean number of processors that were free, by all that runs here; -1 if unknown. */
  double freeProcessors() {
    synchronized (this) {
      return loads == 0 ? -1 : (1 - loadSum / loads) * Runtime.getRuntime().availableProcessors();
    }
  }

  private void lookForStall(Stage stage, long now) {
    StageFigures figures = stage.figures();
    long progress = figures.taken.sum() + figures.passedOn.sum() + figures.failed.sum();
    Seen before = seen.get(stage);
    int waiting = stage.in().takeable();
    if (before == null || before.progress() != progress || waiting == 0 || stage.waitsForRoom()) {
      seen.put(stage, new Seen(progress, now, false));
      return;
    }
    long time = now - before.sinceNanos();
    if (!before.told() && time >= Durations.nanos(options.stallTimeout())) {
      seen.put(stage, new Seen(progress, before.sinceNanos(), true));
      var stall = new StageStall(stage.name(), Duration.ofNanos(time), waiting, stacks(stage));
      Consumer<? super StageStall> listener = options.stalls();
      if (listener == null || ended.getCount() == 0) {
        Log.get().log(System.Logger.Level.WARNING, stall.toString());
      } else {
        call(listener, stall);
      }
    }
  }

  /** Where the stage's workers are, as far as their threads are in this JVM. */
  private static List<String> stacks(Stage stage) {
    var texts = new ArrayList<String>();
    for (Thread worker : stage.threadsAtWork()) {
      texts.add(stack(worker));
    }
    return texts;
  }

  private static String stack(Thread thread) {
    var text = new StringBuilder("  " + thread.getName() + ":");
    for (StackTraceElement frame : StackSample.of(thread).frames()) {
      text.append(System.lineSeparator()).append("    at ").append(frame);
    }
    return text.toString();
  }
}
