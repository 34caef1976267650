package io.github.fornada.process;

import io.github.fornada.Outcome;
import io.github.fornada.process.payload.CodecSessions;
import io.github.fornada.process.payload.Payloads;
import io.github.fornada.process.wire.MessageOutput;
import io.github.fornada.spi.Batch;
import java.io.IOException;
import java.io.Serial;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The user's code that writes an item, or the function for it, on a lane's feeder thread: it is
 * interrupted when the item's time is over or nobody wants it any more, and if it does not come
 * back, the item ends without it and the {@link Dispatcher} goes on with another thread.
 *
 * <p>An interrupt that hit the feeder anywhere else would close the file it writes. So it may reach
 * it only while that item is written; the state word settles the race. There is one of these for
 * each feeder thread, and one thread for each.
 */
final class EncodingGuard {
  // FREE -> RUNNING -> FREE: written. Both by the feeder.
  // RUNNING -> INTERRUPTING -> INTERRUPTED: somebody stops it. Both by that thread.
  // INTERRUPTED -> FREE: it listened. By the feeder.
  // INTERRUPTED -> ABANDONED: it did not. By the timer, and nothing here is the feeder's any more.
  // The upper bits are a number that goes up at each FREE -> RUNNING.
  private static final long FREE = 0;
  private static final long RUNNING = 1;
  private static final long INTERRUPTING = 2;
  private static final long INTERRUPTED = 3;
  private static final long ABANDONED = 4;
  private static final long PHASE = 7;

  private final Engine pool;
  private final Dispatcher flow;
  private final @Nullable Duration limit;
  private final AtomicLong state = new AtomicLong(FREE);

  /** Whether a look at the time is due. */
  private final AtomicBoolean armed = new AtomicBoolean();

  /** What the feeder sends; null while it, or any other thread, sends what is plain. */
  private volatile @Nullable Batch<?, ?> current;

  // Written by the feeder before the state is RUNNING; read after the state, and of use to others
  // only if they then take it to INTERRUPTING, which fails if these are of another item.
  private @Nullable Thread feeder;
  private int item;
  private long startedNanos;

  /** Where the item was when its time ran out. Written before INTERRUPTED, read after it. */
  private @Nullable List<StackTraceElement> overLimit;

  EncodingGuard(Engine pool, Dispatcher flow) {
    this.pool = pool;
    this.flow = flow;
    this.limit = pool.policy().timeout();
  }

  // ---- whoever feeds

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
  void write(@Nullable Object value, MessageOutput out, @Nullable CodecSessions coder)
      throws IOException {
    Batch<?, ?> batch = current;
    if (batch == null) {
      Payloads.encode(value, out, coder); // plain
      return;
    }
    long running = (state.get() & ~PHASE) + PHASE + 1 + RUNNING;
    if (limit != null) {
      startedNanos = System.nanoTime();
    }
    state.set(running);
    if (limit != null) {
      lookIn(limit);
    }
    try {
      // After the state, as cancel() looks at the state after the call was stopped: one of the two
      // sees the other.
      if (batch.isUnwanted() || pool.isStopping()) {
        throw new Stopped(null);
      }
      Payloads.encode(value, out, coder);
    } finally {
      end(running);
    }
  }

  private void end(long running) throws Stopped {
    long free = running - RUNNING + FREE;
    boolean stopped = false;
    List<StackTraceElement> stack = null;
    if (!state.compareAndSet(running, free)) {
      while (state.get() == running - RUNNING + INTERRUPTING) {
        Thread.onSpinWait(); // the other thread is between two steps
      }
      stack = overLimit;
      if (!state.compareAndSet(running - RUNNING + INTERRUPTED, free)) {
        throw new Abandoned();
      }
      overLimit = null;
      stopped = true;
    }
    var _ = Thread.interrupted(); // the item's own business, over with it
    if (stopped) {
      throw new Stopped(stack);
    }
  }

  // ---- other threads

  /** What is being sent by the feeder; null if nothing is. */
  @Nullable Batch<?, ?> batch() {
    return current;
  }

  /** Stops this very item if it is being written. */
  boolean cancel(Batch<?, ?> batch, int i) {
    long seen = state.get();
    return (seen & PHASE) == RUNNING && current == batch && item == i && interrupt(seen, null);
  }

  private boolean interrupt(long running, @Nullable List<StackTraceElement> stack) {
    Thread thread = feeder;
    Batch<?, ?> batch = current;
    int i = item;
    if (thread == null
        || batch == null
        || !state.compareAndSet(running, running - RUNNING + INTERRUPTING)) {
      return false;
    }
    overLimit = stack;
    thread.interrupt();
    state.set(running - RUNNING + INTERRUPTED);
    Engine.later(pool.policy().grace(), () -> abandon(thread, batch, i, running));
    return true;
  }

  private void lookIn(Duration pause) {
    if (!armed.get() && armed.compareAndSet(false, true)) {
      Engine.later(pause, this::look);
    }
  }

  private void look() {
    armed.set(false); // before the state is read, as write() sets the state before it looks at this
    long seen = state.get();
    Thread thread = feeder;
    if ((seen & PHASE) != RUNNING || limit == null || thread == null) {
      return; // between two items, and the next arms it again; or it is stopped already
    }
    long left = limit.toNanos() - (System.nanoTime() - startedNanos);
    if (left > 0) {
      lookIn(Duration.ofNanos(left)); // another item by now
    } else {
      var _ = interrupt(seen, List.of(thread.getStackTrace())); // or it has just ended
    }
  }

  private void abandon(Thread thread, Batch<?, ?> batch, int i, long running) {
    List<StackTraceElement> stack = overLimit;
    if (state.compareAndSet(running - RUNNING + INTERRUPTED, running - RUNNING + ABANDONED)) {
      thread.setName(thread.getName() + "-abandoned");
      flow.replaceFeeder(batch, i, stack);
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

  /** The item was stopped, and the user's code has listened. */
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
