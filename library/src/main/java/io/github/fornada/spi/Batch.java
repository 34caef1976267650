package io.github.fornada.spi;

import io.github.fornada.Outcome;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskFunction;
import io.github.fornada.TaskUsage;
import io.github.fornada.jvm.HeapShortage;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Some consecutive items of one call, handed to one worker together. For authors of pools.
 *
 * <p>Each item is {@linkplain #claim claimed} by exactly one worker and {@linkplain #end ended}
 * exactly once: the return value says whether this call was the first, so that a timeout, a cancel,
 * a dying worker and the task itself may race.
 *
 * @param <T> the items
 * @param <R> the results
 */
public final class Batch<T extends @Nullable Object, R extends @Nullable Object> {
  private static final VarHandle OPEN;

  static {
    try {
      OPEN = MethodHandles.lookup().findVarHandle(Batch.class, "open", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** How often a call is told of a result that the heap has no room for, before it is dropped. */
  private static final int MOST_TRIES = 50; // Guess: a tenth of a second

  private final Sink<T, R> sink;
  private final TaskFunction<? super T, ? extends R> function;
  private final @Nullable Object[] items;
  private final int offset;
  private final ItemStates states;
  private final long firstIndex;
  private final long firstTask;
  private final int attempt;

  /**
   * When each item was submitted or taken from its source; null unless a Flight Recorder recording
   * needs it. Written before the batch is in the queue.
   */
  private long @Nullable [] queued;

  /**
   * The number of items that have not ended. Changed through OPEN; the thread that brings it to 0
   * reports the end of the batch.
   */
  @SuppressWarnings("unused")
  private volatile int open;

  /** Where the next claim begins its search. A hint: written by claimers; the states decide. */
  private int cursor;

  /** Whether its items were reported to the listeners. Guarded by the monitor of `states`. */
  private boolean announced;

  /**
   * Whether the worker that has it will {@linkplain AbstractPool#poll(int, Batch) hand it back}
   * when it polls the next, so that its end alone need not be reported to the queue. Written by
   * that worker.
   */
  volatile boolean handedBack;

  /**
   * Its position among the batches that workers have; -1 if none has it. Used by the queue only.
   */
  int heldAt = -1;

  /**
   * The number of workers that earlier attempts have cost. Written before other threads see the
   * batch.
   */
  private int workersLost;

  /** Which items have cost a worker in this attempt. Guarded by the monitor of states. */
  private boolean @Nullable [] costs;

  /** The end of the pause before a retry; null for no retry, or before its pause. */
  private volatile @Nullable Future<?> pause;

  /**
   * What its call keeps beside each item; null for nothing. Written before others see the batch.
   */
  private @Nullable Object @Nullable [] tags;

  /** Whether it is in the queue because a worker gave it back. Guarded by the queue's lock. */
  boolean givenBack;

  Batch(
      Sink<T, R> sink,
      TaskFunction<? super T, ? extends R> function,
      @Nullable Object[] items,
      int offset,
      int size,
      long firstIndex,
      long firstTask,
      int attempt) {
    this.sink = sink;
    this.function = function;
    this.items = items;
    this.offset = offset;
    this.states = new ItemStates(size);
    this.firstIndex = firstIndex;
    this.firstTask = firstTask;
    this.attempt = attempt;
    this.open = size;
  }

  /** Returns the function to apply. */
  public TaskFunction<? super T, ? extends R> function() {
    return function;
  }

  /**
   * Returns the function as the user gave it, for its class and for messages. It differs from
   * {@link #function} if the pool has carriers.
   */
  @SuppressWarnings("unchecked") // what was handed over has the types of its original
  public TaskFunction<? super T, ? extends R> userFunction() {
    TaskFunction<? super T, ? extends R> original = function;
    if (function instanceof HandedOver copy && copy.original() instanceof TaskFunction<?, ?> own) {
      original = (TaskFunction<? super T, ? extends R>) own;
    }
    TaskFunction<? super T, ? extends R> own =
        original instanceof ContextFunction<? super T, ? extends R> carried
            ? carried.function()
            : original;
    return own instanceof FedCall.Composed<?, ?> composed
        ? (TaskFunction<? super T, ? extends R>) composed.main()
        : own;
  }

  /**
   * Returns what its function consists of: itself, or the user's function with its carriers and
   * what they captured.
   */
  public List<? extends @Nullable Object> functionParts() {
    return ContextFunction.partsOf(function());
  }

  /**
   * Returns an object that stands for the call that this batch belongs to, and does not keep it.
   */
  public Object call() {
    return sink.token();
  }

  /**
   * Returns the context class loader that the items should run with: that of the thread that made
   * the call.
   */
  public @Nullable ClassLoader contextClassLoader() {
    return sink.contextLoader;
  }

  /** Returns what is sent along with the user's function, by the name to use in messages. */
  public Map<String, @Nullable Object> companions() {
    Object original = HandedOver.original(function);
    return original instanceof ContextFunction<?, ?> carried ? carried.parts() : Map.of();
  }

  /**
   * Applies the function to the item at place {@code i}, in the thread of this JVM that is to run
   * it. A call may have something to do around it.
   */
  public R apply(int i) throws Exception {
    return tags == null ? function.apply(item(i)) : sink.apply(this, i);
  }

  /** Keeps something beside each item. */
  void tagged(@Nullable Object[] beside) {
    tags = beside;
  }

  /** What the call keeps beside the item. */
  @Nullable Object tag(int i) {
    @Nullable Object[] all = tags;
    return all == null ? null : all[i];
  }

  /** Notes that these items wait from now on, if a recording needs that. */
  void queuedNow() {
    queuedAt(FlightEvents.nowIfWanted());
  }

  /**
   * Notes that all items have waited since {@code nanos}, a value of {@link System#nanoTime} or
   * {@link FlightEvents#NOT_KNOWN}.
   */
  void queuedAt(long nanos) {
    if (nanos == FlightEvents.NOT_KNOWN) {
      return;
    }
    long[] times = new long[states.size()];
    Arrays.fill(times, nanos);
    queued = times;
  }

  /** Notes since when each item has waited, in values of {@link System#nanoTime}. */
  void queuedAt(long[] times) {
    queued = times;
  }

  long queuedNanos(int i) {
    long[] times = queued;
    return times == null ? FlightEvents.NOT_KNOWN : times[i];
  }

  /** Returns the number of items, at least 1. */
  public int size() {
    return states.size();
  }

  /**
   * Returns the item at position {@code i} of this batch, from 0; null once every item of the batch
   * has ended, because the batch then drops its references to them.
   */
  @SuppressWarnings({"unchecked", "NullAway"}) // null only where T is nullable
  public T item(int i) {
    return (T) HandedOver.original(items[offset + i]);
  }

  /**
   * Returns the copy that the pool made of the item when it was handed over; null if it made none.
   */
  public @Nullable HandedOver handedOver(int i) {
    return items[offset + i] instanceof HandedOver copy ? copy : null;
  }

  /**
   * Keeps the copy that the pool has made of an item that it has claimed, for later attempts. It is
   * {@linkplain HandedOver#release released} when the item has ended for good.
   */
  public void handedOver(int i, HandedOver copy) {
    items[offset + i] = copy;
  }

  /** Returns the index of the item in its call's input, from 0. */
  public long index(int i) {
    return firstIndex + i;
  }

  /** Returns the number of the task, unique in its pool. */
  public long task(int i) {
    return firstTask + i;
  }

  /**
   * Returns the number of the attempt at these items: 1 for the first, 2 for the first retry, and
   * so on.
   */
  public int attempt() {
    return attempt;
  }

  /** Claims the next item that waits, and returns its position; -1 if none waits any more. */
  public int claim() {
    int hint = cursor;
    int i = states.claim(hint);
    if (i < 0 && hint > 0) {
      // The hint may be past an item that was released meanwhile: search all states.
      i = states.claim(0);
    }
    cursor = i < 0 ? states.size() : i + 1;
    return i;
  }

  /**
   * Claims the items from position {@code first} on, up to the first that does not wait. Costs less
   * than to claim them one by one.
   *
   * @return the number of items claimed, at most {@code most}
   */
  public int claimRow(int first, int most) {
    int claimed = states.claimRow(first, most);
    if (claimed > 0) {
      cursor = first + claimed;
    }
    return claimed;
  }

  /** Returns whether some item still waits to be claimed. */
  public boolean hasWaiting() {
    return states.hasWaiting();
  }

  /** Returns about how many items wait to be claimed. */
  int waiting() {
    return states.waiting();
  }

  /** Releases a claimed item that was not begun, so that it can be claimed again. */
  public boolean release(int i) {
    boolean released = states.move(i, ItemStates.RUNNING, ItemStates.WAITING);
    if (released && i < cursor) {
      cursor = i; // so that the next claim finds it before later items
    }
    return released;
  }

  /** Whether a worker has claimed the item, and it has no outcome yet. */
  boolean isBegun(int i) {
    return states.get(i) == ItemStates.RUNNING;
  }

  /** Returns whether the item has its outcome. */
  public boolean isEnded(int i) {
    return states.get(i) == ItemStates.ENDED;
  }

  /**
   * Reports to the listeners that a worker has begun the item.
   *
   * @param nanos when, as a value of {@link System#nanoTime}
   */
  public void started(int i, String worker, long nanos) {
    sink.pool.tell(TaskEvent.Started.of(task(i), index(i), item(i), worker, attempt, nanos));
  }

  /**
   * Ends a claimed item with its result.
   *
   * @param usage what it used; null unless the pool {@linkplain AbstractPool#isObserved is
   *     observed} or {@linkplain AbstractPool#isRecorded recorded}
   * @return false if the item had ended before; this result is then dropped
   */
  public boolean done(int i, R value, @Nullable TaskUsage usage) {
    return done(i, value, usage, "");
  }

  /**
   * Ends a claimed item with its result, as {@link #done(int, Object, TaskUsage)} does.
   *
   * @param worker the name of the worker that ran it
   */
  public boolean done(int i, R value, @Nullable TaskUsage usage, String worker) {
    if (!states.move(i, ItemStates.RUNNING, ItemStates.ENDED)) {
      HandedOver.release(value);
      return false;
    }
    try {
      if (sink.pool.isObserved()) {
        Object shown = HandedOver.original(value);
        reportFinished(i, new Outcome.Done<>(Batch.<R>result(shown)), true, usage);
      }
      if (usage != null) {
        FlightEvents.ended(this, i, sink.pool.model(), Outcome.Done.class, usage);
      }
    } catch (OutOfMemoryError e) {
      // An event is missed rather than an outcome.
    }
    releaseItem(i);
    try {
      passOn(i, value, worker);
    } finally {
      close(1);
    }
    return true;
  }

  /** Releases the copy of an item that has ended for good. */
  private void releaseItem(int i) {
    try {
      HandedOver.release(items[offset + i]);
    } catch (OutOfMemoryError e) {
      // A file stays until the pool ends, rather than the item without its outcome.
    }
  }

  /**
   * Passes on a result. Where the heap has no room for what the call keeps beside it, this waits,
   * and after a while does without the result: the item has failed, which makes room for others.
   */
  private void passOn(int i, R value, String worker) {
    long since = 0;
    for (int tries = 1; ; tries++) {
      try {
        sink.done(this, i, value, worker);
        return;
      } catch (OutOfMemoryError e) {
        since = awaitRoom(e, since);
        if (tries >= MOST_TRIES) {
          HandedOver.release(value);
          passOnFailure(i, e, worker);
          return;
        }
      }
    }
  }

  private void passOnFailure(int i, OutOfMemoryError lack, String worker) {
    long since = 0;
    while (true) {
      try {
        passOn(i, new Outcome.Failed<>(lack), worker);
        return;
      } catch (OutOfMemoryError e) {
        since = awaitRoom(e, since);
      }
    }
  }

  /** Passes on an outcome without a result, as soon as the heap has room for it. */
  private void passOn(int i, Outcome<R> outcome, String worker) {
    long since = 0;
    while (true) {
      try {
        sink.ended(this, i, outcome, worker);
        return;
      } catch (OutOfMemoryError e) {
        since = awaitRoom(e, since);
      }
    }
  }

  /**
   * Waits for room in the heap, if the call can be told again of what it could not take. A call
   * that waits for long is told: what fills the heap may be its own results.
   *
   * @param since what the last call has returned; 0 before the first
   */
  private long awaitRoom(OutOfMemoryError e, long since) {
    if (!sink.canBeToldAgain()) {
      throw e;
    }
    return HeapShortage.await(e, since, sink);
  }

  /**
   * Ends a claimed item that an error of the pool itself has struck, such as no memory to begin it;
   * does nothing if it has ended.
   */
  public void fail(int i, OutOfMemoryError lack, String worker) {
    long since = 0;
    while (true) {
      try {
        var _ = end(i, new Outcome.Failed<>(lack), null, worker);
        return;
      } catch (OutOfMemoryError e) {
        since = HeapShortage.await(e, since, sink);
      }
    }
  }

  /**
   * Ends consecutive claimed items with their results. Costs less than to end them one by one. Only
   * for a pool that is neither {@linkplain AbstractPool#isObserved observed} nor {@linkplain
   * AbstractPool#isRecorded recorded}.
   *
   * @param first the position of the first of them
   * @param values the results, from index 0 of the array
   */
  public void done(int first, @Nullable Object[] values, int count) {
    done(first, values, count, "");
  }

  /**
   * Ends claimed items in a row with their results, as {@link #done(int, Object[], int)} does.
   *
   * @param worker the name of the worker that ran them
   */
  public void done(int first, @Nullable Object[] values, int count, String worker) {
    int ended = 0;
    Throwable thrown = null;
    try {
      for (int begin = 0; begin < count; begin++) {
        int end = begin + states.endRow(first + begin, count - begin);
        if (end > begin) {
          ended += end - begin;
          try {
            sink.done(this, first + begin, values, begin, end - begin, worker);
          } catch (OutOfMemoryError e) {
            if (sink.canBeToldAgain()) {
              for (int k = begin; k < end; k++) {
                passOn(first + k, Batch.<R>result(values[k]), worker); // one needs less room
              }
            } else {
              thrown = e;
            }
          } catch (RuntimeException | Error e) {
            thrown = e; // by a callback; the others must end all the same
          }
        }
        if (end < count) {
          HandedOver.release(values[end]); // item `end` had ended before
        }
        begin = end;
      }
    } finally {
      if (ended > 0) {
        close(ended);
      }
    }
    Sink.rethrow(thrown);
  }

  // null where R is nullable
  @SuppressWarnings({"unchecked", "NullAway", "TypeParameterUnusedInFormals"})
  static <R extends @Nullable Object> R result(@Nullable Object value) {
    return (R) value;
  }

  /**
   * Ends an attempt at an item, and decides whether it is retried: an item without a result that
   * was not cancelled is retried as often as the pool's policy says. {@link AbstractPool} makes the
   * pause.
   *
   * @return false if the item had ended before; this outcome is then dropped
   */
  public boolean end(int i, Outcome<R> outcome, @Nullable TaskUsage usage) {
    return end(i, outcome, usage, "");
  }

  /**
   * Ends an attempt at an item, as {@link #end(int, Outcome, TaskUsage)} does.
   *
   * @param worker the name of the worker that ran it
   */
  public boolean end(int i, Outcome<R> outcome, @Nullable TaskUsage usage, String worker) {
    return end(i, outcome, usage, worker, true);
  }

  /**
   * Ends an item that no worker will ever run. It is not retried: it would only end like this
   * again.
   */
  public void endForGood(int i, Outcome<R> outcome) {
    boolean _ = end(i, outcome, null, "", false);
  }

  private boolean end(
      int i, Outcome<R> thatWas, @Nullable TaskUsage usage, String worker, boolean mayBeRetried) {
    if (states.end(i) == ItemStates.ENDED) {
      return false;
    }
    Outcome<R> outcome = explained(thatWas);
    boolean again =
        countFailure(outcome)
            && mayBeRetried
            && attempt <= sink.pool.policy().retries()
            && !outcome.isDone()
            && !(outcome instanceof Outcome.Cancelled)
            && !sink.isStopped()
            && sink.mayRetry(this, i);
    tellOf(i, outcome, !again, usage);
    if (!again) {
      releaseItem(i);
    }
    try {
      if (again) {
        if (outcome instanceof Outcome.WorkerLost) {
          costsAWorker(i);
        }
        sink.retry(this, i);
      } else {
        passOn(i, outcome, worker);
      }
    } finally {
      close(1);
    }
    return true;
  }

  /** Returns whether there was memory for that: where not, there is none for another attempt. */
  private boolean countFailure(Outcome<R> outcome) {
    try {
      sink.pool.hasFailed(outcome);
      sink.hasFailed();
      return true;
    } catch (OutOfMemoryError e) {
      return false;
    }
  }

  private Outcome<R> explained(Outcome<R> outcome) {
    try {
      return outcome instanceof Outcome.Failed<R>(InternalError e)
          ? new Outcome.Failed<>(sink.pool.explained(e))
          : outcome;
    } catch (OutOfMemoryError e) {
      return outcome;
    }
  }

  /** Cancels every item: waiting items end at once, running items are stopped by the pool. */
  void cancel(String reason) {
    for (int i = 0; i < states.size(); i++) {
      if (states.get(i) == ItemStates.WAITING && cancelWaiting(i, reason)) {
        continue;
      }
      if (!isEnded(i)) {
        sink.pool.cancel(this, i, reason);
      }
    }
  }

  /** Ends every item that no worker has claimed. */
  void cancelWaiting(String reason) {
    for (int i = 0; i < states.size(); i++) {
      var _ = cancelWaiting(i, reason);
    }
  }

  /** Ends the item if no worker has claimed it. */
  boolean cancelWaiting(int i, String reason) {
    return refuse(i, new Outcome.Cancelled<>(reason));
  }

  /**
   * Ends an item for good that must not run at all.
   *
   * @return false if it is claimed or has ended; this outcome is then dropped
   */
  public boolean refuse(int i, Outcome<R> outcome) {
    if (!states.move(i, ItemStates.WAITING, ItemStates.ENDED)) {
      return false;
    }
    tellOf(i, outcome, true, null);
    releaseItem(i);
    try {
      passOn(i, outcome, "");
    } finally {
      close(1);
    }
    return true;
  }

  /**
   * Returns a new batch with one item of this batch, for the next attempt, as soon as the heap has
   * room for it.
   */
  Batch<T, R> again(int i) {
    while (true) {
      try {
        return next(i);
      } catch (OutOfMemoryError e) {
        HeapShortage.await(e);
      }
    }
  }

  private Batch<T, R> next(int i) {
    Batch<T, R> next =
        new Batch<>(
            sink,
            function,
            new @Nullable Object[] {items[offset + i]}, // the next attempt uses the same copy
            0,
            1,
            index(i),
            task(i),
            attempt + 1);
    if (tags != null) {
      next.tags = new @Nullable Object[] {tags[i]};
    }
    next.workersLost = workersLost + (hasCostAWorker(i) ? 1 : 0);
    return next;
  }

  /**
   * Returns how many workers earlier attempts have cost; for the batch of a retry, which has one
   * item.
   */
  public int workersLost() {
    return workersLost;
  }

  private void costsAWorker(int i) {
    synchronized (states) {
      boolean[] all = costs;
      if (all == null) {
        try {
          all = new boolean[states.size()];
        } catch (OutOfMemoryError e) {
          return; // the item may cost one worker more before it is left alone
        }
        costs = all;
      }
      all[i] = true;
    }
  }

  private boolean hasCostAWorker(int i) {
    synchronized (states) {
      return costs != null && costs[i];
    }
  }

  /** Returns whether these outcomes are no longer wanted; a claimed item then need not be run. */
  public boolean isUnwanted() {
    return sink.isStopped();
  }

  /** Stops the whole call that this batch belongs to; {@code reason} is for messages. */
  public void stopCall(String reason) {
    sink.stop(reason);
  }

  /**
   * Returns the item's name in messages: its index and its text. User code makes the text; this
   * method waits for it at most a second.
   */
  public String label(int i) {
    return sink.label(this, i);
  }

  /** Returns whether every item has ended. */
  public boolean isClosed() {
    return open == 0;
  }

  /** Returns whether to report {@linkplain #ran how long} its items take. */
  public boolean isTimed() {
    return sink.isTimed();
  }

  /**
   * Reports that {@code count} of its items took a worker {@code nanos} nanoseconds. The sizes of
   * the next batches depend on that.
   */
  public void ran(int count, long nanos) {
    ran(count, nanos, "");
  }

  /**
   * Reports as {@link #ran(int, long)} does, and which worker it was.
   *
   * @param worker its name; empty if unknown
   */
  public void ran(int count, long nanos, String worker) {
    sink.ran(count, nanos, worker);
  }

  /**
   * Returns the pool that gets the results as its items, and is the only one that reads them; null
   * if they are to be read here. A pool may then {@linkplain #done(int, Object, TaskUsage, String)
   * end} an item with a {@link HandedOver} in place of its result.
   */
  public @Nullable AbstractPool relayTarget() {
    return sink.relayTarget();
  }

  /** Returns whether the processor time of its items is of use, measured for all in one. */
  public boolean isMetered() {
    return sink.isMetered();
  }

  /** Reports how much processor time its items took in this JVM, in nanoseconds. */
  public void usedCpu(long nanos) {
    sink.usedCpu(nanos);
  }

  /**
   * Reports that {@code count} of its items took a worker {@code nanos} nanoseconds, where the next
   * batches are not sized by that.
   *
   * @param worker its name; empty if unknown
   */
  public void spent(int count, long nanos, String worker) {
    sink.spent(count, nanos, worker);
  }

  /** Reports that the JVM of a worker was replaced before it ran the items of this batch. */
  public void restarted(String worker, long from, long to) {
    sink.restarted(worker, from, to);
  }

  /** A worker has taken it; called without a lock. */
  void polled() {
    try {
      announce();
    } catch (OutOfMemoryError e) {
      // Listeners miss it, but the worker that has polled the batch runs it.
    }
    sink.polled();
  }

  /**
   * Reports its items to the listeners as submitted, before any other event of theirs. A cancel may
   * get here before the worker that polled the batch: the first of the two reports, and the second
   * waits for that.
   */
  void announce() {
    if (attempt > 1 || !sink.pool.isObserved()) {
      return;
    }
    synchronized (states) {
      if (!announced) {
        announced = true;
        long now = System.nanoTime();
        for (int i = 0; i < states.size(); i++) {
          sink.pool.tell(TaskEvent.Submitted.of(task(i), index(i), item(i), now));
        }
      }
    }
  }

  /** Notes how long this retry waits, so that the timer lets go of it if it is stopped before. */
  void pausesUntil(Future<?> end) {
    pause = end;
    if (isClosed()) { // read after `pause` was written, as pauseEnds comes after `open`
      pauseEnds();
    }
  }

  /** Called when every item has ended. */
  void pauseEnds() {
    Future<?> end = pause;
    if (end != null) {
      end.cancel(false);
    }
  }

  Sink<T, R> sink() {
    return sink;
  }

  private void close(int ended) {
    if ((int) OPEN.getAndAdd(this, -ended) == ended) {
      // Whatever still refers to the batch, such as a worker without work, must not keep the items
      // alive.
      Arrays.fill(items, offset, offset + states.size(), null);
      tags = null;
      sink.closed(this);
      if (!handedBack) { // read after `open` was written: see WorkQueue.handBack
        sink.pool.batchClosed(this);
      }
    }
  }

  /** Tells listeners and a recording of an outcome without a result. */
  private void tellOf(int i, Outcome<R> outcome, boolean last, @Nullable TaskUsage usage) {
    try {
      if (sink.pool.isObserved()) {
        reportFinished(i, outcome, last, usage);
      }
      if (usage != null) {
        FlightEvents.ended(this, i, sink.pool.model(), outcome.getClass(), usage);
      }
    } catch (OutOfMemoryError e) {
      // An event is missed rather than an outcome.
    }
  }

  private void reportFinished(int i, Outcome<R> outcome, boolean last, @Nullable TaskUsage usage) {
    announce();
    sink.pool.tell(
        TaskEvent.Finished.of(
            task(i),
            index(i),
            item(i),
            attempt,
            last,
            outcome,
            usage,
            usage == null ? System.nanoTime() : usage.endedNanos()));
  }
}
