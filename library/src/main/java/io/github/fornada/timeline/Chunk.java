package io.github.fornada.timeline;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Up to {@value #SIZE} bars, stored by column: 37 bytes for each bar, and its label in UTF-8.
 *
 * <p>Not thread-safe. A bar is never changed after it was added.
 */
final class Chunk {
  static final int SHIFT = 10;
  static final int SIZE = 1 << SHIFT;

  /** Bit of {@link #kinds} that is set if a retry follows. */
  private static final int RETRIED = 8;

  private final int[] lanes;
  private final long[] starts;
  private final long[] durations;
  private final byte[] kinds;
  private final float[] cpu;
  private final long[] indexes;
  private final int[] labelEnds;
  private byte[] labels;
  private int size;

  Chunk() {
    lanes = new int[SIZE];
    starts = new long[SIZE];
    durations = new long[SIZE];
    kinds = new byte[SIZE];
    cpu = new float[SIZE];
    indexes = new long[SIZE];
    labelEnds = new int[SIZE];
    labels = new byte[SIZE * 8];
  }

  /** Makes a copy, for a reader that does not hold the lock. */
  private Chunk(Chunk other) {
    lanes = other.lanes.clone();
    starts = other.starts.clone();
    durations = other.durations.clone();
    kinds = other.kinds.clone();
    cpu = other.cpu.clone();
    indexes = other.indexes.clone();
    labelEnds = other.labelEnds.clone();
    labels = other.labels.clone();
    size = other.size;
  }

  /** Returns this chunk if it is full, because then it no longer changes; otherwise a copy. */
  Chunk frozen() {
    return isFull() ? this : new Chunk(this);
  }

  boolean isFull() {
    return size == SIZE;
  }

  int size() {
    return size;
  }

  void add(
      int lane,
      long start,
      long duration,
      Kind kind,
      boolean last,
      long cpuNanos,
      long index,
      byte[] label) {
    int i = size;
    int from = i == 0 ? 0 : labelEnds[i - 1];
    if (from + label.length > labels.length) {
      labels = Arrays.copyOf(labels, Math.max(labels.length * 2, from + label.length));
    }
    System.arraycopy(label, 0, labels, from, label.length);
    labelEnds[i] = from + label.length;
    lanes[i] = lane;
    starts[i] = start;
    durations[i] = duration;
    kinds[i] = (byte) (kind.number | (last ? 0 : RETRIED));
    cpu[i] = cpuNanos;
    indexes[i] = index;
    size = i + 1;
    if (isFull()) {
      labels = Arrays.copyOf(labels, labelEnds[i]);
    }
  }

  int lane(int i) {
    return lanes[i];
  }

  long start(int i) {
    return starts[i];
  }

  long duration(int i) {
    return durations[i];
  }

  Bar bar(int i) {
    int from = i == 0 ? 0 : labelEnds[i - 1];
    return new Bar(
        lanes[i],
        starts[i],
        durations[i],
        Kind.of(kinds[i] & (RETRIED - 1)),
        (kinds[i] & RETRIED) == 0,
        cpu[i],
        indexes[i],
        new String(labels, from, labelEnds[i] - from, StandardCharsets.UTF_8));
  }
}
