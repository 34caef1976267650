package io.github.fornada.cli;

import io.github.fornada.TaskEvent;
import io.github.fornada.TaskUsage;
import org.jspecify.annotations.Nullable;

/**
 * An item that has its outcome.
 *
 * @param index its place in the inputs, from 0
 * @param input its text
 * @param nanos how long its last attempt ran; {@link TaskUsage#UNKNOWN} if that was not measured
 */
record Ended(long index, String input, long nanos) {
  /** Returns the item of an event; the event is null if the item's time is not known. */
  static Ended of(long index, String input, TaskEvent.@Nullable Finished event) {
    TaskUsage usage = event == null ? null : event.usage();
    return new Ended(
        index,
        input,
        usage == null ? TaskUsage.UNKNOWN : usage.endedNanos() - usage.startedNanos());
  }
}
