package io.github.fornada.async;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/**
 * The lanes of a timeline for the tasks of scopes, by the scope's name. A task takes the lowest
 * lane that is free, so there are as many lanes as tasks were in progress at once. Guarded by
 * itself.
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
