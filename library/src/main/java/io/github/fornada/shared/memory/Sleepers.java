package io.github.fornada.shared.memory;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The threads of a process that wait for shared objects, found by the object. A thread is here
 * since before it looked whether it has to wait, so a ring that comes after a change finds it.
 */
final class Sleepers {
  /**
   * By {@link RingKey#objectOf}. The inner maps are changed within {@code compute} of the outer
   * one, which has none that is empty, and are read without it.
   */
  private final ConcurrentHashMap<Long, Map<Thread, Sleeper>> byObject = new ConcurrentHashMap<>();

  void add(Sleeper sleeper) {
    var _ =
        byObject.compute(
            RingKey.objectOf(sleeper.key()),
            (_, known) -> {
              Map<Thread, Sleeper> all = known == null ? new ConcurrentHashMap<>() : known;
              all.put(sleeper.thread(), sleeper);
              return all;
            });
  }

  void remove(Sleeper sleeper) {
    var _ =
        byObject.computeIfPresent(
            RingKey.objectOf(sleeper.key()),
            (_, all) -> {
              all.remove(sleeper.thread(), sleeper);
              return all.isEmpty() ? null : all;
            });
  }

  /** Rings those that wait for what has this key. */
  void ring(long key) {
    if (key == RingKey.EVERYBODY) {
      byObject.values().forEach(all -> all.values().forEach(Sleeper::ring));
      return;
    }
    Map<Thread, Sleeper> all = byObject.get(RingKey.objectOf(key));
    if (all != null) {
      for (Sleeper sleeper : all.values()) {
        if (RingKey.isFor(key, sleeper.key())) {
          sleeper.ring();
        }
      }
    }
  }

  /** Returns one that may listen for others, and is not {@code self}; null if there is none. */
  @Nullable Sleeper listenerBut(@Nullable Sleeper self) {
    for (Map<Thread, Sleeper> all : byObject.values()) {
      for (Sleeper sleeper : all.values()) {
        if (sleeper != self && sleeper.canListen()) {
          return sleeper;
        }
      }
    }
    return null;
  }
}
