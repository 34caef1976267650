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
 * One pass over all items on one pool: hands on each result and each failure with its input. Add it
 * to the pool's listeners.
 */
final class ItemRun implements TaskListener {
  /** How a pass ended. */
  enum End {
    /** Every item has its outcome. */
    COMPLETE,
    /** Cut short: by a failure, by {@link #stop}, or by an interrupt. */
    STOPPED
  }

  /** Hears of the progress of a pass; called by the thread that called {@link #on}. */
  interface Receiver {
    /** A result; null for a function that returns nothing. */
    void result(@Nullable String text);

    /** An item without a result. */
    void failure(String input, Outcome<?> outcome);
  }

  private final MethodCall call;
  private final Inputs inputs;
  private final boolean ordered;
  private final boolean failFast;
  private final Receiver receiver;

  private final AtomicReference<TaskEvent.@Nullable Finished> firstFailure =
      new AtomicReference<>();

  /** By place, what was taken from lines and has no outcome yet; bounded by the pool's window. */
  private final ConcurrentMap<Long, String> taken = new ConcurrentHashMap<>();

  /** Places of items that have their outcome. Used by the thread that runs only. */
  private final BitSet told = new BitSet();

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
      stop(); // here and now, not when its turn comes behind a slow item
    }
  }

  /** Ends the pass early; what runs is cancelled. Called by any thread. */
  void stop() {
    stopped = true;
    Stream<?> current = stream;
    if (current != null) {
      current.close();
    }
  }

  /** Whether {@link #stop} was called. */
  boolean isStopped() {
    return stopped;
  }

  /**
   * Runs.
   *
   * @throws Fault if the inputs cannot be read to their end
   */
  End on(Pool pool) {
    try {
      return ordered ? inOrder(pool) : asTheyCome(pool);
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
    var place = new AtomicLong(); // an outcome in order does not name its item
    return each(outcomes, outcome -> tell(place.getAndIncrement(), outcome));
  }

  private End asTheyCome(Pool pool) {
    Stream<Completion<String, @Nullable String>> completions =
        switch (inputs) {
          case Inputs.Known(var items) -> pool.completions(items, call);
          case Inputs.Lines(var lines) -> pool.completions(remembering(lines), call);
        };
    return each(completions, completion -> tell(completion.index(), completion.outcome()));
  }

  private Iterable<String> remembering(Iterable<String> lines) {
    return () -> {
      Iterator<String> source = lines.iterator();
      var place = new AtomicLong();
      return new Iterator<>() {
        @Override
        public boolean hasNext() {
          return source.hasNext();
        }

        @Override
        public String next() {
          String item = source.next();
          taken.put(place.getAndIncrement(), item);
          return item;
        }
      };
    };
  }

  /** After a pass that was stopped: the items, as far as they are known, that had no outcome. */
  List<String> left() {
    return switch (inputs) {
      case Inputs.Known(var items) ->
          IntStream.range(0, items.size()).filter(i -> !told.get(i)).mapToObj(items::get).toList();
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

  private void tell(long place, Outcome<@Nullable String> outcome) {
    String input;
    if (inputs instanceof Inputs.Known(var items)) {
      told.set((int) place);
      input = items.get((int) place);
    } else {
      input = String.valueOf(taken.remove(place));
    }
    switch (outcome) {
      case Outcome.Done<@Nullable String> done -> receiver.result(done.value());
      case Outcome.Cancelled<@Nullable String> c -> {} // stopped on purpose, and told once
      default -> {
        if (!failFast && !Interruption.requested()) {
          receiver.failure(input, outcome);
        }
      }
    }
  }
}
