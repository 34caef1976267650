package io.github.fornada.async;

import org.jspecify.annotations.Nullable;

/**
 * The results of two tasks, in the order in which {@link Async#gather} was given them.
 *
 * {@snippet :
 * Page page = Async.gather(() -> users.find(id), () -> shop.ordersOf(id)).combine(Page::new);
 * }
 *
 * @param first the result of the first task
 * @param second the result of the second task
 */
public record Gathered2<A extends @Nullable Object, B extends @Nullable Object>(A first, B second) {

  /**
   * Applies a function to the results.
   *
   * @throws X what the function throws
   */
  public <R extends @Nullable Object, X extends Exception> R combine(
      Combiner<? super A, ? super B, ? extends R, X> combiner) throws X {
    return combiner.apply(first, second);
  }

  /** A function of two arguments. */
  @FunctionalInterface
  public interface Combiner<
      A extends @Nullable Object,
      B extends @Nullable Object,
      R extends @Nullable Object,
      X extends Exception> {
    /**
     * Applies the function.
     *
     * @throws X if it fails
     */
    R apply(A first, B second) throws X;
  }
}
