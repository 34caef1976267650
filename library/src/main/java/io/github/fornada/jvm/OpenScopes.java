package io.github.fornada.jvm;

import org.jspecify.annotations.Nullable;

/**
 * Ends what a task has opened in its thread and left open: a scope of tasks, whose tasks would run
 * on, and whose context the next item of that thread would get.
 */
public final class OpenScopes {
  /** Knows the scopes that threads have open. */
  public interface Registry {
    /** Returns the scope that the thread has opened last of those that are open; null if none. */
    @Nullable Object innermost(Thread thread);

    /**
     * Closes the scopes that the calling thread has opened after {@code mark}, with their tasks,
     * and waits for those. Returns their names; empty if there are none.
     *
     * @param mark what {@link #innermost} returned
     */
    String closeOpenedAfter(@Nullable Object mark);
  }

  /** Null as long as the class of scopes is not loaded, and so none is open. Written once. */
  private static volatile @Nullable Registry registry;

  private OpenScopes() {}

  /** Makes the scopes known. */
  public static void knownTo(Registry known) {
    registry = known;
  }

  /** Returns a mark for {@link #close}: what the calling thread has open now. */
  public static @Nullable Object mark() {
    Registry known = registry;
    return known == null ? null : known.innermost(Thread.currentThread());
  }

  /**
   * Closes what the calling thread has opened since {@code mark} and not closed, if a task that has
   * ended must not leave it open. Waits for the tasks in it, which are cancelled.
   *
   * @param mark null if nothing was open
   * @param thrown what the task has thrown; null if it has a result
   * @return what the task has failed with; null if it has closed all that it opened, and has a
   *     result
   */
  @SuppressWarnings("ReferenceEquality") // a mark is equal to itself only
  public static @Nullable Throwable close(@Nullable Object mark, @Nullable Throwable thrown) {
    Registry known = registry;
    if (known == null || known.innermost(Thread.currentThread()) == mark) {
      return thrown;
    }
    String names;
    try {
      names = known.closeOpenedAfter(mark);
    } catch (RuntimeException | Error e) { // a listener's
      return failed(thrown, e);
    }
    if (names.isEmpty()) {
      return thrown;
    }
    var left =
        new IllegalStateException(
            "the task has ended without closing "
                + names
                + ", which it opened: open scopes in try-with-resources");
    return failed(thrown, left);
  }

  private static Throwable failed(@Nullable Throwable thrown, Throwable atTheEnd) {
    if (thrown == null) {
      return atTheEnd;
    }
    Suppressed.add(thrown, atTheEnd);
    return thrown;
  }
}
