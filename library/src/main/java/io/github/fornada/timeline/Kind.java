package io.github.fornada.timeline;

import io.github.fornada.Outcome;

/** The kinds of outcome, with their numbers in the data of a report. */
enum Kind {
  DONE(0, "done"),
  FAILED(1, "failed"),
  TIMED_OUT(2, "timed out"),
  CANCELLED(3, "cancelled"),
  LOST(4, "worker lost");

  private static final Kind[] ALL = values();
  static final int COUNT = ALL.length;

  final int number;
  final String words;

  Kind(int number, String words) {
    this.number = number;
    this.words = words;
  }

  static Kind of(Outcome<?> outcome) {
    return switch (outcome) {
      case Outcome.Done<?> done -> DONE;
      case Outcome.Failed<?> failed -> FAILED;
      case Outcome.TimedOut<?> timedOut -> TIMED_OUT;
      case Outcome.Cancelled<?> cancelled -> CANCELLED;
      case Outcome.WorkerLost<?> lost -> LOST;
    };
  }

  static Kind of(int number) {
    return ALL[number];
  }
}
