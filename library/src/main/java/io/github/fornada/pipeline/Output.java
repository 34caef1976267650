package io.github.fornada.pipeline;

import io.github.fornada.jvm.Fifo;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** The end of a pipeline: where its consumer waits for outcomes. */
final class Output implements Taker {
  private final PipelineEngine engine;
  private final ItemQueue in;

  /** Taken for the consumer, and not consumed. Used by the consumer. */
  private final Fifo<Item> drained = new Fifo<>();

  /** Places of those that were drained. Used by the consumer. */
  private int slots;

  /** Whether places were freed, or there is other news, and the giver was not told. */
  private boolean owesGiver;

  /** The consumer while it waits. Written by it, read by any. */
  private volatile @Nullable Thread waiting;

  /** Whether there was something to look at since the last look. */
  private volatile boolean woken;

  /** Why the consumer waits no longer; null as long as there is memory. */
  private volatile @Nullable OutOfMemoryError lack;

  Output(PipelineEngine engine, ItemQueue in) {
    this.engine = engine;
    this.in = in;
  }

  /** The consumer gets this error when it waits for an outcome. Needs no memory. */
  void outOfMemory(OutOfMemoryError e) {
    lack = e;
    wake();
  }

  @Override
  public void wake() {
    woken = true;
    LockSupport.unpark(waiting);
  }

  /**
   * Returns the next item, which is due until it is {@linkplain #consumed consumed}; null if the
   * pipeline has given all, or was stopped.
   *
   * @throws InterruptedException if the consumer was interrupted while it waited
   */
  @Nullable Item next() throws InterruptedException {
    if (drained.isEmpty()) {
      fill();
    }
    return drained.peek();
  }

  /** The consumer has the next item. */
  void consumed() {
    var _ = drained.remove();
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
        OutOfMemoryError noRoom = lack;
        if (noRoom != null) {
          lack = null; // it may go on when it has made room
          throw noRoom;
        }
        if (engine.isStopped()) {
          return;
        }
        boolean ended = in.hasEnded(); // before the look: nothing comes after it
        drain();
        if (owesGiver) {
          owesGiver = false;
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

  private void drain() {
    in.lock().lock();
    long news = in.news();
    try {
      sort();
      while (in.ready().isEmpty() && in.becomesHungry()) {
        in.isNotHungry();
        sort();
      }
      int most = Math.max(1, in.limit() / 4);
      Item item;
      while (drained.size() < most && (item = in.ready().peek()) != null) {
        drained.add(item); // before it is removed: where there is no memory, it is still there
        slots += item.slots;
        var _ = in.ready().remove();
      }
    } finally { // where there is no memory, some may be sorted
      owesGiver |= in.news() != news;
      in.lock().unlock();
    }
  }

  private void sort() {
    int freed = in.sort();
    in.free(freed);
    owesGiver |= freed > 0;
  }

  /** What the consumer has not got yet, after a stop. By the consumer. */
  void takeAll(Fifo<Item> into) {
    in.lock().lock();
    try {
      var _ = in.sort();
      in.closeBatch();
      List<Item> all = in.inOrder();
      into.reserve(drained.size() + all.size());
      drained.forEach(into::addLast); // cannot fail any more
      all.forEach(into::addLast);
      drained.clear();
      in.clear();
    } finally {
      in.lock().unlock();
    }
  }
}
