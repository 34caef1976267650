package io.github.fornada.scenarios.largefiles;

import java.io.Serializable;
import java.math.BigDecimal;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What is known of a station; values are in tenths.
 *
 * @param min the lowest value
 * @param max the highest value
 * @param sum of all values
 * @param count of the values
 */
record Station(int min, int max, long sum, long count) implements Serializable {
  Station and(Station other) {
    return new Station(
        Math.min(min, other.min), Math.max(max, other.max), sum + other.sum, count + other.count);
  }

  static Station of(int tenths) {
    return new Station(tenths, tenths, tenths, 1);
  }

  /**
   * Returns the mean in tenths, a half rounded up, as {@code Math.round} does: the challenge's
   * rule.
   */
  long mean() {
    return Math.floorDiv(2 * sum + count, 2 * count);
  }

  @Override
  public String toString() {
    return tenths(min) + "/" + tenths(mean()) + "/" + tenths(max);
  }

  private static String tenths(long value) {
    return BigDecimal.valueOf(value, 1).toPlainString();
  }

  /** Returns the output of the challenge: {@code {A=-1.0/2.5/9.9, B=...}}, sorted by name. */
  static String text(Collection<Map<String, Station>> parts) {
    var all = new TreeMap<String, Station>();
    for (Map<String, Station> part : parts) {
      part.forEach((name, station) -> all.merge(name, station, Station::and));
    }
    return all.entrySet().stream()
        .map(entry -> entry.getKey() + "=" + entry.getValue())
        .collect(Collectors.joining(", ", "{", "}"));
  }
}
