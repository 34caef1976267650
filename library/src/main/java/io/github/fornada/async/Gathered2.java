package io.github.fornada.async;

import org.jspecify.annotations.Nullable;

/**
 * The results of two tasks, in the order in which {@link Async#gather} was given them.
 *
 * {@snippet :
 * Page page = Async.gather(() -> users.find(id), () -> shop.ordersOf(id)).combine(Page::new);
 * }
 *
 * @param first of the first task
 * @param second of the second task
 */
public record Gathered2<A extends @Nullable Object, B extends @Nullable Object>(A first, B second) {

  /** The results in the hands of a function; its exception is thrown on. */
  public <R extends @Nullable Object, X extends Exception> R combine(
      Combiner<? super A, ? super B, ? extends R, X> combiner) throws X {
    return combiner.apply(first, second);
  }

  /** Makes one of two. */
  @FunctionalInterface
  public interface Combiner<
      A extends @Nullable Object,
      B extends @Nullable Object,
      R extends @Nullable Object,
      X extends Exception> {
    /**
     * Makes it.
     *
     * @throws X if it cannot
     */
    R apply(A first, B second) throws X;
  }
}
