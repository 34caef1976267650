package io.github.fornada.threads;

import io.github.fornada.Outcome;
import io.github.fornada.TaskUsage;
import io.github.fornada.jvm.HeapShortage;
import io.github.fornada.jvm.InterruptGate;
import io.github.fornada.jvm.OpenScopes;
import io.github.fornada.jvm.OwnThreads;
import io.github.fornada.jvm.StackSample;
import io.github.fornada.spi.Batch;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * One thread of a pool: polls for batches and runs their items one after the other.
 *
 * <p>An interrupt is meant for one item, so it may reach the thread only while that item runs. An
 * {@link InterruptGate} ensures that.
 */
final class Worker implements Runnable {
  /**
   * The pause before the timeout of an item is checked again, where the item has ended, or a cancel
   * came first.
   */
  private static final Duration SOON = Duration.ofMillis(1);

  private static final com.sun.management.ThreadMXBean METER =
      (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final LocalPool pool;
  private final Roster.Member member;
  private final String name;
  private final Thread thread;
  private final long createdNanos = System.nanoTime();

  /** Orders workers by their start; spare workers are started by those before them. */
  final int rank;

  /** The thread's handler of uncaught exceptions when it started. */
  private final Thread.UncaughtExceptionHandler homeHandler;

  /**
   * The number of the item within which the latest call to this same pool was made; -1 for none.
   */
  private volatile long handedOverAt = -1;

  /** The cause of an interrupt is the item's stack when its time ran out; null for a cancel. */
  private final InterruptGate<StackSample> gate = new InterruptGate<>();

  /**
   * The batch whose item runs. Written by the worker before it opens the gate; read by other
   * threads after they have read the gate.
   */
  private volatile @Nullable Batch<?, ?> current;

  /** The position of the item in it. */
  private int item;

  private long startedNanos;

  /**
   * Items that run within that item, innermost first. Written by the worker, read by any thread.
   */
  private volatile @Nullable Within within;

  /**
   * An item that runs within another.
   *
   * @param gate its own, so that it can be interrupted alone
   * @param pass of that gate
   */
  private record Within(
      Batch<?, ?> batch,
      int item,
      InterruptGate<StackSample> gate,
      long pass,
      @Nullable Within outer) {}

  /** The next check of the timeout, and the end of the grace; null for never scheduled. */
  private volatile @Nullable Future<?> check;

  private volatile @Nullable Future<?> abandonment;

  /** Whether this worker's thread has ended. Written by it. */
  private volatile boolean over;

  /** Whether a check of the timeout is scheduled. */
  private final AtomicBoolean armed = new AtomicBoolean();

  /**
   * The batch that this worker got from the queue, until it polls the next. Used by the worker
   * only.
   */
  @Nullable Batch<?, ?> polled;

  /**
   * Whether its batch is from the queue, for a spare worker; otherwise it is one that others have.
   * Used by the worker only.
   */
  boolean hasPolled;

  /** Where this worker notes what it has done; null for nowhere. */
  private final Meter.@Nullable Tally tally;

  Worker(LocalPool pool, Roster.Member member, String name, int rank) {
    this.pool = pool;
    this.member = member;
    this.name = name;
    this.rank = rank;
    this.thread = pool.threads().make(this, name);
    this.homeHandler = thread.getUncaughtExceptionHandler();
    Meter meter = pool.meter();
    this.tally = meter == null ? null : meter.new Tally(!thread.isVirtual());
  }

  void start() {
    thread.start();
  }

  Thread thread() {
    return thread;
  }

  /**
   * Returns whether it runs items now. That includes the moments between two items of a batch, as
   * the time of an item does: to read the thread's processor time there is where the kernel often
   * gives the processor to another thread, so on a full machine these are no moments.
   */
  boolean isRunning() {
    return current != null;
  }

  Roster.Member member() {
    return member;
  }

  String name() {
    return name;
  }

  /** Sets the batch that this worker works on from now on. */
  void takes(Batch<?, ?> batch) {
    current = batch;
  }

  @Override
  public void run() {
    try {
      pool.began(this, thread, System.nanoTime() - createdNanos);
      while (runNext()) {
        // and the next
      }
    } finally {
      current = null;
      over = true;
      letTimerGo();
      while (!hasTold()) {
        HeapShortage.await();
      }
    }
  }

  /** Tells the pool of its end; false if there was no memory for that: it is to be told again. */
  private boolean hasTold() {
    try {
      pool.ended(this, thread);
      return true;
    } catch (OutOfMemoryError e) {
      return false;
    }
  }

  /** A timeout may be long: until then the timer would hold on to this worker, and its pool. */
  private void letTimerGo() {
    forget(check);
    forget(abandonment);
  }

  private static void forget(@Nullable Future<?> timed) {
    if (timed != null) {
      timed.cancel(false);
    }
  }

  /**
   * Returns false if there will be no more batches. This is a separate method so that a thread that
   * waits for work has no frame with the previous batch in a variable. The interpreter keeps alive
   * what a variable holds even if it is never read again: here the batch, its function, and what
   * that captured.
   */
  private boolean runNext() {
    Batch<?, ?> batch;
    long since = 0;
    while (true) {
      try {
        batch = pool.next(this);
        break;
      } catch (OutOfMemoryError e) { // no room in the heap for a batch
        giveBackPolled();
        since = pool.awaitRoomFor(e, since);
      }
    }
    return batch != null && runBatch(batch);
  }

  /** Gives back what this worker has polled and not begun. */
  private void giveBackPolled() {
    Batch<?, ?> last = polled;
    if (last != null && last.hasWaiting()) {
      polled = null;
      pool.giveUp(last);
    }
  }

  /** Returns false if this worker was abandoned meanwhile, or must end. */
  private <T, R> boolean runBatch(Batch<T, R> batch) {
    boolean recorded = pool.isRecorded();
    long began = batch.isTimed() ? System.nanoTime() : 0;
    boolean metered = batch.isMetered() && !thread.isVirtual();
    long cpu = metered ? METER.getCurrentThreadCpuTime() : 0;
    if (tally != null) {
      tally.begin();
    }
    int count = 0;
    boolean whole = false;
    try {
      // A spare worker looks before each item whether all others wait.
      for (int i = batch.claim(); i >= 0; i = member.spare ? -1 : batch.claim()) {
        try {
          if (!runItem(batch, i, recorded)) {
            whole = true; // the thread that abandoned this worker has handled the rest of the batch
            return false;
          }
        } catch (OutOfMemoryError e) { // the heap has no room for what an item needs beside itself
          batch.fail(i, e, name);
          return false; // its gate may be open still: the rest of the batch is for another worker
        }
        count++;
        if (tally != null) {
          tally.ended();
        }
      }
      whole = true;
    } finally {
      if (!whole) {
        pool.giveUp(batch); // an error of the pool itself, such as no memory for an outcome
      }
    }
    if (tally != null) {
      tally.flush(); // before the pool may be idle: who sees that finds the figures of all items
    }
    if (member.spare && batch.hasWaiting()) {
      pool.leave(this, batch);
    } else {
      pool.finished(batch);
    }
    current = null;
    if (metered) {
      batch.usedCpu(METER.getCurrentThreadCpuTime() - cpu);
    }
    if (count > 0 && batch.isTimed()) {
      batch.ran(count, System.nanoTime() - began, name);
    }
    return true;
  }

  private <T, R> boolean runItem(Batch<T, R> batch, int i, boolean recorded) {
    boolean observed = pool.isObserved();
    boolean measured = observed || recorded;
    boolean limited = pool.policy().timeout() != null;
    boolean metered = observed && !thread.isVirtual();
    item = i;
    long cpu = metered ? METER.getCurrentThreadCpuTime() : 0;
    long allocated = metered ? METER.getCurrentThreadAllocatedBytes() : 0;
    if (measured || limited) {
      startedNanos = System.nanoTime();
    }
    if (observed) {
      batch.started(i, name, startedNanos);
    }
    var _ = Thread.interrupted(); // left over from a listener
    long pass = gate.open();
    if (limited) {
      arm();
    }
    R value = null;
    Throwable thrown = null;
    // Read after the gate was opened. A cancel writes that the call is stopped before it reads the
    // gate. So one of the two sees the other.
    boolean skipped = batch.isUnwanted();
    var _ = enter(batch);
    try {
      if (!skipped) {
        value = batch.apply(i);
      }
    } catch (Throwable e) {
      thrown = e;
    }
    thrown = OpenScopes.close(null, thrown);
    StackSample stack = null;
    if (!gate.close(pass)) {
      if (!gate.closeInterrupted(pass)) {
        return false; // abandoned: the item has its outcome
      }
      stack = gate.takeCause();
      forget(abandonment);
    }
    if (limited && stack == null && isOverdue(System.nanoTime())) {
      stack = StackSample.none(); // the timer came too late to stop it
    }
    restoreThread();

    TaskUsage usage = null;
    if (measured) {
      usage =
          TaskUsage.of(
              name,
              startedNanos,
              System.nanoTime(),
              metered ? METER.getCurrentThreadCpuTime() - cpu : TaskUsage.UNKNOWN,
              metered ? METER.getCurrentThreadAllocatedBytes() - allocated : TaskUsage.UNKNOWN);
    }
    if (stack != null) {
      batch.end(i, timedOut(stack), usage, name);
    } else {
      end(batch, i, skipped, thrown, value, usage);
    }
    return true;
  }

  /**
   * Runs the items of a batch within the item that waits for them. What stops that item stops these
   * too. They can be cancelled alone, but have no timeout of their own. Whatever they do to the
   * thread is undone before that item goes on.
   */
  <T, R> void runWithin(Batch<T, R> batch) {
    boolean recorded = pool.isRecorded();
    String ownName = thread.getName();
    int ownPriority = thread.getPriority();
    Thread.UncaughtExceptionHandler ownHandler = thread.getUncaughtExceptionHandler();
    boolean wasInterrupted = false;
    for (int i = batch.claim(); i >= 0; i = batch.claim()) {
      int before = stopsThatArrived();
      wasInterrupted |= Thread.interrupted(); // that is not this item's concern
      long started = System.nanoTime();
      R value = null;
      Throwable thrown = null;
      Within outer = within;
      InterruptGate<StackSample> gateOfItem;
      long pass;
      try {
        batch.started(i, name, started);
        gateOfItem = new InterruptGate<>();
        pass = gateOfItem.open();
        within = new Within(batch, i, gateOfItem, pass, outer);
      } catch (OutOfMemoryError e) { // the heap has no room for what an item needs beside itself
        batch.fail(i, e, name);
        continue;
      }
      // Read after `within` was written. A cancel writes that the call is stopped before it reads
      // `within`. So one of the two sees the other.
      boolean skipped = batch.isUnwanted();
      ClassLoader loader = enter(batch);
      Object open = OpenScopes.mark();
      try {
        if (!skipped) {
          value = batch.apply(i);
        }
      } catch (Throwable e) {
        thrown = e;
      } finally {
        thrown = OpenScopes.close(open, thrown);
        if (!gateOfItem.close(pass)) {
          var _ = gateOfItem.closeInterrupted(pass);
        }
        within = outer;
        thread.setContextClassLoader(loader);
        OwnThreads.restore(thread, ownName, ownPriority, ownHandler);
      }
      try {
        TaskUsage usage =
            pool.isObserved() || recorded
                ? TaskUsage.of(
                    name, started, System.nanoTime(), TaskUsage.UNKNOWN, TaskUsage.UNKNOWN)
                : null;
        if (thrown != null && !batch.isUnwanted() && stops() > before) {
          // Not a failure of its own, so it is not tried again.
          batch.end(
              i,
              new Outcome.Cancelled<>("it was stopped with the task that waits for it"),
              usage,
              name);
        } else {
          end(batch, i, skipped, thrown, value, usage);
        }
      } catch (OutOfMemoryError e) { // for its outcome
        batch.fail(i, e, name);
      }
      wasInterrupted |= Thread.interrupted(); // by a callback, or by what is looked at next
    }
    if (wasInterrupted || isStopped()) {
      thread.interrupt(); // an interrupt of the item that waits may have ended with one of these
    }
  }

  /** Whether the running item, or one within it, was interrupted. By the worker's thread. */
  private boolean isStopped() {
    return stops() > 0;
  }

  /** Returns how many of the running item and those within it were interrupted. By the worker. */
  private int stops() {
    int count = InterruptGate.isRunning(gate.word()) ? 0 : 1;
    for (Within w = within; w != null; w = w.outer) {
      count += InterruptGate.isRunning(w.gate.word()) ? 0 : 1;
    }
    return count;
  }

  /** The same, when the interrupts of all that count have reached this thread. */
  private int stopsThatArrived() {
    gate.awaitSent();
    for (Within w = within; w != null; w = w.outer) {
      w.gate.awaitSent();
    }
    return stops();
  }

  private <T, R> void end(
      Batch<T, R> batch,
      int i,
      boolean skipped,
      @Nullable Throwable thrown,
      @Nullable R value,
      @Nullable TaskUsage usage) {
    if (skipped || (thrown != null && batch.isUnwanted())) {
      batch.end(i, new Outcome.Cancelled<>("it was stopped with its call"), usage, name);
    } else if (thrown != null) {
      batch.end(i, new Outcome.Failed<>(thrown), usage, name);
    } else {
      pool.returned(value);
      @SuppressWarnings("NullAway") // R is whatever the function returns, null included
      var _ = batch.done(i, value, usage, name);
    }
  }

  /**
   * Returns whether the item, which has just ended, ran longer than its timeout and the grace after
   * it.
   */
  private boolean isOverdue(long now) {
    Duration limit = pool.policy().timeout();
    return limit != null && now - startedNanos > limit.toNanos() + pool.policy().grace().toNanos();
  }

  private <R> Outcome<R> timedOut(StackSample stack) {
    Duration limit = pool.policy().timeout();
    if (limit == null) {
      throw new AssertionError("no timeout was set");
    }
    return new Outcome.TimedOut<>(limit, stack.frames());
  }

  /**
   * Sets the context class loader of the call, and returns the previous one. {@link #restoreThread}
   * undoes what a task changes in its thread.
   */
  @SuppressWarnings("ReferenceEquality") // loaders have no equality of their own
  private @Nullable ClassLoader enter(Batch<?, ?> batch) {
    ClassLoader before = thread.getContextClassLoader();
    ClassLoader wanted = batch.contextClassLoader();
    if (wanted != before) {
      thread.setContextClassLoader(wanted);
    }
    return before;
  }

  /** Undoes what an item has changed in its thread, so that the next item sees none of it. */
  private void restoreThread() {
    OwnThreads.restore(thread, name, homeHandler);
  }

  // ---- called by other threads

  /** Returns the number of the running item, if it was not interrupted; -1 if there is none. */
  private long running() {
    long word = gate.word();
    return InterruptGate.isRunning(word) ? InterruptGate.passOf(word) : -1;
  }

  @SuppressWarnings("ReferenceEquality") // a pool is equal to itself only
  boolean isOf(LocalPool other) {
    return pool == other;
  }

  /**
   * Notes that the running item has made a call to this same pool. Called by the thread that made
   * the call, which need not be this worker's.
   */
  void handsOver() {
    handedOverAt = running();
  }

  /** Returns whether the running item has made a call to this same pool. */
  boolean hasHandedOver() {
    long running = running();
    return running >= 0 && running == handedOverAt;
  }

  /**
   * Returns whether the running item has made a call to this same pool, and now waits for
   * something.
   */
  boolean isWaitingAfterHandOver() {
    return hasHandedOver()
        && switch (thread.getState()) {
          case WAITING, TIMED_WAITING, BLOCKED -> true;
          default -> false;
        };
  }

  /** Returns a number that grows with each item that begins or ends. */
  long progress() {
    return gate.word();
  }

  /**
   * Interrupts the thread if it is running exactly this item. If the item ignores that, the thread
   * is left behind after the grace.
   */
  boolean interrupt(Batch<?, ?> batch, int i) {
    long seen = gate.word();
    for (Within w = within; w != null; w = w.outer) {
      if (w.batch == batch && w.item == i) {
        return w.gate.interrupt(w.pass, thread, null);
      }
    }
    if (!InterruptGate.isRunning(seen) || current != batch || item != i) {
      return false;
    }
    return interrupt(batch, i, InterruptGate.passOf(seen), null);
  }

  /** Interrupts the item, and leaves it behind after the grace. */
  private boolean interrupt(Batch<?, ?> batch, int i, long pass, @Nullable StackSample stack) {
    try {
      // Before the interrupt, which may take long to return.
      abandonment = LocalPool.tryLater(pool.policy().grace(), () -> abandon(batch, i, pass));
    } catch (OutOfMemoryError e) {
      boolean done = gate.interrupt(pass, thread, stack); // it may be the item that fills the heap
      abandonLater(batch, i, pass, pool.policy().grace());
      return done;
    }
    return gate.interrupt(pass, thread, stack);
  }

  private void abandonLater(Batch<?, ?> batch, int i, long pass, Duration pause) {
    while (true) {
      try {
        abandonment = LocalPool.tryLater(pause, () -> abandon(batch, i, pass));
        return;
      } catch (OutOfMemoryError e) {
        HeapShortage.await(e);
      }
    }
  }

  /**
   * Schedules a check of the timeout for when the current item's time is over, unless one is
   * scheduled.
   */
  private void arm() {
    Duration limit = pool.policy().timeout();
    if (limit != null) {
      checkTimeoutLater(limit, limit);
    }
  }

  private void checkTimeout(Duration limit) {
    try {
      checkTimeoutOnce(limit);
    } catch (OutOfMemoryError e) {
      checkTimeoutLater(limit, SOON);
    }
  }

  private void checkTimeoutOnce(Duration limit) {
    armed.set(false);
    long seen = gate.word();
    long pass = InterruptGate.passOf(seen);
    if (!InterruptGate.isOpen(seen)) {
      return; // no item runs; the next one arms the timer again
    }
    long remaining = limit.toNanos() - (System.nanoTime() - startedNanos);
    Batch<?, ?> batch = current;
    int i = item;
    if (remaining > 0) {
      checkTimeoutLater(limit, Duration.ofNanos(remaining)); // another item runs by now
    } else if (batch == null) {
      checkTimeoutLater(limit, SOON);
    } else if (!InterruptGate.isRunning(seen)) { // stopped by a cancel
      abandonLater(batch, i, pass, pool.policy().grace());
    } else {
      // Not on the timer's thread: a thread in a loop without a safepoint gives its stack only
      // after the loop.
      StackSample.then(thread, stack -> interrupt(limit, batch, i, pass, stack));
    }
  }

  /** Interrupts the item because its time is over. */
  private void interrupt(Duration limit, Batch<?, ?> batch, int i, long pass, StackSample stack) {
    long seen = gate.word();
    boolean runs = InterruptGate.isOpen(seen) && InterruptGate.passOf(seen) == pass;
    if (!runs || !interrupt(batch, i, pass, stack)) {
      checkTimeoutLater(limit, SOON); // it has ended, or a cancel came first
    }
  }

  private void checkTimeoutLater(Duration limit, Duration pause) {
    if (armed.compareAndSet(false, true)) {
      check = after(pause, limit);
      if (over) { // read after `check` was written, as run() reads `check` after it wrote `over`
        letTimerGo();
      }
    }
  }

  /** Schedules a check of the timeout, as soon as the heap has room for it. */
  private Future<?> after(Duration pause, Duration limit) {
    while (true) {
      try {
        return LocalPool.tryLater(pause, () -> checkTimeout(limit));
      } catch (OutOfMemoryError e) {
        HeapShortage.await(e);
      }
    }
  }

  private <T, R> void abandon(Batch<T, R> batch, int i, long pass) {
    if (!gate.abandon(pass)) {
      long seen = gate.word();
      if (InterruptGate.isRunning(seen) && InterruptGate.passOf(seen) == pass) {
        abandonLater(batch, i, pass, SOON); // a short grace: the interrupt is still to come
      }
      return; // else it has ended
    }
    StackSample stack = gate.takeCause();
    long began = startedNanos;
    while (true) {
      try {
        pool.abandon(
            this,
            batch,
            () -> {
              for (Within w = within; w != null; w = w.outer()) {
                endAbandoned(w.batch(), w.item(), stack, began);
              }
              endAbandoned(batch, i, stack, began);
            });
        return;
      } catch (OutOfMemoryError e) { // for its thread: nothing was begun then
        HeapShortage.await(e);
      }
    }
  }

  private <T, R> void endAbandoned(
      Batch<T, R> batch, int i, @Nullable StackSample stack, long began) {
    TaskUsage usage =
        pool.isObserved() || pool.isRecorded()
            ? TaskUsage.of(name, began, System.nanoTime(), TaskUsage.UNKNOWN, TaskUsage.UNKNOWN)
            : null;
    Outcome<R> outcome =
        stack == null
            ? new Outcome.Cancelled<>("it was stopped with its call, and ignored its interrupt")
            : timedOut(stack);
    if (stack != null && batch.isTimed()) {
      batch.spent(1, System.nanoTime() - began, name);
    }
    batch.end(i, outcome, usage, name);
  }
}
