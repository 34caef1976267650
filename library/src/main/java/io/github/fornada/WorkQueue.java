package io.github.fornada;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What a pool has to do: single batches, and runs that give batches on demand. Runs take turns, so
 * that a long call does not starve a short one.
 *
 * <p>Everything is guarded by one lock, held for a few instructions and for a collection's
 * iterator.
 */
final class WorkQueue {
  private final ReentrantLock lock = new ReentrantLock();
  private final ArrayDeque<Object> entries = new ArrayDeque<>();

  /** Batches handed to workers and not closed. */
  private int active;

  void addLast(Batch<?, ?> batch) {
    lock.lock();
    try {
      entries.addLast(batch);
    } finally {
      lock.unlock();
    }
  }

  /** A worker gives back a batch that it had polled; it is next. In one step, so never quiet. */
  void giveBack(Batch<?, ?> batch) {
    lock.lock();
    try {
      release(batch);
      entries.addFirst(batch);
    } finally {
      lock.unlock();
    }
  }

  /** Adds the run, unless it is there already. */
  void add(Run<?, ?> run) {
    lock.lock();
    try {
      if (!run.queued) {
        run.queued = true;
        entries.addLast(run);
      }
    } finally {
      lock.unlock();
    }
  }

  @Nullable Batch<?, ?> poll(int most) {
    lock.lock();
    try {
      while (true) {
        Object head = entries.peekFirst();
        if (head == null) {
          return null;
        }
        if (head instanceof Batch<?, ?> batch) {
          entries.removeFirst();
          if (batch.hasWaiting()) {
            active++;
            batch.held = true;
            return batch;
          }
        } else {
          var run = (Run<?, ?>) head;
          Batch<?, ?> batch = run.take(most);
          if (batch == null) {
            entries.removeFirst();
            run.queued = false;
          } else {
            if (entries.size() > 1) {
              entries.addLast(entries.removeFirst());
            }
            active++;
            batch.held = true;
            return batch;
          }
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** A worker is finished with a batch, if one had polled it. */
  void release(Batch<?, ?> batch) {
    lock.lock();
    try {
      if (batch.held) {
        batch.held = false;
        active--;
      }
    } finally {
      lock.unlock();
    }
  }

  /** Whether a poll would probably find something. */
  boolean hasWork() {
    lock.lock();
    try {
      for (Object entry : entries) {
        if (entry instanceof Batch<?, ?> batch
            ? batch.hasWaiting()
            : ((Run<?, ?>) entry).hasMore()) {
          return true;
        }
      }
      return false;
    } finally {
      lock.unlock();
    }
  }

  /** Whether nothing is queued and nothing is with a worker. */
  boolean isQuiet() {
    lock.lock();
    try {
      return active == 0 && !hasWork();
    } finally {
      lock.unlock();
    }
  }

  /** Takes everything out. */
  List<Object> drain() {
    lock.lock();
    try {
      var all = new ArrayList<>(entries);
      entries.clear();
      for (Object entry : all) {
        if (entry instanceof Run<?, ?> run) {
          run.queued = false;
        }
      }
      return all;
    } finally {
      lock.unlock();
    }
  }
}
