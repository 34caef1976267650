package io.github.fornada.async;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Makes a second call if the first has no result after a delay; the first result is returned and
 * the other call is cancelled. For calls that may be made twice, to services where a few calls take
 * much longer than most.
 *
 * {@snippet :
 * Hedge hedge = Hedge.after(Duration.ofMillis(80)).withBudget(RetryBudget.ofShare(0.05, 10));
 * List<Row> rows = Async.gather(keys, hedge.wrap(replicas::get));
 * log.info("{} calls, {} twice, {} of those in vain", hedge.calls(), hedge.hedged(),
 *     hedge.hedged() - hedge.won());
 * }
 *
 * <p>A good delay is the time within which 95 of 100 calls end: then one call in 20 is made twice.
 * A failure before the delay is over is thrown at once, as a second call is no remedy for failures
 * ({@link Retry} is); when both calls run, the whole fails only if both do.
 *
 * <p>Both calls are tasks in a {@link TaskScope}, and {@link #call} returns when both have ended:
 * the loser is interrupted, and should respond to that. An interrupt of the caller interrupts both.
 *
 * <p>The idea is from <i>The Tail at Scale</i> by Jeffrey Dean and Luiz André Barroso
 * (Communications of the ACM, 2013).
 */
public final class Hedge implements CallPolicy {
  private static final ScopeOptions OPTIONS = ScopeOptions.DEFAULT.withName("hedge");

  private final Duration delay;
  private final @Nullable RetryBudget budget;
  private final Ticker ticker;

  private final LongAdder calls = new LongAdder();
  private final LongAdder hedged = new LongAdder();
  private final LongAdder won = new LongAdder();

  private Hedge(Duration delay, @Nullable RetryBudget budget, Ticker ticker) {
    if (delay.isNegative()) {
      throw new IllegalArgumentException("the delay of a hedge must not be negative, got " + delay);
    }
    this.delay = delay;
    this.budget = budget;
    this.ticker = ticker;
  }

  /**
   * Returns a hedge that makes the second call after {@code delay}.
   *
   * @throws IllegalArgumentException if {@code delay} is negative
   */
  public static Hedge after(Duration delay) {
    return after(delay, Ticker.SYSTEM);
  }

  static Hedge after(Duration delay, Ticker ticker) {
    return new Hedge(delay, null, ticker);
  }

  /** Returns a hedge whose second calls count against {@code budget}. Its counts begin at 0. */
  public Hedge withBudget(RetryBudget budget) {
    return new Hedge(delay, budget, ticker);
  }

  /** Returns how many calls were made, not counting second ones. */
  public long calls() {
    return calls.sum();
  }

  /** Returns how many of them were made twice. */
  public long hedged() {
    return hedged.sum();
  }

  /** Returns how often the second call had the first result. */
  public long won() {
    return won.sum();
  }

  @Override
  public <R extends @Nullable Object> R call(Callable<? extends R> task) throws Exception {
    calls.increment();
    RetryBudget.callBegins(budget);
    var joiner = new Either<R>();
    try (var scope = TaskScope.open(joiner, OPTIONS)) {
      scope.fork("first call", task);
      awaitEnd(scope);
      if (!isOver(scope) && joiner.goesOn() && RetryBudget.grants(budget)) {
        joiner.second =
            scope.<R>fork(
                "second call",
                () -> {
                  hedged.increment();
                  return task.call();
                });
      }
      R result = scope.join();
      if (joiner.isWonBySecond()) {
        won.increment();
      }
      return result;
    } catch (ScopeFailedException e) {
      throw Async.unwrapped(e);
    }
  }

  /** Waits until the first call has ended, the thread is interrupted, or the delay is over. */
  private void awaitEnd(TaskScope<?, ?> scope) {
    long end = ticker.nanos() + Ticker.nanosOf(delay);
    while (!isOver(scope) && end - ticker.nanos() > 0) {
      ticker.parkUntil(this, end);
    }
  }

  /** Returns whether the first call has ended: its end cancels the scope, which wakes the owner. */
  private static boolean isOver(TaskScope<?, ?> scope) {
    return scope.isCancelled() || Thread.currentThread().isInterrupted();
  }

  @Override
  public String toString() {
    return "Hedge[after "
        + delay
        + ": "
        + calls()
        + " calls, "
        + hedged()
        + " made twice, "
        + won()
        + " won by the second]";
  }

  /** The first success ends the scope; so does a failure of the only call. */
  private static final class Either<T extends @Nullable Object> implements Joiner<T, T> {
    private static final int ONE = 0;
    private static final int TWO = 1;
    private static final int OVER = 2;

    // ONE -> TWO: the owner. ONE -> OVER: the first call's thread. By compare-and-set.
    private final AtomicInteger calls = new AtomicInteger(ONE);

    /** Set by compare-and-set, by the calls' threads. */
    private final AtomicReference<@Nullable Subtask<T>> winner = new AtomicReference<>();

    private final AtomicReference<@Nullable Subtask<T>> loser = new AtomicReference<>();

    /** Used by the owner only. */
    @Nullable Subtask<T> second;

    /** Returns whether the first call has not ended, so that a second one may be made. */
    boolean goesOn() {
      return calls.compareAndSet(ONE, TWO);
    }

    @Override
    public boolean onComplete(Subtask<T> task) {
      boolean isOnly = calls.compareAndSet(ONE, OVER);
      if (task.state() == Subtask.State.SUCCESS) {
        winner.compareAndSet(null, task);
        return true;
      }
      loser.compareAndSet(null, task);
      return isOnly;
    }

    @SuppressWarnings("ReferenceEquality") // a task is an identity
    boolean isWonBySecond() {
      return second != null && winner.get() == second;
    }

    @Override
    public T result() throws Throwable {
      Subtask<T> won = winner.get();
      if (won != null) {
        return won.get();
      }
      Subtask<T> lost = loser.get();
      if (lost != null) {
        throw lost.exception();
      }
      throw new CancellationException("the scope was cancelled before its call had ended");
    }
  }
}
