package io.github.fornada.advice.decide;

import io.github.fornada.ExecutionModel;
import org.jspecify.annotations.Nullable;

/**
 * How the items that are left would fare under one model.
 *
 * @param setting the best size of the model
 * @param rate items per second
 * @param secondsLow the lower end of a 90 % interval for the time they take, start included; NaN if
 *     their number is unknown
 * @param seconds the expected time
 * @param secondsHigh the upper end
 * @param memoryBytes the memory beyond that of the program as it is
 * @param ruledOut why this model is not used: it cannot be, or that is not {@linkplain #isNotKnown
 *     known}; null if it can
 */
public record Prediction(
    Setting setting,
    double rate,
    double secondsLow,
    double seconds,
    double secondsHigh,
    long memoryBytes,
    @Nullable String ruledOut) {
  /** Returns whether nobody has looked yet if this model can be used. */
  public boolean isNotKnown() {
    return Job.isNotExamined(ruledOut);
  }

  ExecutionModel model() {
    return setting.model();
  }
}
