package io.github.fornada.timeline;

import java.util.ArrayList;
import java.util.List;

/**
 * A part of a recording with a lock of its own, so that workers do not wait for each other: the
 * bars of some of the lanes, and what they add up to.
 */
final class Stripe {
  /** Sums over everything that a stripe was told, bars no longer kept included. */
  static final class Tally {
    final long[] outcomes = new long[Kind.COUNT];
    long durations;
    long cpu;
    boolean cpuKnown;
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
      firstStart = Math.min(firstStart, other.firstStart);
      lastEnd = Math.max(lastEnd, other.lastEnd);
    }
  }

  // All guarded by this.
  private final List<Chunk> chunks = new ArrayList<>();
  private final Tally tally = new Tally();

  /** A task has its outcome. */
  synchronized void count(Kind kind) {
    tally.outcomes[kind.number]++;
  }

  /**
   * An attempt ran.
   *
   * @param counted how much of its duration lies within the measured time
   */
  synchronized void measure(long start, long end, long counted, long cpuNanos) {
    tally.durations += counted;
    if (cpuNanos >= 0) {
      tally.cpu += cpuNanos;
      tally.cpuKnown = true;
    }
    tally.firstStart = Math.min(tally.firstStart, start);
    tally.lastEnd = Math.max(tally.lastEnd, end);
  }

  /** As {@link Chunk#add}. */
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
