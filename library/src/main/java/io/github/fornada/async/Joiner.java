package io.github.fornada.async;

import io.github.fornada.Outcome;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The policy of a {@link TaskScope}: it sees every task, may end the scope early, and makes what
 * {@code join} returns.
 *
 * <p>A joiner serves one scope. {@code onFork}, {@code onTimeout} and {@code result} are called by
 * the scope's owner; {@code onComplete} by the threads of the tasks, several at once, so it must be
 * thread-safe and should not wait. What {@code onComplete} throws cancels the scope, and {@code
 * join} throws it as the cause of a {@link ScopeFailedException}.
 *
 * <p>{@code onComplete} is not called for tasks that end after the scope was cancelled.
 *
 * {@snippet :
 * // the first two answers of any number of servers
 * final class FirstTwo<T> implements Joiner<T, List<T>> {
 *   private final Queue<T> answers = new ConcurrentLinkedQueue<>();
 *
 *   @Override
 *   public boolean onComplete(Subtask<T> task) {
 *     if (task.state() == Subtask.State.SUCCESS) {
 *       answers.add(task.get());
 *     }
 *     return answers.size() >= 2; // true: cancel the others, and let join go on
 *   }
 *
 *   @Override
 *   public List<T> result() {
 *     return answers.stream().limit(2).toList();
 *   }
 * }
 * }
 *
 * <p>The idea and the names are those of {@code StructuredTaskScope.Joiner} in the JDK (JEP 505,
 * JEP 525).
 *
 * @param <T> the type of the tasks' results
 * @param <R> the type of the scope's result
 */
@FunctionalInterface
public interface Joiner<T extends @Nullable Object, R extends @Nullable Object> {
  /**
   * Called by the owner before a task is started; in a scope that is cancelled too, where the task
   * will not be started. What it throws, {@code fork} throws, and the task is not started.
   *
   * @return true to cancel the scope; the task is then not started
   * @throws IllegalArgumentException by default, if the task has ended
   */
  default boolean onFork(Subtask<T> task) {
    if (task.state() != Subtask.State.UNAVAILABLE) {
      throw new IllegalArgumentException("onFork is for a task that has not ended, got " + task);
    }
    return false;
  }

  /**
   * Called by a task's thread when the task has succeeded or failed, unless the scope was cancelled
   * before.
   *
   * @return true to cancel the scope
   * @throws IllegalArgumentException by default, if the task has not ended
   */
  default boolean onComplete(Subtask<T> task) {
    if (task.state() == Subtask.State.UNAVAILABLE) {
      throw new IllegalArgumentException("onComplete is for a task that has ended, got " + task);
    }
    return false;
  }

  /**
   * Called when the scope was over its timeout or deadline before all tasks had ended, and is
   * cancelled. If it returns, {@link #result} must have a result nevertheless.
   *
   * @throws ScopeTimeoutException by default; {@code join} then throws it, with what was still
   *     running
   */
  default void onTimeout() {
    throw new ScopeTimeoutException();
  }

  /**
   * Returns what {@code join} returns. Called once, when all tasks have ended or the scope was
   * cancelled.
   *
   * @throws Throwable which {@code join} throws as the cause of a {@link ScopeFailedException}
   */
  R result() throws Throwable;

  /**
   * Returns a joiner that waits for all tasks and returns their results in the order of the forks,
   * as a list that cannot be changed. The first failure cancels the rest and is thrown. Throws also
   * if the scope was cancelled before all had succeeded.
   */
  static <T extends @Nullable Object> Joiner<T, List<T>> allSuccessfulOrThrow() {
    return new Joiners.AllSuccessful<>();
  }

  /**
   * Returns a joiner that returns the first result and cancels the rest. If all tasks failed it
   * throws the first failure; if there was no task, {@link java.util.NoSuchElementException}.
   */
  static <T extends @Nullable Object> Joiner<T, T> anySuccessfulOrThrow() {
    return new Joiners.AnySuccessful<>();
  }

  /**
   * Returns a joiner that waits for all tasks and returns null. The first failure cancels the rest
   * and is thrown. For tasks of different types, whose {@link Subtask}s have the results.
   */
  static <T extends @Nullable Object> Joiner<T, @Nullable Void> awaitAllSuccessfulOrThrow() {
    return new Joiners.AwaitAllSuccessful<>();
  }

  /** Returns a joiner that waits for all tasks, failed or not, and returns null. */
  static <T extends @Nullable Object> Joiner<T, @Nullable Void> awaitAll() {
    return new Joiners.AwaitAll<>();
  }

  /**
   * Returns a joiner that waits for all tasks and returns their outcomes in the order of the forks,
   * as a list that cannot be changed. When the scope is over its timeout, tasks that have not ended
   * are {@link Outcome.Cancelled}.
   */
  static <T extends @Nullable Object> Joiner<T, List<Outcome<T>>> outcomes() {
    return new Joiners.Outcomes<>();
  }

  /**
   * Returns a joiner that waits for all tasks, or until one ends for which {@code isEnough} is
   * true. It returns all tasks in the order of the forks, as a list that cannot be changed; also
   * when the scope is over its timeout.
   *
   * @param isEnough called by the threads of the tasks, several at once
   */
  static <T extends @Nullable Object> Joiner<T, List<Subtask<T>>> allUntil(
      Predicate<Subtask<T>> isEnough) {
    return new Joiners.AllUntil<>(isEnough);
  }
}
