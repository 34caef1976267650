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
 * The user's code that writes an item, or the function for it, on a slot's feeder thread: it is
 * interrupted when the item's time is over or nobody wants it any more, and if it does not come
 * back, the item ends without it and the {@link Dispatcher} goes on with another thread.
 *
 * <p>An interrupt that hit the feeder anywhere else would close the file it writes. So it may reach
 * it only while that item is written: an {@link InterruptGate} sees to that. There is one of these
 * for each feeder thread, and one thread for each.
 */
final class EncodingGuard {
  private final Engine engine;
  private final Dispatcher dispatcher;
  private final @Nullable Duration limit;

  /**
   * Open while the feeder writes an item. When it is abandoned, nothing here is the feeder's any
   * more. Told with an interrupt: where the item was when its time ran out; null for a cancel.
   */
  private final InterruptGate<StackSample> gate = new InterruptGate<>();

  /** Whether a look at the time is due. */
  private final AtomicBoolean armed = new AtomicBoolean();

  /** What the feeder sends; null while any thread sends plain items. */
  private volatile @Nullable Batch<?, ?> current;

  // Written by the feeder before it opens the gate; read after the gate, and of use to others only
  // if they then interrupt the pass they have read, which fails if these are of another item.
  private @Nullable Thread feeder;
  private int item;
  private long startedNanos;

  EncodingGuard(Engine engine, Dispatcher dispatcher) {
    this.engine = engine;
    this.dispatcher = dispatcher;
    this.limit = engine.policy().timeout();
  }

  // ---- the thread that feeds

  /** This thread is the feeder, and from now on sends items of this batch. */
  void begins(Batch<?, ?> batch) {
    feeder = Thread.currentThread();
    current = batch;
  }

  /** What is written next is this item, or for it. */
  void next(int i) {
    item = i;
  }

  /** The feeder is done with its batch. */
  void ends() {
    current = null;
  }

  /**
   * Appends a value as {@link Payloads#encode(Object, MessageOutput, CodecSessions)} does.
   *
   * @throws Stopped if the item was stopped, whatever the user's code then did
   * @throws Abandoned if that came back too late
   */
  void write(@Nullable Object value, MessageOutput out, @Nullable CodecSessions codec)
      throws IOException {
    Batch<?, ?> batch = current;
    if (batch == null) {
      Payloads.encode(value, out, codec); // plain
      return;
    }
    if (limit != null) {
      startedNanos = System.nanoTime();
    }
    long pass = gate.open();
    if (limit != null) {
      lookIn(limit);
    }
    try {
      // After the gate, as cancel() looks at the gate after the call was stopped: one of the two
      // sees the other.
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
      throw new Stopped(List.of()); // whoever should have stopped it came too late
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

  /** What is being sent by the feeder; null if nothing is. */
  @Nullable Batch<?, ?> batch() {
    return current;
  }

  /** Stops this very item if it is being written. */
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

  private void lookIn(Duration pause) {
    if (!armed.get() && armed.compareAndSet(false, true)) {
      Engine.later(pause, this::look);
    }
  }

  private void look() {
    armed.set(false); // before the gate is read, as write() opens the gate before it looks at this
    long seen = gate.word();
    Thread thread = feeder;
    if (!InterruptGate.isRunning(seen) || limit == null || thread == null) {
      return; // between two items, and the next arms it again; or it is stopped already
    }
    long left = limit.toNanos() - (System.nanoTime() - startedNanos);
    if (left > 0) {
      lookIn(Duration.ofNanos(left)); // another item by now
    } else {
      StackSample.then(
          thread,
          stack -> {
            var _ = interrupt(InterruptGate.passOf(seen), stack); // or it has just ended
          });
    }
  }

  private void abandon(Thread thread, Batch<?, ?> batch, int i, long pass) {
    if (gate.abandon(pass)) {
      thread.setName(thread.getName() + "-abandoned");
      dispatcher.replaceFeeder(batch, i, frames(gate.takeCause()));
    }
  }

  /** Ends an item that was stopped, with the place where it was if its time was over. */
  static <R> void end(
      Batch<?, R> batch, int i, @Nullable Duration limit, @Nullable List<StackTraceElement> stack) {
    Outcome<R> outcome =
        limit == null || stack == null
            ? new Outcome.Cancelled<>("it was stopped with its call, while it was being written")
            : new Outcome.TimedOut<>(limit, stack);
    batch.end(i, outcome, null);
  }

  /** The item was stopped, and the user's code has come back. */
  static final class Stopped extends IOException {
    @Serial private static final long serialVersionUID = 1L;

    final transient @Nullable List<StackTraceElement> stack;

    Stopped(@Nullable List<StackTraceElement> stack) {
      this.stack = stack;
    }
  }

  /**
   * The calling thread is the pool's no more: it must not touch anything, and has to end. Thrown
   * through all that would tidy up otherwise.
   */
  static final class Abandoned extends RuntimeException {
    @Serial private static final long serialVersionUID = 1L;
  }
}
