package io.github.fornada.async;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/**
 * Lanes of a timeline for the tasks of scopes, by name: a task takes the lowest that is free, so
 * that there are as many as tasks were in progress at once. Guarded by itself.
 */
final class TimelineLanes {
  private final Map<String, BitSet> taken = new HashMap<>();

  synchronized int take(String name) {
    BitSet lanes = taken.computeIfAbsent(name, n -> new BitSet());
    int slot = lanes.nextClearBit(0);
    lanes.set(slot);
    return slot;
  }

  synchronized void free(String name, int slot) {
    BitSet lanes = taken.get(name);
    if (lanes != null) {
      lanes.clear(slot);
      if (lanes.isEmpty()) {
        taken.remove(name);
      }
    }
  }
}
