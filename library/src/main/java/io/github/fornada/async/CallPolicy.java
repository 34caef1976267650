package io.github.fornada.async;

import io.github.fornada.TaskFunction;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * Something that is done around a call: it is limited, delayed, tried again.
 *
 * <p>A policy either makes a call at once, or wraps a function so that each of its calls is made
 * under the policy. Wrapped functions wrap again, which is how policies are put together; they are
 * read from the outside to the inside:
 *
 * {@snippet :
 * // At most 20 at once; each of those has up to three tries, and each try 2 s.
 * TaskFunction<URI, Page> fetch =
 *     ConcurrencyLimiter.atMost(20).wrap(Retry.times(2).wrap(Timeout.ofSeconds(2).wrap(Pages::get)));
 * }
 *
 * The order matters. Here a call keeps its place among the 20 while it waits to try again; with
 * {@code Retry.times(2).of(limiter.wrap(...))} it would give it up and stand in line once more.
 *
 * <p>Policies work from virtual and from platform threads, and by any number of them at once. They
 * belong to this JVM: a wrapped function cannot be sent to a worker process.
 *
 * <p>The idea of composing policies as nested calls is Failsafe's.
 */
public interface CallPolicy {
  /**
   * Makes a call under this policy, and returns or throws what it does.
   *
   * @throws InterruptedException if the calling thread was interrupted where the policy waits
   * @throws Exception what the task throws
   */
  <R extends @Nullable Object> R call(Callable<? extends R> task) throws Exception;

  /** The task under this policy, to be called as often as wanted. */
  default <R extends @Nullable Object> Callable<R> wrap(Callable<? extends R> task) {
    return () -> call(task);
  }

  /** The function under this policy. */
  default <T extends @Nullable Object, R extends @Nullable Object> TaskFunction<T, R> wrap(
      TaskFunction<? super T, ? extends R> function) {
    return item -> call(() -> function.apply(item));
  }
}
