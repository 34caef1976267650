package io.github.fornada.process;

import io.github.fornada.Outcome;
import io.github.fornada.TaskPolicy;
import io.github.fornada.jvm.InterruptGate;
import io.github.fornada.jvm.StackSample;
import io.github.fornada.process.payload.CodecSessions;
import io.github.fornada.process.payload.Payloads;
import io.github.fornada.process.wire.MessageOutput;
import io.github.fornada.spi.Batch;
import java.io.IOException;
import java.io.Serial;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Runs and supervises the user's code that writes an item, or the function for it, on a slot's
 * feeder thread, or that reads a result, on a thread of {@link GuardedResults}. The code is
 * interrupted when its time is over, which is that of an item, or the item is no longer wanted. If
 * it does not return, the item ends without it, and another thread goes on.
 *
 * <p>An interrupt that reached the feeder anywhere else would close the file that it writes. So an
 * interrupt may reach it only while that item is written or read. An {@link InterruptGate} ensures
 * that. Each such thread has one guard of its own.
 */
final class UserCodeGuard {
  /** Goes on where a thread was abandoned. */
  interface Successor {
    /**
     * Called by the timer when the thread does not return from the user's code: the item must end,
     * and another thread must go on. Must run no user code itself.
     *
     * @param stack where the thread was when the item's time was over; null if the item was
     *     cancelled
     */
    <R> void replace(Batch<?, R> batch, int i, @Nullable List<StackTraceElement> stack);
  }

  /** The pool whose user's code is run. */
  interface Home {
    TaskPolicy policy();

    /** Returns whether the pool is being shut down at once. */
    boolean isStopping();

    /** Runs {@code action} on the timer's thread after {@code pause}. */
    void schedule(Duration pause, Runnable action);
  }

  /** Code of the user's, with its result. */
  interface UserCode<V extends @Nullable Object> {
    V run() throws Exception;
  }

  private final Home pool;
  private final Successor successor;
  private final @Nullable Duration limit;

  /**
   * Open while the feeder writes an item. Once the gate is abandoned, the feeder must use nothing
   * of this object. The cause of an interrupt is the feeder's stack when the item's time ran out;
   * null for a cancel.
   */
  private final InterruptGate<StackSample> gate = new InterruptGate<>();

  /** Whether a check of the timeout is scheduled. */
  private final AtomicBoolean armed = new AtomicBoolean();

  /** The batch that the feeder sends; null while it sends none. */
  private volatile @Nullable Batch<?, ?> current;

  // Written by the feeder before it opens the gate; read by others after they have read the gate.
  // Others may rely on them only if they then succeed in interrupting the pass that they have read,
  // which fails if these belong to another item.
  private @Nullable Thread feeder;
  private int item;
  private long startedNanos;

  UserCodeGuard(Home pool, Successor successor) {
    this.pool = pool;
    this.successor = successor;
    this.limit = pool.policy().timeout();
  }

  // ---- the thread that feeds

  /** Called by the feeder before it sends items of this batch. */
  void begins(Batch<?, ?> batch) {
    feeder = Thread.currentThread();
    current = batch;
  }

  /** Sets the item that is written next, or for which the function is written. */
  void next(int i) {
    item = i;
  }

  /** Called when the feeder has finished with its batch. */
  void ends() {
    current = null;
  }

  /**
   * Appends a value as {@link Payloads#encode(Object, MessageOutput, CodecSessions)} does.
   *
   * @throws Stopped if the item was stopped, whatever the user's code then did
   * @throws Abandoned if the user's code returned too late
   */
  void write(@Nullable Object value, MessageOutput out, @Nullable CodecSessions codec)
      throws IOException {
    Batch<?, ?> batch = current;
    if (batch == null) {
      Payloads.encode(value, out, codec); // not on the feeder: the value is plain
      return;
    }
    long pass = open();
    try {
      checkWanted(batch);
      Payloads.encode(value, out, codec);
    } finally {
      end(pass);
    }
  }

  /**
   * Runs other code for the item set by {@link #next} and returns its result.
   *
   * @throws Stopped if the item was stopped, whatever the code then did
   * @throws Abandoned if the code returned too late
   */
  <V extends @Nullable Object> V run(Batch<?, ?> batch, UserCode<V> code) throws Exception {
    long pass = open();
    try {
      checkWanted(batch);
      return code.run();
    } finally {
      end(pass);
    }
  }

  private long open() {
    if (limit != null) {
      startedNanos = System.nanoTime();
    }
    long pass = gate.open();
    if (limit != null) {
      checkTimeoutIn(limit);
    }
    return pass;
  }

  /**
   * Called after the gate was opened. A thread that cancels first stops the call and then reads the
   * gate. So one of the two sees the other.
   */
  private void checkWanted(Batch<?, ?> batch) throws Stopped {
    if (batch.isUnwanted() || pool.isStopping()) {
      throw new Stopped(null);
    }
  }

  private void end(long pass) throws Stopped {
    if (!gate.close(pass)) {
      if (!gate.closeInterrupted(pass)) {
        throw new Abandoned();
      }
      throw new Stopped(frames(gate.takeCause()));
    }
    if (isOverdue()) {
      throw new Stopped(List.of()); // the timer came too late to stop it
    }
  }

  private static @Nullable List<StackTraceElement> frames(@Nullable StackSample stack) {
    return stack == null ? null : stack.frames();
  }

  private boolean isOverdue() {
    return limit != null
        && System.nanoTime() - startedNanos > limit.toNanos() + pool.policy().grace().toNanos();
  }

  // ---- other threads

  /** Returns the batch that the feeder is sending; null if none. */
  @Nullable Batch<?, ?> batch() {
    return current;
  }

  /** Stops exactly this item if it is being written. */
  boolean cancel(Batch<?, ?> batch, int i) {
    long seen = gate.word();
    return InterruptGate.isRunning(seen)
        && current == batch
        && item == i
        && interrupt(InterruptGate.passOf(seen), null);
  }

  /** Returns the pass of the item that is being written or read; negative if there is none. */
  long running() {
    long seen = gate.word();
    return InterruptGate.isRunning(seen) ? InterruptGate.passOf(seen) : -1;
  }

  /** Stops the item of this pass, if it is still there, with the stack that its thread has. */
  void stop(long pass) {
    Thread thread = feeder;
    if (thread != null && running() == pass) {
      StackSample.then(
          thread,
          stack -> {
            // does nothing if the item has just ended
            var _ = interrupt(pass, stack);
          });
    }
  }

  private boolean interrupt(long pass, @Nullable StackSample stack) {
    Thread thread = feeder;
    Batch<?, ?> batch = current;
    int i = item;
    if (thread == null || batch == null || !gate.interrupt(pass, thread, stack)) {
      return false;
    }
    pool.schedule(pool.policy().grace(), () -> abandon(thread, batch, i, pass));
    return true;
  }

  private void checkTimeoutIn(Duration pause) {
    if (!armed.get() && armed.compareAndSet(false, true)) {
      pool.schedule(pause, this::checkTimeout);
    }
  }

  private void checkTimeout() {
    // written before the gate is read; write() opens the gate before it reads this
    armed.set(false);
    long seen = gate.word();
    Thread thread = feeder;
    if (!InterruptGate.isRunning(seen) || limit == null || thread == null) {
      // no item is being written, and the next arms it again; or the item was stopped already
      return;
    }
    long left = limit.toNanos() - (System.nanoTime() - startedNanos);
    if (left > 0) {
      checkTimeoutIn(Duration.ofNanos(left)); // another item is being written by now
    } else {
      StackSample.then(
          thread,
          stack -> {
            // does nothing if the item has just ended
            var _ = interrupt(InterruptGate.passOf(seen), stack);
          });
    }
  }

  private void abandon(Thread thread, Batch<?, ?> batch, int i, long pass) {
    if (gate.abandon(pass)) {
      thread.setName(thread.getName() + "-abandoned");
      successor.replace(batch, i, frames(gate.takeCause()));
    }
  }

  /**
   * Ends an item that was stopped; if its time was over, with the stack that the feeder had then.
   */
  static <R> void end(
      Batch<?, R> batch, int i, @Nullable Duration limit, @Nullable List<StackTraceElement> stack) {
    batch.end(i, outcome("it was being written", limit, stack), null);
  }

  /** Returns the outcome of an item that was stopped; see {@link #end}. */
  static <R> Outcome<R> outcome(
      String during, @Nullable Duration limit, @Nullable List<StackTraceElement> stack) {
    return limit == null || stack == null
        ? new Outcome.Cancelled<>("it was stopped with its call, while " + during)
        : new Outcome.TimedOut<>(limit, stack);
  }

  /** Thrown when the item was stopped and the user's code has returned. */
  static final class Stopped extends IOException {
    @Serial private static final long serialVersionUID = 1L;

    final transient @Nullable List<StackTraceElement> stack;

    Stopped(@Nullable List<StackTraceElement> stack) {
      this.stack = stack;
    }
  }

  /**
   * Thrown in a feeder that was abandoned: it must change nothing and must end. Code that cleans up
   * after other exceptions must let this one pass.
   */
  static final class Abandoned extends RuntimeException {
    @Serial private static final long serialVersionUID = 1L;
  }
}
