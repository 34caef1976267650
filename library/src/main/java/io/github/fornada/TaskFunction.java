package io.github.fornada;

import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/**
 * A plain function of one argument that may throw and may be sent to another process.
 *
 * <p>A lambda or method reference assigned to this type is serializable because the interface is;
 * what the lambda <em>captures</em> must be serializable too if the pool runs it in another
 * process, and a process pool says which captured field is not. The same line therefore moves from
 * threads to processes by changing the pool it is given to.
 *
 * <p>A pool may call one function object from several threads at once, so it must not rely on
 * unguarded mutable state of its own.
 *
 * <p>An interrupt of the thread that runs the function means that its result is no longer wanted:
 * it was cancelled, or it is over its timeout. The function should then end soon, by any exception.
 *
 * @param <T> the item it takes
 * @param <R> the result it gives
 */
@FunctionalInterface
public interface TaskFunction<T extends @Nullable Object, R extends @Nullable Object>
    extends Serializable {
  /**
   * Applies this function to one item.
   *
   * @throws Exception whatever the work throws; it becomes the cause of the item's {@link
   *     Outcome.Failed}
   */
  R apply(T item) throws Exception;
}
