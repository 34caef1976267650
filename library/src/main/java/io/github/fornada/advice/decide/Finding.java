package io.github.fornada.advice.decide;

import java.util.List;

/**
 * What was found out about a job.
 *
 * @param setting the setting in use
 * @param advised the setting for what is left, or for a job like this one: mostly the same
 * @param cause what decides how fast the job runs
 * @param sentences the words: the cause first, then what to do, then what is worth knowing
 * @param predictions one for each model
 * @param confidence how sure, from 0 to 1, the setting is the best or as good as the best
 * @param wouldChange what would change the advice, in one sentence
 * @param walls what limits the rate
 * @param dots the rates that were measured, one for each setting that was used
 * @param changes the reasons for which the setting was changed, in order
 * @param failed the number of items that did not end well
 * @param refused the number of those that looked like overload of the other side
 * @param workersForNothing the number of worker processes started without gain
 */
public record Finding(
    Setting setting,
    Setting advised,
    Cause cause,
    List<String> sentences,
    List<Prediction> predictions,
    double confidence,
    String wouldChange,
    Walls walls,
    List<Dot> dots,
    List<String> changes,
    long failed,
    long refused,
    int workersForNothing) {
  /** Copies the lists. */
  public Finding {
    sentences = List.copyOf(sentences);
    predictions = List.copyOf(predictions);
    dots = List.copyOf(dots);
    changes = List.copyOf(changes);
  }

  /**
   * The four walls: {@code n} items in flight give at most {@code n / (cpu + wait)}, {@code cores /
   * cpu}, {@code 1 / lock} and {@code capacity} items a second.
   *
   * @param cpuSeconds the processor time of an item, that within the lock included
   * @param waitSeconds the time for which an item waits for what is not contended
   * @param lockSeconds the part of both for which it holds the lock that is waited for most
   * @param cores the cores that could be used
   * @param capacity what the other side was seen to give, in items a second; infinite if no limit
   *     was seen
   */
  public record Walls(
      double cpuSeconds, double waitSeconds, double lockSeconds, double cores, double capacity) {}

  /**
   * A rate that was measured.
   *
   * @param setting the setting
   * @param rate items per second
   * @param responseSeconds the mean time of an item from its start to its end
   * @param items the number of items it was measured with
   */
  public record Dot(Setting setting, double rate, double responseSeconds, long items) {}
}
