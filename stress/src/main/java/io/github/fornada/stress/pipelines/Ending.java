package io.github.fornada.stress.pipelines;

import io.github.fornada.Outcome;

/** How an item ends. */
enum Ending {
  DONE,
  FAILED,
  TIMED_OUT,
  LOST,
  CANCELLED;

  static Ending of(Outcome<?> outcome) {
    return switch (outcome) {
      case Outcome.Done<?> _ -> DONE;
      case Outcome.Failed<?> _ -> FAILED;
      case Outcome.TimedOut<?> _ -> TIMED_OUT;
      case Outcome.WorkerLost<?> _ -> LOST;
      case Outcome.Cancelled<?> _ -> CANCELLED;
    };
  }
}
