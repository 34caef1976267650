package io.github.fornada.async;

import io.github.fornada.Outcome;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A task that was forked in a {@link TaskScope}: a handle to what became of it.
 *
 * <p>The owner of the scope may ask for results after it has joined. A {@link Joiner} may ask in
 * {@code onComplete}, where what the task did happens-before; so it does after {@code join}.
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
  /** How far a task is. */
  enum State {
    /** It has not ended, or was cancelled: there is neither a result nor an exception. */
    UNAVAILABLE,
    /** It returned. */
    SUCCESS,
    /** It threw, or was over its own time limit. */
    FAILED
  }

  /** How far the task is. May be asked by any thread at any time. */
  State state();

  /**
   * What the task returned.
   *
   * @throws IllegalStateException if it did not succeed, or if the owner asks before it has joined
   */
  @Override
  T get();

  /**
   * What the task threw; a {@link io.github.fornada.TaskTimeoutException} if it was over its own
   * time limit.
   *
   * @throws IllegalStateException if it did not fail, or if the owner asks before it has joined
   */
  Throwable exception();

  /**
   * What became of the task. Once told, it does not change: a task that still runs when its scope
   * is cancelled counts as cancelled, whatever it returns later.
   *
   * @throws IllegalStateException if it has not ended and is not cancelled, or if the owner asks
   *     before it has joined
   */
  Outcome<T> outcome();

  /** What the task is for, as given to {@code fork}; empty if nothing was given. */
  String purpose();
}
