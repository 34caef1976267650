package io.github.fornada.threads;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Outcome;
import io.github.fornada.PoolOptions;
import io.github.fornada.SharedBytes;
import io.github.fornada.TaskFunction;
import io.github.fornada.elastic.Sides;
import io.github.fornada.elastic.ThreadSide;
import io.github.fornada.jvm.OwnThreads;
import io.github.fornada.spi.AbstractPool;
import io.github.fornada.spi.Batch;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A pool whose size and kind of threads change while it runs, and which worker JVMs can help. There
 * is one queue for all of them, so calls, order, retries, timeouts and listeners are those of every
 * pool, whatever the setting; what changes is only who takes the next batch.
 */
final class ElasticPool extends LocalPool implements ThreadSide {
  static {
    Sides.register(ElasticPool::new);
  }

  private final Predicate<Throwable> isRefusal;
  private final Watcher watcher;
  private final Meter meter = new Meter();
  private final LongAdder failed = new LongAdder();
  private final LongAdder refused = new LongAdder();
  private final LongAdder cancelled = new LongAdder();

  /** Batches with items that the helper cannot run. */
  private final ConcurrentLinkedQueue<Batch<?, ?>> stayed = new ConcurrentLinkedQueue<>();

  private final LongAdder cameBack = new LongAdder();

  /** The threads and the helper: the pool has ended when both have. */
  private final AtomicInteger parts = new AtomicInteger(2);

  // Written under the monitor, by one thread at a time; read by any.
  private volatile ExecutionModel onThreads = ExecutionModel.SEQUENTIAL;
  private volatile boolean leaves;
  private volatile boolean heldBack;

  /** The number of failures at which one item at a time is run. */
  private volatile long mostFailures = Long.MAX_VALUE;

  /** The batch that was taken last. A hint. */
  private volatile @Nullable Batch<?, ?> latest;

  private ElasticPool(PoolOptions options, Predicate<Throwable> isRefusal, Watcher watcher) {
    this(
        options,
        isRefusal,
        watcher,
        (body, name) -> OwnThreads.daemon(name).unstarted(body),
        NO_THREAD_LIMIT);
  }

  /**
   * A pool with threads of its own kind, for tests.
   *
   * @param noThreadLimit how long items wait for a thread if the system cannot create one
   */
  ElasticPool(
      PoolOptions options,
      Predicate<Throwable> isRefusal,
      Watcher watcher,
      ThreadMaker threads,
      Duration noThreadLimit) {
    super(ExecutionModel.SEQUENTIAL, options, 1, threads, noThreadLimit);
    this.isRefusal = isRefusal;
    this.watcher = watcher;
  }

  // ---- the setting

  @Override
  public AbstractPool pool() {
    return this;
  }

  @Override
  public synchronized void runOn(ExecutionModel model, int size) {
    boolean otherThreads =
        (model == ExecutionModel.VIRTUAL_THREADS) != (onThreads == ExecutionModel.VIRTUAL_THREADS);
    heldBack = false;
    onThreads = model; // before the generation changes: its workers have these threads
    roster().change(size, keepsIdleThreads(), otherThreads);
    callThreads();
  }

  @Override
  public void holdBackAfter(long failures) {
    mostFailures = failures == Long.MAX_VALUE ? failures : failed.sum() + failures;
  }

  @Override
  public boolean isHeldBack() {
    return heldBack;
  }

  private synchronized void holdBack() {
    heldBack = true;
    roster().change(1, keepsIdleThreads(), false);
  }

  @Override
  public synchronized void leaveToHelper(boolean yes) {
    leaves = yes;
    // Work that was queued before this has called the other side, so both are called once more.
    callThreads();
    callHelper();
  }

  @Override
  public ExecutionModel model() {
    return leaves ? ExecutionModel.PROCESSES : onThreads;
  }

  @Override
  public void helpedBy(@Nullable AbstractPool helper) {
    setHelper(helper);
  }

  @Override
  ThreadMaker threads() {
    return onThreads == ExecutionModel.VIRTUAL_THREADS
        ? VirtualThreadPool::newThread
        : super.threads();
  }

  @Override
  protected boolean hasFreeWorker() {
    return true; // of the threads or of the helper: who is called finds out
  }

  @Override
  protected boolean limitWorkers(int count) {
    return false; // its own monitor decides
  }

  @Override
  boolean keepsIdleThreads() {
    return onThreads != ExecutionModel.VIRTUAL_THREADS;
  }

  // ---- who takes what

  @Override
  protected void workAvailable() {
    callThreads();
    callHelper();
    watcher.work();
  }

  private void callThreads() {
    if (!leaves || hasStayed()) {
      super.workAvailable();
    }
  }

  @Override
  boolean hasWorkHere() {
    return hasStayed() || (!leaves && hasWork());
  }

  private boolean hasStayed() {
    for (Batch<?, ?> batch = stayed.peek(); batch != null; batch = stayed.peek()) {
      if (batch.hasWaiting()) {
        return true;
      }
      stayed.remove(batch);
    }
    return false;
  }

  @Override
  @Nullable Batch<?, ?> take(@Nullable Batch<?, ?> last) {
    Batch<?, ?> batch = hasStayed() ? stayed.peek() : null;
    if (batch == null && !leaves) {
      return super.take(last);
    }
    if (last != null) {
      letGo(last);
    }
    return batch;
  }

  /** Of what stayed here, a spare worker has no more than any other thread that takes it. */
  @Override
  @Nullable Batch<?, ?> takeForSpare(Worker worker, boolean any) {
    if (hasStayed()) {
      worker.hasPolled = false;
      return stayed.peek();
    }
    return leaves ? null : super.takeForSpare(worker, any);
  }

  /** What the helper can run needs no thread. */
  @Override
  @Nullable Batch<?, ?> takeToEnd() {
    Batch<?, ?> batch = stayed.poll();
    return batch != null || leaves ? batch : super.takeToEnd();
  }

  @Override
  protected void takeBack(Batch<?, ?> batch) {
    cameBack.increment();
    stayed.add(batch);
    super.workAvailable();
  }

  /** As it is now: threads call the function itself, and the helper sends what it was. */
  @Override
  protected TaskFunction<?, ?> handOver(TaskFunction<?, ?> function, List<?> parts) {
    return handOverToHelper(function, parts);
  }

  @Override
  protected void cancel(Batch<?, ?> batch, int i, String reason) {
    if (!interrupt(batch, i)) {
      cancelAtHelper(batch, i, reason);
    }
  }

  @Override
  protected void cancelAll(String reason) {
    cancelAllAtHelper(reason);
  }

  // ---- shared bytes: both sides can read what a helper has mapped

  @Override
  protected SharedBytes sharing(MemorySegment bytes, Set<SharedBytes> open) {
    SharedBytes shared = watcher.helper() ? sharingWithHelper(bytes, open) : null;
    return shared == null ? super.sharing(bytes, open) : shared;
  }

  @Override
  protected SharedBytes sharing(Path file, Set<SharedBytes> open) {
    SharedBytes shared = watcher.helper() ? sharingWithHelper(file, open) : null;
    return shared == null ? super.sharing(file, open) : shared;
  }

  // ---- the end

  @Override
  protected void onQuiet() {
    super.onQuiet();
    watcher.ends();
  }

  @Override
  void threadsEnded() {
    partEnded();
  }

  @Override
  public void helperEnded() {
    partEnded();
  }

  private void partEnded() {
    if (parts.decrementAndGet() == 0) {
      terminated();
    }
  }

  // ---- figures

  @Override
  Meter meter() {
    return meter;
  }

  @Override
  protected void taken(Batch<?, ?> batch) {
    latest = batch;
  }

  @Override
  protected void hasFailed(Outcome<?> outcome) {
    if (outcome instanceof Outcome.Cancelled) {
      cancelled.increment();
      return;
    }
    failed.increment();
    if (!heldBack && failed.sum() >= mostFailures) {
      holdBack();
    }
    if (outcome instanceof Outcome.Failed<?>(Throwable cause) && isRefusal.test(cause)) {
      refused.increment();
    }
  }

  @Override
  public Figures figures() {
    int running = 0;
    for (Worker worker : workersNow()) {
      running += worker.isRunning() ? 1 : 0;
    }
    return new Figures(
        meter.ended(),
        failed.sum(),
        refused.sum(),
        cancelled.sum(),
        meter.busyNanos(),
        meter.busySquares(),
        meter.metered(),
        meter.cpuNanos(),
        meter.allocatedBytes(),
        running);
  }

  @Override
  public boolean waitsForItself() {
    boolean any = false;
    for (Worker worker : workersNow()) {
      if (worker.isRunning()) {
        if (!worker.isWaitingAfterHandOver()) {
          return false;
        }
        any = true;
      }
    }
    return any;
  }

  @Override
  public Collection<Thread> threads(int most) {
    var threads = new ArrayList<Thread>();
    for (Worker worker : workersNow()) {
      if (worker.isRunning()) {
        threads.add(worker.thread());
        if (threads.size() == most) {
          break;
        }
      }
    }
    return threads;
  }

  @Override
  public long waiting() {
    return waitingItems();
  }

  @Override
  public boolean lacksWork() {
    return !hasStayed() && lacksItems();
  }

  // ---- a result, to see what sending it would cost

  /** Whether the next result is to be kept. A hint: two workers may both keep theirs. */
  private volatile boolean wantsResult;

  private volatile @Nullable Object oneResult;

  @Override
  public void wantResult() {
    wantsResult = true;
  }

  @Override
  public @Nullable Object result() {
    Object found = oneResult;
    oneResult = null;
    return found;
  }

  @Override
  void returned(@Nullable Object result) {
    if (wantsResult && result != null) {
      wantsResult = false;
      oneResult = result;
    }
  }

  @Override
  public boolean hasSomething() {
    return isBusy();
  }

  @Override
  public void letGoOfFunction() {
    Batch<?, ?> batch = latest;
    if (batch != null && batch.isClosed()) {
      latest = null;
    }
    wantsResult = false;
    oneResult = null;
  }

  @Override
  public long cameBack() {
    return cameBack.sum();
  }

  @Override
  public @Nullable Object function() {
    Batch<?, ?> batch = latest;
    return batch == null ? null : batch.userFunction();
  }

  @Override
  public @Nullable Object item() {
    Batch<?, ?> batch = latest;
    return batch == null ? null : batch.item(0);
  }
}
