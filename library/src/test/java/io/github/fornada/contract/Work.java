package io.github.fornada.contract;

import java.io.FileNotFoundException;
import java.time.Duration;
import java.util.AbstractCollection;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** Tasks that several tests use. */
final class Work {
  private Work() {}

  static int increment(int x) {
    return x + 1;
  }

  /** Fails for the multiples of ten. */
  static int noTens(int x) throws FileNotFoundException {
    if (x % 10 == 0) {
      throw new FileNotFoundException("no " + x);
    }
    return x;
  }

  static String nothing(Object item) {
    return null;
  }

  /** Waits, and ends at an interrupt. */
  static int sleep(int millis) throws InterruptedException {
    Thread.sleep(millis);
    return millis;
  }

  /** Keeps a processor busy. */
  static void compute(Duration time) {
    long end = System.nanoTime() + time.toNanos();
    while (System.nanoTime() < end) {
      Thread.onSpinWait();
    }
  }

  /** Ignores interrupts, and ends when the test is over. */
  static int deaf(Marks marks) {
    long end = System.nanoTime() + 2 * PoolUnderTest.PATIENCE.toNanos();
    while (marks.isThere() && !marks.has("over") && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    return 0;
  }

  /** Returns the same items as an iterable whose size is unknown. */
  static <T> Iterable<T> lazily(List<T> items) {
    return new Iterable<>() {
      @Override
      public Iterator<T> iterator() {
        return items.iterator();
      }
    };
  }

  /** The numbers from 0, without end; it counts what was taken. */
  static final class Counting implements Iterable<Integer> {
    final AtomicLong taken = new AtomicLong();

    @Override
    public Iterator<Integer> iterator() {
      return new Iterator<>() {
        @Override
        public boolean hasNext() {
          return true;
        }

        @Override
        public Integer next() {
          return (int) taken.getAndIncrement();
        }
      };
    }
  }

  /** The same, as a collection that claims to be large. */
  static final class CountingCollection extends AbstractCollection<Integer> {
    final Counting numbers = new Counting();

    @Override
    public Iterator<Integer> iterator() {
      return numbers.iterator();
    }

    @Override
    public int size() {
      return Integer.MAX_VALUE;
    }
  }

  /** Returns {@code count} numbers from 0, and then an exception instead of the next. */
  static Iterable<Integer> failingAfter(int count) {
    return () ->
        new Iterator<>() {
          private int next;

          @Override
          public boolean hasNext() {
            return true;
          }

          @Override
          public Integer next() {
            if (next == count) {
              throw new IllegalStateException("the source broke");
            }
            return next++;
          }
        };
  }

  /** The same, as a collection. */
  static Collection<Integer> failingCollectionAfter(int count) {
    Iterable<Integer> items = failingAfter(count);
    return new AbstractCollection<>() {
      @Override
      public Iterator<Integer> iterator() {
        return items.iterator();
      }

      @Override
      public int size() {
        return count + 1;
      }
    };
  }
}
