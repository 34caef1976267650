package io.github.fornada.cli;

import io.github.fornada.Completion;
import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskFunction;
import io.github.fornada.TaskListener;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Spliterator;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One pass over all items on one pool: passes each result, and each failure with its input, to a
 * receiver. It must be one of the pool's listeners.
 */
final class ItemRun implements TaskListener {
  /** How a pass ended. */
  enum End {
    /** Every item has its outcome. */
    COMPLETE,
    /** Cut short: by a failure, by {@link #stop}, or by an interrupt. */
    STOPPED
  }

  /** Receives the outcomes of a pass; called by the thread that called {@link #on}. */
  interface Receiver {
    /**
     * Receives a result; null for a function that returns nothing.
     *
     * @return whether it is kept; if not, the item counts as failed
     */
    boolean result(Ended item, @Nullable String text);

    /** Receives an item without a result. */
    void failure(Ended item, Outcome<?> outcome);
  }

  private final TaskFunction<String, @Nullable String> call;
  private final OpenItems items;
  private final boolean ordered;
  private final boolean failFast;
  private final Receiver receiver;

  private final AtomicReference<TaskEvent.@Nullable Finished> firstFailure =
      new AtomicReference<>();

  /**
   * Outcomes that the receiver does not have yet, by index: in order, those behind a slower item
   * wait for it. If the pass is stopped, they are passed on without it.
   */
  private final ConcurrentMap<Long, TaskEvent.Finished> waiting = new ConcurrentHashMap<>();

  /** Whether {@link #waiting} is kept. */
  private final boolean keepsWaiting;

  // What the receiver was told. Used only by the thread that called on.
  private long done;
  private long failed;

  private volatile boolean stopped;

  /** Written once by the thread that runs; read by the thread that stops it. */
  private volatile @Nullable Stream<?> stream;

  private ItemRun(
      TaskFunction<String, @Nullable String> call,
      OpenItems items,
      boolean ordered,
      boolean failFast,
      boolean keepsWaiting,
      Receiver receiver) {
    this.call = call;
    this.items = items;
    this.ordered = ordered;
    this.failFast = failFast;
    this.keepsWaiting = keepsWaiting;
    this.receiver = receiver;
  }

  /** Returns a pass whose results are wanted, also those that are there when it is stopped. */
  static ItemRun forResults(
      TaskFunction<String, @Nullable String> call,
      OpenItems items,
      boolean ordered,
      boolean failFast,
      Receiver receiver) {
    return new ItemRun(call, items, ordered, failFast, true, receiver);
  }

  /** Returns a pass that is measured; nothing is done here that would be measured with it. */
  static ItemRun forFigures(
      MethodCall call, List<String> items, boolean failFast, Receiver receiver) {
    var open = new OpenItems(new Inputs.Known(items), index -> index + 1);
    return new ItemRun(call, open, true, failFast, false, receiver);
  }

  @Override
  public void onEvent(TaskEvent event) {
    if (!(event instanceof TaskEvent.Finished finished)
        || !finished.last()
        || finished.outcome() instanceof Outcome.Cancelled<?>) {
      return;
    }
    boolean isDone = finished.outcome().isDone();
    if (!isDone && (keepsWaiting || failFast) && Interruption.mayBeTheCause()) {
      return; // it counts as not done
    }
    if (keepsWaiting && (isDone || !stopped)) {
      waiting.put(finished.index(), finished); // before the stream has it
    }
    if (failFast && !isDone && firstFailure.compareAndSet(null, finished)) {
      stop(); // at once, not only when earlier, slower items have ended
    }
  }

  /** Ends the pass early; running items are cancelled. May be called by any thread. */
  void stop() {
    stopped = true;
    Stream<?> current = stream;
    if (current != null) {
      current.close();
    }
  }

  /** Returns whether {@link #stop} was called. */
  boolean isStopped() {
    return stopped;
  }

  /**
   * Runs the pass.
   *
   * @throws Fault if the inputs cannot be read to their end
   */
  End on(Pool pool) {
    try {
      return ordered ? inOrder(pool) : inOrderOfCompletion(pool);
    } catch (CancellationException e) {
      if (!stopped && !Interruption.requestedWherePoolsEnd()) {
        passOnWaiting(); // they are done, and so are counted
        throw Fault.failed(Interruption.byATask(done));
      }
      return End.STOPPED;
    } catch (UncheckedIOException e) {
      passOnWaiting();
      throw Fault.failed(
          "cannot read the inputs: " + e.getCause() + "; before that, " + done + " done");
    } finally {
      passOnWaiting();
      TaskEvent.Finished failure = firstFailure.get();
      if (failure != null) {
        failed++;
        receiver.failure(items.end(failure.index()).lasting(failure), failure.outcome());
      }
    }
  }

  /**
   * Passes on what the stream did not because the pass was stopped, in the order of the inputs. An
   * item that ends after this counts as one that was not done.
   */
  private void passOnWaiting() {
    for (TaskEvent.Finished finished : new TreeMap<>(waiting).values()) {
      report(finished.index(), finished.outcome());
    }
  }

  /** Returns how many results the receiver has. Called by the thread that called {@link #on}. */
  long done() {
    return done;
  }

  /** Returns how many items without a result the receiver knows of. */
  long failed() {
    return failed;
  }

  private End inOrder(Pool pool) {
    Stream<Outcome<@Nullable String>> outcomes = pool.outcomes(items.source(), call);
    var index = new AtomicLong(); // an outcome in order does not name its item
    return each(outcomes, outcome -> report(index.getAndIncrement(), outcome));
  }

  private End inOrderOfCompletion(Pool pool) {
    Stream<Completion<String, @Nullable String>> completions =
        pool.completions(items.source(), call);
    return each(completions, completion -> report(completion.index(), completion.outcome()));
  }

  private <E> End each(Stream<E> elements, Consumer<E> action) {
    try (elements) {
      Spliterator<E> source = elements.spliterator();
      stream = elements;
      if (stopped) {
        return End.STOPPED;
      }
      while (source.tryAdvance(action)) {
        if (stopped || Interruption.requested()) {
          return End.STOPPED;
        }
      }
      return stopped ? End.STOPPED : End.COMPLETE; // a stop ends the stream
    }
  }

  private void report(long index, Outcome<?> outcome) {
    TaskEvent.Finished event = keepsWaiting ? waiting.remove(index) : null;
    switch (outcome) {
      case Outcome.Done<?>(var value) -> {
        if (receiver.result(items.end(index).lasting(event), (String) value)) {
          done++;
        } else {
          failed++;
          if (failFast) {
            stop();
          }
        }
      }
      case Outcome.Cancelled<?> c -> {} // stopped on purpose, which is reported once
      default -> {
        if (failFast ? hasMissedTheFirst(event) : isGenuine(event)) {
          failed++;
          receiver.failure(items.end(index).lasting(event), outcome);
          if (failFast) {
            stop();
          }
        }
      }
    }
  }

  /** Returns whether a failure is the item's own: one after a stop was probably caused by that. */
  private boolean isGenuine(TaskEvent.@Nullable Finished event) {
    return !keepsWaiting || event != null || !mayBeOfAStop();
  }

  /**
   * Returns whether a failure came without its event, and so has not ended the run: where the heap
   * is full, a pool misses an event rather than an outcome.
   */
  private boolean hasMissedTheFirst(TaskEvent.@Nullable Finished event) {
    return event == null && firstFailure.get() == null && !mayBeOfAStop();
  }

  private boolean mayBeOfAStop() {
    return stopped || Interruption.mayBeTheCause();
  }
}
