package io.github.fornada.cli;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Writes what belongs to each input at its place: in the order of the inputs, and each as soon as
 * those before it are written. Results come from the thread that takes outcomes, refused inputs
 * from the thread that reads.
 */
final class LinesInOrder {
  /** So many inputs may wait for their turn before no more are read. Guess. */
  static final int MAX_EARLY = 10_000;

  private final ResultWriter writer;
  private final boolean ordered;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition hasRoom = lock.newCondition();

  // Guarded by lock.

  /** The number of the input that is written next. */
  private long next = 1;

  /** What came before its turn, by the number of its input; empty if nothing is written of it. */
  private final Map<Long, Optional<String>> early = new HashMap<>();

  private boolean finished;

  /**
   * Creates a writer of lines.
   *
   * @param ordered whether the order matters; otherwise each is written when it comes
   */
  LinesInOrder(ResultWriter writer, boolean ordered) {
    this.writer = writer;
    this.ordered = ordered;
  }

  /**
   * Writes a line when it is its turn.
   *
   * @param number the number of its input, from 1; each has one line at most
   * @param line the line; null if nothing is written of this input
   */
  void put(long number, @Nullable String line) {
    lock.lock();
    try {
      if (ordered && number > next) {
        early.put(number, Optional.ofNullable(line));
        return;
      }
      write(line);
      next = Math.max(next, number + 1);
      for (Optional<String> due = early.remove(next); due != null; due = early.remove(next)) {
        write(due.orElse(null));
        next++;
      }
      if (early.size() < MAX_EARLY) {
        hasRoom.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits while too many inputs wait for their turn, until it is theirs, all is finished, or an
   * interrupt comes, which is set again. Only for the thread that reads the inputs, which nothing
   * waits for: those before are with the pool. Refused ones are not, and so a pool does not keep
   * that thread from reading any number of them.
   */
  void awaitRoom() {
    lock.lock();
    try {
      while (early.size() >= MAX_EARLY && !finished) {
        hasRoom.await();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the run is being stopped
    } finally {
      lock.unlock();
    }
  }

  /** Writes what is left, though some inputs before it have no line: the run was stopped. */
  void finish() {
    lock.lock();
    try {
      for (Map.Entry<Long, Optional<String>> each : new TreeMap<>(early).entrySet()) {
        write(each.getValue().orElse(null));
        next = each.getKey() + 1;
      }
      early.clear();
      finished = true;
      hasRoom.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void write(@Nullable String line) {
    if (line != null) {
      writer.line(line);
    }
  }
}
