package io.github.fornada.pipeline;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.jvm.Fifo;
import io.github.fornada.jvm.HeapShortage;
import io.github.fornada.jvm.Suppressed;
import io.github.fornada.spi.FedCall;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** A pipeline that runs: its source, its stages, its end, and what stops them all. */
final class PipelineEngine {
  /** How much work a queue holds where nobody said how many items. */
  private static final double QUEUE_NANOS = 20e6; // Guess

  private static final int MIN_QUEUE = 16; // Guess

  /**
   * Of items that take next to no time, so many are taken and given at once that a thread is woken
   * seldom. Measured with three empty stages: 4096 places give 1.4 times the rate of 1024 between
   * threads, and more places no more. Beside worker JVMs 16384 places give 2.3 times the rate.
   */
  private static final int MAX_QUEUE = 4096;

  private static final int MAX_QUEUE_OF_PROCESSES = 16_384;

  /** The most places while the heap is nearly full: the items may be what fills it. */
  private static final int MAX_QUEUE_IN_TIGHT_HEAP = 1024;

  private static final double TIGHT = 0.75; // Guess

  /** How long a close waits for the source's thread, and for listeners: they may never return. */
  private static final long GRACE = Duration.ofSeconds(1).toNanos();

  /** How often a close tries to end what is left while the heap is full. */
  private static final int MOST_TRIES = 500; // Guess: a second

  private final PipelineOptions options;
  private final SourceReader reader;
  private final List<Stage> stages = new ArrayList<>();
  private final Output output;
  private final ItemQueue last;
  private final Monitor monitor;

  /** Written by the monitor, read by workers. */
  private volatile boolean heapIsTight;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition quiet = lock.newCondition();

  /** Why everything was stopped; null while it runs. Written once, under lock; read by any. */
  private volatile @Nullable String stopReason;

  /** What the consumer is to see of that, after the outcomes. Written under lock. */
  private @Nullable Throwable fatal;

  /** Whether no stage takes any more, after a stop. */
  private volatile boolean allToldToStop;

  /** Whether no worker has any item of a stopped pipeline. Guarded by lock. */
  private boolean isQuiet;

  /** When it was started, and when its last outcome came; 0 for not yet. */
  private volatile long startNanos;

  private volatile long endNanos;

  /** Whether it was stopped before its last outcome had come. Written under lock. */
  private volatile boolean stoppedEarly;

  private volatile boolean closed;

  /** Whether one of its own tasks has closed it, which cannot wait for its end. */
  private volatile boolean closedByTask;

  // ---- the consumer's own

  private boolean started;

  /** The outcomes that are left after a stop. */
  private final Fifo<Item> rest = new Fifo<>();

  /** Whether those are complete. */
  private boolean hasRest;

  /** Opens the pools of the stages. If one cannot be opened, closes the others. */
  PipelineEngine(
      Iterable<?> source, List<StagePlan> plans, StagePlan.Batches end, PipelineOptions options) {
    this.options = options;
    this.monitor = new Monitor(this, options);
    var pools = new ArrayList<Pool>();
    int most = mostOfOne(plans, options.total());
    try {
      for (StagePlan plan : plans) {
        pools.add(plan.open(most));
      }
      var queues = new ArrayList<ItemQueue>();
      for (int k = 0; k <= plans.size(); k++) {
        StagePlan.Batches batches = k == plans.size() ? end : plans.get(k).batches();
        queues.add(
            new ItemQueue(
                batches.size(),
                batches.patience(),
                places(
                    k == 0 ? null : pools.get(k - 1), k == plans.size() ? null : pools.get(k), 0)));
      }
      for (int k = 0; k < plans.size(); k++) {
        StagePlan plan = plans.get(k);
        stages.add(
            new Stage(
                this,
                plan.name(),
                pools.get(k),
                plan.ownsPool(),
                plan.isFlat(),
                plan.function(),
                queues.get(k),
                queues.get(k + 1)));
        if (options.total() > 0 && plan.canChange()) {
          stages.get(k).canBeSized(Math.min(plan.pool().size(), pools.get(k).workers()));
        }
      }
      for (int k = 0; k + 1 < plans.size(); k++) {
        if (pools.get(k).model() == ExecutionModel.PROCESSES
            && pools.get(k + 1).model() == ExecutionModel.PROCESSES
            && plans.get(k).givesWhatItReturns()
            && plans.get(k + 1).batches().size() == 0) {
          stages.get(k).call().relaysTo(stages.get(k + 1).call());
        }
        if (plans.get(k + 1).batches().size() == 0) {
          stages.get(k).handsOverTo(stages.get(k + 1).call());
        }
      }
      last = queues.getLast();
      reader =
          new SourceReader(
              this,
              source,
              queues.getFirst(),
              plans.getFirst().batches().size() > 0 || FedCall.holdsItsItems(source)
                  ? null
                  : stages.getFirst().call());
      output = new Output(this, last);
      for (int k = 0; k < queues.size(); k++) {
        queues
            .get(k)
            .joins(
                k == 0 ? reader : stages.get(k - 1), k == stages.size() ? output : stages.get(k));
      }
    } catch (RuntimeException | Error e) {
      for (int k = 0; k < pools.size(); k++) {
        if (plans.get(k).ownsPool()) {
          pools.get(k).close();
        }
      }
      throw e;
    }
  }

  /** How many workers one stage may have, if the total is shared; 0 if it is not. */
  private static int mostOfOne(List<StagePlan> plans, int total) {
    if (total == 0) {
      return 0;
    }
    int stages = 0;
    int workers = 0;
    for (StagePlan plan : plans) {
      if (plan.canChange()) {
        stages++;
        workers += plan.pool().size();
      }
    }
    if (stages == 0) {
      throw new IllegalStateException(
          "withTotal is for stages of threads and processes that have a pool of their own, and"
              + " there is none");
    }
    if (workers > total) {
      throw new IllegalStateException(
          "the stages have "
              + workers
              + " workers, and the total is "
              + total
              + ": give them fewer, or a higher total");
    }
    return total - stages + 1;
  }

  // ---- how long queues are

  /** How many places there are between two stages; null for the source and the consumer. */
  private int places(@Nullable Pool before, @Nullable Pool after, double itemNanos) {
    long begun = before == null ? 0 : Stage.begunAtOnce(before);
    if (options.queue() > 0) {
      return places(begun + options.queue());
    }
    long wanted = after == null ? MIN_QUEUE : MIN_QUEUE + 2L * Stage.begunAtOnce(after);
    if (itemNanos > 0) {
      int workers = after == null ? 1 : after.workers();
      double byTime = QUEUE_NANOS * workers / itemNanos;
      wanted = Math.clamp((long) byTime, wanted, Math.max(wanted, maxPlaces(before, after)));
    }
    return places(begun + wanted);
  }

  private static int places(long wanted) {
    return (int) Math.min(wanted, Integer.MAX_VALUE); // there may be any number of workers
  }

  private int maxPlaces(@Nullable Pool before, @Nullable Pool after) {
    return heapIsTight
        ? MAX_QUEUE_IN_TIGHT_HEAP
        : isOfProcesses(before) || isOfProcesses(after) ? MAX_QUEUE_OF_PROCESSES : MAX_QUEUE;
  }

  private static boolean isOfProcesses(@Nullable Pool pool) {
    return pool != null && pool.model() == ExecutionModel.PROCESSES;
  }

  /** Looks how full the heap is; queues are shorter from the next item on if it is nearly full. */
  void lookAtHeap() {
    Runtime jvm = Runtime.getRuntime();
    heapIsTight = jvm.totalMemory() - jvm.freeMemory() > TIGHT * jvm.maxMemory();
  }

  /** The items of a stage took some time: the queues beside it have room for more or for less. */
  void ran(Stage stage, double mean) {
    if (options.queue() > 0) {
      return;
    }
    int k = stages.indexOf(stage);
    if (mean > 0 && k >= 0) {
      stage.in().limit(places(k == 0 ? null : stages.get(k - 1).pool(), stage.pool(), mean));
      if (k == stages.size() - 1) {
        last.limit(places(stage.pool(), null, mean));
      }
    }
  }

  // ---- what happens

  /** The outcomes are to come in the order of the source. Before the first is asked for. */
  void keepsOrder() {
    for (Stage stage : stages) {
      stage.in().keepsOrder();
    }
    last.keepsOrder();
  }

  private void start() {
    startNanos = System.nanoTime();
    for (Stage stage : stages) {
      stage.figures().history().begins(startNanos, stage.size());
    }
    for (Stage stage : stages) {
      stage.call().start();
    }
    reader.start();
    monitor.start();
  }

  void sourceEnded() {
    stages.getFirst().inputEnds();
  }

  void completed(Stage stage) {
    int k = stages.indexOf(stage);
    if (k == stages.size() - 1) {
      endNanos = System.nanoTime();
      last.inputEnds();
    } else {
      stages.get(k + 1).inputEnds();
    }
  }

  /** An item has failed for good. */
  void failed(Stage stage, Item item) {
    if (options.stopsOnFailure()) {
      stop(item.place() + " failed in stage \"" + stage.name() + "\"", null);
    }
  }

  void poolWasShutDown(Stage stage) {
    String reason = "the pool of stage \"" + stage.name() + "\" was shut down";
    stop(reason, new RejectedExecutionException(reason + " while the pipeline ran"));
  }

  // ---- the stop

  boolean isStopped() {
    return stopReason != null;
  }

  boolean isStoppedEarly() {
    return stoppedEarly;
  }

  /**
   * Stops everything: what runs is cancelled, what waits is not begun. Never waits.
   *
   * @param thrown what the consumer is to see; null if the outcomes say it all
   */
  void stop(String reason, @Nullable Throwable thrown) {
    lock.lock();
    try {
      if (stopReason != null) {
        return;
      }
      fatal = thrown;
      stoppedEarly = endNanos == 0;
      stopReason = reason;
    } finally {
      lock.unlock();
    }
    for (OutOfMemoryError lack = tellAll(reason); lack != null; lack = tellAll(reason)) {
      HeapShortage.await(lack);
    }
    output.wake();
  }

  /** Tells all of a stop; returns what there was no memory for: all are to be told again then. */
  private @Nullable OutOfMemoryError tellAll(String reason) {
    try {
      reader.stop();
      for (Stage stage : stages) {
        stage.call().stop(reason);
      }
      allToldToStop = true; // before the look: who ends something later sees it
      lookIfQuiet();
      return null;
    } catch (OutOfMemoryError e) {
      return e;
    }
  }

  /** There is no memory for long: the consumer may hold what fills the heap. */
  void outOfMemory(OutOfMemoryError e) {
    output.outOfMemory(e);
  }

  /** Has the stages do what the heap had no room for. */
  void settle() {
    for (Stage stage : stages) {
      stage.settle();
    }
  }

  /** Takes note if no worker has any item any more, after a stop. */
  void lookIfQuiet() {
    if (!allToldToStop) {
      return; // a worker that is idle now may still take more
    }
    for (Stage stage : stages) {
      if (!stage.call().isIdle()) {
        return;
      }
    }
    lock.lock();
    try {
      isQuiet = true;
      quiet.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void awaitQuiet() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (!isQuiet) {
        quiet.await();
      }
    } finally {
      lock.unlock();
    }
  }

  private boolean isOwnThread() {
    for (Stage stage : stages) {
      if (stage.call().isOwnThread()) {
        return true;
      }
    }
    return false;
  }

  /**
   * Whether one of its own tasks has closed it, and no worker has any item any more. It may be that
   * nobody consumes what is left, or closes it again.
   */
  boolean isLeft() {
    if (!closedByTask) {
      return false;
    }
    lock.lock();
    try {
      return isQuiet;
    } finally {
      lock.unlock();
    }
  }

  /** Whether somebody has begun to close it. */
  boolean isClosed() {
    return closed;
  }

  /** Stops everything, and waits until nothing of it runs any more. */
  void close() {
    closed = true;
    stop("the pipeline was closed", new CancellationException("the pipeline was closed"));
    if (isOwnThread()) { // a task of its own: it would wait for itself
      closedByTask = true;
      for (Stage stage : stages) {
        if (stage.ownsPool()) {
          stage.pool().shutdown();
        }
      }
      return;
    }
    boolean interrupted = false;
    while (true) {
      try {
        awaitQuiet();
        break;
      } catch (InterruptedException e) {
        interrupted = true; // all is cancelled already
      }
    }
    reader.endsHere();
    Throwable thrown = null;
    for (Stage stage : stages) {
      try {
        endWhatIsLeft(stage);
        stage.call().end();
        stage.in().looksNoMore();
      } catch (RuntimeException | Error e) { // the others end all the same
        thrown = e;
      }
      try {
        if (stage.ownsPool()) {
          stage.pool().close();
        }
      } catch (RuntimeException | Error e) {
        thrown = e;
      }
    }
    last.looksNoMore();
    monitor.end();
    boolean waits = startNanos != 0;
    while (waits) {
      try {
        var _ = reader.awaitEnd(GRACE);
        monitor.awaitEnd(GRACE);
        waits = false;
      } catch (InterruptedException e) {
        interrupted = true; // it may wait again for less than it has waited already
      }
    }
    if (endNanos == 0) {
      endNanos = System.nanoTime();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (thrown != null) {
      throw PipelineEngine.<RuntimeException>unchecked(thrown);
    }
  }

  /** Ends what a stage has left when it is closed: its consumer has gone. */
  private static void endWhatIsLeft(Stage stage) {
    for (int tries = 0; tries < MOST_TRIES; tries++) {
      try {
        stage.endUnfinished("the pipeline was closed");
        stage.takeAll("the pipeline was closed", new Fifo<>());
        return;
      } catch (OutOfMemoryError e) {
        HeapShortage.await(e); // and after a while goes on without: nobody reads these outcomes
      }
    }
  }

  // ---- the consumer

  /** Returns the next outcome; null at the end. Throws what ends the pipeline early. */
  @Nullable PipelineOutcome<@Nullable Object> next() {
    if (!started) {
      started = true;
      start();
    }
    try {
      Item item = hasRest ? null : output.next();
      if (item != null) {
        PipelineOutcome<@Nullable Object> next = outcome(item);
        output.consumed(); // where there is no memory for the outcome, it is still due
        return next;
      }
      if (isStopped()) {
        collectRest();
        item = rest.peek();
        if (item != null) {
          PipelineOutcome<@Nullable Object> next = outcome(item);
          var _ = rest.remove();
          return next;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      var thrown =
          new CancellationException(
              "interrupted while waiting for an outcome of the pipeline; the rest was cancelled");
      stop("the consumer was interrupted", thrown);
      throw thrown;
    }
    end();
    return null;
  }

  /** Throws what has ended the pipeline, unless it came to its end. */
  private void end() {
    monitor.end();
    Throwable thrown;
    lock.lock();
    try {
      thrown = fatal;
    } finally {
      lock.unlock();
    }
    Throwable ofSource = reader.failure(); // from before a stop, if there was one
    if (thrown == null) {
      thrown = ofSource;
    } else if (ofSource != null && thrown.getSuppressed().length == 0) { // the first time
      Suppressed.add(thrown, ofSource);
    }
    if (thrown != null) {
      throw PipelineEngine.<RuntimeException>unchecked(thrown);
    }
  }

  /** A source may throw a checked exception unseen by the compiler; it goes on like that. */
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
  private static <X extends Throwable> X unchecked(Throwable e) throws X {
    throw (X) e;
  }

  /**
   * After a stop: every item that was taken from the source ends, in the order of the pipeline.
   * Where there is no memory for that, goes on from there when it is called again.
   */
  private void collectRest() throws InterruptedException {
    if (hasRest) {
      return;
    }
    awaitQuiet();
    reader.endsHere(); // what it gives from now on would have no outcome
    String reason = String.valueOf(stopReason);
    for (Stage stage : stages) {
      stage.endUnfinished(reason);
    }
    output.takeAll(rest);
    for (int k = stages.size() - 1; k >= 0; k--) {
      stages.get(k).takeAll(reason, rest);
    }
    if (endNanos == 0) {
      endNanos = System.nanoTime();
    }
    hasRest = true;
  }

  private PipelineOutcome<@Nullable Object> outcome(Item item) {
    // Batches at the end are made by no stage: those that made their items come before.
    String name = Objects.requireNonNullElse(item.stage, stages.getLast()).name();
    List<Origin> origins = item.origins();
    Outcome<?> ended = item.outcome;
    if (ended == null) {
      Object source = origins.size() == 1 ? origins.getFirst().item() : null;
      return new PipelineOutcome<>(
          new Outcome.Done<>(item.value), name, item.worker, source, origins);
    }
    return new PipelineOutcome<>(
        asAny(ended), name, item.worker, FedCall.shown(item.value), origins);
  }

  @SuppressWarnings("unchecked") // an outcome without a result is one of any type
  private static Outcome<@Nullable Object> asAny(Outcome<?> outcome) {
    return (Outcome<@Nullable Object>) outcome;
  }

  /** The consumer wants no more. */
  void abandon() {
    if (started) {
      stop(
          "the stream of its outcomes was closed",
          new CancellationException("the stream was closed"));
    }
  }

  @Override
  public String toString() {
    return stages + ", " + last + (isStopped() ? ", stopped because " + stopReason : "");
  }

  // ---- figures

  List<Stage> stages() {
    return stages;
  }

  Monitor monitor() {
    return monitor;
  }

  ItemQueue last() {
    return last;
  }

  long sourceTaken() {
    return reader.taken();
  }

  /** When it ended, or now. */
  long endOrNow() {
    return endNanos == 0 ? System.nanoTime() : endNanos;
  }

  /** How long it has run, in nanoseconds. */
  long elapsedNanos() {
    if (startNanos == 0) {
      return 0;
    }
    return endOrNow() - startNanos;
  }
}
