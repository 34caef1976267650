package io.github.fornada.process;

import io.github.fornada.Outcome;
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
 * feeder thread. The code is interrupted when the item's time is over or the item is no longer
 * wanted. If it does not return, the item ends without it, and the {@link Dispatcher} goes on with
 * another thread.
 *
 * <p>An interrupt that reached the feeder anywhere else would close the file that it writes. So an
 * interrupt may reach it only while that item is written. An {@link InterruptGate} ensures that.
 * Each feeder thread has one guard of its own.
 */
final class EncodingGuard {
  private final Engine engine;
  private final Dispatcher dispatcher;
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

  EncodingGuard(Engine engine, Dispatcher dispatcher) {
    this.engine = engine;
    this.dispatcher = dispatcher;
    this.limit = engine.policy().timeout();
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
    if (limit != null) {
      startedNanos = System.nanoTime();
    }
    long pass = gate.open();
    if (limit != null) {
      checkTimeoutIn(limit);
    }
    try {
      // Read after the gate was opened. A thread that cancels first stops the call and then reads
      // the gate. So one of the two sees the other.
      if (batch.isUnwanted() || engine.isStopping()) {
        throw new Stopped(null);
      }
      Payloads.encode(value, out, codec);
    } finally {
      end(pass);
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
        && System.nanoTime() - startedNanos > limit.toNanos() + engine.policy().grace().toNanos();
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

  private boolean interrupt(long pass, @Nullable StackSample stack) {
    Thread thread = feeder;
    Batch<?, ?> batch = current;
    int i = item;
    if (thread == null || batch == null || !gate.interrupt(pass, thread, stack)) {
      return false;
    }
    Engine.later(engine.policy().grace(), () -> abandon(thread, batch, i, pass));
    return true;
  }

  private void checkTimeoutIn(Duration pause) {
    if (!armed.get() && armed.compareAndSet(false, true)) {
      Engine.later(pause, this::checkTimeout);
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
      dispatcher.replaceFeeder(batch, i, frames(gate.takeCause()));
    }
  }

  /**
   * Ends an item that was stopped; if its time was over, with the stack that the feeder had then.
   */
  static <R> void end(
      Batch<?, R> batch, int i, @Nullable Duration limit, @Nullable List<StackTraceElement> stack) {
    Outcome<R> outcome =
        limit == null || stack == null
            ? new Outcome.Cancelled<>("it was stopped with its call, while it was being written")
            : new Outcome.TimedOut<>(limit, stack);
    batch.end(i, outcome, null);
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
