package io.github.fornada.async;

import org.jspecify.annotations.Nullable;

/**
 * The results of three tasks, in the order in which {@link Async#gather} was given them.
 *
 * {@snippet :
 * Trip trip = Async.gather(flights::best, hotels::best, cars::best).combine(Trip::new);
 * }
 *
 * @param first of the first task
 * @param second of the second task
 * @param third of the third task
 */
public record Gathered3<
    A extends @Nullable Object, B extends @Nullable Object, C extends @Nullable Object>(
    A first, B second, C third) {

  /** The results in the hands of a function; its exception is thrown on. */
  public <R extends @Nullable Object, X extends Exception> R combine(
      Combiner<? super A, ? super B, ? super C, ? extends R, X> combiner) throws X {
    return combiner.apply(first, second, third);
  }

  /** Makes one of three. */
  @FunctionalInterface
  public interface Combiner<
      A extends @Nullable Object,
      B extends @Nullable Object,
      C extends @Nullable Object,
      R extends @Nullable Object,
      X extends Exception> {
    /**
     * Makes it.
     *
     * @throws X if it cannot
     */
    R apply(A first, B second, C third) throws X;
  }
}
