package io.github.fornada.cli;

import io.github.fornada.ExecutionModel;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The figures of one model, as they are printed; a figure that cannot be had is NaN or negative.
 *
 * @param seconds wall time, the median of the rounds
 * @param spread half of the way from the fastest round to the slowest, in seconds
 * @param speedup time of the sequential run / this time
 * @param inFlight mean number of tasks in progress
 * @param busyCores CPU time / wall time
 * @param idleCores mean number of the machine's processors that had nothing to do
 * @param peakMemoryBytes peak resident memory of all processes together
 * @param startupSeconds from opening the pool to the first result of a trivial task
 * @param done items with a result, in the last round
 * @param failed items without one, in the last round
 * @param rounds how often it ran to its end
 * @param cutOff whether it was stopped for taking much longer than the best; then seconds are what
 *     the whole run would have taken at the pace seen
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

  /** Under the stable names of the JSON form. */
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

  /** With six decimals at most: more would claim what no clock here can tell. */
  private static void put(Map<String, Object> map, String name, double value) {
    if (!Double.isNaN(value)) {
      map.put(name, Math.round(value * 1e6) / 1e6);
    }
  }
}
