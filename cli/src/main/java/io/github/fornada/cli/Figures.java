package io.github.fornada.cli;

import io.github.fornada.ExecutionModel;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The figures of one model, as they are printed; a figure that is not available is NaN or negative.
 *
 * @param seconds wall time, the median of the rounds; the start of workers is not part of it
 * @param spread half of the difference between the fastest and the slowest round, in seconds
 * @param speedup the time of the sequential run divided by this time
 * @param inFlight mean number of tasks in progress
 * @param busyCores CPU time divided by wall time
 * @param idleCores mean number of the machine's processors that had nothing to do
 * @param peakMemoryBytes peak resident memory of all processes together
 * @param startupSeconds from opening the pool until a worker was ready for its first item; of
 *     {@code compare}, until it had run a trivial one
 * @param done items with a result, in the last round
 * @param failed items without a result, in the last round
 * @param rounds how often it ran to its end
 * @param cutOff whether it was stopped for taking much longer than the best; then {@code seconds}
 *     is an extrapolation to the whole run
 */
record Figures(
    ExecutionModel model,
    double seconds,
    double spread,
    double speedup,
    double inFlight,
    double busyCores,
    double idleCores,
    long peakMemoryBytes,
    double startupSeconds,
    long done,
    long failed,
    int rounds,
    boolean cutOff) {

  /** Returns the figures under the stable names of the JSON form. */
  Map<String, Object> toMap() {
    var map = new LinkedHashMap<String, Object>();
    map.put("model", model.label());
    put(map, "seconds", seconds);
    put(map, "spreadSeconds", spread);
    put(map, "speedup", speedup);
    put(map, "inFlight", inFlight);
    put(map, "busyCores", busyCores);
    put(map, "idleCores", idleCores);
    if (peakMemoryBytes >= 0) {
      map.put("peakMemoryBytes", peakMemoryBytes);
    }
    put(map, "startupSeconds", startupSeconds);
    map.put("done", done);
    map.put("failed", failed);
    map.put("rounds", rounds);
    map.put("cutOff", cutOff);
    return map;
  }

  /** Adds a figure with at most six decimals: the clocks are not more precise. */
  private static void put(Map<String, Object> map, String name, double value) {
    if (!Double.isNaN(value)) {
      map.put(name, Math.round(value * 1e6) / 1e6);
    }
  }
}
