package io.github.fornada.advice.sense;

import io.github.fornada.advice.decide.LockSite;
import io.github.fornada.advice.decide.WaitKind;
import java.util.List;
import java.util.Map;

/**
 * What a {@link Sampler} saw of the threads of a job between two readings. Times are in
 * nanoseconds; a figure that could not be measured is NaN.
 *
 * @param nanos the length of the time between the two readings
 * @param looks how often the threads were looked at in it
 * @param threads the mean number of threads that ran items
 * @param waits the time in which threads waited, by what they waited for; a sum over all threads
 * @param places for each of these kinds, the place of most of the waiting, where it was seen
 * @param locks the locks that were waited for, the most waited for first
 * @param cpuNanos the processor time of all threads; NaN if some of them are virtual
 * @param queueNanos the time in which threads were ready to run without a processor; NaN if it
 *     cannot be measured for most of them
 * @param offProcessorNanos how long all threads have been off the processor at the time of the
 *     reading; 0 if one of them has it, or waits for it
 */
public record Reading(
    double nanos,
    long looks,
    double threads,
    Map<WaitKind, Double> waits,
    Map<WaitKind, String> places,
    List<LockSite> locks,
    double cpuNanos,
    double queueNanos,
    double offProcessorNanos) {
  /** Copies the collections. */
  public Reading {
    waits = Map.copyOf(waits);
    places = Map.copyOf(places);
    locks = List.copyOf(locks);
  }

  /** Returns the time in which threads waited, whatever for. */
  public double waitNanos() {
    double sum = 0;
    for (double nanos : waits.values()) {
      sum += nanos;
    }
    return sum;
  }
}
