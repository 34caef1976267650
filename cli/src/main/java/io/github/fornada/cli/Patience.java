package io.github.fornada.cli;

import io.github.fornada.ExecutionModel;
import java.util.ArrayList;
import java.util.List;

/** Says how long a run of a comparison may take, from those that have come to their end. */
final class Patience {
  /** A model is cut off when it takes this many times as long as the best one before it... */
  static final double CUT_OFF_FACTOR = 10;

  /** ...but never before this time, in seconds, which is short enough to wait for. */
  static final double CUT_OFF_SECONDS = 5;

  /** A run in which no larger part of the items fails takes about as long as if none did. Guess. */
  static final double FEW = 0.1;

  private record Complete(ExecutionModel model, double seconds, long items, long failed) {}

  private final List<Complete> complete = new ArrayList<>();

  /** Takes a run that has come to its end, and how many of its items have failed. */
  void take(ExecutionModel model, double seconds, long items, long failed) {
    complete.add(new Complete(model, seconds, items, failed));
  }

  /** Returns how long another run may take, in seconds; infinity if nothing is known. */
  double seconds() {
    return Math.max(CUT_OFF_SECONDS, CUT_OFF_FACTOR * best());
  }

  /** Returns the shortest time of a run that others can be held against; infinity without one. */
  double best() {
    return complete.stream()
        .filter(this::isMeasure)
        .mapToDouble(Complete::seconds)
        .min()
        .orElse(Double.POSITIVE_INFINITY);
  }

  /**
   * Returns whether others can be held against a run. To fail takes less time than to work, so they
   * cannot where it alone has many failures; if another model has as many, they are the items' own.
   */
  private boolean isMeasure(Complete run) {
    return run.failed() <= FEW * run.items()
        || complete.stream()
            .filter(other -> other.model() != run.model())
            .anyMatch(other -> failAlike(run, other));
  }

  private static boolean failAlike(Complete run, Complete other) {
    double failed = run.failed();
    double others = other.failed();
    return !Verdict.areMore(failed, others) && !Verdict.areMore(others, failed);
  }
}
