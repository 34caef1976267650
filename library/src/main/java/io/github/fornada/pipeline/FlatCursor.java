package io.github.fornada.pipeline;

import io.github.fornada.spi.FedCall;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How far one attempt at an item has come in a stage that makes many of one. It outlives the calls
 * of the stage's function: where there is no room, the function returns, and is called again when
 * there is some.
 */
final class FlatCursor {
  private static final ThreadLocal<@Nullable FlatCursor> CURRENT = new ThreadLocal<>();

  private final Stage stage;
  private final Item parent;

  // ---- used by the worker that runs the item; the stage's queue hands it from one to the next

  private @Nullable Stream<?> stream;
  private @Nullable Iterator<?> iterator;

  /** Whether the item has made a call to its own pool. */
  boolean hasCalledPool;

  // ---- guarded by this

  /** Whether the item has its outcome, or another attempt: nothing this one makes is wanted. */
  private boolean closed;

  /** Whether a worker is in the function. */
  private boolean atWork;

  /** Whether its end came while none was: then whoever ends it closes the stream. */
  private boolean restsForGood;

  /** Whether it has a place for the next one in the queue that they go to. */
  private boolean hasSlot = true;

  private long passed;

  /** What a worker JVM has made of it, and how much of that is passed on; null for nothing. */
  private @Nullable List<@Nullable Object> made;

  private int next;

  FlatCursor(Stage stage, Item parent) {
    this.stage = stage;
    this.parent = parent;
  }

  /** That of the item which the calling thread runs; null in a worker JVM. */
  static @Nullable FlatCursor current() {
    return CURRENT.get();
  }

  static void enter(@Nullable FlatCursor cursor) {
    if (cursor == null) {
      CURRENT.remove();
    } else {
      CURRENT.set(cursor);
    }
  }

  Item parent() {
    return parent;
  }

  // ---- the worker's side

  @Nullable Iterator<?> iterator() {
    return iterator;
  }

  Iterator<?> begin(Stream<?> all) {
    stream = all;
    Iterator<?> it = all.iterator();
    iterator = it;
    return it;
  }

  /** A worker enters the function, at the beginning or from where it returned half-way. */
  synchronized void begins() {
    atWork = true;
  }

  /**
   * The worker has left the function. Returns whether the item was ended meanwhile, and the
   * function has left the stream open to go on with it: then nobody else closes it.
   */
  synchronized boolean leaves() {
    atWork = false;
    return closed && !restsForGood && stream != null;
  }

  /** Closes what the items come from, if it is open: user code. */
  void closeStream() {
    Stream<?> open = stream;
    stream = null;
    iterator = null;
    if (open != null) {
      open.close();
    }
  }

  /** Returns whether the next may be made now. */
  synchronized boolean hasRoom() {
    requireOpen();
    if (!hasSlot) {
      hasSlot = stage.reserveFor(parent);
    }
    return hasSlot;
  }

  void passOn(@Nullable Object value) {
    Object handed = stage.handedOver(value);
    long count;
    try {
      count = put(handed);
    } catch (CancellationException e) {
      FedCall.release(handed);
      throw e;
    }
    stage.passedOn(count); // without the lock: it leads to other pools
  }

  private synchronized long put(@Nullable Object value) {
    requireOpen();
    // What a worker JVM has made is passed on by any thread of this one.
    String worker = made == null ? Thread.currentThread().getName() : parent.worker;
    stage.passOn(parent, value, worker);
    hasSlot = false;
    return ++passed;
  }

  private void requireOpen() {
    if (closed) {
      throw new CancellationException(
          "this attempt at the item has ended: nothing it makes is wanted any more");
    }
  }

  // ---- the stage's side

  /** It is to go on, with a place for the next. */
  synchronized void goesOn() {
    hasSlot = true;
  }

  /** The item has its outcome. Returns whether it has still a place for another one. */
  synchronized boolean close() {
    end();
    boolean had = hasSlot;
    hasSlot = false;
    return had;
  }

  /**
   * Ends this attempt for another one, unless it has passed on something. Returns whether it had
   * passed on nothing: then the next attempt has its place.
   */
  synchronized boolean closeUnused() {
    if (passed > 0) {
      return false;
    }
    end();
    return true;
  }

  private void end() {
    restsForGood |= !closed && !atWork;
    closed = true;
  }

  /** Returns whether it was ended half-way, while no worker was in the function, nor will be. */
  synchronized boolean restsForGood() {
    return restsForGood && stream != null;
  }

  /** A worker JVM has made all of them. */
  synchronized void made(List<@Nullable Object> all) {
    made = all;
  }

  /**
   * Passes on what was made, as far as there is room; returns whether that was all. The next stage
   * is to be told.
   */
  synchronized boolean passOnMade() {
    List<@Nullable Object> all = made;
    if (all == null || closed) {
      return true;
    }
    while (next < all.size()) {
      if (!hasRoom()) {
        return false;
      }
      var _ = put(all.get(next));
      all.set(next, null); // it may be large, and is the next stage's from now on
      next++;
    }
    return true;
  }
}
