package io.github.fornada.advice.decide;

/**
 * What an earlier run of a function has found out.
 *
 * @param setting the setting to begin with
 * @param cause why that is the best
 * @param sentence the same in words
 * @param waitNanos what an item waits for with no queue before it, other than a lock, in
 *     nanoseconds; NaN if that is not known
 * @param capacity what the other side gives, in items per nanosecond; infinite while no limit was
 *     seen
 */
public record Learned(
    Setting setting, Cause cause, String sentence, double waitNanos, double capacity) {
  /** Creates what was learned where nothing is known of the other side. */
  public Learned(Setting setting, Cause cause, String sentence) {
    this(setting, cause, sentence, Double.NaN, Double.POSITIVE_INFINITY);
  }
}
