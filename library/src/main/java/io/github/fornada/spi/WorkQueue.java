package io.github.fornada.spi;

import io.github.fornada.jvm.Fifo;
import io.github.fornada.jvm.HeapShortage;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The work of a pool: single batches, and runs that give batches on demand. Runs take turns, so
 * that a long call does not starve a short one.
 *
 * <p>Everything is guarded by one lock. It is held for a few instructions, and while an iterator of
 * one of the JDK's own collections is called. So at any moment each accepted item is in exactly one
 * of the collections below, and {@link #isQuiet} cannot miss it while it moves from one to another.
 */
final class WorkQueue implements HeapShortage.Sufferer {
  private static final int MANY_ENTRIES = 1000; // Guess

  /** With none, the first array would come with the first element, whatever was asked for. */
  private static final int FIRST_ROOM = 16;

  private final ReentrantLock lock = new ReentrantLock();

  /**
   * Batches and runs that wait for a worker. A batch that is cancelled here stays until it is
   * polled.
   */
  private final Fifo<Object> entries = new Fifo<>();

  /** Batches that workers have; each knows its index here. */
  private final ArrayList<Batch<?, ?>> held = new ArrayList<>(FIRST_ROOM);

  /** Retries whose pause is not over. */
  private final Set<Batch<?, ?>> paused = new HashSet<>();

  /**
   * The number of accepted batches that are not queued yet because the listeners are being called.
   */
  private int promised;

  private boolean closed;

  /** Adds a batch; returns false if the queue is closed. */
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

  /** Accepts a batch that {@link #addPromised} will add; returns false if the queue is closed. */
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
    for (OutOfMemoryError lack = enqueue(batch, true); lack != null; lack = enqueue(batch, true)) {
      HeapShortage.await(lack);
    }
  }

  /** Adds an entry; returns what the heap had no room for, and has changed nothing then. */
  private @Nullable OutOfMemoryError enqueue(Object entry, boolean wasPromised) {
    lock.lock();
    try {
      entries.addLast(entry);
      if (wasPromised) {
        promised--;
      }
      return null;
    } catch (OutOfMemoryError e) {
      return e;
    } finally {
      lock.unlock();
    }
  }

  /** Adds a new call; returns false if the queue is closed. */
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
    for (OutOfMemoryError lack = enqueue(run, false); lack != null; lack = enqueue(run, false)) {
      HeapShortage.await(lack);
    }
  }

  /** Notes a retry that must wait for its pause. */
  void pause(Batch<?, ?> batch) {
    for (OutOfMemoryError lack = note(batch); lack != null; lack = note(batch)) {
      HeapShortage.await(lack);
    }
  }

  private @Nullable OutOfMemoryError note(Batch<?, ?> batch) {
    lock.lock();
    try {
      paused.add(batch);
      return null;
    } catch (OutOfMemoryError e) {
      return e;
    } finally {
      lock.unlock();
    }
  }

  /** Returns the retries that pause now. */
  List<Batch<?, ?>> paused() {
    lock.lock();
    try {
      return new ArrayList<>(paused);
    } finally {
      lock.unlock();
    }
  }

  /** Queues a retry whose pause is over; returns false if the retry is no longer wanted. */
  boolean resume(Batch<?, ?> batch) {
    while (true) {
      OutOfMemoryError lack;
      lock.lock();
      try {
        boolean wanted = paused.contains(batch);
        if (wanted) {
          entries.addLast(batch);
          paused.remove(batch);
        }
        return wanted;
      } catch (OutOfMemoryError e) {
        lack = e;
      } finally {
        lock.unlock();
      }
      HeapShortage.await(lack);
    }
  }

  /**
   * Puts a batch that a worker had polled back at the front. It counts as held until it is closed,
   * because other workers may be running some of its items.
   */
  void giveBack(Batch<?, ?> batch) {
    for (OutOfMemoryError lack = putBack(batch); lack != null; lack = putBack(batch)) {
      HeapShortage.await(lack);
    }
  }

  private @Nullable OutOfMemoryError putBack(Batch<?, ?> batch) {
    lock.lock();
    try {
      if (!batch.givenBack) { // two workers may each give back their part of one batch
        entries.addFirst(batch);
        batch.givenBack = true;
      }
      return null;
    } catch (OutOfMemoryError e) {
      return e;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Takes the next work; null if there is none.
   *
   * @param most the maximum number of items to take; 0 for as many as the times of earlier items
   *     suggest
   * @param last the batch that the same worker had polled before, to be released in the same step
   */
  @Nullable Batch<?, ?> poll(int most, @Nullable Batch<?, ?> last) {
    lock.lock();
    try {
      if (last != null) {
        handBack(last);
      }
      makeRoom();
      while (true) {
        Object head = entries.peek();
        if (head == null) {
          return null;
        }
        if (head instanceof Batch<?, ?> batch) {
          entries.remove();
          batch.givenBack = false;
          if (batch.hasWaiting()) {
            hold(batch);
            return batch;
          }
        } else {
          var run = (Run<?, ?>) head;
          Batch<?, ?> batch = run.take(most == 0 ? run.batchSize() : most);
          if (batch == null) {
            entries.remove();
          } else {
            if (entries.size() > 1) {
              entries.addLast(entries.remove());
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
   * @param rank the rank of a call, given its {@linkplain Sink#origin origin}; a call of the
   *     highest rank is taken, and of those the first in the queue
   */
  @Nullable Batch<?, ?> pollNested(ToIntFunction<Object> rank) {
    lock.lock();
    try {
      makeRoom();
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

  /** Returns whether {@link #pollNested} would probably find something. */
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
      makeRoom();
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

  /** Removes a closed batch from those that workers have and from those that pause. */
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
   * Writes {@code handedBack} and then reads {@code open}. The thread that ends the last item
   * writes {@code open} and then reads {@code handedBack}. So one of the two sees the other's
   * write, and removes the batch.
   */
  private void handBack(Batch<?, ?> batch) {
    batch.handedBack = false;
    if (batch.isClosed()) {
      drop(batch);
    }
  }

  /** Before anything is taken: what was taken must not be lost for want of room to hold it. */
  private void makeRoom() {
    held.ensureCapacity(held.size() + 1);
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

  /** Returns whether a poll would probably find something. */
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

  /**
   * Returns about how many items wait in the queue, without those of streams, which are not always
   * in it.
   */
  long waitingItems() {
    lock.lock();
    try {
      if (entries.size() > MANY_ENTRIES) {
        return entries.size(); // single items for the most part; this lock is not held for long
      }
      long sum = 0;
      for (Object entry : entries) {
        if (entry instanceof Batch<?, ?> batch) {
          sum += batch.waiting();
        } else if (entry instanceof MapRun<?, ?> run) {
          sum += run.left();
        }
      }
      return sum;
    } finally {
      lock.unlock();
    }
  }

  /** {@inheritDoc} Tells all calls that have something here. */
  @Override
  public void outOfMemory(OutOfMemoryError e) {
    lock.lock();
    try {
      for (int k = 0; k < held.size(); k++) {
        held.get(k).sink().outOfMemory(e);
      }
      for (int k = 0; k < entries.size(); k++) {
        sinkOf(entries.get(k)).outOfMemory(e);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Returns whether nothing is left to do of what was accepted. */
  boolean isQuiet() {
    lock.lock();
    try {
      return promised == 0 && held.isEmpty() && paused.isEmpty() && !hasWork();
    } finally {
      lock.unlock();
    }
  }

  /** Makes the queue accept nothing new. */
  void close() {
    lock.lock();
    try {
      closed = true;
    } finally {
      lock.unlock();
    }
  }

  /** The entries taken out of the queue, and the batches that workers have or that pause. */
  record Drained(List<Object> waiting, List<Batch<?, ?>> begun) {}

  /** Removes the waiting entries; batches that were begun stay. */
  Drained drain() {
    lock.lock();
    try {
      var waiting = new ArrayList<>(entries);
      var begun = new ArrayList<>(held);
      begun.addAll(paused);
      var drained = new Drained(waiting, begun);
      entries.clear(); // now that there was memory for all
      return drained;
    } finally {
      lock.unlock();
    }
  }
}
