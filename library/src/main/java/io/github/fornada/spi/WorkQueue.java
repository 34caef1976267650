package io.github.fornada.spi;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * What a pool has to do: single batches, and runs that give batches on demand. Runs take turns, so
 * that a long call does not starve a short one.
 *
 * <p>Everything is guarded by one lock, held for a few instructions and for the iterator of one of
 * the JDK's own collections. So whatever was accepted is, at any moment, in exactly one of the
 * places below, and {@link #isQuiet} cannot miss it on its way from one to another.
 */
final class WorkQueue {
  private final ReentrantLock lock = new ReentrantLock();

  /** What waits for a worker. A batch that was cancelled here stays until it is polled. */
  private final ArrayDeque<Object> entries = new ArrayDeque<>();

  /** Batches with workers; each knows its place here. */
  private final ArrayList<Batch<?, ?>> held = new ArrayList<>();

  /** Retries in the pause before them. */
  private final Set<Batch<?, ?>> paused = new HashSet<>();

  /** Batches accepted whose listeners are being called. */
  private int promised;

  private boolean closed;

  /** Adds a batch; false if the queue is closed. */
  boolean add(Batch<?, ?> batch) {
    lock.lock();
    try {
      if (!closed) {
        entries.addLast(batch);
      }
      return !closed;
    } finally {
      lock.unlock();
    }
  }

  /** Accepts a batch that comes with {@link #addPromised}; false if the queue is closed. */
  boolean promise() {
    lock.lock();
    try {
      if (!closed) {
        promised++;
      }
      return !closed;
    } finally {
      lock.unlock();
    }
  }

  void addPromised(Batch<?, ?> batch) {
    lock.lock();
    try {
      promised--;
      entries.addLast(batch);
    } finally {
      lock.unlock();
    }
  }

  /** Adds a new call; false if the queue is closed. */
  boolean add(MapRun<?, ?> run) {
    lock.lock();
    try {
      if (!closed && run.enters()) {
        entries.addLast(run);
      }
      return !closed;
    } finally {
      lock.unlock();
    }
  }

  /** Adds a stream that has {@linkplain Run#enters entered}, closed or not. */
  void addEntered(Run<?, ?> run) {
    lock.lock();
    try {
      entries.addLast(run);
    } finally {
      lock.unlock();
    }
  }

  /** Takes note of a retry that must wait. */
  void pause(Batch<?, ?> batch) {
    lock.lock();
    try {
      paused.add(batch);
    } finally {
      lock.unlock();
    }
  }

  /** A retry's pause is over; false if it is not wanted any more. */
  boolean resume(Batch<?, ?> batch) {
    lock.lock();
    try {
      boolean wanted = paused.remove(batch);
      if (wanted) {
        entries.addLast(batch);
      }
      return wanted;
    } finally {
      lock.unlock();
    }
  }

  /**
   * A worker gives back a batch that it had polled; it is next. It counts as held until it is
   * closed, for other workers may be at some of its items.
   */
  void giveBack(Batch<?, ?> batch) {
    lock.lock();
    try {
      if (!batch.givenBack) { // two workers may give back their parts of one batch
        batch.givenBack = true;
        entries.addFirst(batch);
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Takes the next work; null if there is none.
   *
   * @param most the most items to take; 0 for as many as the items before suggest
   * @param last the batch that the same worker had polled before, to be released in the same step
   */
  @Nullable Batch<?, ?> poll(int most, @Nullable Batch<?, ?> last) {
    lock.lock();
    try {
      if (last != null) {
        handBack(last);
      }
      while (true) {
        Object head = entries.peekFirst();
        if (head == null) {
          return null;
        }
        if (head instanceof Batch<?, ?> batch) {
          entries.removeFirst();
          batch.givenBack = false;
          if (batch.hasWaiting()) {
            hold(batch);
            return batch;
          }
        } else {
          var run = (Run<?, ?>) head;
          Batch<?, ?> batch = run.take(most == 0 ? run.batchSize() : most);
          if (batch == null) {
            entries.removeFirst();
          } else {
            if (entries.size() > 1) {
              entries.addLast(entries.removeFirst());
            }
            hold(batch);
            return batch;
          }
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Takes one item of a call that was made on behalf of a worker of this pool; null if none waits.
   *
   * @param rank by the {@linkplain Sink#origin origins} of calls; a call of the highest is taken,
   *     and of those the one that is next
   */
  @Nullable Batch<?, ?> pollNested(ToIntFunction<Object> rank) {
    lock.lock();
    try {
      Object found = null;
      int highest = Integer.MIN_VALUE;
      for (Object entry : entries) {
        Object origin = sinkOf(entry).origin;
        if (origin != null
            && (found == null || rank.applyAsInt(origin) > highest)
            && hasWaiting(entry)) {
          found = entry;
          highest = rank.applyAsInt(origin);
        }
      }
      if (found instanceof Batch<?, ?> batch) {
        remove(found);
        batch.givenBack = false;
        hold(batch);
        return batch;
      }
      if (found instanceof Run<?, ?> run) {
        Batch<?, ?> batch = run.take(1);
        if (batch == null) {
          remove(found);
        } else {
          hold(batch);
        }
        return batch;
      }
      return null;
    } finally {
      lock.unlock();
    }
  }

  /** Whether {@link #pollNested} would probably find something. */
  boolean hasNested() {
    lock.lock();
    try {
      for (Object entry : entries) {
        if (sinkOf(entry).origin != null && hasWaiting(entry)) {
          return true;
        }
      }
      return false;
    } finally {
      lock.unlock();
    }
  }

  private static Sink<?, ?> sinkOf(Object entry) {
    return entry instanceof Batch<?, ?> batch ? batch.sink() : (Run<?, ?>) entry;
  }

  private static boolean hasWaiting(Object entry) {
    return entry instanceof Batch<?, ?> batch ? batch.hasWaiting() : ((Run<?, ?>) entry).hasMore();
  }

  @SuppressWarnings("ReferenceEquality") // entries are equal to themselves only
  private void remove(Object entry) {
    entries.removeIf(e -> e == entry);
  }

  /** Takes one item of {@code run}; null if none waits. */
  @SuppressWarnings("ReferenceEquality") // a run is equal to itself only
  @Nullable Batch<?, ?> pollFor(Run<?, ?> run) {
    lock.lock();
    try {
      for (Iterator<Object> it = entries.iterator(); it.hasNext(); ) {
        Object entry = it.next();
        if (entry == run) {
          Batch<?, ?> batch = run.take(1);
          if (batch == null) {
            it.remove();
          } else {
            hold(batch);
            return batch;
          }
        } else if (entry instanceof Batch<?, ?> batch
            && batch.sink() == run
            && batch.hasWaiting()) {
          it.remove();
          batch.givenBack = false;
          hold(batch);
          return batch;
        }
      }
      return null;
    } finally {
      lock.unlock();
    }
  }

  /** A batch is closed: it is with no worker and in no pause any more. */
  void release(Batch<?, ?> batch) {
    lock.lock();
    try {
      drop(batch);
      if (batch.attempt() > 1) {
        paused.remove(batch);
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * The thread that ends the last item writes {@code open}, then reads {@code handedBack}; here it
   * is the other way round. So one of the two sees the other, and drops it.
   */
  private void handBack(Batch<?, ?> batch) {
    batch.handedBack = false;
    if (batch.isClosed()) {
      drop(batch);
    }
  }

  private void hold(Batch<?, ?> batch) {
    if (batch.heldAt < 0) {
      batch.heldAt = held.size();
      held.add(batch);
    }
  }

  @SuppressWarnings("ReferenceEquality") // a batch is equal to itself only
  private void drop(Batch<?, ?> batch) {
    if (batch.heldAt >= 0) {
      Batch<?, ?> last = held.removeLast();
      if (last != batch) {
        held.set(batch.heldAt, last);
        last.heldAt = batch.heldAt;
      }
      batch.heldAt = -1;
    }
  }

  /** Whether a poll would probably find something. */
  boolean hasWork() {
    lock.lock();
    try {
      for (Object entry : entries) {
        if (hasWaiting(entry)) {
          return true;
        }
      }
      return false;
    } finally {
      lock.unlock();
    }
  }

  /** Whether nothing that was accepted is still to be done. */
  boolean isQuiet() {
    lock.lock();
    try {
      return promised == 0 && held.isEmpty() && paused.isEmpty() && !hasWork();
    } finally {
      lock.unlock();
    }
  }

  /** From now on accepts nothing new. */
  void close() {
    lock.lock();
    try {
      closed = true;
    } finally {
      lock.unlock();
    }
  }

  /** What was taken out of the queue, and what workers or pauses have. */
  record Drained(List<Object> waiting, List<Batch<?, ?>> begun) {}

  /** Takes out what waits; what was begun stays where it is. */
  Drained drain() {
    lock.lock();
    try {
      var waiting = new ArrayList<>(entries);
      entries.clear();
      var begun = new ArrayList<>(held);
      begun.addAll(paused);
      return new Drained(waiting, begun);
    } finally {
      lock.unlock();
    }
  }
}
