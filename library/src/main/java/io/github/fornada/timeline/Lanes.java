package io.github.fornada.timeline;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;

/** Numbers the names of workers in the order in which they are first seen. Thread-safe. */
final class Lanes {
  /** The largest number of lanes; further names share the existing ones. */
  static final int MAX_LANES = 1 << 16; // Guess: more than anyone will scroll through

  private final ConcurrentHashMap<String, Integer> numbers = new ConcurrentHashMap<>();

  /** Guarded by this. */
  private final List<String> names = new ArrayList<>();

  int number(String name) {
    Integer known = numbers.get(name);
    return known != null ? known : added(name);
  }

  private synchronized int added(String name) {
    Integer known = numbers.get(name);
    if (known != null) {
      return known;
    }
    if (names.size() == MAX_LANES) {
      return Math.floorMod(name.hashCode(), MAX_LANES);
    }
    int number = names.size();
    names.add(name);
    numbers.put(name, number);
    return number;
  }

  synchronized List<String> names() {
    return List.copyOf(names);
  }
}
