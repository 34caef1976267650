package io.github.fornada.spi;

import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.TaskFunction;
import io.github.fornada.jvm.HeapShortage;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * A call whose items come one after the other from somewhere else, and whose outcomes go back
 * there: for what is built of pools, such as the stages of a pipeline.
 *
 * <p>The pool takes items when it has a free worker, and only as many as its {@link Feed} gives
 * out. So back-pressure keeps no worker waiting: what may not be begun is not taken.
 */
public final class FedCall {
  /**
   * Where the items come from and the outcomes go. No method may call user code, but for {@link
   * #apply}; none may wait.
   */
  public interface Feed {
    /**
     * Puts at most {@code most} items into {@code into}; none if none may be begun now: then the
     * pool asks again after {@link FedCall#offer}. Called under locks of the pool: it must not call
     * a pool.
     *
     * @throws OutOfMemoryError before an item has been taken out
     */
    void take(int most, Taken into);

    /** Returns whether {@link #take} would probably give out something; called under locks. */
    boolean hasMore();

    /** A worker has taken items. Called without a lock. */
    void taken();

    /**
     * An item is done. Called without a lock.
     *
     * @param tag what was given out with it
     * @param isLast whether its batch holds no other item: then nothing else will soon follow
     */
    void done(Object tag, @Nullable Object value, String worker, boolean isLast);

    /** An item has any other outcome, for good. Called without a lock. */
    void ended(Object tag, Outcome<?> outcome, String worker);

    /** Every item of a batch has ended, or is to be tried again. Called without a lock. */
    void batchClosed();

    /**
     * {@code count} items took a worker {@code nanos} nanoseconds.
     *
     * @param worker its name; empty if unknown
     */
    void ran(int count, long nanos, String worker);

    /**
     * A worker JVM was replaced: for this time the worker could run nothing, whether items waited
     * or not. Comes before the next {@link #ran} of that worker; called without a lock. Pools of
     * other kinds, and pools on other machines, tell of none.
     *
     * @param from by {@link System#nanoTime}
     */
    default void restarted(String worker, long from, long to) {}

    /** Items run in this JVM by platform threads took so much processor time. */
    void usedCpu(long nanos);

    /**
     * Returns whether an item that failed may be tried again. What the attempt that has failed
     * still does, if it was given up, must then have no effect.
     */
    boolean mayRetry(Object tag);

    /**
     * Returns what belongs to one attempt at an item; null for nothing. Called in the thread that
     * runs the item in this JVM, before {@link #apply}. After {@link #mayRetry} has returned true
     * it belongs to the next attempt.
     */
    default @Nullable Object attempt(Object tag) {
      return null;
    }

    /**
     * Runs an item in this JVM. By default applies {@code function} to it.
     *
     * @param attempt what {@link #attempt} has returned
     */
    default @Nullable Object apply(
        TaskFunction<@Nullable Object, @Nullable Object> function,
        Object tag,
        @Nullable Object attempt,
        @Nullable Object item)
        throws Exception {
      return function.apply(item);
    }

    /** Returns how an item is named in messages; may wait for its text, for a second at most. */
    String label(Object tag, String item);

    /** The pool was shut down: it takes no more. Called without a lock. */
    void refused();

    /**
     * Returns whether it may be told again of an item where {@link #done} or {@link #ended} has
     * thrown an {@link OutOfMemoryError}: it has changed nothing then.
     */
    default boolean canBeToldAgain() {
      return false;
    }

    /** As {@link HeapShortage.Sufferer#outOfMemory}. */
    default void outOfMemory(OutOfMemoryError e) {}
  }

  /** A function made of several, of which one is the user's own that matters to messages. */
  public interface Composed<T extends @Nullable Object, R extends @Nullable Object>
      extends TaskFunction<T, R> {
    /** Returns the function whose class loader knows the classes of results. */
    TaskFunction<?, ?> main();
  }

  /** Stands for an item that was passed on as its bytes, and that nobody here has read. */
  public interface Unread {
    /**
     * Reads it, which may run user code in the calling thread. Returns itself if it cannot be read
     * here, or not any more.
     */
    @Nullable Object read();
  }

  private final AbstractPool pool;
  private final FedRun run;

  private FedCall(AbstractPool pool, FedRun run) {
    this.pool = pool;
    this.run = run;
  }

  /**
   * Begins a call on {@code pool}, with the context of the calling thread.
   *
   * @throws IllegalArgumentException if the pool is of a kind that this cannot be done with
   * @throws RejectedExecutionException if the pool was shut down
   */
  public static FedCall on(
      Pool pool, TaskFunction<@Nullable Object, @Nullable Object> function, Feed feed) {
    AbstractPool target = PoolHandle.targetOf(pool);
    target.checkOpen();
    TaskFunction<? super @Nullable Object, ? extends @Nullable Object> loaded =
        target.<@Nullable Object, @Nullable Object>load(function);
    return new FedCall(target, new FedRun(target, loaded, feed));
  }

  /**
   * The results go to the pool of {@code next} as its items, and nobody reads them before: a pool
   * may pass them on as they are, as a {@link HandedOver}. Not where listeners or a recording see
   * them. Before {@link #start}.
   */
  public void relaysTo(FedCall next) {
    if (!pool.isObserved()) {
      run.relayTarget = next.pool;
    }
  }

  /**
   * Returns an item as the pool takes it: later changes to {@code item} have no effect on what is
   * sent. May run user code, and wait for it for a second at most; an interrupt ends that wait and
   * is set again.
   *
   * @return the item itself, or a {@link HandedOver} made from it, to be {@linkplain #release
   *     released} if the pool never takes it
   */
  public @Nullable Object handOver(@Nullable Object item) {
    return item instanceof HandedOver ? item : pool.handOver(item, false);
  }

  /**
   * Returns whether {@code source} is a collection of the JDK's that holds its items itself, so
   * that none is used for several of them. They are then taken when they are sent, as in a call
   * over such a collection, and need not be {@linkplain #handOver handed over} before.
   */
  public static boolean holdsItsItems(Iterable<?> source) {
    return SafeCollections.include(source);
  }

  /** Returns an item or a result as it is for people, in place of what a pool has made of it. */
  public static @Nullable Object shown(@Nullable Object value) {
    return HandedOver.original(value);
  }

  /** Gives back what a value takes that a pool has made, and that will be nobody's item. */
  public static void release(@Nullable Object value) {
    HandedOver.release(value);
  }

  /** The pool may take items from now on, and hears of each end of the pool. */
  public void start() {
    pool.register(run);
  }

  /**
   * Lets at most {@code count} workers of the pool take items from now on, of this call or any
   * other; those beyond end what they have begun.
   *
   * @param count at least 1, and at most as many as the pool has
   * @return whether the pool can do that
   */
  public boolean limitWorkers(int count) {
    if (count < 1 || count > pool.workers()) {
      throw new IllegalArgumentException(
          "count must be from 1 to " + pool.workers() + ", got " + count);
    }
    return pool.limitWorkers(count);
  }

  /** Returns whether one more item could probably be begun now, by a worker that is free. */
  public boolean hasFreeWorker() {
    return pool.hasFreeWorker();
  }

  /** There are items to take. Called without a lock. */
  public void offer() {
    pool.offer(run);
  }

  /** Stops all: what runs is cancelled, nothing more is taken. Called without a lock. */
  public void stop(String reason) {
    run.stop(reason);
  }

  /**
   * Stops one item: it ends as cancelled unless it ends by itself first. Called without a lock.
   *
   * @param tag what was given out with the item
   * @return false if the pool has no such item: it has ended, or is just being taken
   */
  public boolean cancel(Object tag, String reason) {
    return stop(tag, reason, true);
  }

  /**
   * Ends one item as cancelled if it was not begun. Called without a lock.
   *
   * @param tag what was given out with the item
   * @return false if it was begun, has ended, or is just being taken
   */
  public boolean withdraw(Object tag, String reason) {
    return stop(tag, reason, false);
  }

  @SuppressWarnings("ReferenceEquality") // a tag's equals may be the caller's own
  private boolean stop(Object tag, String reason, boolean evenIfBegun) {
    for (Batch<?, ?> batch : run.inWork()) {
      for (int i = 0; i < batch.size(); i++) {
        if (batch.tag(i) == tag) {
          if (batch.cancelWaiting(i, reason)) {
            return true;
          }
          if (evenIfBegun) {
            pool.cancel(batch, i, reason);
          }
          return evenIfBegun;
        }
      }
    }
    return false;
  }

  /** Returns whether all items that were taken have ended, and no retry of one waits. */
  public boolean isIdle() {
    return run.isIdle();
  }

  /** Returns what was given out with the items that workers have begun and not ended. */
  public List<Object> begun() {
    var tags = new ArrayList<Object>();
    for (Batch<?, ?> batch : run.inWork()) {
      for (int i = 0; i < batch.size(); i++) {
        Object tag = batch.tag(i);
        if (tag != null && batch.isBegun(i)) {
          tags.add(tag);
        }
      }
    }
    return tags;
  }

  /** Returns whether the calling thread is one of the pool's own, which must not wait for it. */
  public boolean isOwnThread() {
    return pool.isOwnThread();
  }

  /** Returns whether the item that the calling thread runs has made a call to its own pool. */
  public boolean hasCalledItself() {
    return pool.hasCalledItself();
  }

  /** The item that the calling thread runs goes on, and has made a call to its own pool before. */
  public void callsItself() {
    var _ = pool.originOfCall();
  }

  /** The call is over: the pool forgets it. */
  public void end() {
    run.over = true;
    pool.settle(run);
  }

  private static final class FedRun extends Run<@Nullable Object, @Nullable Object>
      implements OpenCall {
    private final Feed feed;

    private volatile boolean over;

    /** Written before the start. */
    private @Nullable AbstractPool relayTarget;

    FedRun(
        AbstractPool pool,
        TaskFunction<? super @Nullable Object, ? extends @Nullable Object> function,
        Feed feed) {
      super(pool, function);
      this.feed = feed;
    }

    @Override
    void takeItems(int most, Taken into) {
      into.waitSince(FlightEvents.nowIfWanted()); // while a lack of memory loses nothing
      feed.take(most, into);
    }

    @Override
    boolean hasItems() {
      return feed.hasMore();
    }

    @Override
    void polled() {
      feed.taken();
    }

    @Override
    public void outOfMemory(OutOfMemoryError e) {
      feed.outOfMemory(e);
    }

    @Override
    boolean canBeToldAgain() {
      return feed.canBeToldAgain();
    }

    private static Object tag(Batch<?, ?> batch, int i) {
      Object tag = batch.tag(i);
      if (tag == null) {
        throw new AssertionError("an item without its tag");
      }
      return tag;
    }

    @Override
    @SuppressWarnings("unchecked") // items and results are of any type here
    @Nullable Object apply(Batch<@Nullable Object, @Nullable Object> batch, int i)
        throws Exception {
      Object tag = batch.tag(i);
      if (tag == null) {
        return null; // every item of its batch has ended: so has this one, and nobody waits for it
      }
      Object attempt = feed.attempt(tag);
      if (batch.isEnded(i)) { // looked at afterwards: else it might be that of the next attempt
        return null; // given up before it began
      }
      return feed.apply(
          (TaskFunction<@Nullable Object, @Nullable Object>) batch.function(),
          tag,
          attempt,
          batch.item(i));
    }

    @Override
    void done(
        Batch<@Nullable Object, @Nullable Object> batch,
        int i,
        @Nullable Object value,
        String worker) {
      feed.done(tag(batch, i), value, worker, batch.size() == 1);
    }

    @Override
    void done(
        Batch<@Nullable Object, @Nullable Object> batch,
        int first,
        @Nullable Object[] values,
        int from,
        int count,
        String worker) {
      for (int k = 0; k < count; k++) {
        tellDone(tag(batch, first + k), values[from + k], worker, k == count - 1);
      }
    }

    /** Tells the feed until there is memory for it: those before it were told already. */
    private void tellDone(Object tag, @Nullable Object value, String worker, boolean isLast) {
      long since = 0;
      while (true) {
        try {
          feed.done(tag, value, worker, isLast);
          return;
        } catch (OutOfMemoryError e) {
          if (!feed.canBeToldAgain()) {
            throw e;
          }
          since = HeapShortage.await(e, since, this);
        }
      }
    }

    @Override
    void done(Batch<@Nullable Object, @Nullable Object> batch, int i, @Nullable Object value) {
      done(batch, i, value, "");
    }

    @Override
    void ended(
        Batch<@Nullable Object, @Nullable Object> batch,
        int i,
        Outcome<@Nullable Object> outcome,
        String worker) {
      feed.ended(tag(batch, i), outcome, worker);
    }

    @Override
    void ended(
        Batch<@Nullable Object, @Nullable Object> batch, int i, Outcome<@Nullable Object> outcome) {
      ended(batch, i, outcome, "");
    }

    @Override
    void closed(Batch<@Nullable Object, @Nullable Object> batch) {
      super.closed(batch);
      feed.batchClosed();
    }

    @Override
    void ran(int count, long nanos, String worker) {
      super.ran(count, nanos);
      feed.ran(count, nanos, worker);
    }

    @Override
    @Nullable AbstractPool relayTarget() {
      return relayTarget;
    }

    @Override
    boolean isMetered() {
      return true;
    }

    @Override
    void usedCpu(long nanos) {
      feed.usedCpu(nanos);
    }

    @Override
    void spent(int count, long nanos, String worker) {
      feed.ran(count, nanos, worker);
    }

    @Override
    void restarted(String worker, long from, long to) {
      feed.restarted(worker, from, to);
    }

    @Override
    boolean mayRetry(Batch<@Nullable Object, @Nullable Object> batch, int i) {
      return feed.mayRetry(tag(batch, i));
    }

    @Override
    String label(Batch<@Nullable Object, @Nullable Object> batch, int i) {
      Object tag = batch.tag(i);
      String text = text(batch.item(i));
      return tag == null ? "item " + batch.index(i) + " (" + text + ")" : feed.label(tag, text);
    }

    @Override
    void onStop(String reason) {}

    // ---- the pool's side

    @Override
    public void refuse() {
      feed.refused();
    }

    @Override
    public boolean hasPending() {
      return false; // a call that is refused is stopped, with all that waits
    }

    @Override
    public boolean isOver() {
      return over || (isStopped() && isIdle());
    }

    @Override
    public void stopAtOnce(String reason) {
      stop(reason);
    }
  }
}
