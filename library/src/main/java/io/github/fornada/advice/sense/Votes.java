package io.github.fornada.advice.sense;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Counts what samples say. Old samples count less. Guarded by the sampler's lock. */
final class Votes<K> {
  /** Above this sum all counts are halved, so that a change is seen after as many samples. */
  private static final double MOST = 64; // Guess

  /** Other answers than these many are forgotten, the rarest first. */
  private static final int MOST_ANSWERS = 32; // Guess

  private final Map<K, Double> counts = new HashMap<>();
  private double sum;

  void add(K answer) {
    counts.merge(answer, 1.0, Double::sum);
    sum++;
    if (sum > MOST || counts.size() > MOST_ANSWERS) {
      counts.replaceAll((key, count) -> count / 2);
      counts.values().removeIf(count -> count < 0.4);
      sum = counts.values().stream().mapToDouble(Double::doubleValue).sum();
    }
  }

  double sum() {
    return sum;
  }

  /** Returns the share of the samples that say so; 0 if there are none. */
  double share(K answer) {
    return sum == 0 ? 0 : counts.getOrDefault(answer, 0.0) / sum;
  }

  Iterable<K> answers() {
    return counts.keySet();
  }

  /** Returns what most samples say; null if there are none. */
  @Nullable K most() {
    K best = null;
    double most = 0;
    for (Map.Entry<K, Double> entry : counts.entrySet()) {
      if (entry.getValue() > most) {
        most = entry.getValue();
        best = entry.getKey();
      }
    }
    return best;
  }
}
