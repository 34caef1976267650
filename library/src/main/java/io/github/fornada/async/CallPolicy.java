package io.github.fornada.async;

import io.github.fornada.TaskFunction;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * A policy around calls: they are limited, delayed or repeated.
 *
 * <p>A policy either makes a call at once ({@link #call}), or wraps a function so that each of its
 * calls is made under the policy ({@code wrap}). Wrapped functions can be wrapped again, which is
 * how policies are combined; they are read from the outside to the inside:
 *
 * {@snippet :
 * // At most 20 at once; each of those has up to three tries, and each try 2 s.
 * TaskFunction<URI, Page> fetch =
 *     ConcurrencyLimiter.atMost(20).wrap(Retry.times(2).wrap(Timeout.ofSeconds(2).wrap(Pages::get)));
 * }
 *
 * The order matters. Here a call keeps its permit, one of 20, while it pauses before another
 * attempt; with {@code Retry.times(2).wrap(limiter.wrap(...))} it would release the permit and
 * queue again.
 *
 * <p>Policies may be used by any number of threads at once, virtual and platform. They belong to
 * this JVM: a wrapped function cannot be sent to a worker process.
 *
 * <p>The idea of composing policies as nested calls is Failsafe's.
 */
public interface CallPolicy {
  /**
   * Calls {@code task} under this policy, and returns what it returns.
   *
   * @throws InterruptedException if the calling thread was interrupted where the policy waits
   * @throws Exception what the task throws
   */
  <R extends @Nullable Object> R call(Callable<? extends R> task) throws Exception;

  /** Returns a task that calls {@code task} under this policy, any number of times. */
  default <R extends @Nullable Object> Callable<R> wrap(Callable<? extends R> task) {
    return () -> call(task);
  }

  /** Returns a function whose every call is made under this policy. */
  default <T extends @Nullable Object, R extends @Nullable Object> TaskFunction<T, R> wrap(
      TaskFunction<? super T, ? extends R> function) {
    return item -> call(() -> function.apply(item));
  }
}
