package io.github.fornada.cli;

import io.github.fornada.Outcome;
import org.jspecify.annotations.Nullable;

/**
 * Takes what became of each item: writes results in their form, to one stream or to a file each,
 * and tells failures on stderr.
 */
final class ResultSink {
  private final ResultFormat format;
  private final LinesInOrder lines;
  private final @Nullable ItemFiles files;
  private final Progress progress;

  /**
   * Creates a sink.
   *
   * @param files null if all results go to {@code writer}
   * @param ordered whether they go there in the order of the inputs
   */
  ResultSink(
      ResultFormat format,
      ResultWriter writer,
      @Nullable ItemFiles files,
      Progress progress,
      boolean ordered) {
    this.format = format;
    this.lines = new LinesInOrder(writer, ordered);
    this.files = files;
    this.progress = progress;
    if (!format.lines() && !format.json()) {
      writer.endWith(0);
    }
  }

  /** Returns this as the receiver of a pass over the items. */
  ItemRun.Receiver receiver() {
    return new ItemRun.Receiver() {
      @Override
      public boolean result(Ended item, @Nullable String text) {
        return ResultSink.this.result(item, text);
      }

      @Override
      public void failure(Ended item, Outcome<?> outcome) {
        ResultSink.this.failure(item, null, outcome);
      }
    };
  }

  /**
   * Writes a result; null for a function that returns nothing.
   *
   * @return whether it is written, or will be when all are
   */
  boolean result(Ended item, @Nullable String result) {
    String text = format.done(item, result);
    if (files == null) {
      lines.put(item.number(), text);
      return true;
    }
    if (text == null) {
      files.drop(item);
      return true;
    }
    String problem = files.write(item, text, format.lines() || format.json());
    if (problem != null) {
      progress.message(FailureReport.notWritten(item.input(), problem));
    }
    return problem == null;
  }

  /**
   * Takes an item without a result.
   *
   * @param stage where it ended; null if there are no stages
   */
  void failure(Ended item, @Nullable String stage, Outcome<?> outcome) {
    progress.message(FailureReport.text(item, stage, outcome));
    String text = format.failed(item, stage, outcome);
    if (files == null) {
      lines.put(item.number(), text);
      return;
    }
    if (text == null) {
      files.drop(item);
      return;
    }
    String problem = files.write(item, text, true);
    if (problem != null) {
      progress.message("fornada: " + problem);
    }
  }

  /**
   * Takes an item that was cancelled or not begun because the run was stopped, which is told once
   * for all of them.
   */
  void cancelled(Ended item, String why) {
    if (files == null) {
      lines.put(item.number(), format.cancelled(item, why));
    } else {
      files.drop(item);
    }
  }

  /**
   * Returns this as the receiver of inputs that are not items.
   *
   * @param then what follows each of them
   */
  Refusals.Receiver refusals(Runnable then) {
    return new Refusals.Receiver() {
      @Override
      public void refused(Refusals.Refusal refusal) {
        ResultSink.this.refused(refusal);
        then.run();
      }

      @Override
      public void awaitRoom() {
        lines.awaitRoom();
      }
    };
  }

  private void refused(Refusals.Refusal refusal) {
    progress.refused();
    progress.message(FailureReport.refused(refusal));
    if (files == null) {
      lines.put(refusal.number(), format.refused(refusal));
    }
  }

  /** Writes what waits for items before it, which have no outcome because the run was stopped. */
  void finish() {
    lines.finish();
  }
}
