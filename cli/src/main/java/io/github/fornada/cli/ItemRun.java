package io.github.fornada.cli;

import io.github.fornada.Completion;
import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskListener;
import java.io.UncheckedIOException;
import java.util.BitSet;
import java.util.Iterator;
import java.util.List;
import java.util.Spliterator;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.IntStream;
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
    /** Receives a result; null for a function that returns nothing. */
    void result(@Nullable String text);

    /** Receives an item without a result. */
    void failure(String input, Outcome<?> outcome);
  }

  private final MethodCall call;
  private final Inputs inputs;
  private final boolean ordered;
  private final boolean failFast;
  private final Receiver receiver;

  private final AtomicReference<TaskEvent.@Nullable Finished> firstFailure =
      new AtomicReference<>();

  /**
   * Items that were taken from lines and have no outcome yet, by index; bounded by the pool's
   * window.
   */
  private final ConcurrentMap<Long, String> taken = new ConcurrentHashMap<>();

  /** The indexes of items that have an outcome. Used only by the thread that called {@link #on}. */
  private final BitSet reported = new BitSet();

  private volatile boolean stopped;

  /** Written once by the thread that runs; read by the thread that stops it. */
  private volatile @Nullable Stream<?> stream;

  ItemRun(MethodCall call, Inputs inputs, boolean ordered, boolean failFast, Receiver receiver) {
    this.call = call;
    this.inputs = inputs;
    this.ordered = ordered;
    this.failFast = failFast;
    this.receiver = receiver;
  }

  @Override
  public void onEvent(TaskEvent event) {
    if (failFast
        && event instanceof TaskEvent.Finished finished
        && finished.last()
        && !finished.outcome().isDone()
        && !(finished.outcome() instanceof Outcome.Cancelled<?>)
        && firstFailure.compareAndSet(null, finished)) {
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
      return End.STOPPED;
    } catch (UncheckedIOException e) {
      throw Fault.failed("cannot read the inputs: " + e.getCause());
    } finally {
      TaskEvent.Finished failure = firstFailure.get();
      if (failure != null) {
        receiver.failure(String.valueOf(failure.item()), failure.outcome());
      }
    }
  }

  private End inOrder(Pool pool) {
    Stream<Outcome<@Nullable String>> outcomes =
        switch (inputs) {
          case Inputs.Known(var items) -> pool.outcomes(items, call);
          case Inputs.Lines(var lines) -> pool.outcomes(remembering(lines), call);
        };
    var index = new AtomicLong(); // an outcome in order does not name its item
    return each(outcomes, outcome -> report(index.getAndIncrement(), outcome));
  }

  private End inOrderOfCompletion(Pool pool) {
    Stream<Completion<String, @Nullable String>> completions =
        switch (inputs) {
          case Inputs.Known(var items) -> pool.completions(items, call);
          case Inputs.Lines(var lines) -> pool.completions(remembering(lines), call);
        };
    return each(completions, completion -> report(completion.index(), completion.outcome()));
  }

  private Iterable<String> remembering(Iterable<String> lines) {
    return () -> {
      Iterator<String> source = lines.iterator();
      var index = new AtomicLong();
      return new Iterator<>() {
        @Override
        public boolean hasNext() {
          return source.hasNext();
        }

        @Override
        public String next() {
          String item = source.next();
          taken.put(index.getAndIncrement(), item);
          return item;
        }
      };
    };
  }

  /** Returns the items that had no outcome when the pass was stopped, as far as they are known. */
  List<String> left() {
    return switch (inputs) {
      case Inputs.Known(var items) ->
          IntStream.range(0, items.size())
              .filter(i -> !reported.get(i))
              .mapToObj(items::get)
              .toList();
      case Inputs.Lines l -> List.copyOf(new TreeMap<>(taken).values());
    };
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
      return End.COMPLETE;
    }
  }

  private void report(long index, Outcome<@Nullable String> outcome) {
    String input;
    if (inputs instanceof Inputs.Known(var items)) {
      reported.set((int) index);
      input = items.get((int) index);
    } else {
      input = String.valueOf(taken.remove(index));
    }
    switch (outcome) {
      case Outcome.Done<@Nullable String> done -> receiver.result(done.value());
      case Outcome.Cancelled<@Nullable String> c -> {} // stopped on purpose, which is reported once
      default -> {
        if (!failFast && !Interruption.requested()) {
          receiver.failure(input, outcome);
        }
      }
    }
  }
}
