package io.github.fornada;

import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/**
 * A plain function of one argument that may throw and may be sent to another process.
 *
 * <p>A lambda or method reference assigned to this type is serializable because the interface is.
 * If the pool runs the function in another process, what the lambda <em>captures</em> must be
 * serializable too; the error names the captured field that is not. The same line of code therefore
 * moves from threads to processes by changing the pool.
 *
 * <p>A pool may call one function object from several threads at once, so the function must not
 * rely on unguarded mutable state.
 *
 * <p>An interrupt of the thread that runs the function means that the result is no longer wanted:
 * the item was cancelled, or it is over its timeout. The function should then end soon, with any
 * exception.
 *
 * @param <T> the type of the items
 * @param <R> the type of the results
 */
@FunctionalInterface
public interface TaskFunction<T extends @Nullable Object, R extends @Nullable Object>
    extends Serializable {
  /**
   * Applies this function to {@code item}.
   *
   * @throws Exception any exception of the function; it becomes the cause of the item's {@link
   *     Outcome.Failed}
   */
  R apply(T item) throws Exception;
}
