package io.github.fornada.spi;

import io.github.fornada.Outcome;
import io.github.fornada.TaskFunction;
import io.github.fornada.WorkerLostException;
import io.github.fornada.jvm.BoundedText;
import io.github.fornada.jvm.HeapShortage;
import io.github.fornada.jvm.StackRoom;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.RunnableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The future of one submitted item. Cancelling it stops the task itself.
 *
 * <p>The pool's threads complete it, and must run no dependents: those are user code, which may
 * wait for the very thread that would run it. So a future that has dependents is completed by a
 * {@linkplain PoolCallbacks callback thread}, and a future that has none, the common case, by the
 * pool's thread itself. Two rules decide which it is:
 *
 * <ul>
 *   <li>Threads that wait in {@code get} or {@code join} are kept in a list of this class. In the
 *       superclass they would be dependents.
 *   <li>Every method that adds a dependent calls {@link #newIncompleteFuture} or {@link
 *       #toCompletableFuture} first, which marks the future as {@link #SHARED}. Only {@link
 *       CompletableFuture#allOf} and {@code anyOf} do not: their dependents are found by {@link
 *       #getNumberOfDependents}.
 * </ul>
 */
final class TaskFuture<T extends @Nullable Object, R extends @Nullable Object>
    extends CompletableFuture<R> implements RunnableFuture<R> {
  /**
   * How often a task that waits for a retry on its own pool checks whether the retry can be run.
   */
  private static final long HELP_NANOS = 10_000_000; // Guess

  /** The pause of a thread that waits until another has executed a few instructions. */
  private static final long SOON_NANOS = 1_000; // Guess

  private static final long FOREVER = Long.MAX_VALUE;

  private static final VarHandle PHASE;

  static {
    try {
      PHASE = MethodHandles.lookup().findVarHandle(TaskFuture.class, "phase", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  // OPEN -> SHARED: a dependent is about to be added. By the thread that adds it.
  // OPEN -> CHECKING: by a pool's thread. It completes the future if it finds no dependents;
  // -> SHARED if it finds some.
  // any -> COMPLETING: by a thread that may run dependents.
  // In CHECKING and COMPLETING the superclass has its result, or gets it within a few instructions.
  private static final int OPEN = 0;
  private static final int SHARED = 1;
  private static final int CHECKING = 2;
  private static final int COMPLETING = 3;

  private volatile int phase;

  /** Threads that wait, the latest first. Guarded by the monitor of single; read without it. */
  private volatile @Nullable Waiter waiters;

  private final AbstractPool pool;
  private final Single single;

  TaskFuture(
      AbstractPool pool, TaskFunction<? super T, ? extends R> function, @Nullable Object item) {
    this(pool, function, item, null, null);
  }

  /**
   * Creates a future with an action at its end.
   *
   * @param item the item, or the copy that the pool made when it was handed over
   * @param whenDone maps a result to the value that the future completes with; null for the result
   *     itself
   * @param whenEnded called once the task has its outcome; must be quick and must not run user code
   */
  TaskFuture(
      AbstractPool pool,
      TaskFunction<? super T, ? extends R> function,
      @Nullable Object item,
      @Nullable Supplier<R> whenDone,
      @Nullable Consumer<? super TaskFuture<T, R>> whenEnded) {
    this.pool = pool;
    this.single = new Single(pool, whenDone, whenEnded);
    var batch =
        new Batch<T, R>(
            single, function, new @Nullable Object[] {item}, 0, 1, 0, pool.nextTasks(1), 1);
    batch.queuedNow();
    single.batch = batch;
  }

  /** Returns the batch of the current attempt; null once the task has its outcome. */
  @Nullable Batch<T, R> batch() {
    return single.batch;
  }

  @Override
  public boolean cancel(boolean mayInterruptIfRunning) {
    boolean cancelled = cancelHere();
    if (cancelled) {
      single.stopTask(mayInterruptIfRunning, "its future was cancelled");
    }
    return cancelled;
  }

  /** Runs the task in the calling thread, if no worker has begun it. */
  @Override
  public void run() {
    StackRoom.require();
    Batch<T, R> batch = single.batch;
    if (batch != null && batch.claim() == 0) {
      R value;
      try {
        value = batch.function().apply(batch.item(0));
      } catch (Throwable e) {
        batch.end(0, new Outcome.Failed<>(e), null);
        return;
      }
      batch.done(0, value, null);
    }
  }

  // ---- dependents

  /** Called by the superclass before each dependent is added. */
  @Override
  public <U> CompletableFuture<U> newIncompleteFuture() {
    share();
    return new CompletableFuture<>();
  }

  /** Called by other futures before they add a dependent to this one. */
  @Override
  public CompletableFuture<R> toCompletableFuture() {
    share();
    return this;
  }

  @Override
  public CompletionStage<R> minimalCompletionStage() {
    share();
    return super.minimalCompletionStage();
  }

  private void share() {
    while (phase != SHARED && !isDone() && !PHASE.compareAndSet(this, OPEN, SHARED)) {
      // the thread that completes this needs only a few instructions
      LockSupport.parkNanos(SOON_NANOS);
    }
  }

  // ---- completion, by threads that may run dependents

  @Override
  public boolean complete(R value) {
    completing();
    try {
      return super.complete(value);
    } finally {
      completed();
    }
  }

  @Override
  public boolean completeExceptionally(Throwable thrown) {
    Objects.requireNonNull(thrown, "thrown");
    completing();
    try {
      return super.completeExceptionally(thrown);
    } finally {
      completed();
    }
  }

  @Override
  public void obtrudeValue(R value) {
    completing();
    try {
      super.obtrudeValue(value);
    } finally {
      completed();
    }
  }

  @Override
  public void obtrudeException(Throwable thrown) {
    Objects.requireNonNull(thrown, "thrown");
    completing();
    try {
      super.obtrudeException(thrown);
    } finally {
      completed();
    }
  }

  /** The superclass would complete this without any of the methods above. */
  @Override
  public CompletableFuture<R> completeAsync(Supplier<? extends R> supplier, Executor executor) {
    executor.execute(() -> {
      if (!isDone()) {
        R value;
        try {
          value = supplier.get();
        } catch (Throwable e) {
          var _ = completeExceptionally(new CompletionException(e));
          return;
        }
        var _ = complete(value);
      }
    });
    return this;
  }

  @Override
  public CompletableFuture<R> completeAsync(Supplier<? extends R> supplier) {
    return completeAsync(supplier, defaultExecutor());
  }

  /**
   * Called by a thread that is about to complete this and then runs its dependents. It wakes the
   * waiting threads first, because a dependent may never return. They see in {@code phase} that the
   * end is near, and stay awake.
   */
  private void completing() {
    StackRoom.require();
    phase = COMPLETING;
    wakeWaiters();
  }

  private void completed() {
    if (!isDone()) {
      phase = SHARED; // no memory for the result: waiting threads must not stay awake for it
    }
  }

  private boolean cancelHere() {
    completing();
    try {
      return super.cancel(false);
    } finally {
      completed();
    }
  }

  // ---- completion, by the pool's threads

  Sink<T, R> sink() {
    return single;
  }

  /**
   * Returns whether the task has failed, or will have failed once a callback thread has completed
   * it.
   */
  boolean failed() {
    return single.failed;
  }

  /**
   * Returns whether the calling thread must complete this itself, because there are no dependents.
   */
  private boolean mayCompleteHere() {
    if (!PHASE.compareAndSet(this, OPEN, CHECKING)) {
      return false;
    }
    if (getNumberOfDependents() == 0) {
      return true;
    }
    notChecking();
    return false;
  }

  private void completedHere() {
    if (!isDone()) {
      notChecking(); // no memory for the result
    }
    wakeWaiters();
  }

  /**
   * Leaves CHECKING, unless another thread has moved to COMPLETING: that thread has woken the
   * waiting ones.
   */
  private void notChecking() {
    var _ = PHASE.compareAndSet(this, CHECKING, SHARED);
  }

  private void succeed(R value) {
    if (isDone()) {
      return;
    }
    if (mayCompleteHere()) {
      try {
        super.complete(value);
      } finally {
        completedHere();
      }
    } else {
      completeElsewhere(() -> complete(value));
    }
  }

  private void fail(Throwable thrown) {
    if (isDone()) {
      return;
    }
    if (mayCompleteHere()) {
      try {
        super.completeExceptionally(thrown);
      } finally {
        completedHere();
      }
    } else {
      completeElsewhere(() -> completeExceptionally(thrown));
    }
  }

  private void becomeCancelled() {
    if (isDone()) {
      return;
    }
    if (mayCompleteHere()) {
      try {
        super.cancel(false);
      } finally {
        completedHere();
      }
    } else {
      completeElsewhere(this::cancelHere);
    }
  }

  /** Completes it on a thread for callbacks, as soon as the heap has room for what that needs. */
  private void completeElsewhere(Runnable completion) {
    pool.callbacks()
        .run(
            single,
            () -> {
              while (!isDone()) {
                try {
                  completion.run();
                } catch (OutOfMemoryError e) {
                  HeapShortage.await(e);
                }
              }
            });
  }

  // ---- waiting

  /** A thread that waits for the end. In a list, guarded by the monitor of single. */
  private final class Waiter implements ForkJoinPool.ManagedBlocker {
    final Thread thread = Thread.currentThread();
    final boolean interruptible;
    final long nanos;
    final long began = System.nanoTime();
    boolean interrupted;
    @Nullable Waiter next;

    Waiter(boolean interruptible, long nanos) {
      this.interruptible = interruptible;
      this.nanos = nanos;
    }

    @Override
    public boolean isReleasable() {
      if (isDone()) {
        return true;
      }
      if (Thread.interrupted()) {
        interrupted = true;
      }
      return (interrupted && interruptible)
          || (nanos != FOREVER && nanos - (System.nanoTime() - began) <= 0);
    }

    @Override
    public boolean block() {
      while (!isReleasable()) {
        if (phase == COMPLETING) {
          LockSupport.parkNanos(this, SOON_NANOS); // it was woken, and the end is very near
        } else if (nanos == FOREVER) {
          LockSupport.park(this);
        } else {
          LockSupport.parkNanos(this, nanos - (System.nanoTime() - began));
        }
      }
      return true;
    }
  }

  /**
   * Waits for the end, at most {@code nanos} nanoseconds; {@link #FOREVER} for no limit.
   *
   * @param interruptible whether an interrupt ends the wait; otherwise it is set again afterwards
   */
  private void awaitEnd(boolean interruptible, long nanos) throws InterruptedException {
    if (isDone()) {
      return;
    }
    var waiter = new Waiter(interruptible, nanos);
    synchronized (single) {
      waiter.next = waiters;
      waiters = waiter;
    }
    try {
      // If the caller is a thread of a ForkJoinPool, that pool may add a thread meanwhile. Reads
      // `phase` and isDone after `waiters` was written; a completing thread writes those first and
      // then reads `waiters`. So one of the two sees the other.
      ForkJoinPool.managedBlock(waiter);
    } catch (InterruptedException | RuntimeException | Error e) {
      // The pool adds no thread: it has as many as it may have, the system gives it none, or it is
      // stopped. Then this thread waits all the same.
      waiter.block();
    } finally {
      remove(waiter);
    }
    if (waiter.interrupted) {
      if (interruptible && !isDone()) {
        throw new InterruptedException();
      }
      Thread.currentThread().interrupt();
    }
  }

  @SuppressWarnings("ReferenceEquality") // a waiter is equal to itself only
  private void remove(Waiter waiter) {
    synchronized (single) {
      if (waiters == waiter) {
        waiters = waiter.next;
        return;
      }
      for (Waiter w = waiters; w != null; w = w.next) {
        if (w.next == waiter) {
          w.next = waiter.next;
          return;
        }
      }
    }
  }

  private void wakeWaiters() {
    if (waiters != null) {
      synchronized (single) {
        for (Waiter w = waiters; w != null; w = w.next) {
          LockSupport.unpark(w.thread);
        }
      }
    }
  }

  @Override
  public R get() throws InterruptedException, ExecutionException {
    if (!isDone()) {
      StackRoom.require();
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      pool.beforeWaiting(this);
      while (!isDone() && mustHelp()) {
        awaitEnd(true, HELP_NANOS); // then checks again: the task may be waiting for its retry
      }
      awaitEnd(true, FOREVER);
    }
    return super.get();
  }

  @Override
  public R get(long timeout, TimeUnit unit)
      throws InterruptedException, ExecutionException, TimeoutException {
    long nanos = unit.toNanos(timeout);
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    if (!isDone() && nanos > 0) {
      StackRoom.require();
      awaitEnd(true, nanos);
    }
    if (!isDone()) {
      throw new TimeoutException("the task was not done within " + timeout + " " + unit);
    }
    return super.get();
  }

  @Override
  public R join() {
    if (!isDone()) {
      StackRoom.require();
      boolean interrupted = Thread.interrupted();
      try {
        pool.beforeWaiting(this);
        while (!isDone() && mustHelp()) {
          awaitEnd(false, HELP_NANOS);
        }
        awaitEnd(false, FOREVER);
      } catch (InterruptedException e) {
        throw new AssertionError(e); // cannot happen: this wait is not interruptible
      } finally {
        if (interrupted) {
          Thread.currentThread().interrupt();
        }
      }
    }
    return super.join();
  }

  /**
   * Runs the task in the calling thread if that is a worker of the same pool, and no other worker
   * has begun the task. Without this, all workers might wait and none work.
   *
   * @return whether to check again soon, because a retry may begin to wait for a worker
   */
  boolean mustHelp() {
    if (!pool.canRunHere()) {
      return false;
    }
    Batch<T, R> batch = single.batch;
    if (batch != null && batch.hasWaiting() && !single.pausing) {
      pool.runHere(batch);
    }
    return pool.policy().retries() > 0;
  }

  /** The sink of this future. A separate class because a future already has a superclass. */
  final class Single extends Sink<T, R> {
    private final @Nullable Supplier<R> whenDone;
    private final @Nullable Consumer<? super TaskFuture<T, R>> whenEnded;

    /**
     * The batch of the current attempt. Replaced by each retry, and by null at the end, so that a
     * future does not keep its task alive. Written by the thread that ended the previous attempt.
     */
    private volatile @Nullable Batch<T, R> batch;

    /**
     * Whether the pause before a retry is in progress. Set by the thread that writes {@code batch};
     * cleared by the timer.
     */
    private volatile boolean pausing;

    private volatile boolean stopped;

    /** Whether the task has failed. Written by the thread that ends it. */
    private volatile boolean failed;

    Single(
        AbstractPool pool,
        @Nullable Supplier<R> whenDone,
        @Nullable Consumer<? super TaskFuture<T, R>> whenEnded) {
      super(pool);
      this.whenDone = whenDone;
      this.whenEnded = whenEnded;
    }

    @Override
    void done(Batch<T, R> ended, int i, R value) {
      batch = null;
      succeed(whenDone == null ? value : whenDone.get());
      reportEnd();
    }

    @Override
    void ended(Batch<T, R> ended, int i, Outcome<R> outcome) {
      batch = null;
      failed |= !(outcome instanceof Outcome.Cancelled) && !isDone(); // it may be told again
      // Before the switch, because a switch over types generates a class when it first runs.
      if (outcome instanceof Outcome.WorkerLost<R> lost) {
        fail(new WorkerLostException(lost.message(), lost.certificate()));
      } else {
        switch (outcome) {
          case Outcome.Failed<R>(var cause) -> fail(asThrown(cause));
          case Outcome.Cancelled<R> c -> becomeCancelled();
          default -> failWithItem(ended.item(0), outcome);
        }
      }
      reportEnd();
    }

    /**
     * Fails with an exception whose message has the item's text. If user code makes the text, no
     * thread of the pool waits for it.
     */
    private void failWithItem(T item, Outcome<R> outcome) {
      if (BoundedText.isPlain(item)) {
        fail(ItemFailure.exception(label(0, item), outcome));
      } else {
        completeElsewhere(
            () -> completeExceptionally(ItemFailure.exception(label(0, item), outcome)));
      }
    }

    private void reportEnd() {
      if (whenEnded != null) {
        whenEnded.accept(TaskFuture.this);
      }
    }

    /**
     * Wraps the two exceptions that have a special meaning to {@link CompletableFuture}: that it
     * was cancelled, or that the cause came from elsewhere. A task that throws one of them has
     * failed with it, as with any other exception.
     */
    private Throwable asThrown(Throwable cause) {
      return cause instanceof CancellationException || cause instanceof CompletionException
          ? new CompletionException(cause)
          : cause;
    }

    TaskFuture<T, R> future() {
      return TaskFuture.this;
    }

    @Override
    void closed(Batch<T, R> batch) {}

    @Override
    void stop(String reason) {
      if (!isDone()) {
        becomeCancelled();
      }
      // Also where the future has ended before its task: completed by its user, by a timeout of its
      // own, or cancelled without an interrupt. The task runs on then, and a pool that is shut down
      // at once must not wait for it.
      stopTask(true, reason);
    }

    private void stopTask(boolean mayInterruptIfRunning, String reason) {
      stopped = true;
      Batch<T, R> current = batch;
      if (current != null && mayInterruptIfRunning) {
        current.cancel(reason);
      } else if (current != null) {
        current.cancelWaiting(0, reason);
      }
    }

    @Override
    boolean isStopped() {
      return stopped;
    }

    @Override
    void retry(Batch<T, R> before, int i) {
      Batch<T, R> next = before.again(i);
      pausing = true;
      batch = next;
      pool.retryLater(next);
      if (stopped) {
        next.cancel("its future was cancelled");
      }
    }

    @Override
    void resumed() {
      pausing = false;
    }

    @Override
    String label(long index, @Nullable Object item) {
      return "the task of " + text(item);
    }
  }
}
