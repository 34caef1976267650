package io.github.fornada.advice.decide;

/**
 * How fast items run when a fixed number of them is in flight: mean value analysis (Reiser and
 * Lavenberg, 1980) of a closed network in which each item computes on one of several cores, holds a
 * lock, and waits for something that any number of items can wait for at once. It is exact for
 * times that are exponentially distributed; for others it errs on the low side near the knee.
 *
 * <p>The rate never exceeds the four walls: {@code n/(cpu + wait + lock)}, {@code cores/cpu},
 * {@code 1/lock}, and what the other side gives.
 */
final class ClosedNetwork {
  private final double[] rates;
  private final double[] lockResponses;
  private final double least;

  private ClosedNetwork(double[] rates, double[] lockResponses, double least) {
    this.rates = rates;
    this.lockResponses = lockResponses;
    this.least = least;
  }

  /**
   * Solves a network.
   *
   * @param most the largest number of items in flight
   * @param cpu the processor time of an item outside the lock, in any unit of time
   * @param cores the cores, which may be a fraction
   * @param wait the time that an item waits for what is not contended
   * @param lock the time for which an item holds the lock
   * @param lockCpu the processor time within the lock
   * @param capacity the most items per unit of time that the other side gives; infinite if unknown
   */
  static ClosedNetwork solve(
      int most,
      double cpu,
      double cores,
      double wait,
      double lock,
      double lockCpu,
      double capacity) {
    int servers = (int) Math.max(1, Math.ceil(cores - 1e-9));
    double wall = Math.min(capacity, lock > 0 ? 1 / lock : Double.POSITIVE_INFINITY);
    double work = cpu + lockCpu;
    if (work > 0) {
      wall = Math.min(wall, cores / work);
    }
    double least = Math.max(1e-9, cpu + wait + lock);
    double[] rates = new double[most + 1];
    double[] lockResponses = new double[most + 1];
    // The probability that so many items are at the processors, for each number below `servers`.
    double[] at = new double[servers];
    at[0] = 1;
    double atProcessors = 0;
    double atLock = 0;
    for (int n = 1; n <= most; n++) {
      double idle = 0;
      for (int j = 0; j < servers - 1; j++) {
        idle += (servers - 1 - j) * at[j];
      }
      double processors =
          n <= servers ? cpu : Math.max(cpu, cpu / servers * (1 + atProcessors + idle));
      double locked = lock * (1 + atLock);
      double rate = n / (processors + locked + wait);
      // With several cores the recursion loses its precision near the wall, and would fall again.
      rates[n] = Math.max(rates[n - 1], Math.min(rate, wall));
      lockResponses[n] = locked;
      atProcessors = rate * processors;
      atLock = rate * locked;
      double rest = 0;
      for (int j = Math.min(servers - 1, n); j >= 1; j--) {
        at[j] = rate * cpu / j * at[j - 1];
        rest += (servers - j) * at[j];
      }
      at[0] = Math.clamp(1 - (rate * cpu + rest) / servers, 0, 1);
      if (rates[n] >= 0.9995 * wall) {
        // Nothing changes from here on, but that items wait longer for the lock.
        for (int k = n + 1; k <= most; k++) {
          rates[k] = wall;
          lockResponses[k] = locked + (k - n) / wall;
        }
        break;
      }
    }
    return new ClosedNetwork(rates, lockResponses, least);
  }

  /** Returns the largest number in flight that was solved for. */
  int most() {
    return rates.length - 1;
  }

  /** Returns the items per unit of time with {@code n} of them in flight. */
  double rate(int n) {
    return rates[Math.min(n, rates.length - 1)];
  }

  /** Returns how long an item takes from its start to its end with {@code n} in flight. */
  double response(int n) {
    return Math.max(least, n / rate(n));
  }

  /** Returns how long an item waits for the lock with {@code n} in flight. */
  double lockWait(int n) {
    int k = Math.min(n, rates.length - 1);
    return lockResponses[k] - lockResponses[1];
  }

  /** Returns the smallest number in flight that gives this part of the best rate. */
  int knee(double part) {
    int most = rates.length - 1;
    double enough = part * rates[most];
    int low = 1;
    int high = most;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (rates[middle] >= enough) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }
}
