package io.github.fornada.timeline;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * The bars of some lanes of a recording, and their sums. Each stripe has its own lock, so that
 * workers of different stripes do not wait for each other.
 */
final class Stripe {
  /** Sums over all attempts, including those whose bars are not kept. */
  static final class Tally {
    final long[] outcomes = new long[Kind.COUNT];
    long durations;
    long cpu;
    boolean cpuKnown;
    int workers;
    long firstStart = Long.MAX_VALUE;
    long lastEnd = Long.MIN_VALUE;

    long count(Kind kind) {
      return outcomes[kind.number];
    }

    void add(Tally other) {
      for (int i = 0; i < outcomes.length; i++) {
        outcomes[i] += other.outcomes[i];
      }
      durations += other.durations;
      cpu += other.cpu;
      cpuKnown |= other.cpuKnown;
      workers += other.workers; // no two stripes have one in common
      firstStart = Math.min(firstStart, other.firstStart);
      lastEnd = Math.max(lastEnd, other.lastEnd);
    }
  }

  // All guarded by this.
  private final List<Chunk> chunks = new ArrayList<>();
  private final Tally tally = new Tally();

  /** The lanes in which something ran: a worker may have come and gone without a task. */
  private final BitSet used = new BitSet();

  /** Counts the outcome of a task. */
  synchronized void count(Kind kind) {
    tally.outcomes[kind.number]++;
  }

  /**
   * Adds an attempt to the sums.
   *
   * @param counted the part of its duration within the measured run, in nanoseconds
   */
  synchronized void measure(int lane, long start, long end, long counted, long cpuNanos) {
    if (!used.get(lane)) {
      used.set(lane);
      tally.workers++;
    }
    tally.durations += counted;
    if (cpuNanos >= 0) {
      tally.cpu += cpuNanos;
      tally.cpuKnown = true;
    }
    tally.firstStart = Math.min(tally.firstStart, start);
    tally.lastEnd = Math.max(tally.lastEnd, end);
  }

  /** Keeps a bar; the parameters are those of {@link Chunk#add}. */
  synchronized void keep(
      int lane,
      long start,
      long duration,
      Kind kind,
      boolean last,
      long cpuNanos,
      long index,
      byte[] label) {
    if (chunks.isEmpty() || chunks.getLast().isFull()) {
      chunks.add(new Chunk());
    }
    chunks.getLast().add(lane, start, duration, kind, last, cpuNanos, index, label);
  }

  synchronized void addTo(Tally sum) {
    sum.add(tally);
  }

  synchronized void addTo(List<Chunk> all) {
    for (Chunk chunk : chunks) {
      all.add(chunk.frozen());
    }
  }
}
