package io.github.fornada.async;

import io.github.fornada.Completion;
import io.github.fornada.Outcome;
import io.github.fornada.TaskException;
import io.github.fornada.TaskFunction;
import io.github.fornada.TaskTimeoutException;
import io.github.fornada.jvm.BoundedText;
import io.github.fornada.jvm.Fifo;
import io.github.fornada.jvm.HeapShortage;
import io.github.fornada.jvm.Interrupts;
import io.github.fornada.jvm.StackSample;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Future;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Gatherer.Downstream;
import org.jspecify.annotations.Nullable;

/**
 * Runs a function on the items of one stream, each in a virtual thread of its own. Only the
 * stream's thread takes items, passes results on, and ends the run.
 *
 * @param <E> the type of what is passed on
 */
final class GatherRun<
    T extends @Nullable Object, R extends @Nullable Object, E extends @Nullable Object> {
  /** Makes the elements that are passed on; what it throws ends the stream. */
  interface Shape<
      T extends @Nullable Object, R extends @Nullable Object, E extends @Nullable Object> {
    E of(Completion<T, R> completion, @Nullable Throwable thrown);
  }

  private final int atMost;
  private final int window;
  private final boolean ordered;
  private final boolean failFast;
  private final @Nullable Duration timeout;
  private final TaskFunction<? super T, ? extends R> function;
  private final Shape<T, R, E> shape;
  private final InheritedContext context;

  private final ReentrantLock lock = new ReentrantLock();

  /** Signalled when an item has ended, for the stream's thread. */
  private final Condition progress = lock.newCondition();

  // Guarded by the lock.
  private final Set<Item> running = new HashSet<>();

  /** Items to be passed on: if ordered, every item from its start; else those that have ended. */
  private final Fifo<Item> due = new Fifo<>();

  private @Nullable Item firstFailure;

  /** The outcome of an item that there is no memory for another one for. */
  private final Outcome<R> noMemory =
      new Outcome.Failed<>(new OutOfMemoryError("there was no memory for the outcome of the item"));

  // Used by the stream's thread only.
  private long taken;
  private long passed;
  private boolean over;

  GatherRun(
      int atMost,
      GatherOptions options,
      boolean failFast,
      TaskFunction<? super T, ? extends R> function,
      Shape<T, R, E> shape) {
    this.atMost = atMost;
    this.window = options.window() > 0 ? options.window() : 2 * Math.min(atMost, 1 << 29);
    this.ordered = options.ordered();
    this.failFast = failFast;
    this.timeout = options.timeout();
    this.function = function;
    this.shape = shape;
    this.context = InheritedContext.here();
  }

  /** An item, and the thread that applies the function to it. */
  private final class Item implements Runnable {
    final long index;
    final T item;
    final Callable<? extends R> work;

    @Nullable Thread thread;

    /** Set once, under the lock. */
    @Nullable Outcome<R> outcome;

    /** What the function threw, if it did. Written before the outcome. */
    @Nullable Throwable thrown;

    Item(long index, T item) {
      this.index = index;
      this.item = item;
      this.work = context.around(() -> function.apply(item));
    }

    @Override
    public void run() {
      Outcome<R> own = noMemory;
      Future<?> timer = null;
      try {
        timer = timeout == null ? null : ScopeTimer.after(timeout, () -> expire(this, timeout));
        own = new Outcome.Done<>(work.call());
      } catch (Throwable e) {
        thrown = e;
        own = outcome(e);
      } finally {
        if (timer != null) {
          boolean _ = timer.cancel(false);
        }
        end(this, own); // needs no memory
      }
    }
  }

  private Outcome<R> outcome(Throwable thrown) {
    try {
      return Causes.outcome(thrown);
    } catch (OutOfMemoryError e) {
      return noMemory;
    }
  }

  // ---- the threads of items, and the timer

  private void end(Item item, Outcome<R> own) {
    lock.lock();
    try {
      boolean _ = running.remove(item);
      settle(item, own);
      progress.signal();
    } finally {
      lock.unlock();
    }
  }

  private void expire(Item item, Duration timeout) {
    Thread thread = item.thread;
    if (thread == null) {
      return;
    }
    StackSample.then(thread, stack -> expire(item, thread, timeout, stack));
  }

  private void expire(Item item, Thread thread, Duration timeout, StackSample stack) {
    while (true) {
      try {
        expireOnce(item, thread, timeout, stack);
        return;
      } catch (OutOfMemoryError e) {
        HeapShortage.await(e);
      }
    }
  }

  private void expireOnce(Item item, Thread thread, Duration timeout, StackSample stack) {
    var late = new Outcome.TimedOut<R>(timeout, stack.frames());
    lock.lock();
    try {
      if (!running.contains(item)) {
        return;
      }
      settle(item, late);
      progress.signal();
    } finally {
      lock.unlock();
    }
    Interrupts.send(thread); // may wait for room; a thread that has ended by now runs nothing else
  }

  /** Sets an item's outcome, unless it has one. Under the lock. */
  private void settle(Item item, Outcome<R> outcome) {
    if (item.outcome != null) {
      return;
    }
    item.outcome = outcome;
    if (!ordered) {
      due.add(item);
    }
    if (firstFailure == null && !outcome.isDone()) {
      firstFailure = item;
    }
  }

  // ---- the stream's thread

  /** Starts the function on an item, and passes on what is due; returns false to end the stream. */
  boolean integrate(T item, Downstream<? super E> downstream) {
    while (true) {
      Item next = awaitDue(false);
      if (next == null) {
        start(item);
        return true;
      }
      if (!pass(next, downstream)) {
        return false;
      }
    }
  }

  void finish(Downstream<? super E> downstream) {
    while (!over) {
      Item next = awaitDue(true);
      if (next == null) {
        over = true;
        awaitThreads(); // items that timed out may still be ending
      } else if (!pass(next, downstream)) {
        return;
      }
    }
  }

  private void start(T item) {
    Item next;
    try {
      next = new Item(taken, item);
      next.thread = Thread.ofVirtual().name("fornada-gather").unstarted(next);
      isRunning(next);
    } catch (Throwable e) {
      stop();
      throw e;
    }
    taken++;
    boolean started = false;
    try {
      next.thread.start();
      started = true;
    } finally {
      if (!started) { // out of memory
        end(next, new Outcome.Cancelled<>("its thread could not be started"));
        stop();
      }
    }
  }

  /** Notes an item as running, with room for its outcome. */
  private void isRunning(Item next) {
    lock.lock();
    boolean added = false;
    try {
      due.reserve(running.size() + 1);
      boolean _ = running.add(next);
      added = true;
      if (ordered) {
        due.add(next);
      }
    } finally {
      if (!added) {
        boolean _ = running.remove(next); // a set may add first and have no room to grow then
      }
      lock.unlock();
    }
  }

  /**
   * Waits for the next item to pass on; returns null if another item may be started, or, at the
   * end, if there is none. Throws if the stream ends here.
   */
  private @Nullable Item awaitDue(boolean atEnd) {
    try {
      lock.lockInterruptibly();
      try {
        while (true) {
          if (failFast && firstFailure != null) {
            return firstFailure;
          }
          Item first = due.peek();
          if (first != null && first.outcome != null) {
            return due.remove();
          }
          long held = taken - passed;
          if (atEnd ? held == 0 : running.size() < atMost && held < window) {
            return null;
          }
          progress.await();
        }
      } finally {
        lock.unlock();
      }
    } catch (InterruptedException e) {
      stop();
      Thread.currentThread().interrupt();
      var cancelled =
          new CancellationException(
              "interrupted while waiting for the outcome of item "
                  + passed
                  + "; the rest was cancelled");
      cancelled.initCause(e);
      throw cancelled;
    }
  }

  private boolean pass(Item next, Downstream<? super E> downstream) {
    boolean wanted = false;
    try {
      passed++;
      Outcome<R> outcome = Objects.requireNonNull(next.outcome);
      var completion = new Completion<T, R>(next.index, next.item, outcome);
      wanted = downstream.push(shape.of(completion, next.thrown));
      return wanted;
    } finally {
      if (!wanted) {
        stop();
      }
    }
  }

  /** Cancels what is in progress, and waits until none of it is left. */
  private void stop() {
    over = true;
    interruptAll();
    awaitThreads();
  }

  /** Interrupts what is in progress, as soon as the heap has room for that. */
  private void interruptAll() {
    while (true) {
      try {
        for (Thread each : threads()) {
          Interrupts.send(each);
        }
        return;
      } catch (OutOfMemoryError e) {
        if (!isAnyRunning()) {
          return;
        }
        HeapShortage.await(e);
      }
    }
  }

  private boolean isAnyRunning() {
    lock.lock();
    try {
      return !running.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  private List<Thread> threads() {
    lock.lock();
    try {
      var threads = new ArrayList<Thread>(running.size());
      for (Item each : running) {
        if (each.thread != null) {
          threads.add(each.thread);
        }
      }
      return threads;
    } finally {
      lock.unlock();
    }
  }

  private void awaitThreads() {
    lock.lock();
    try {
      while (!running.isEmpty()) {
        progress.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Returns the result, or throws an exception that names the item that has none.
   *
   * @param thrown what the function threw, if it did
   */
  static <T extends @Nullable Object, R extends @Nullable Object> R resultOf(
      Completion<T, R> completion, @Nullable Throwable thrown) {
    return switch (completion.outcome()) {
      case Outcome.Done<R>(R value) -> value;
      case Outcome.TimedOut<R>(var timeout, var stack) -> {
        var late = new TaskTimeoutException(subject(completion), timeout, stack);
        if (thrown instanceof TaskTimeoutException known) {
          // such as the earlier attempts of a Retry
          for (Throwable earlier : known.getSuppressed()) {
            late.addSuppressed(earlier);
          }
        }
        throw late;
      }
      case Outcome.Failed<R>(var cause) ->
          throw new TaskException(subject(completion) + " failed: " + BoundedText.of(cause), cause);
      case Outcome.Cancelled<R> other -> other.get();
      case Outcome.WorkerLost<R> other -> other.get();
    };
  }

  private static String subject(Completion<?, ?> completion) {
    return "item " + completion.index() + " (" + BoundedText.ofItem(completion.item()) + ")";
  }
}
