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
 * @param first of the first task
 * @param second of the second task
 * @param third of the third task
 * @param fourth of the fourth task
 * @param fifth of the fifth task
 */
public record Gathered5<
    A extends @Nullable Object,
    B extends @Nullable Object,
    C extends @Nullable Object,
    D extends @Nullable Object,
    E extends @Nullable Object>(
    A first, B second, C third, D fourth, E fifth) {

  /** The results in the hands of a function; its exception is thrown on. */
  public <R extends @Nullable Object, X extends Exception> R combine(
      Combiner<? super A, ? super B, ? super C, ? super D, ? super E, ? extends R, X> combiner)
      throws X {
    return combiner.apply(first, second, third, fourth, fifth);
  }

  /** Makes one of five. */
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
     * Makes it.
     *
     * @throws X if it cannot
     */
    R apply(A first, B second, C third, D fourth, E fifth) throws X;
  }
}
