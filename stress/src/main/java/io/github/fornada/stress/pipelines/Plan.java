package io.github.fornada.stress.pipelines;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A pipeline with its source, its options and its consumer.
 *
 * @param end batches behind the last stage; null for none
 */
record Plan(
    long seed,
    SourcePlan source,
    List<StagePlan> stages,
    StagePlan.@Nullable Batches end,
    Options options,
    Consumption consumption) {

  /**
   * What the source does.
   *
   * @param items how many it has; an endless one has more than nearly anybody takes
   * @param isList whether it is a list, or has to be asked for each
   * @param throwsAtEnd whether it throws after these
   * @param pauses the part of its items before which it pauses
   * @param stallsAt the item before which it pauses for long; -1 for none
   */
  record SourcePlan(
      int items,
      boolean isList,
      boolean isEndless,
      boolean throwsAtEnd,
      double pauses,
      int pauseMillis,
      int stallsAt) {
    static SourcePlan list(int items) {
      return new SourcePlan(items, true, false, false, 0, 0, -1);
    }
  }

  /**
   * The options of the run.
   *
   * @param queue 0 for the default
   * @param total 0 for fixed sizes
   */
  record Options(
      boolean isOrdered, int queue, int total, boolean stopsOnFailure, boolean hasProgress) {
    static final Options DEFAULT = new Options(true, 0, 0, false, false);

    Options withQueue(int places) {
      return new Options(isOrdered, places, total, stopsOnFailure, hasProgress);
    }
  }

  /**
   * What the consumer does, and when: after so many outcomes, items of the source, or milliseconds.
   */
  record Consumption(Kind kind, int when) {
    static final Consumption FOR_EACH = new Consumption(Kind.FOR_EACH, 0);
  }

  /** How the outcomes are consumed, and what ends that before all have come. */
  enum Kind {
    FOR_EACH,
    ITERATOR,
    PARALLEL,
    /** Pauses after each so many outcomes. */
    SLOW,
    /** Takes so many outcomes and closes the stream. */
    LIMIT,
    /** Opened and closed, and the stream never asked for. */
    NOT_AT_ALL,
    CANCELLED_BY_CONSUMER,
    CANCELLED_BY_SOURCE,
    CANCELLED_BY_OTHER,
    CLOSED_BY_CONSUMER,
    CLOSED_BY_SOURCE,
    CLOSED_BY_OTHER,
    INTERRUPTED,
    /** The owner of the pool of a stage shuts it down. */
    SHUT_DOWN_BY_CONSUMER,
    SHUT_DOWN_BY_OTHER,
    SHUT_DOWN_NOW_BY_OTHER;

    /** Whether nothing but the pipeline itself ends it. */
    boolean goesToTheEnd() {
      return compareTo(SLOW) <= 0;
    }

    boolean isShutDown() {
      return compareTo(SHUT_DOWN_BY_CONSUMER) >= 0;
    }

    /** Whether a thread beside the consumer stops it, after some milliseconds. */
    boolean isByOther() {
      return switch (this) {
        case CANCELLED_BY_OTHER,
            CLOSED_BY_OTHER,
            INTERRUPTED,
            SHUT_DOWN_BY_OTHER,
            SHUT_DOWN_NOW_BY_OTHER ->
            true;
        default -> false;
      };
    }

    boolean isCancel() {
      return this == CANCELLED_BY_CONSUMER
          || this == CANCELLED_BY_SOURCE
          || this == CANCELLED_BY_OTHER;
    }
  }

  boolean hasBatches() {
    return end != null || stages.getLast().takesBatches();
  }

  /** Returns the stage of this name. */
  StagePlan stage(String name) {
    return stages.stream()
        .filter(stage -> stage.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no stage " + name));
  }

  @Override
  public String toString() {
    var text = new StringBuilder("seed " + seed + ": " + source);
    for (StagePlan stage : stages) {
      text.append("\n    ").append(stage);
    }
    if (end != null) {
      text.append("\n    ").append(end);
    }
    return text.append("\n    ").append(options).append(", ").append(consumption).toString();
  }
}
