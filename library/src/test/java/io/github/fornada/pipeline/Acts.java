package io.github.fornada.pipeline;

import java.io.Serializable;
import java.util.Iterator;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Items that say what is to happen to them, and in which stage; and functions that do it. */
final class Acts {
  enum Act {
    NOTHING,
    FAIL,
    DIE,
    SLEEP
  }

  record Num(int n, Act act, String stage) implements Serializable {
    static Num plain(int n) {
      return new Num(n, Act.NOTHING, "");
    }
  }

  private Acts() {}

  static Num first(Num item) throws InterruptedException {
    return act(item, "first");
  }

  static Num second(Num item) throws InterruptedException {
    return act(item, "second");
  }

  private static Num act(Num item, String stage) throws InterruptedException {
    if (item.stage().equals(stage)) {
      switch (item.act()) {
        case FAIL -> throw new IllegalStateException("no " + item.n());
        case DIE -> Runtime.getRuntime().halt(3);
        case SLEEP -> Thread.sleep(3_600_000);
        case NOTHING -> {}
      }
    }
    return item;
  }

  /** Three of one; what acts in a stage does so before the second of them. */
  static Stream<Num> three(Num item) {
    return IntStream.range(0, 3)
        .mapToObj(k -> {
          if (item.act() == Act.FAIL && k == 1) {
            throw new IllegalStateException("no " + item.n());
          }
          return Num.plain(10 * item.n() + k);
        });
  }

  /** The numbers from 0, without end, one of them special; it counts what was taken. */
  static final class Endless implements Iterable<Num> {
    final AtomicLong taken = new AtomicLong();
    private final int special;
    private final boolean allAfter;
    private final Act act;
    private final String stage;
    private final CountDownLatch gate;

    Endless() {
      this(-1, false, Act.NOTHING, "");
    }

    Endless(int special, boolean allAfter, Act act, String stage) {
      this(special, allAfter, act, stage, new CountDownLatch(0));
    }

    /** The special one comes when the gate is open. */
    Endless(int special, boolean allAfter, Act act, String stage, CountDownLatch gate) {
      this.gate = gate;
      this.special = special;
      this.allAfter = allAfter;
      this.act = act;
      this.stage = stage;
    }

    @Override
    public Iterator<Num> iterator() {
      return new Iterator<>() {
        @Override
        public boolean hasNext() {
          return true;
        }

        @Override
        public Num next() {
          int n = (int) taken.getAndIncrement();
          boolean acts = special >= 0 && (n == special || (allAfter && n > special));
          if (acts) {
            try {
              gate.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          }
          return acts ? new Num(n, act, stage) : Num.plain(n);
        }
      };
    }
  }
}
