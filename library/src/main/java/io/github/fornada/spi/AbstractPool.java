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
import io.github.fornada.jvm.Interrupts;
import io.github.fornada.jvm.Timer;
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
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.stream.Gatherer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * What all pools share: the calls, the queue, retries, listeners and the life cycle. For those who
 * write pools; those who use them see {@link Pool}.
 *
 * <p>A pool polls {@linkplain Batch batches} when it has a free worker, and claims and ends each of
 * their items. Everything else, such as order, windows, futures and retries, happens here.
 */
public abstract class AbstractPool implements Pool {
  private final ExecutionModel model;
  private final int workers;
  private final TaskPolicy policy;
  private final ContextCapture carriage;
  private final WorkQueue queue = new WorkQueue();
  private final AtomicLong tasks = new AtomicLong();
  private final PoolLifecycle life;
  private final Listeners listeners;

  /** Shared bytes that are not closed yet. */
  private final Set<SharedBytes> shared = ConcurrentHashMap.newKeySet();

  /** For subclasses: how it runs, the most tasks at once, and what it promises. */
  @SuppressWarnings("this-escape") // its parts ask nothing of it before it is whole
  protected AbstractPool(ExecutionModel model, int workers, TaskPolicy policy) {
    this.model = Objects.requireNonNull(model, "model");
    this.workers = workers;
    this.policy = Objects.requireNonNull(policy, "policy");
    this.carriage = new ContextCapture(policy.carriers());
    this.life = new PoolLifecycle(this, queue);
    this.listeners = new Listeners(this, policy.listeners());
  }

  // ---- what a pool must bring

  /** Work was queued. Called by any thread without locks; wakes or starts a worker, never waits. */
  protected abstract void workAvailable();

  /**
   * Another item came to a call that is in the queue already. As {@link #workAvailable}, which it
   * calls by default; but need do nothing where workers will soon look by themselves.
   */
  protected void moreAvailable() {
    workAvailable();
  }

  /**
   * A claimed item is not wanted any more. Stops it if it can be stopped; the item must end all the
   * same, by {@link Batch#end} or by finishing. Never waits.
   */
  protected abstract void cancel(Batch<?, ?> batch, int i, String reason);

  /**
   * {@link #shutdownNow} was called, and every item that was polled has been {@linkplain #cancel
   * cancelled}. For what else there may be to stop, such as workers that are starting.
   */
  protected void cancelAll(String reason) {}

  /**
   * The pool was shut down and nothing is left to do: ends the workers, and calls {@link
   * #terminated} when they are gone. Called once. Never waits.
   */
  protected abstract void onQuiet();

  /** Whether the calling thread is one of the pool's own, so that it must not wait for the pool. */
  protected abstract boolean isOwnThread();

  /**
   * Whether the calling thread is a worker that would keep others waiting if it waited for this
   * pool, and so must run the items that it waits for {@linkplain #runHere itself}.
   */
  protected boolean canRunHere() {
    return false;
  }

  /** Runs the items of a batch that still wait in the calling thread. */
  protected void runHere(Batch<?, ?> batch) {
    throw new UnsupportedOperationException();
  }

  /**
   * A thread is about to wait for a task. A pool may let it do something that brings the end
   * nearer, for some microseconds at most; by default it does nothing.
   */
  protected void beforeWaiting(Future<?> task) {}

  /**
   * Shares bytes with the tasks; by default, for tasks of this JVM, they stay where they are.
   *
   * @param open where what is returned must be as long as it is open
   */
  protected SharedBytes sharing(MemorySegment bytes, Set<SharedBytes> open) {
    return LocalSharedBytes.of(bytes, open);
  }

  /** Shares the content of a file with the tasks; by default it is mapped here. */
  protected SharedBytes sharing(Path file, Set<SharedBytes> open) {
    return LocalSharedBytes.of(file, open);
  }

  /**
   * Called with each {@code Callable} or {@code Runnable} before it is accepted, in the caller's
   * thread. By default every task will do.
   *
   * @throws RejectedExecutionException if this pool's workers cannot get this task; the message
   *     says why
   */
  protected void checkSendable(Object task) {}

  // ---- what a pool may use

  @Override
  public final TaskPolicy policy() {
    return policy;
  }

  /**
   * Takes the next work, at most so many items; null if there is none now. Never waits.
   *
   * @param most 0 for as many as {@linkplain Batch#ran the times of the items before} suggest
   */
  protected final @Nullable Batch<?, ?> poll(int most) {
    Batch<?, ?> batch = queue.poll(most, null);
    if (batch != null) {
      batch.announce();
    }
    return batch;
  }

  /**
   * As above, for workers that poll one batch after the other. It saves them a step for each.
   *
   * @param last the batch that this worker got by its last call of this method, which it must hand
   *     back like this, or to {@link #giveBack} or {@link #letGo}, whatever becomes of it
   */
  protected final @Nullable Batch<?, ?> poll(int most, @Nullable Batch<?, ?> last) {
    Batch<?, ?> batch = queue.poll(most, last);
    if (last != null) {
      checkQuiet();
    }
    if (batch != null) {
      batch.handedBack = true;
      batch.announce();
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

  /** As {@link #poll}, one item of this call only. */
  final @Nullable Batch<?, ?> pollFor(Run<?, ?> run) {
    Batch<?, ?> batch = queue.pollFor(run);
    if (batch != null) {
      batch.announce();
    }
    return batch;
  }

  /** Whether a poll would probably find something. */
  protected final boolean hasWork() {
    return queue.hasWork();
  }

  /** Puts a batch with released items back, before all others. */
  protected final void giveBack(Batch<?, ?> batch) {
    batch.handedBack = false;
    queue.giveBack(batch);
    workAvailable();
    checkQuiet();
  }

  /** Every worker is gone. */
  protected final void terminated() {
    life.terminated(() -> shared.forEach(SharedBytes::close));
  }

  /** Whether there are listeners, so that measuring each task is worth its cost. */
  public final boolean isObserved() {
    return !policy.listeners().isEmpty();
  }

  /**
   * Whether a Flight Recorder's recording wants each task, so that its times are worth measuring.
   * Not for each item: once for a batch will do.
   */
  public final boolean isRecorded() {
    return FlightEvents.wantTasks();
  }

  /** Tells every listener. */
  protected final void tell(TaskEvent event) {
    listeners.tell(event);
  }

  // ---- for the runs

  final long nextTasks(int n) {
    return tasks.getAndAdd(n);
  }

  /** A stream has items to take. */
  final void offer(Run<?, ?> run) {
    offer(run, run.enters());
  }

  /** As above, where the run was asked whether it {@linkplain Run#enters enters}. */
  final void offer(Run<?, ?> run, boolean enters) {
    if (enters) {
      queue.addEntered(run);
      workAvailable();
    } else {
      moreAvailable();
    }
  }

  /** Queues a call all of whose items are submitted here and now. */
  final void submitAll(MapRun<?, ?> run) {
    if (!queue.add(run)) {
      throw rejected();
    }
    workAvailable();
  }

  /** A lazy stream has begun. */
  final void register(StreamRun<?, ?, ?> run) {
    life.register(run);
  }

  /** A lazy stream may be over. */
  final void settle(StreamRun<?, ?, ?> run) {
    life.settle(run);
  }

  final void batchClosed(Batch<?, ?> batch) {
    queue.release(batch);
    checkQuiet();
  }

  /** Never throws: the item would be lost. */
  final void retryLater(Batch<?, ?> batch) {
    queue.pause(batch);
    int doublings = Math.min(batch.attempt() - 2, 20);
    var _ =
        Timer.after(
            Timer.bounded(policy.backOff()).multipliedBy(1L << doublings),
            () -> {
              batch.queuedNow(); // the pause is no wait for a worker
              if (queue.resume(batch)) {
                batch.sink().resumed();
                workAvailable();
              }
            });
  }

  /**
   * Ends the pool if it was shut down and has done all. To be called after everything that may have
   * been the last to wait for.
   */
  final void checkQuiet() {
    life.checkQuiet();
  }

  private void checkOpen() {
    if (life.isShutdown()) {
      throw rejected();
    }
  }

  private static RejectedExecutionException rejected() {
    return new RejectedExecutionException("the pool is shut down and takes no more tasks");
  }

  // ---- Pool

  @Override
  public final ExecutionModel model() {
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
    checkOpen();
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    TaskFunction<? super T, ? extends R> carried = carriage.<T, R>load(function);
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
    checkOpen();
    TaskFunction<? super T, ? extends R> carried = carriage.<T, R>load(function);
    var run = new StreamRun<T, R, E>(this, carried, items, ordered, false, shape);
    return StreamSupport.stream(run.elements(), false)
        .onClose(() -> run.stop("its stream was closed"));
  }

  @Override
  public final <T extends @Nullable Object, R extends @Nullable Object> Gatherer<T, ?, R> mapping(
      TaskFunction<? super T, ? extends R> function) {
    Objects.requireNonNull(function, "function");
    checkOpen();
    TaskFunction<? super T, ? extends R> carried = carriage.<T, R>load(function);
    return Gatherer.<T, MappingState<T, R>, R>ofSequential(
        () -> new MappingState<>(this, carried), MappingState::integrate, MappingState::finish);
  }

  @Override
  public final SharedBytes share(MemorySegment bytes) {
    Objects.requireNonNull(bytes, "bytes");
    checkOpen();
    return opened(sharing(bytes, shared));
  }

  @Override
  public final SharedBytes share(Path file) {
    Objects.requireNonNull(file, "file");
    checkOpen();
    return opened(sharing(file, shared));
  }

  /** The pool may have ended meanwhile, and closed what it then knew of. */
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
    return enqueue(function, item);
  }

  @Override
  public final <T extends @Nullable Object> CompletableFuture<T> submit(Callable<T> task) {
    Objects.requireNonNull(task, "task");
    checkSendable(task);
    return enqueue(ExecutorCalls.<T>callable(), task);
  }

  @Override
  public final CompletableFuture<?> submit(Runnable task) {
    Objects.requireNonNull(task, "task");
    checkSendable(task);
    return this.<Runnable, @Nullable Void>enqueue(ExecutorCalls.runnable(), task);
  }

  @Override
  public final <T extends @Nullable Object> CompletableFuture<T> submit(Runnable task, T result) {
    Objects.requireNonNull(task, "task");
    // The result stays here: only the task itself need travel.
    return new ExecutorCalls.WithResult<>(submit(task), result);
  }

  @Override
  public final void execute(Runnable task) {
    var _ =
        submit(task)
            .whenComplete((nothing, thrown) -> {
              if (thrown != null && !(thrown instanceof CancellationException)) {
                Thread self = Thread.currentThread();
                Throwable cause =
                    thrown instanceof CompletionException && thrown.getCause() != null
                        ? thrown.getCause()
                        : thrown;
                self.getUncaughtExceptionHandler().uncaughtException(self, cause);
              }
            });
  }

  private <T extends @Nullable Object, R extends @Nullable Object> TaskFuture<T, R> enqueue(
      TaskFunction<? super T, ? extends R> function, T item) {
    var future = new TaskFuture<T, R>(this, carriage.<T, R>load(function), item);
    Batch<T, R> batch = Objects.requireNonNull(future.batch());
    if (!isObserved()) {
      if (!queue.add(batch)) {
        throw rejected();
      }
    } else {
      if (!queue.promise()) {
        throw rejected();
      }
      batch.announce();
      queue.addPromised(batch);
      if (life.isStopped()) {
        future.cancel(true); // it was not in the queue yet when that was emptied
      }
    }
    workAvailable();
    return future;
  }

  @Override
  public final <T extends @Nullable Object> List<Future<T>> invokeAll(
      Collection<? extends Callable<T>> tasks) throws InterruptedException {
    return ExecutorCalls.invokeAll(this, tasks, Long.MAX_VALUE);
  }

  @Override
  public final <T extends @Nullable Object> List<Future<T>> invokeAll(
      Collection<? extends Callable<T>> tasks, long timeout, TimeUnit unit)
      throws InterruptedException {
    return ExecutorCalls.invokeAll(this, tasks, unit.toNanos(timeout));
  }

  @Override
  public final <T extends @Nullable Object> T invokeAny(Collection<? extends Callable<T>> tasks)
      throws InterruptedException, ExecutionException {
    try {
      return ExecutorCalls.invokeAny(this, tasks, Long.MAX_VALUE);
    } catch (TimeoutException e) {
      throw new AssertionError("no timeout was given", e);
    }
  }

  @Override
  public final <T extends @Nullable Object> T invokeAny(
      Collection<? extends Callable<T>> tasks, long timeout, TimeUnit unit)
      throws InterruptedException, ExecutionException, TimeoutException {
    return ExecutorCalls.invokeAny(this, tasks, unit.toNanos(timeout));
  }

  // ---- life

  @Override
  public final void shutdown() {
    life.shutdown(true);
  }

  /**
   * Stops at once: what runs is cancelled as by {@link Future#cancel}, what waits never starts.
   * Unlike the JDK's executors, the futures of the tasks returned are cancelled, so that nobody
   * waits for them for ever.
   */
  @Override
  public final List<Runnable> shutdownNow() {
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
    boolean waits = !isOwnThread() && !listeners.areBeingTold();
    life.shutdown(
        !waits || Thread.currentThread().isDaemon()); // one that waits keeps the JVM itself
    if (waits) {
      life.awaitEnd();
    }
  }

  /**
   * Shuts the pool down as {@link #shutdown} does, but does not keep the JVM up until what was
   * accepted is done: for a pool that nobody asked to do so, because it was forgotten, or because
   * the JVM exits already.
   */
  protected final void shutdownUnasked() {
    life.shutdown(false);
  }

  /**
   * Interrupts a thread without being kept waiting: by another thread if it is a virtual one that
   * is blocked in a file channel, for whoever interrupts such a one waits as long as it does.
   */
  protected static void interrupt(Thread thread) {
    interrupt(thread, () -> {});
  }

  /**
   * As above, and then does something more.
   *
   * @param then what to do after the interrupt, by the thread that sends it
   */
  protected static void interrupt(Thread thread, Runnable then) {
    Interrupts.send(thread, then);
  }

  /**
   * A message that the user's code has a part in, such as by an item's {@code toString}: it is
   * asked on another thread, and not for longer than a second. An interrupt is kept for the caller.
   *
   * @param otherwise the message if that code throws, or takes longer
   */
  protected static String message(Supplier<String> words, String otherwise) {
    return BoundedText.said(words, otherwise, otherwise, () -> {});
  }

  /** Runs something once after a pause, on a thread that must not be kept waiting. */
  protected static Future<?> after(Duration pause, Runnable action) {
    return Timer.after(pause, action);
  }
}
