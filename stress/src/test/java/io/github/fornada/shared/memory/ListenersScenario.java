package io.github.fornada.shared.memory;

import io.github.fornada.stress.Explorer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Threads of a process wait for things that another process puts there, which rings once for each.
 */
public class ListenersScenario implements Explorer.Scenario {
  private static final long OBJECT = RingKey.ofObject("object-x");

  final Ears ears = new Ears();
  final Thing[] things = {new Thing(1), new Thing(2), new Thing(3)};

  static final class Thing {
    final long key;
    final AtomicBoolean there = new AtomicBoolean();
    final AtomicBoolean taken = new AtomicBoolean();
    final Object content = new Object();

    Thing(int line) {
      this.key = RingKey.ofLine(OBJECT, Region.line(line));
    }
  }

  /** A ring lasts until a thread that listens takes it, as it does in a FIFO. */
  static final class Ears extends Listeners {
    private final AtomicReference<List<Long>> rings = new AtomicReference<>(List.of());
    private volatile @Nullable Thread listens;

    @Override
    void listen(long nanos) {
      listens = Thread.currentThread();
      List<Long> all = rings.getAndSet(List.of());
      while (all.isEmpty()) {
        LockSupport.park(this);
        all = rings.getAndSet(List.of());
      }
      all.forEach(this::taken);
    }

    @Override
    void endListening() {
      put(RingKey.NOBODY);
    }

    void put(long key) {
      var _ = rings.updateAndGet(all -> with(all, key));
      Thread known = listens;
      if (known != null) {
        LockSupport.unpark(known);
      }
    }

    private static List<Long> with(List<Long> all, long key) {
      var more = new ArrayList<>(all);
      more.add(key);
      return List.copyOf(more);
    }

    @Override
    boolean isOpen() {
      return true;
    }
  }

  /** Returns which thing each thread waits for. */
  int[] awaited() {
    return new int[] {0, 1};
  }

  @Override
  public List<Runnable> threads() {
    var all = new ArrayList<Runnable>();
    for (int which : awaited()) {
      all.add(() -> take(things[which]));
    }
    all.add(this::give);
    return all;
  }

  private void take(Thing thing) {
    Sleeper self = ears.add(thing.key, true);
    while (!thing.there.get()) {
      ears.await(self, this, Mutex.FOR_EVER);
    }
    thing.taken.set(true);
    beforeItLeaves(thing);
    ears.remove(self);
    Explorer.reads(thing.content);
  }

  void beforeItLeaves(Thing thing) {}

  private void give() {
    int last = Arrays.stream(awaited()).max().orElseThrow();
    for (int i = 0; i <= last; i++) {
      Explorer.writes(things[i].content);
      things[i].there.set(true);
      ring(things[i].key);
      afterItRang(things[i]);
    }
  }

  void ring(long key) {
    ears.put(key);
  }

  void afterItRang(Thing thing) {}

  @Override
  public void check() {}
}
