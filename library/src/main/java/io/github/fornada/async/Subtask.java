package io.github.fornada.async;

import io.github.fornada.Outcome;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A handle to a task that was forked in a {@link TaskScope}.
 *
 * <p>The owner of the scope may ask for results after it has joined, a {@link Joiner} in {@code
 * onComplete}. What the task did happens-before either.
 *
 * {@snippet :
 * try (var scope = TaskScope.open()) {
 *   Subtask<User> user = scope.fork("user", () -> users.find(id));
 *   Subtask<List<Order>> orders = scope.fork("orders", () -> shop.ordersOf(id));
 *   scope.join();
 *   return new Page(user.get(), orders.get());
 * }
 * }
 *
 * @param <T> the type of the result
 */
public sealed interface Subtask<T extends @Nullable Object> extends Supplier<T> permits Child {
  /** The state of a task. */
  enum State {
    /** The task has not ended, or was cancelled: it has neither a result nor an exception. */
    UNAVAILABLE,
    /** The task returned. */
    SUCCESS,
    /** The task threw, or was over its own timeout. */
    FAILED
  }

  /** Returns the state of the task. May be called by any thread at any time. */
  State state();

  /**
   * Returns what the task returned.
   *
   * @throws IllegalStateException if it did not succeed, or if the owner asks before it has joined
   */
  @Override
  T get();

  /**
   * Returns what the task threw; a {@link io.github.fornada.TaskTimeoutException} if it was over
   * its own timeout.
   *
   * @throws IllegalStateException if it did not fail, or if the owner asks before it has joined
   */
  Throwable exception();

  /**
   * Returns the outcome of the task. Once returned, it does not change: a task that still runs when
   * its scope is cancelled counts as cancelled, whatever it returns later. A task that was over its
   * own timeout, or that a {@link Timeout} around its function ended, is {@link Outcome.TimedOut}.
   *
   * @throws IllegalStateException if it has not ended and is not cancelled, or if the owner asks
   *     before it has joined
   */
  Outcome<T> outcome();

  /** Returns what the task is for, as given to {@code fork}; empty if nothing was given. */
  String purpose();
}
