package io.github.fornada.advice.decide;

import io.github.fornada.ExecutionModel;
import org.jspecify.annotations.Nullable;

/** What a trial is compared with: the setting before it, and what that gave. */
final class Baseline {
  /** A trial that takes so many times as long as was foreseen is given up. Guess. */
  private static final double PATIENCE = 4;

  private final Course course;

  /** The setting before the trial, to go back to. */
  Setting setting = Setting.SEQUENTIAL;

  private double rate = Double.NaN;
  private double error;

  /** The response time then, which says how long a trial may take. */
  private double response;

  Baseline(Course course) {
    this.course = course;
  }

  /** Remembers the setting in use and what it gives, to compare another one with it. */
  void remember() {
    setting = course.setting();
    Estimates.Level here = course.level();
    rate = here == null ? Double.NaN : here.rate();
    response = responseOf(here);
    error = here == null ? 1 : here.relativeError(course.known.variation());
  }

  /** Remembers the setting in use and what it is foreseen to give, or was seen to. */
  void remember(Forecast forecast) {
    setting = course.setting();
    Estimates.Level here = course.level();
    boolean measured = here != null && here.items() >= 10;
    boolean alone = setting.model() == ExecutionModel.SEQUENTIAL;
    rate = measured || !alone ? forecast.currentRate() : Double.NaN;
    error = here == null ? 0.5 : here.relativeError(course.known.variation());
    response = responseOf(here);
  }

  // Not that of the items in flight: where the work has just changed they may take for ever.
  private double responseOf(Estimates.@Nullable Level here) {
    return here == null ? course.response() : Math.min(course.response(), here.response());
  }

  /** Says how many items have ended of late, in what time: earlier ones may have been others. */
  void count(double items, double nanos) {
    rate = Math.max(1, items) / nanos;
    error = 1 / Math.sqrt(Math.max(1, items));
  }

  /** Returns the items per nanosecond; NaN if too few had ended to tell. */
  double rate() {
    return rate;
  }

  double error() {
    return error;
  }

  double response() {
    return response;
  }

  /** Returns whether fewer items end than are needed to tell: the work may have changed. */
  boolean takesTooLong(double itemsNeeded) {
    return rate > 0 && course.stageNanos > PATIENCE * (itemsNeeded / rate + response);
  }
}
