package io.github.fornada.spi;

import io.github.fornada.Outcome;
import io.github.fornada.TaskException;
import io.github.fornada.TaskTimeoutException;
import io.github.fornada.WorkerLostException;
import io.github.fornada.jvm.BoundedText;
import org.jspecify.annotations.Nullable;

/**
 * The item whose outcome ends a whole call, and that outcome. The exception contains the item's
 * text, which user code makes. So the thread that throws the exception builds it, never the thread
 * that ends the item.
 */
record ItemFailure(long index, @Nullable Object item, Outcome<?> outcome) {

  static <R extends @Nullable Object> ItemFailure of(Batch<?, R> batch, int i, Outcome<R> outcome) {
    return new ItemFailure(batch.index(i), batch.item(i), outcome);
  }

  /**
   * Returns the exception that the call throws. May wait for the item's text, for a second at most.
   */
  TaskException exception() {
    return exception(Sink.labelOf(index, item), outcome);
  }

  static TaskException exception(String label, Outcome<?> outcome) {
    // This case comes first because its latency matters. A switch over types generates a class when
    // it first runs, and the report of a first failure would wait for that.
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
      case Outcome.WorkerLost<?> lost -> throw new AssertionError(lost); // handled above
      case Outcome.Done<?> done -> throw new AssertionError(done);
    };
  }
}
