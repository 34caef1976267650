package io.github.fornada.async;

import org.jspecify.annotations.Nullable;

/**
 * The results of five tasks, in the order in which {@link Async#gather} was given them.
 *
 * {@snippet :
 * Week week = Async.gather(this::mon, this::tue, this::wed, this::thu, this::fri)
 *     .combine(Week::new);
 * }
 *
 * @param first the result of the first task
 * @param second the result of the second task
 * @param third the result of the third task
 * @param fourth the result of the fourth task
 * @param fifth the result of the fifth task
 */
public record Gathered5<
    A extends @Nullable Object,
    B extends @Nullable Object,
    C extends @Nullable Object,
    D extends @Nullable Object,
    E extends @Nullable Object>(
    A first, B second, C third, D fourth, E fifth) {

  /**
   * Applies a function to the results.
   *
   * @throws X what the function throws
   */
  public <R extends @Nullable Object, X extends Exception> R combine(
      Combiner<? super A, ? super B, ? super C, ? super D, ? super E, ? extends R, X> combiner)
      throws X {
    return combiner.apply(first, second, third, fourth, fifth);
  }

  /** A function of five arguments. */
  @FunctionalInterface
  public interface Combiner<
      A extends @Nullable Object,
      B extends @Nullable Object,
      C extends @Nullable Object,
      D extends @Nullable Object,
      E extends @Nullable Object,
      R extends @Nullable Object,
      X extends Exception> {
    /**
     * Applies the function.
     *
     * @throws X if it fails
     */
    R apply(A first, B second, C third, D fourth, E fifth) throws X;
  }
}
