package io.github.fornada.async;

import org.jspecify.annotations.Nullable;

/**
 * The results of three tasks, in the order in which {@link Async#gather} was given them.
 *
 * {@snippet :
 * Trip trip = Async.gather(flights::best, hotels::best, cars::best).combine(Trip::new);
 * }
 *
 * @param first the result of the first task
 * @param second the result of the second task
 * @param third the result of the third task
 */
public record Gathered3<
    A extends @Nullable Object, B extends @Nullable Object, C extends @Nullable Object>(
    A first, B second, C third) {

  /**
   * Applies a function to the results.
   *
   * @throws X what the function throws
   */
  public <R extends @Nullable Object, X extends Exception> R combine(
      Combiner<? super A, ? super B, ? super C, ? extends R, X> combiner) throws X {
    return combiner.apply(first, second, third);
  }

  /** A function of three arguments. */
  @FunctionalInterface
  public interface Combiner<
      A extends @Nullable Object,
      B extends @Nullable Object,
      C extends @Nullable Object,
      R extends @Nullable Object,
      X extends Exception> {
    /**
     * Applies the function.
     *
     * @throws X if it fails
     */
    R apply(A first, B second, C third) throws X;
  }
}
