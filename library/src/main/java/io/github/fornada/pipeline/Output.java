package io.github.fornada.pipeline;

import java.util.ArrayDeque;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** The end of a pipeline: where its consumer waits for outcomes. */
final class Output implements Taker {
  private final PipelineEngine engine;
  private final ItemQueue in;

  /** Taken for the consumer, and not consumed. Used by the consumer. */
  private final ArrayDeque<Item> drained = new ArrayDeque<>();

  /** Places of those that were drained. Used by the consumer. */
  private int slots;

  /** The consumer while it waits. Written by it, read by any. */
  private volatile @Nullable Thread waiting;

  /** Whether there was something to look at since the last look. */
  private volatile boolean woken;

  Output(PipelineEngine engine, ItemQueue in) {
    this.engine = engine;
    this.in = in;
  }

  @Override
  public void wake() {
    woken = true;
    LockSupport.unpark(waiting);
  }

  /**
   * Returns the next item; null if the pipeline has given all, or was stopped.
   *
   * @throws InterruptedException if the consumer was interrupted while it waited
   */
  @Nullable Item next() throws InterruptedException {
    if (drained.isEmpty()) {
      fill();
    }
    return drained.poll();
  }

  private void fill() throws InterruptedException {
    if (slots > 0) {
      in.free(slots); // all that was drained is consumed
      slots = 0;
      in.tellGiver();
    }
    waiting = Thread.currentThread(); // before the taker is hungry: who tells it, wakes this one
    try {
      while (true) {
        woken = false; // before all that it is told of is looked at
        if (engine.isStopped()) {
          return;
        }
        boolean ended = in.hasEnded(); // before the look: nothing comes after it
        if (drain()) {
          in.tellGiver();
        }
        if (!drained.isEmpty() || ended) {
          return;
        }
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
        // To wait for a lock since then may have used up the permit that came with the wake-up.
        while (!woken && !Thread.currentThread().isInterrupted()) {
          LockSupport.park(this);
        }
      }
    } finally {
      waiting = null;
    }
  }

  /** Returns whether places were freed, or there is other news for the giver. */
  private boolean drain() {
    in.lock().lock();
    try {
      long news = in.news();
      int freed = in.sort();
      while (in.ready().isEmpty() && in.becomesHungry()) {
        in.isNotHungry();
        freed += in.sort();
      }
      in.free(freed);
      int most = Math.max(1, in.limit() / 4);
      while (drained.size() < most && !in.ready().isEmpty()) {
        Item item = in.ready().remove();
        slots += item.slots;
        drained.add(item);
      }
      return freed > 0 || in.news() != news;
    } finally {
      in.lock().unlock();
    }
  }

  /** What the consumer has not got yet, after a stop. By the consumer. */
  void takeAll(ArrayDeque<Item> into) {
    into.addAll(drained);
    drained.clear();
    in.lock().lock();
    try {
      var _ = in.sort();
      in.closeBatch();
      into.addAll(in.takeAll());
    } finally {
      in.lock().unlock();
    }
  }
}
