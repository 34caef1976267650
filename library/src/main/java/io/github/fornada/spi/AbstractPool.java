package io.github.fornada.spi;

import io.github.fornada.Completion;
import io.github.fornada.ExecutionModel;
import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.SharedBytes;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskFunction;
import io.github.fornada.TaskPolicy;
import io.github.fornada.jvm.BoundedText;
import io.github.fornada.jvm.HeapShortage;
import io.github.fornada.jvm.Interrupts;
import io.github.fornada.jvm.StackRoom;
import io.github.fornada.jvm.Timer;
import io.github.fornada.shared.memory.Spaces;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;
import java.util.stream.Gatherer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * What all pools share: the calls, the queue, retries, listeners and the life cycle. For authors of
 * pools; users of pools see {@link Pool}.
 *
 * <p>A pool polls {@linkplain Batch batches} when it has a free worker, and claims and ends each of
 * their items. Everything else, such as order, windows, futures and retries, happens here.
 */
public abstract class AbstractPool implements Pool {
  /** Why calls end that a pool had when it was shut down at once. */
  static final String STOPPED_AT_ONCE = "the pool was shut down at once";

  private static final Duration WAKE_AGAIN = Duration.ofMillis(2); // Guess

  private final ExecutionModel model;
  private final int workers;
  private final TaskPolicy policy;

  /** Asked for each item, so that it is not asked of a list. */
  private final boolean observed;

  private final ContextCapture contextCapture;
  private final WorkQueue queue = new WorkQueue();
  private final AtomicLong tasks = new AtomicLong();
  private final PoolLifecycle life;

  /** The pool whose calls this one works for: itself, unless it is a helper. */
  private final AbstractPool source;

  /** A pool that works for the calls of this one too; null for none. */
  private volatile @Nullable AbstractPool helper;

  /** Whether retries no longer pause. */
  private volatile boolean hurried;

  /** Whether the workers are to be told of work a little later; and what tells them then. */
  private final AtomicBoolean wakeDue = new AtomicBoolean();

  private final Runnable wakeAgain = this::wakeAgain;

  /** Made before it is needed: then there may be no memory for it. */
  private final Runnable endOfShared = this::endShared;

  private final Listeners listeners;

  /** Keeps the timer's thread until this pool has ended. */
  private final Future<?> timer;

  private final PoolCallbacks callbacks = new PoolCallbacks();

  /** Shared bytes that are not closed yet. */
  private final Set<SharedBytes> shared = ConcurrentHashMap.newKeySet();

  /**
   * Creates a pool.
   *
   * @param model how it runs tasks
   * @param workers the maximum number of tasks in progress at once
   * @param policy the settings of its tasks
   */
  protected AbstractPool(ExecutionModel model, int workers, TaskPolicy policy) {
    this(null, model, workers, policy);
  }

  /**
   * Creates a pool that may be a helper: it takes no calls of its own, but polls the queue of
   * another pool, in addition to that pool's own workers. What it polls belongs to the other pool's
   * calls, so outcomes, retries and events go there. A helper can be shut down at any time: it
   * gives back what it has not begun, and ends what it has.
   *
   * @param source the pool to help; null for a pool of its own
   * @param policy the settings of its tasks; for a helper those of {@code source}
   */
  @SuppressWarnings("this-escape") // its parts do not use it before it is fully constructed
  protected AbstractPool(
      @Nullable AbstractPool source, ExecutionModel model, int workers, TaskPolicy policy) {
    this.timer = Timer.hold();
    HeapShortage.prepare();
    this.source = source == null ? this : source;
    this.model = Objects.requireNonNull(model, "model");
    this.workers = workers;
    this.policy = Objects.requireNonNull(policy, "policy");
    this.observed = !policy.listeners().isEmpty();
    this.contextCapture = new ContextCapture(policy.carriers());
    this.life = new PoolLifecycle(this, queue);
    this.listeners = new Listeners(this, policy.listeners());
  }

  // ---- what a pool must implement

  /**
   * Called after work was queued, by any thread that holds no lock. Wakes or starts a worker if one
   * is needed. Never waits.
   */
  protected abstract void workAvailable();

  /**
   * Called after another item has come to a call that is in the queue already. By default calls
   * {@link #workAvailable}; may do nothing where workers will soon poll by themselves.
   */
  protected void moreAvailable() {
    workAvailable();
  }

  /**
   * Tells the workers that work was queued, as {@link #workAvailable} does. Where the heap has no
   * room for that, they are told a little later: what is in the queue must not wait for ever.
   */
  protected final void wake() {
    wake(false);
  }

  private void wake(boolean more) {
    while (!tryWake(more)) {
      HeapShortage.await();
    }
  }

  /**
   * As {@link #wake}, but does not wait.
   *
   * @param more whether an item has come to a call that is in the queue already
   * @return false if there is no memory even to do it later: it is to be called again
   */
  private boolean tryWake(boolean more) {
    try {
      if (more) {
        moreAvailable();
      } else {
        workAvailable();
      }
      return true;
    } catch (OutOfMemoryError e) {
      return wakeLater();
    }
  }

  /**
   * Waits for room in the heap for what a worker needs to take work. Calls that have work here are
   * told where that goes on for long.
   *
   * @param since what the last call of the same loop has returned; 0 before the first
   */
  protected final long awaitRoom(OutOfMemoryError e, long since) {
    return HeapShortage.await(e, since, source.queue);
  }

  private boolean wakeLater() {
    if (wakeDue.compareAndSet(false, true)) {
      try {
        var _ = Timer.tryAfter(WAKE_AGAIN, wakeAgain);
      } catch (OutOfMemoryError e) {
        wakeDue.set(false);
        return false;
      }
    }
    return true;
  }

  private void wakeAgain() {
    wakeDue.set(false); // before it is done: what comes later sees to another
    wake();
  }

  /**
   * Returns whether one more item could be begun now, beside those that were polled: by a worker
   * that has nothing to do, or is not started yet. An estimate that takes no lock; by default true.
   */
  protected boolean hasFreeWorker() {
    return true;
  }

  /**
   * Lets at most {@code count} workers take items from now on; those beyond end what they have
   * begun. By default does nothing.
   *
   * @param count at least 1, and at most {@link #workers}
   * @return whether this pool can do that
   */
  protected boolean limitWorkers(int count) {
    return false;
  }

  /**
   * Called for a claimed item whose outcome is no longer wanted. Stops it if it can be stopped; the
   * item must end all the same, by {@link Batch#end} or by finishing. Never waits.
   *
   * @param i the item's position in {@code batch}
   * @param reason why it is no longer wanted, for messages
   */
  protected abstract void cancel(Batch<?, ?> batch, int i, String reason);

  /**
   * Called by {@link #shutdownNow} after every item that was polled has been {@linkplain #cancel
   * cancelled}. Stops whatever else has to be stopped, such as workers that are starting.
   */
  protected void cancelAll(String reason) {}

  /**
   * Called once, after the pool was shut down and nothing is left to do. Ends the workers, and
   * calls {@link #terminated} when they are gone. Never waits.
   */
  protected abstract void onQuiet();

  /**
   * Returns whether the calling thread is one of the pool's own, so that it must not wait for the
   * pool.
   */
  protected abstract boolean isOwnThread();

  /**
   * Returns whether the task that the calling thread runs has made a call to this pool, and so may
   * wait for it; by default false.
   */
  protected boolean hasCalledItself() {
    return false;
  }

  /**
   * Returns whether the calling thread is a worker that would occupy its place in the pool while it
   * waited for this pool, and so must run the items that it waits for {@linkplain #runHere itself}.
   */
  protected boolean canRunHere() {
    return false;
  }

  /**
   * Called in the thread that makes a call, with each call. Returns the worker of this pool on
   * whose behalf that thread runs; null, as by default, if there is none.
   */
  protected @Nullable Object originOfCall() {
    return null;
  }

  /** Runs the items of a batch that still wait in the calling thread. */
  protected void runHere(Batch<?, ?> batch) {
    throw new UnsupportedOperationException();
  }

  /**
   * Called by a thread that is about to wait for {@code task}. May do work that makes the task end
   * sooner, for some microseconds at most; by default does nothing.
   */
  protected void beforeWaiting(Future<?> task) {}

  /**
   * Shares bytes with the tasks. By default, for tasks in this JVM, the bytes are not copied.
   *
   * @param open the set that holds the returned object for as long as that is open
   */
  protected SharedBytes sharing(MemorySegment bytes, Set<SharedBytes> open) {
    return LocalSharedBytes.of(bytes, open);
  }

  /** Shares the content of a file with the tasks; by default it is mapped here. */
  protected SharedBytes sharing(Path file, Set<SharedBytes> open) {
    return LocalSharedBytes.of(file, open);
  }

  /**
   * Called when an item is handed over: for a single item in the caller's thread, for the items of
   * a stream when they are taken from their source. A pool whose workers get copies makes the copy
   * here, so that later changes to the item have no effect. By default returns the item itself.
   *
   * @param isTask whether the item is a {@code Callable} or a {@code Runnable}, handed over without
   *     a function
   * @return the item, or a {@link HandedOver} made from it
   * @throws RejectedExecutionException if this pool's workers cannot get this task; the message
   *     says why
   */
  protected @Nullable Object handOver(@Nullable Object item, boolean isTask) {
    return item;
  }

  /**
   * Called when a function is handed over, once for each call. Otherwise it is as {@link
   * #handOver(Object, boolean)}.
   *
   * @param parts what it consists of: itself, or the user's function with its carriers and what
   *     they captured
   * @return the function, or a {@link HandedOver} made from it that is a function itself
   */
  protected TaskFunction<?, ?> handOver(TaskFunction<?, ?> function, List<?> parts) {
    return function;
  }

  /**
   * Returns whether an item can be read by the calling thread only, so that a worker cannot take
   * it.
   */
  protected boolean isBound(@Nullable Object item) {
    return false;
  }

  /**
   * Hands over those items of a call that only this thread can read; the other items can be handed
   * over later.
   */
  final void handOverBound(@Nullable Object[][] items) {
    if (items.length > 0 && items[0].length > 0 && isBound(items[0][0])) {
      for (@Nullable Object[] piece : items) {
        for (int i = 0; i < piece.length; i++) {
          if (isBound(piece[i])) {
            piece[i] = handOver(piece[i], false);
          }
        }
      }
    }
  }

  /**
   * Called when {@link #setHelper a helper} cannot run the items of a batch that still wait,
   * because one of them, or the function, cannot be sent. Workers of this pool must run them.
   */
  protected void takeBack(Batch<?, ?> batch) {
    throw new UnsupportedOperationException();
  }

  /** Called with each batch that a worker of this pool or of its helper has taken. */
  protected void taken(Batch<?, ?> batch) {}

  /** Called when an attempt at an item has ended without a result. Must be quick. */
  protected void hasFailed(Outcome<?> outcome) {}

  /** Returns the function of a call, with the context of the calling thread as it is now. */
  @SuppressWarnings("unchecked") // what replaces the function has the same types
  final <T extends @Nullable Object, R extends @Nullable Object>
      TaskFunction<? super T, ? extends R> load(TaskFunction<? super T, ? extends R> function) {
    TaskFunction<? super T, ? extends R> carried = contextCapture.<T, R>load(function);
    return (TaskFunction<? super T, ? extends R>)
        handOver(carried, ContextFunction.partsOf(carried));
  }

  // ---- pools that help each other

  /** Lets {@code pool} work for the calls of this one; null for no longer. */
  protected final void setHelper(@Nullable AbstractPool pool) {
    helper = pool;
  }

  /** Tells the helper, if there is one, that work was queued. */
  protected final void callHelper() {
    AbstractPool there = helper;
    if (there != null) {
      there.wake();
    }
  }

  /** Cancels an item as {@link #cancel} does, if the helper has it. */
  protected final void cancelAtHelper(Batch<?, ?> batch, int i, String reason) {
    AbstractPool there = helper;
    if (there != null) {
      there.cancel(batch, i, reason);
    }
  }

  /** Stops what the helper does, as {@link #cancelAll} does. */
  protected final void cancelAllAtHelper(String reason) {
    AbstractPool there = helper;
    if (there != null) {
      there.cancelAll(reason);
    }
  }

  /** Shares bytes that tasks of the helper can use too; null if there is no helper. */
  protected final @Nullable SharedBytes sharingWithHelper(
      MemorySegment bytes, Set<SharedBytes> open) {
    AbstractPool there = helper;
    return there == null ? null : there.sharing(bytes, open);
  }

  /** Shares a file that tasks of the helper can use too; null if there is no helper. */
  protected final @Nullable SharedBytes sharingWithHelper(Path file, Set<SharedBytes> open) {
    AbstractPool there = helper;
    return there == null ? null : there.sharing(file, open);
  }

  /**
   * Hands a function over as the helper does, which may have to send it; returns it as it is if
   * there is no helper.
   */
  protected final TaskFunction<?, ?> handOverToHelper(TaskFunction<?, ?> function, List<?> parts) {
    AbstractPool there = helper;
    return there == null ? function : there.handOver(function, parts);
  }

  /** Returns whether this pool works for the calls of another. */
  @SuppressWarnings("ReferenceEquality") // a pool is equal to itself only
  protected final boolean isHelper() {
    return source != this;
  }

  /** Hands what still waits of a batch, and cannot be run here, to the pool that it came from. */
  protected final void handBack(Batch<?, ?> batch) {
    source.takeBack(batch);
  }

  /** Makes the pool that this one helps look for work: this one takes no more. */
  protected final void callSource() {
    source.wake();
  }

  /** Returns whether anything is left to do of what was accepted, by this pool or its helper. */
  protected final boolean isBusy() {
    return !queue.isQuiet();
  }

  /**
   * Returns how many items are queued and not begun; -1 if that is unknown, because a source has
   * not been read to its end.
   */
  protected final long waitingItems() {
    long ofStreams = life.itemsOfStreams();
    return ofStreams < 0 ? -1 : ofStreams + queue.waitingItems();
  }

  /**
   * Returns whether no item waits although one more could be taken in: its source is slow, or there
   * is none. Where results are not taken, so that a stream holds its items back, that is false.
   */
  protected final boolean lacksItems() {
    return !queue.hasWork() && !life.isHeldUp();
  }

  // ---- what a pool may use

  @Override
  public final TaskPolicy policy() {
    return policy;
  }

  /**
   * Takes the next work; null if there is none now. Never waits.
   *
   * @param most the maximum number of items to take; 0 for as many as {@linkplain Batch#ran the
   *     times of earlier items} suggest
   */
  protected final @Nullable Batch<?, ?> poll(int most) {
    Batch<?, ?> batch = source.queue.poll(most, null);
    if (batch != null) {
      source.tellOfTaken(batch);
    }
    return batch;
  }

  /** Tells those who keep account of it. The batch has left the queue, and must not be lost. */
  private void tellOfTaken(Batch<?, ?> batch) {
    try {
      taken(batch);
      batch.polled();
    } catch (OutOfMemoryError e) {
      // Who is not told of this one is told of the next.
    }
  }

  /**
   * Takes the next work, for a worker that polls one batch after the other: it takes the queue's
   * lock once for each batch instead of twice. Otherwise it is as {@link #poll(int)}.
   *
   * @param last the batch that this worker got from its last call of this method; it must be handed
   *     back like this, or to {@link #giveBack} or {@link #letGo}, in every case
   */
  protected final @Nullable Batch<?, ?> poll(int most, @Nullable Batch<?, ?> last) {
    Batch<?, ?> batch = queue.poll(most, last);
    if (last != null) {
      checkQuiet();
    }
    if (batch != null) {
      batch.handedBack = true;
      tellOfTaken(batch);
    }
    return batch;
  }

  /** Hands back a batch without polling another. */
  protected final void letGo(Batch<?, ?> last) {
    last.handedBack = false;
    if (last.isClosed()) {
      batchClosed(last);
    }
  }

  /**
   * Takes one item of a call that was made on behalf of one of this pool's workers; null if none
   * waits. Never waits.
   *
   * @param rank the rank of a call, given what {@link #originOfCall} returned for it; a call of the
   *     highest rank is taken, and of those the first in the queue
   */
  protected final @Nullable Batch<?, ?> pollNested(ToIntFunction<Object> rank) {
    Batch<?, ?> batch = queue.pollNested(rank);
    if (batch != null) {
      batch.polled();
    }
    return batch;
  }

  /** Takes one item of {@code run}; null if none waits. Never waits. */
  final @Nullable Batch<?, ?> pollFor(Run<?, ?> run) {
    Batch<?, ?> batch = queue.pollFor(run);
    if (batch != null) {
      batch.polled();
    }
    return batch;
  }

  /** Returns whether a poll would probably find something. */
  protected final boolean hasWork() {
    return source.queue.hasWork();
  }

  /** Returns whether {@link #pollNested} would probably find something. */
  protected final boolean hasNestedWork() {
    return queue.hasNested();
  }

  /**
   * Puts a batch with released items back at the front of the queue. If its call was stopped
   * meanwhile, its waiting items end here.
   */
  protected final void giveBack(Batch<?, ?> batch) {
    batch.handedBack = false;
    source.queue.giveBack(batch);
    // A stop first writes that the call is stopped and then cancels the items that it finds
    // waiting. Here the items are set to waiting first, and then it is read whether the call is
    // stopped. So one of the two sees the other. Without this check, an item that a worker had
    // claimed but not begun when the stop came would wait forever.
    if (batch.isUnwanted() || source.life.isStopped()) {
      batch.cancelWaiting("it was stopped with its call");
    }
    if (batch.isClosed()) {
      source.queue.release(batch); // its last item may have ended while it was to be handed back
    }
    source.wake();
    source.checkQuiet();
  }

  /** Must be called once, when every worker is gone. */
  protected final void terminated() {
    life.terminated(endOfShared);
    try {
      timer.cancel(false);
    } catch (OutOfMemoryError e) {
      // The timer's thread stays. Whoever calls this has more to do.
    }
  }

  private void endShared() {
    while (true) {
      try {
        shared.forEach(SharedBytes::close);
        Spaces.end(this);
        return;
      } catch (OutOfMemoryError e) {
        HeapShortage.await(e); // else those that wait for the end would wait for ever
      }
    }
  }

  /** Returns whether there are listeners, so that measuring each task is worth its cost. */
  public final boolean isObserved() {
    return observed;
  }

  /**
   * Returns whether a Flight Recorder recording wants an event for each task, so that its times are
   * worth measuring. Call it once for a batch, not for each item.
   */
  public final boolean isRecorded() {
    return FlightEvents.wantTasks();
  }

  /** Passes {@code event} to every listener. */
  protected final void tell(TaskEvent event) {
    source.listeners.tell(event);
  }

  // ---- called by runs

  final PoolCallbacks callbacks() {
    return callbacks;
  }

  final long nextTasks(int n) {
    return tasks.getAndAdd(n);
  }

  /** Puts a stream that has items to take in the queue, if it is not there. */
  final void offer(Run<?, ?> run) {
    offer(run, run.enters());
  }

  /** As {@link #offer(Run)}, but does not wait for memory; false if it is to be offered again. */
  final boolean tryOffer(Run<?, ?> run) {
    boolean enters = run.enters();
    if (enters) {
      queue.addEntered(run);
    }
    return tryWake(!enters);
  }

  /**
   * Puts a stream that has items to take in the queue.
   *
   * @param enters what {@link Run#enters} has returned
   */
  final void offer(Run<?, ?> run, boolean enters) {
    if (enters) {
      queue.addEntered(run);
    }
    wake(!enters);
  }

  /** Queues a call whose items are all submitted at once. */
  final void submitAll(MapRun<?, ?> run) {
    if (!queue.add(run)) {
      throw rejected();
    }
    wake();
  }

  /** Called when a lazy stream has begun. */
  final void register(OpenCall run) {
    life.register(run);
  }

  /** Called when a lazy stream may be over. */
  final void settle(OpenCall run) {
    life.settle(run);
  }

  final void batchClosed(Batch<?, ?> batch) {
    queue.release(batch);
    batch.pauseEnds();
    checkQuiet();
  }

  /** Never throws: if it did, the item would be lost. */
  final void retryLater(Batch<?, ?> batch) {
    queue.pause(batch);
    if (batch.isClosed()) {
      batchClosed(batch); // a stop got here before the pause, and could not end it
      return;
    }
    if (hurried) { // read when the batch pauses already, and written before hurry() looks for those
      resume(batch);
      return;
    }
    while (true) {
      try {
        Duration pause = pauseBefore(batch.attempt());
        batch.pausesUntil(Timer.tryAfter(pause, () -> resume(batch)));
        return;
      } catch (OutOfMemoryError e) {
        HeapShortage.await(e);
      }
    }
  }

  /** Returns the pause before an attempt, which is at least the second. */
  private Duration pauseBefore(int attempt) {
    Duration pause = Timer.bounded(policy.backOff());
    Duration longest = Timer.bounded(policy.longestBackOff());
    for (int i = 2; i < attempt && !pause.isZero() && pause.compareTo(longest) < 0; i++) {
      pause = pause.multipliedBy(2);
    }
    return pause.compareTo(longest) < 0 ? pause : longest;
  }

  private void resume(Batch<?, ?> batch) {
    try {
      batch.queuedNow(); // the pause does not count as waiting for a worker
    } catch (OutOfMemoryError e) {
      // A recording is told of a longer wait.
    }
    if (queue.resume(batch)) {
      batch.sink().resumed();
      wake();
    }
  }

  /** Ends the pauses before retries, those of now and those to come. */
  protected final void hurry() {
    hurried = true;
    queue.paused().forEach(this::resume);
  }

  /**
   * Ends the pool if it was shut down and nothing is left to do. Must be called after every event
   * that the end of the pool may have waited for.
   */
  final void checkQuiet() {
    life.checkQuiet();
  }

  /** Returns whether it was shut down at once. */
  final boolean isStoppedAtOnce() {
    return life.isStoppedAtOnce();
  }

  final void checkOpen() {
    if (life.isShutdown()) {
      throw rejected();
    }
  }

  private static RejectedExecutionException rejected() {
    return new RejectedExecutionException("the pool is shut down and takes no more tasks");
  }

  // ---- Pool

  @Override
  public ExecutionModel model() {
    return model;
  }

  @Override
  public final int workers() {
    return workers;
  }

  @Override
  public final <T extends @Nullable Object, R extends @Nullable Object> List<R> map(
      Iterable<? extends T> items, TaskFunction<? super T, ? extends R> function)
      throws InterruptedException {
    Objects.requireNonNull(items, "items");
    Objects.requireNonNull(function, "function");
    StackRoom.require();
    checkOpen();
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    TaskFunction<? super T, ? extends R> carried = this.<T, R>load(function);
    if (items instanceof Collection<? extends T> collection) {
      return new MapRun<T, R>(this, carried, collection).await();
    }
    StreamRun<T, R, Outcome<R>> run =
        new StreamRun<>(this, carried, items, true, true, (index, item, outcome) -> outcome);
    var results = new ArrayList<R>();
    try {
      for (Outcome<R> outcome = run.next(); outcome != null; outcome = run.next()) {
        results.add(outcome.get());
      }
    } catch (StreamRun.Interrupted e) {
      Thread.interrupted();
      throw (InterruptedException) new InterruptedException(e.getMessage()).initCause(e);
    } finally {
      run.stop("the call has ended"); // also where there was no memory for a result
    }
    return Collections.unmodifiableList(results);
  }

  @Override
  public final <T extends @Nullable Object, R extends @Nullable Object> Stream<Outcome<R>> outcomes(
      Iterable<? extends T> items, TaskFunction<? super T, ? extends R> function) {
    return this.<T, R, Outcome<R>>stream(items, function, true, (index, item, outcome) -> outcome);
  }

  @Override
  public final <T extends @Nullable Object, R extends @Nullable Object>
      Stream<Completion<T, R>> completions(
          Iterable<? extends T> items, TaskFunction<? super T, ? extends R> function) {
    return this.<T, R, Completion<T, R>>stream(items, function, false, Completion::new);
  }

  private <T extends @Nullable Object, R extends @Nullable Object, E> Stream<E> stream(
      Iterable<? extends T> items,
      TaskFunction<? super T, ? extends R> function,
      boolean ordered,
      StreamRun.Shape<T, R, E> shape) {
    Objects.requireNonNull(items, "items");
    Objects.requireNonNull(function, "function");
    StackRoom.require();
    checkOpen();
    TaskFunction<? super T, ? extends R> carried = this.<T, R>load(function);
    var run = new StreamRun<T, R, E>(this, carried, items, ordered, false, shape);
    return StreamSupport.stream(run.elements(), false)
        .onClose(() -> {
          StackRoom.require();
          run.stop("its stream was closed");
        });
  }

  @Override
  public final <T extends @Nullable Object, R extends @Nullable Object> Gatherer<T, ?, R> mapping(
      TaskFunction<? super T, ? extends R> function) {
    Objects.requireNonNull(function, "function");
    StackRoom.require();
    checkOpen();
    TaskFunction<? super T, ? extends R> carried = this.<T, R>load(function);
    ClassLoader loader = Thread.currentThread().getContextClassLoader();
    return Gatherer.<T, MappingState<T, R>, R>ofSequential(
        () -> new MappingState<>(this, carried, loader),
        MappingState::integrate,
        MappingState::finish);
  }

  @Override
  public final SharedBytes share(MemorySegment bytes) {
    Objects.requireNonNull(bytes, "bytes");
    StackRoom.require();
    checkOpen();
    return opened(sharing(bytes, shared));
  }

  @Override
  public final SharedBytes share(Path file) {
    Objects.requireNonNull(file, "file");
    StackRoom.require();
    checkOpen();
    SharedFiles.check(file);
    return opened(sharing(file, shared));
  }

  /** Returns what a task has thrown, with an explanation if a shared file is the reason. */
  InternalError explained(InternalError thrown) {
    return SharedFiles.explained(thrown, shared);
  }

  /**
   * Closes {@code made} again if the pool has ended meanwhile: the pool has then closed only the
   * shared bytes it knew of.
   */
  private SharedBytes opened(SharedBytes made) {
    if (life.isTerminated()) {
      made.close();
      throw rejected();
    }
    return made;
  }

  // ---- single tasks

  @Override
  public final <T extends @Nullable Object, R extends @Nullable Object> CompletableFuture<R> submit(
      T item, TaskFunction<? super T, ? extends R> function) {
    Objects.requireNonNull(function, "function");
    return enqueue(function, item, false);
  }

  @Override
  public final <T extends @Nullable Object> CompletableFuture<T> submit(Callable<T> task) {
    Objects.requireNonNull(task, "task");
    return enqueue(ExecutorCalls.<T>callable(), task, true);
  }

  @Override
  public final CompletableFuture<?> submit(Runnable task) {
    Objects.requireNonNull(task, "task");
    return this.<Runnable, @Nullable Void>enqueue(ExecutorCalls.runnable(), task, true);
  }

  @Override
  public final <T extends @Nullable Object> CompletableFuture<T> submit(Runnable task, T result) {
    Objects.requireNonNull(task, "task");
    checkOpen();
    // The result stays in this process: only the task itself is sent.
    TaskFunction<Runnable, T> function = ExecutorCalls.<T>runnableWithoutResult();
    var future =
        new TaskFuture<Runnable, T>(
            this, this.<Runnable, T>load(function), handOver(task, true), () -> result, null);
    enqueue(future);
    return future;
  }

  @Override
  public final void execute(Runnable task) {
    Objects.requireNonNull(task, "task");
    checkOpen();
    TaskFunction<Runnable, @Nullable Void> function = ExecutorCalls.runnable();
    enqueue(
        new TaskFuture<Runnable, @Nullable Void>(
            this,
            this.<Runnable, @Nullable Void>load(function),
            handOver(task, true),
            null,
            this::reportUncaught));
  }

  /** The handler of uncaught exceptions is user code, so no thread of the pool calls it. */
  private void reportUncaught(TaskFuture<Runnable, @Nullable Void> future) {
    if (future.failed()) {
      callbacks.run(
          future.sink(),
          () -> {
            Thread self = Thread.currentThread();
            try {
              var _ = future.get(); // done, or soon by another callback thread
            } catch (ExecutionException e) {
              Throwable thrown = Objects.requireNonNullElse(e.getCause(), e);
              self.getUncaughtExceptionHandler().uncaughtException(self, thrown);
            } catch (InterruptedException e) {
              self.interrupt();
            }
          });
    }
  }

  private <T extends @Nullable Object, R extends @Nullable Object> TaskFuture<T, R> enqueue(
      TaskFunction<? super T, ? extends R> function, T item, boolean isTask) {
    StackRoom.require();
    checkOpen();
    TaskFunction<? super T, ? extends R> loaded = this.<T, R>load(function);
    var future = new TaskFuture<T, R>(this, loaded, handOver(item, isTask));
    enqueue(future);
    return future;
  }

  /**
   * Submits a task and calls {@code whenEnded} at its end; that must be quick and must not run user
   * code.
   */
  final <V extends @Nullable Object> TaskFuture<Callable<V>, V> enqueue(
      Callable<V> task, Consumer<? super TaskFuture<Callable<V>, V>> whenEnded) {
    StackRoom.require();
    checkOpen();
    TaskFunction<? super Callable<V>, ? extends V> function =
        this.<Callable<V>, V>load(ExecutorCalls.<V>callable());
    var future =
        new TaskFuture<Callable<V>, V>(this, function, handOver(task, true), null, whenEnded);
    enqueue(future);
    return future;
  }

  private void enqueue(TaskFuture<?, ?> future) {
    Batch<?, ?> batch = Objects.requireNonNull(future.batch());
    if (!isObserved()) {
      if (!queue.add(batch)) {
        HandedOver.release(batch.handedOver(0));
        throw rejected();
      }
    } else {
      if (!queue.promise()) {
        HandedOver.release(batch.handedOver(0));
        throw rejected();
      }
      batch.announce();
      queue.addPromised(batch);
      if (life.isStopped()) {
        // it was not in the queue yet when shutdownNow emptied that
        batch.stopCall(STOPPED_AT_ONCE);
      }
    }
    wake();
  }

  @Override
  public final <T extends @Nullable Object> List<Future<T>> invokeAll(
      Collection<? extends Callable<T>> tasks) throws InterruptedException {
    return ExecutorCalls.invokeAll(this, tasks, ExecutorCalls.FOREVER);
  }

  @Override
  public final <T extends @Nullable Object> List<Future<T>> invokeAll(
      Collection<? extends Callable<T>> tasks, long timeout, TimeUnit unit)
      throws InterruptedException {
    return ExecutorCalls.invokeAll(this, tasks, ExecutorCalls.nanos(timeout, unit));
  }

  @Override
  public final <T extends @Nullable Object> T invokeAny(Collection<? extends Callable<T>> tasks)
      throws InterruptedException, ExecutionException {
    try {
      return ExecutorCalls.invokeAny(this, tasks, ExecutorCalls.FOREVER);
    } catch (TimeoutException e) {
      throw new AssertionError("no timeout was given", e);
    }
  }

  @Override
  public final <T extends @Nullable Object> T invokeAny(
      Collection<? extends Callable<T>> tasks, long timeout, TimeUnit unit)
      throws InterruptedException, ExecutionException, TimeoutException {
    return ExecutorCalls.invokeAny(this, tasks, ExecutorCalls.nanos(timeout, unit));
  }

  // ---- life cycle

  @Override
  public final void shutdown() {
    StackRoom.require();
    life.shutdown(true);
  }

  /**
   * Stops at once: running tasks are cancelled as by {@link Future#cancel}, waiting tasks never
   * start. Unlike the JDK's executors, this pool cancels the futures of the tasks it returns, so
   * that no caller waits for them forever.
   */
  @Override
  public final List<Runnable> shutdownNow() {
    StackRoom.require();
    return life.shutdownNow();
  }

  @Override
  public final boolean isShutdown() {
    return life.isShutdown();
  }

  @Override
  public final boolean isTerminated() {
    return life.isTerminated();
  }

  @Override
  public final boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
    return life.await(timeout, unit);
  }

  @Override
  public void close() {
    StackRoom.require();
    boolean waits = !isOwnThread() && !listeners.areBeingCalled();
    life.shutdown(
        // a thread that waits and is no daemon keeps the JVM up itself
        !waits || Thread.currentThread().isDaemon());
    if (waits) {
      life.awaitEnd();
      callbacks.awaitNone(policy.grace());
    }
  }

  /**
   * Shuts the pool down as {@link #shutdown} does, but does not keep the JVM up until accepted
   * tasks are done: for a pool whose user did not shut it down, because it was abandoned, or
   * because the JVM exits already.
   */
  protected final void shutdownUnasked() {
    life.shutdown(false);
  }

  /**
   * Interrupts {@code thread} without ever blocking the caller: from another thread if {@code
   * thread} is a virtual thread that may be blocked in a file channel, because interrupting such a
   * thread waits until its read or write returns.
   */
  protected static void interrupt(Thread thread) {
    interrupt(thread, () -> {});
  }

  /**
   * Interrupts {@code thread} as {@link #interrupt(Thread)} does, and then runs {@code then} in the
   * thread that has sent the interrupt.
   */
  protected static void interrupt(Thread thread, Runnable then) {
    Interrupts.send(thread, then);
  }

  /**
   * Returns a message that user code, such as an item's {@code toString}, helps to make. That code
   * runs on another thread, and this method waits for it at most a second. An interrupt of the
   * caller is set again afterwards.
   *
   * @param otherwise the message if that code throws or takes longer
   */
  protected static String message(Supplier<String> words, String otherwise) {
    return BoundedText.boundedMessage(words, otherwise);
  }

  /**
   * Runs {@code action} once after {@code pause}, at most a century, on the timer's thread: it must
   * be quick and must not run user code.
   */
  protected static Future<?> after(Duration pause, Runnable action) {
    return Timer.after(pause, action);
  }
}
