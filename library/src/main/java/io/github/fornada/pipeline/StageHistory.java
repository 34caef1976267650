package io.github.fornada.pipeline;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What a stage did when, in slices of equal length. There are never more than some: a run that goes
 * on has longer ones.
 */
final class StageHistory {
  private static final int SLICES = 240;

  /** As long are the slices at first. */
  private static final long FIRST_NANOS = 50_000_000;

  // ---- guarded by this

  /** When the run began; 0 for not yet. */
  private long start;

  /** When the queue was looked at last. */
  private long lookedAt;

  private long width = FIRST_NANOS;
  private final double[] busy = new double[SLICES];
  private final double[] input = new double[SLICES];
  private final double[] room = new double[SLICES];
  private final double[] restarts = new double[SLICES];
  private final long[] items = new long[SLICES];
  private final int[] queued = new int[SLICES];
  private final int[] size = new int[SLICES];

  synchronized void begins(long now, int workers) {
    start = now;
    Arrays.fill(size, workers);
  }

  /** Workers ran items. */
  synchronized void ran(int count, long from, long to) {
    if (start != 0) {
      spread(busy, from, to);
      items[at(to)] += count;
    }
  }

  /** A worker's JVM was replaced, and it could run nothing meanwhile. */
  synchronized void restarted(long from, long to) {
    if (start != 0) {
      spread(restarts, from, to);
    }
  }

  /** Workers that did nothing did so for this reason. */
  synchronized void idle(StageFigures.Idle why, long from, long to) {
    if (start != 0 && why != StageFigures.Idle.NO) {
      spread(why == StageFigures.Idle.FOR_INPUT ? input : room, from, to);
    }
  }

  /** So many items have waited since the last look, and the stage has so many workers. */
  synchronized void look(long now, int waiting, int workers) {
    if (start != 0) {
      int k = at(now);
      // Where nobody looked, it was as it is now, as far as anyone knows.
      for (int i = Math.min(k, at(Math.max(start, lookedAt)) + 1); i <= k; i++) {
        queued[i] = Math.max(queued[i], waiting);
      }
      lookedAt = now;
      Arrays.fill(size, k, SLICES, workers);
    }
  }

  private int at(long nanos) {
    while ((nanos - start) / width >= SLICES) {
      fold();
    }
    return (int) Math.max(0, (nanos - start) / width);
  }

  private void spread(double[] into, long from, long to) {
    int last = at(to); // first of all: it may change the width
    long since = Math.max(from, start);
    for (int k = at(since); k <= last; k++) {
      long begin = Math.max(since, start + k * width);
      long end = Math.min(to, start + (k + 1) * width);
      into[k] += Math.max(0, end - begin);
    }
  }

  private void fold() {
    for (int k = 0; k < SLICES; k++) {
      boolean isLeft = 2 * k + 1 < SLICES;
      busy[k] = isLeft ? busy[2 * k] + busy[2 * k + 1] : 0;
      input[k] = isLeft ? input[2 * k] + input[2 * k + 1] : 0;
      room[k] = isLeft ? room[2 * k] + room[2 * k + 1] : 0;
      restarts[k] = isLeft ? restarts[2 * k] + restarts[2 * k + 1] : 0;
      items[k] = isLeft ? items[2 * k] + items[2 * k + 1] : 0;
      queued[k] = isLeft ? Math.max(queued[2 * k], queued[2 * k + 1]) : 0;
      size[k] = isLeft ? size[2 * k + 1] : size[SLICES - 1];
    }
    width *= 2;
  }

  /** The slices up to some moment. */
  synchronized List<StageMoment> moments(long end) {
    var moments = new ArrayList<StageMoment>();
    if (start == 0 || end <= start) {
      return moments;
    }
    int last = at(end - 1);
    for (int k = 0; k <= last; k++) {
      long from = k * width;
      long to = Math.min(from + width, end - start);
      double whole = (double) (to - from) * size[k];
      double part = Math.min(1, busy[k] / whole);
      double restarting = Math.min(1 - part, restarts[k] / whole);
      double waits = room[k] + input[k];
      moments.add(
          new StageMoment(
              Duration.ofNanos(from),
              Duration.ofNanos(to),
              size[k],
              items[k],
              part,
              restarting,
              waits == 0 ? 0 : (1 - part - restarting) * room[k] / waits,
              queued[k]));
    }
    return moments;
  }
}
