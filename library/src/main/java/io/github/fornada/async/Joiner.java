package io.github.fornada.async;

import io.github.fornada.Outcome;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The policy of a {@link TaskScope}: is told of every task, may end the scope early, and makes what
 * {@code join} returns.
 *
 * <p>A joiner serves one scope. {@code onFork}, {@code onTimeout} and {@code result} are called by
 * the scope's owner; {@code onComplete} by the threads of the tasks, several at once, so it must be
 * thread-safe and should not wait. What it throws there cancels the scope, and {@code join} throws
 * it on.
 *
 * <p>Nobody is told of tasks that ended after the scope was cancelled.
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
public interface Joiner<T extends @Nullable Object, R extends @Nullable Object> {
  /**
   * A task is about to be started, by the owner; also in a scope that is cancelled.
   *
   * @return true to cancel the scope; the task is then not started
   */
  default boolean onFork(Subtask<T> task) {
    Objects.requireNonNull(task, "task");
    return false;
  }

  /**
   * A task has succeeded or failed, and the scope was not cancelled before. Called by its thread.
   *
   * @return true to cancel the scope
   */
  default boolean onComplete(Subtask<T> task) {
    Objects.requireNonNull(task, "task");
    return false;
  }

  /**
   * The scope was over its time limit before all tasks had ended, and is cancelled. To return is to
   * say that {@link #result} has a result even so.
   *
   * @throws ScopeTimeoutException by default; {@code join} then throws it, with what was still
   *     running
   */
  default void onTimeout() {
    throw new ScopeTimeoutException();
  }

  /**
   * What {@code join} returns. Called once, when all tasks have ended or the scope was cancelled.
   *
   * @throws Throwable which {@code join} throws on, as the cause of a {@link ScopeFailedException}
   */
  R result() throws Throwable;

  /**
   * Waits for all and gives their results in the order of the forks. The first failure cancels the
   * rest and is thrown. Throws also if the scope was cancelled before all had succeeded.
   */
  static <T extends @Nullable Object> Joiner<T, List<T>> allSuccessfulOrThrow() {
    return new Joiners.AllSuccessful<>();
  }

  /**
   * Gives the first result there is and cancels the rest. Throws if all failed, the first failure,
   * or if there was none: then {@link java.util.NoSuchElementException}.
   */
  static <T extends @Nullable Object> Joiner<T, T> anySuccessfulOrThrow() {
    return new Joiners.AnySuccessful<>();
  }

  /**
   * Waits for all. The first failure cancels the rest and is thrown. For tasks of different types,
   * whose {@link Subtask}s are asked afterwards.
   */
  static <T extends @Nullable Object> Joiner<T, @Nullable Void> awaitAllSuccessfulOrThrow() {
    return new Joiners.AwaitAllSuccessful<>();
  }

  /** Waits for all, whatever becomes of them. */
  static <T extends @Nullable Object> Joiner<T, @Nullable Void> awaitAll() {
    return new Joiners.AwaitAll<>();
  }

  /**
   * Waits for all and tells what became of each, in the order of the forks. When the time of the
   * scope is up, those that have not ended are told as {@link Outcome.Cancelled}.
   */
  static <T extends @Nullable Object> Joiner<T, List<Outcome<T>>> outcomes() {
    return new Joiners.Outcomes<>();
  }

  /**
   * Waits for all, or until one ends for which the predicate is true; gives all tasks in the order
   * of the forks, also when the time of the scope is up.
   *
   * @param isEnough asked by the threads of the tasks, several at once
   */
  static <T extends @Nullable Object> Joiner<T, List<Subtask<T>>> allUntil(
      Predicate<Subtask<T>> isEnough) {
    return new Joiners.AllUntil<>(isEnough);
  }
}
