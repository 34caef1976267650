package io.github.fornada.advice;

import io.github.fornada.Completion;
import io.github.fornada.Outcome;
import io.github.fornada.TaskFunction;
import io.github.fornada.advice.decide.Job;
import io.github.fornada.jvm.Durations;
import io.github.fornada.jvm.OwnThreads;
import io.github.fornada.jvm.Timer;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Iterator;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Measures a function over some of its items, and says how to run it. */
public final class Advisor {
  /** How long {@link #measure(Iterable, TaskFunction)} measures at most. */
  private static final Duration LIMIT = Duration.ofSeconds(10); // Guess

  /** How long after the limit an item may end before all are stopped. */
  private static final Duration PATIENCE = Duration.ofSeconds(1); // Guess

  private Advisor() {}

  /**
   * Runs the function over items until it is clear how to run it best, for about ten seconds at
   * most or until there are no more items, and returns the advice. What earlier runs have learned
   * is not used; what this one learns is kept for pools. The results are dropped, so use this where
   * running an item once more does no harm; where it does, run the work on an {@link AutoPool} and
   * ask that for its {@linkplain AutoPool#advice advice}.
   *
   * <p>An item that still runs a second after the limit is cancelled, and counts neither as ended
   * nor as failed.
   *
   * @throws InterruptedException if the caller was interrupted; the items that run are cancelled
   * @throws IllegalArgumentException if there are no items
   * @throws IllegalStateException if no item has given a result a second after the limit
   */
  public static <T extends @Nullable Object, R extends @Nullable Object> Advice measure(
      Iterable<? extends T> items, TaskFunction<? super T, ? extends R> function)
      throws InterruptedException {
    return Advisor.<T, R>measure(items, function, LIMIT, o -> o);
  }

  /**
   * Measures as {@link #measure(Iterable, TaskFunction)} does, with another limit and with options.
   *
   * @param limit how long to measure at most; must be positive
   * @param change changes the options of the pool that the items run on
   */
  public static <T extends @Nullable Object, R extends @Nullable Object> Advice measure(
      Iterable<? extends T> items,
      TaskFunction<? super T, ? extends R> function,
      Duration limit,
      UnaryOperator<AutoOptions> change)
      throws InterruptedException {
    Objects.requireNonNull(items, "items");
    Objects.requireNonNull(function, "function");
    if (!limit.isPositive()) {
      throw new IllegalArgumentException("the limit must be positive, got " + limit);
    }
    Duration atMost = Timer.bounded(limit).plus(PATIENCE);
    long began = System.nanoTime();
    var isLate = new AtomicBoolean();
    boolean any = false;
    boolean anyEnded = false; // by itself, not because the measurement was over
    boolean anyDone = false;
    T first = null;
    try (var pool =
        ScopedValue.where(Job.MEASURING, true)
            .call(() -> AutoPool.open(o -> change.apply(o.withFreshMemory())))) {
      // Where no item ends any more, nobody would look at the time.
      Future<?> late =
          Timer.after(
              atMost,
              () -> {
                isLate.set(true); // before the stream can end by it
                OwnThreads.start("fornada-advisor-end", pool::shutdownNow);
              });
      try (Stream<Completion<T, R>> ended = pool.<T, R>completions(items, function)) {
        Iterator<Completion<T, R>> each = ended.iterator();
        while (each.hasNext()) {
          Completion<T, R> next = each.next();
          anyEnded |= !(next.outcome() instanceof Outcome.Cancelled);
          anyDone |= next.outcome().isDone();
          first = any ? first : next.item();
          any = true;
          if (Thread.interrupted()) {
            throw new InterruptedException();
          }
          // Once the pool is stopped, what still comes out may be items that it cancelled.
          if (anyDone && System.nanoTime() - began > Durations.nanos(limit)) {
            Advice soFar = pool.advice(); // not for each item: it takes longer than a small one
            if (soFar != null && soFar.knowsAllModels()) { // if it is not, the limit ends this
              return soFar;
            }
          }
        }
        if (!any) {
          throw new IllegalArgumentException("there are no items to measure");
        }
      } catch (CancellationException e) {
        if (Thread.interrupted()) {
          throw (InterruptedException) new InterruptedException().initCause(e);
        }
        if (!isLate.get()) {
          throw e;
        }
        if (!any) {
          throw noneEnded(atMost, e);
        }
      } finally {
        late.cancel(false);
        pool.shutdownNow();
      }
      if (!anyEnded) {
        throw noneEnded(atMost, null);
      }
      if (!anyDone) {
        throw new IllegalStateException(
            "no item has given a result, so there is nothing to advise: run it on a pool to see"
                + " why");
      }
      return pool.finalAdvice(function, first);
    }
  }

  private static IllegalStateException noneEnded(Duration limit, @Nullable Throwable cause) {
    return new IllegalStateException(
        "no item had ended after " + Durations.inWords(limit) + ": give a longer limit", cause);
  }

  /**
   * Deletes what {@link AutoPool} has learned of all functions in earlier runs, from the user's
   * cache folder.
   *
   * @return how many functions were forgotten
   * @throws UncheckedIOException if a file cannot be deleted
   */
  public static int forget() {
    return Memory.forget(Memory.folder());
  }
}
