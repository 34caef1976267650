package io.github.fornada.threads;

import io.github.fornada.Batch;
import io.github.fornada.Outcome;
import io.github.fornada.TaskUsage;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * One thread of a pool: polls for batches and runs their items one after the other.
 *
 * <p>An interrupt is meant for one item, so it may reach the thread only while that item runs. The
 * state word settles the race: its upper bits number the item, its lower two say how far it is.
 */
final class Worker implements Runnable {
  // FREE -> RUNNING -> FREE (the item ended by itself), or RUNNING -> INTERRUPTING -> INTERRUPTED
  // ->
  // FREE. The worker makes the first arrow of each line and the last; whoever stops the item makes
  // the
  // two between. The number goes up at each FREE -> RUNNING.
  private static final long FREE = 0;
  private static final long RUNNING = 1;
  private static final long INTERRUPTING = 2;
  private static final long INTERRUPTED = 3;
  private static final long PHASE = 3;

  /**
   * The work a batch of tiny items should be worth: far above its own cost, unnoticed by people.
   */
  private static final long BATCH_NANOS = 50_000; // Guess

  private static final int LARGEST_BATCH = 256; // Guess

  private static final com.sun.management.ThreadMXBean METER =
      (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final LocalPool pool;
  private final int number;
  private final String name;
  private final Thread thread;
  private final long createdNanos = System.nanoTime();
  private final AtomicLong state = new AtomicLong(FREE);

  /** What runs. Written by the worker before it sets the state to RUNNING; read after the state. */
  private volatile @Nullable Batch<?, ?> current;

  private int item;
  private long startedNanos;

  /** Where the item was when its time ran out. Written before INTERRUPTED, read after it. */
  private @Nullable List<StackTraceElement> overLimit;

  /** Whether a look at the time limit is due. */
  private final AtomicBoolean armed = new AtomicBoolean();

  /** Whether the pool counts this worker no more. */
  private final AtomicBoolean left = new AtomicBoolean();

  private int batchSize = 1;

  Worker(LocalPool pool, int number, String name) {
    this.pool = pool;
    this.number = number;
    this.name = name;
    this.thread = pool.newThread(this, name);
  }

  void start() {
    thread.start();
  }

  int number() {
    return number;
  }

  String name() {
    return name;
  }

  /** The batch it works on; null between batches. */
  @Nullable Batch<?, ?> current() {
    return current;
  }

  /** True once: the first who says that this worker is not counted any more. */
  boolean leave() {
    return left.compareAndSet(false, true);
  }

  @Override
  public void run() {
    pool.began(this, thread, System.nanoTime() - createdNanos);
    try {
      for (Batch<?, ?> batch = pool.next(this, batchSize);
          batch != null;
          batch = pool.next(this, batchSize)) {
        if (!runBatch(batch)) {
          return;
        }
      }
    } finally {
      current = null;
      pool.ended(this, thread);
    }
  }

  /** Returns false if this worker was abandoned meanwhile. */
  private <T, R> boolean runBatch(Batch<T, R> batch) {
    current = batch;
    long began = System.nanoTime();
    int count = 0;
    for (int i = batch.claim(); i >= 0; i = batch.claim()) {
      if (!runItem(batch, i)) {
        return false;
      }
      count++;
    }
    current = null;
    if (count > 0) {
      long perItem = Math.max(1, (System.nanoTime() - began) / count);
      long wanted = Math.clamp(BATCH_NANOS / perItem, 1, LARGEST_BATCH);
      batchSize = (int) Math.min(wanted, batchSize * 2L);
    }
    return true;
  }

  private <T, R> boolean runItem(Batch<T, R> batch, int i) {
    boolean observed = pool.isObserved();
    boolean limited = pool.policy().timeLimit() != null;
    boolean metered = observed && !thread.isVirtual();
    item = i;
    long cpu = metered ? METER.getCurrentThreadCpuTime() : 0;
    long allocated = metered ? METER.getCurrentThreadAllocatedBytes() : 0;
    if (observed || limited) {
      startedNanos = System.nanoTime();
    }
    long running = (state.get() & ~PHASE) + PHASE + 1 + RUNNING;
    if (observed) {
      batch.started(i, name, startedNanos);
    }
    state.set(running);
    if (limited) {
      arm();
    }
    R value = null;
    Throwable thrown = null;
    // Read after the state is RUNNING, as cancel looks for a RUNNING worker after it said stop: one
    // of
    // the two sees the other.
    boolean skipped = batch.isUnwanted();
    try {
      if (!skipped) {
        value = batch.function().apply(batch.item(i));
      }
    } catch (Throwable e) {
      thrown = e;
    }
    boolean undisturbed = state.compareAndSet(running, running - RUNNING + FREE);
    if (!undisturbed) {
      awaitInterrupt(running);
    }
    // Not a task's own business any more, and not the next task's either.
    boolean unused = Thread.interrupted();
    List<StackTraceElement> stack = undisturbed ? null : overLimit;
    overLimit = null;
    state.set(running - RUNNING + FREE);

    TaskUsage usage = null;
    if (observed) {
      usage =
          new TaskUsage(
              name,
              startedNanos,
              System.nanoTime(),
              metered ? METER.getCurrentThreadCpuTime() - cpu : TaskUsage.UNKNOWN,
              metered ? METER.getCurrentThreadAllocatedBytes() - allocated : TaskUsage.UNKNOWN,
              0,
              0);
    }
    if (stack != null) {
      batch.end(i, timedOut(stack), usage);
    } else if (skipped || (thrown != null && batch.isUnwanted())) {
      batch.end(i, new Outcome.Cancelled<>("it was stopped with its call"), usage);
    } else if (thrown != null) {
      batch.end(i, new Outcome.Failed<>(thrown), usage);
    } else {
      @SuppressWarnings("NullAway") // R is whatever the function gives, null included
      boolean first = batch.done(i, value, usage);
      var ignored = first; // an item abandoned before has its outcome already
    }
    return !left.get();
  }

  /** The thread that stops this item is between two steps: a few instructions. */
  private void awaitInterrupt(long running) {
    while (state.get() != running - RUNNING + INTERRUPTED) {
      Thread.onSpinWait();
    }
  }

  private <R> Outcome<R> timedOut(List<StackTraceElement> stack) {
    Duration limit = pool.policy().timeLimit();
    if (limit == null) {
      throw new AssertionError("no time limit was set");
    }
    return new Outcome.TimedOut<>(limit, stack);
  }

  // ---- called by other threads

  /** Interrupts the thread if it is running this very item. */
  boolean interrupt(Batch<?, ?> batch, int i) {
    long seen = state.get();
    return (seen & PHASE) == RUNNING && current == batch && item == i && interrupt(seen, null);
  }

  private boolean interrupt(long running, @Nullable List<StackTraceElement> stack) {
    if (!state.compareAndSet(running, running - RUNNING + INTERRUPTING)) {
      return false;
    }
    overLimit = stack;
    thread.interrupt();
    state.set(running - RUNNING + INTERRUPTED);
    return true;
  }

  /** Sees to it that the timer looks at this worker when the current item's time is over. */
  private void arm() {
    Duration limit = pool.policy().timeLimit();
    if (limit != null && armed.compareAndSet(false, true)) {
      LocalPool.later(limit, () -> look(limit));
    }
  }

  private void look(Duration limit) {
    armed.set(false);
    long seen = state.get();
    if ((seen & PHASE) != RUNNING) {
      return; // the next item arms it again
    }
    long remaining = limit.toNanos() - (System.nanoTime() - startedNanos);
    if (remaining > 0) {
      // Another item by now. If it has just ended, the look comes for nothing.
      if (armed.compareAndSet(false, true)) {
        LocalPool.later(Duration.ofNanos(remaining), () -> look(limit));
      }
      return;
    }
    Batch<?, ?> batch = current;
    int i = item;
    var stack = List.of(thread.getStackTrace());
    if (batch != null && interrupt(seen, stack)) {
      LocalPool.later(pool.policy().grace(), () -> abandon(batch, i, seen, stack));
    }
  }

  private <T, R> void abandon(
      Batch<T, R> batch, int i, long running, List<StackTraceElement> stack) {
    if (state.get() != running - RUNNING + INTERRUPTED) {
      return; // it listened
    }
    pool.abandon(this);
    long now = System.nanoTime();
    TaskUsage usage =
        pool.isObserved()
            ? new TaskUsage(name, startedNanos, now, TaskUsage.UNKNOWN, TaskUsage.UNKNOWN, 0, 0)
            : null;
    batch.end(i, timedOut(stack), usage);
  }
}
