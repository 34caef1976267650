package io.github.fornada.shared.memory;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The threads of a process that wait for shared objects. A thread is here since before it looked
 * whether it has to wait, so a ring that comes after a change finds it.
 *
 * <p>A ring looks at all of them. That takes some nanoseconds for each, where a table by what they
 * wait for would make each wait some microseconds longer.
 */
final class Sleepers {
  private final ConcurrentHashMap<Thread, Sleeper> all = new ConcurrentHashMap<>();

  /** Their number: that of the map may miss one while another comes and goes. */
  private final AtomicInteger count = new AtomicInteger();

  void add(Sleeper sleeper) {
    all.put(sleeper.thread(), sleeper);
    count.incrementAndGet();
  }

  void remove(Sleeper sleeper) {
    all.remove(sleeper.thread());
    count.decrementAndGet();
  }

  /** Returns how many there are. A thread that is not counted has not looked yet. */
  int count() {
    return count.get();
  }

  /** Rings those that wait for what has this key. */
  void ring(long key) {
    for (Sleeper sleeper : all.values()) {
      sleeper.ringFor(key);
    }
  }

  /** Returns one that may listen for others, and is not {@code self}; null if there is none. */
  @Nullable Sleeper listenerBut(@Nullable Sleeper self) {
    for (Sleeper sleeper : all.values()) {
      if (sleeper != self && sleeper.canListen()) {
        return sleeper;
      }
    }
    return null;
  }
}
