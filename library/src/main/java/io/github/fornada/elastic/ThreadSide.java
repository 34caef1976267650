package io.github.fornada.elastic;

import io.github.fornada.ExecutionModel;
import io.github.fornada.PoolOptions;
import io.github.fornada.spi.AbstractPool;
import java.util.Collection;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A pool whose threads can be replaced by others while it runs. It has the queue and the calls;
 * worker JVMs may help it. All methods may be called by any thread.
 */
public interface ThreadSide {
  /** Opens such a pool; it begins with one platform thread. */
  interface Opener {
    /**
     * Opens a pool.
     *
     * @param options its workers are the largest size
     * @param refused whether a failure looks like overload of the other side
     * @param watcher what is to know of its work
     */
    ThreadSide open(PoolOptions options, Predicate<Throwable> refused, Watcher watcher);
  }

  /** What a pool calls to have itself observed. Must be quick, except {@link #helper}. */
  interface Watcher {
    /** Work was queued. */
    void work();

    /** Returns whether a helper is there; opens it if it may. For bytes that are to be shared. */
    boolean helper();

    /** The pool is over, and asks for the end of its helper, which the watcher waits for. */
    void ends();
  }

  /**
   * What has happened since the pool was opened. Times are in nanoseconds.
   *
   * @param ended the number of items that have ended on threads of this pool
   * @param failed the number of attempts without a result, those of the helper included
   * @param refused how many of those looked like overload of the other side
   * @param cancelled the number of items that were cancelled while they ran, at the helper too:
   *     they have not failed, and what they took says nothing
   * @param busyNanos the sum of the times of those that ended on threads
   * @param busySquares the sum of the squares of those times
   * @param metered the number of items whose processor time is known
   * @param cpuNanos their processor time
   * @param allocatedBytes the heap that they allocated
   * @param inFlight the number of items that run on threads now
   */
  record Figures(
      long ended,
      long failed,
      long refused,
      long cancelled,
      long busyNanos,
      double busySquares,
      long metered,
      long cpuNanos,
      long allocatedBytes,
      int inFlight) {}

  /** Returns the pool itself. */
  AbstractPool pool();

  /**
   * Runs new items on threads of this kind from now on, at most {@code size} at once. Items in
   * flight go on where they are.
   *
   * @param model {@code SEQUENTIAL}, {@code PLATFORM_THREADS} or {@code VIRTUAL_THREADS}
   */
  void runOn(ExecutionModel model, int size);

  /**
   * Runs one item at a time when so many more have failed, until {@link #runOn} is called: items
   * that fail at once would all have failed before anybody looks.
   *
   * @param failures how many; {@link Long#MAX_VALUE} for any number
   */
  void holdBackAfter(long failures);

  /** Returns whether that has happened since {@link #runOn} was called. */
  boolean isHeldBack();

  /**
   * Leaves all work that can be sent to the helper, or no longer.
   *
   * @param yes whether threads take only what the helper cannot run
   */
  void leaveToHelper(boolean yes);

  /** Returns how the pool runs what it takes now. */
  ExecutionModel model();

  /** Lets another pool work for the calls of this one; null for no longer. */
  void helpedBy(@Nullable AbstractPool helper);

  /** Returns what has happened so far. */
  Figures figures();

  /**
   * Returns whether threads run items, and all that do wait for something after they have made a
   * call to this pool.
   */
  boolean waitsForItself();

  /** Returns the threads that run items now, at most {@code most}. */
  Collection<Thread> threads(int most);

  /** Returns how many items wait; -1 if that is unknown. */
  long waiting();

  /** Returns whether no item waits although one more could be taken in. */
  boolean lacksWork();

  /** Asks for the result of an item that ends on a thread, for {@link #result}: of the next one. */
  void wantResult();

  /** Returns the result that was asked for, once; null if there is none yet. */
  @Nullable Object result();

  /** Returns whether some item waits or runs, here or at the helper, or will be retried. */
  boolean hasSomething();

  /** Returns how many batches came back from the helper, because it could not send them. */
  long cameBack();

  /** Returns the function of the batch that was taken last; null for none. */
  @Nullable Object function();

  /** Forgets the function, if all items of that batch have ended: it may refer to much. */
  void letGoOfFunction();

  /** Returns an item of that batch; null if there is none any more. */
  @Nullable Object item();

  /** Must be called once, after the pool asked for the {@link Watcher#ends end} of its helper. */
  void helperEnded();
}
