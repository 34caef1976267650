package io.github.fornada.spi;

import io.github.fornada.Outcome;
import io.github.fornada.TaskException;
import io.github.fornada.TaskTimeoutException;
import io.github.fornada.WorkerLostException;
import io.github.fornada.jvm.BoundedText;
import org.jspecify.annotations.Nullable;

/**
 * The item that ends a whole call, and how it ended. Its exception has the item's text, which user
 * code makes, so it is built by the thread that throws it, never by the one that ends the item.
 */
record ItemFailure(long index, @Nullable Object item, Outcome<?> outcome) {

  static <R extends @Nullable Object> ItemFailure of(Batch<?, R> batch, int i, Outcome<R> outcome) {
    return new ItemFailure(batch.index(i), batch.item(i), outcome);
  }

  /** Returns what the call throws. May wait for the item's text, for a second at most. */
  TaskException exception() {
    return exception(Sink.labelOf(index, item), outcome);
  }

  static TaskException exception(String label, Outcome<?> outcome) {
    // First what somebody may wait for by the millisecond. A switch over types generates a class
    // when it is first met, while a first failure waits.
    if (outcome instanceof Outcome.WorkerLost<?> lost) {
      return new WorkerLostException(lost.message(), lost.certificate());
    }
    return switch (outcome) {
      case Outcome.Failed<?>(var cause) ->
          new TaskException(label + " failed: " + BoundedText.of(cause), cause);
      case Outcome.TimedOut<?>(var limit, var stack) ->
          new TaskTimeoutException(label, limit, stack);
      case Outcome.Cancelled<?>(var reason) ->
          new TaskException(label + " was cancelled: " + reason, null);
      case Outcome.WorkerLost<?> lost -> throw new AssertionError(lost); // above
      case Outcome.Done<?> done -> throw new AssertionError(done);
    };
  }
}
