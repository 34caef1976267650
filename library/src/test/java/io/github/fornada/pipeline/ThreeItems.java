package io.github.fornada.pipeline;

import java.util.Iterator;
import java.util.concurrent.CountDownLatch;
import java.util.function.IntConsumer;

/** A source of three items that a test holds up. */
final class ThreeItems {
  private ThreeItems() {}

  /** Gives 0, 1 and 2; {@code before} is called with each, and with 3, when it is asked for it. */
  static Iterator<Integer> source(IntConsumer before) {
    return new Iterator<>() {
      private int next;

      @Override
      public boolean hasNext() {
        before.accept(next);
        return next < 3;
      }

      @Override
      public Integer next() {
        return next++;
      }
    };
  }

  static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
