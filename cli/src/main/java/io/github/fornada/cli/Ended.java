package io.github.fornada.cli;

import io.github.fornada.TaskEvent;
import io.github.fornada.TaskUsage;
import org.jspecify.annotations.Nullable;

/**
 * An item that has its outcome.
 *
 * @param index its place among the items of the pool, from 0
 * @param number its place in the inputs, from 1, which counts refused inputs too
 * @param input its text
 * @param nanos how long its last attempt ran; {@link TaskUsage#UNKNOWN} if that was not measured
 */
record Ended(long index, long number, String input, long nanos) {
  /** Returns the same item with the time of its last attempt. */
  Ended lasting(long time) {
    return new Ended(index, number, input, time);
  }

  /** Returns the same item with the time of an event; null if its time is not known. */
  Ended lasting(TaskEvent.@Nullable Finished event) {
    TaskUsage usage = event == null ? null : event.usage();
    return lasting(usage == null ? TaskUsage.UNKNOWN : usage.endedNanos() - usage.startedNanos());
  }
}
