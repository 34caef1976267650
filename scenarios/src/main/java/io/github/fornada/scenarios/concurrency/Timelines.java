package io.github.fornada.scenarios.concurrency;

import io.github.fornada.Pool;
import io.github.fornada.scenarios.concurrency.Kitchen.Cake;
import io.github.fornada.scenarios.concurrency.Kitchen.Done;
import io.github.fornada.scenarios.harness.Finding;
import io.github.fornada.scenarios.harness.Words;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Draws who did what when, one line for each cake. */
final class Timelines {
  private static final int COLUMNS = 60;

  private Timelines() {}

  /**
   * Makes the cakes on {@code pool}, with one cook or with one for each processor, and draws it.
   */
  static Finding draw(String title, List<Cake> cakes, Pool pool, boolean oneCook, long scaleNanos)
      throws InterruptedException {
    @Nullable Lock cook = oneCook ? new ReentrantLock(true) : null;
    var notes = new ConcurrentLinkedQueue<Done>();
    long began = System.nanoTime();
    var _ = pool.map(cakes, cake -> Kitchen.make(cake, cook, notes));
    long wall = System.nanoTime() - began;
    var lines = new ArrayList<String>();
    double present = 0;
    double busy = 0;
    for (Cake cake : cakes) {
      var row = new char[COLUMNS];
      Arrays.fill(row, ' ');
      long first = Long.MAX_VALUE;
      long last = Long.MIN_VALUE;
      // The work over the waiting: a step that is shorter than a column still shows.
      for (Done done :
          notes.stream()
              .sorted(Comparator.comparing(note -> note.step() != Kitchen.Step.BAKE))
              .toList()) {
        if (done.cake() == cake.number()) {
          first = Math.min(first, done.from());
          last = Math.max(last, done.to());
          char mark =
              switch (done.step()) {
                case MIX -> 'M';
                case BAKE -> '.';
                case ICE -> 'I';
              };
          int from = column(done.from() - began, scaleNanos);
          int to = Math.max(from + 1, column(done.to() - began, scaleNanos));
          Arrays.fill(row, Math.min(from, COLUMNS - 1), Math.min(to, COLUMNS), mark);
          if (done.step() != Kitchen.Step.BAKE) {
            busy += done.to() - done.from();
          }
        }
      }
      present += last - first;
      lines.add(("cake " + cake.number() + "  " + new String(row)).stripTrailing());
    }
    lines.add(
        Words.format(
            "%.0f ms; in flight %.1f cakes, busy %.1f cooks",
            wall / 1e6, present / wall, busy / wall));
    return new Finding(title, lines);
  }

  private static int column(long nanos, long scale) {
    return (int) (nanos * COLUMNS / scale);
  }
}
