package io.github.fornada.process;

import io.github.fornada.process.payload.CodecSessions;
import io.github.fornada.process.payload.Unserializable;
import io.github.fornada.spi.Batch;
import java.io.IOException;
import java.io.NotSerializableException;
import java.io.Serial;
import java.io.Serializable;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * An item, or the function for it, could not be sent to a worker. The message names the way through
 * the fields to what cannot be serialized, which the JDK's own exception does not.
 */
final class NotSendableException extends IOException {
  @Serial private static final long serialVersionUID = 1L;

  private static final String IS_NOT = " is not serializable. ";

  private static final String OF_A_LAMBDA =
      "A lambda is serializable only if its type is: declare it as a Task or a RunnableTask, not as"
          + " a Callable or a Runnable, or use submit(item, function).";

  private static final String OF_A_FUTURE =
      "Its copy there could not complete the future here, so the service that made it cannot use a"
          + " pool of processes: use the futures that submit returns, or a pool of threads.";

  private NotSendableException(String message, Throwable cause) {
    super(message, cause);
  }

  /** Whether a task completes a future of this process. Some are serializable all the same. */
  static boolean isFuture(Object task) {
    return task instanceof Future || task instanceof CompletableFuture.AsynchronousCompletionTask;
  }

  /** Why a task that is not serializable itself is refused. */
  static String refused(Object task) {
    return "a task of class "
        + task.getClass().getName()
        + " cannot be sent to a worker process"
        + (task instanceof Serializable ? ". " : ": it is not serializable. ")
        + (isFuture(task)
            ? OF_A_FUTURE
            : task.getClass().isHidden() ? OF_A_LAMBDA : Unserializable.advice(task));
  }

  /** Why a task is refused that could not be written. */
  static RejectedExecutionException rejected(Object task, Throwable thrown) {
    String what =
        "a task of class " + task.getClass().getName() + " cannot be sent to a worker process";
    String message =
        Engine.boundedMessage(
            () ->
                what
                    + ": "
                    + (thrown instanceof NotSerializableException
                        ? Unserializable.text(Unserializable.in(task, "the task"), thrown)
                        : thrown.toString()),
            what);
    return new RejectedExecutionException(message, thrown);
  }

  /** Never throws nor hangs, though it calls the user's code for texts. */
  static NotSendableException explain(Batch<?, ?> batch, int i, Throwable thrown) {
    String what = batch.label(i) + " cannot be sent to a worker process";
    return new NotSendableException(
        Engine.boundedMessage(() -> what + ": " + why(batch, i, thrown), what), thrown);
  }

  private static String why(Batch<?, ?> batch, int i, Throwable thrown) {
    if (thrown instanceof NotSerializableException) {
      Unserializable found = Unserializable.in(batch.userFunction(), "the function");
      if (found == null) {
        found = Unserializable.in(batch.item(i), "the item");
      }
      for (Map.Entry<String, @Nullable Object> other : batch.companions().entrySet()) {
        found = found == null ? Unserializable.in(other.getValue(), other.getKey()) : found;
      }
      return isLambda(batch.item(i))
          ? (found == null ? thrown.getMessage() : found.path()) + IS_NOT + OF_A_LAMBDA
          : Unserializable.text(found, thrown);
    }
    return thrown instanceof CodecSessions.CodecException e
        ? String.valueOf(e.getMessage())
        : thrown.toString();
  }

  /** Whether the item itself is one, as of {@code submit(Callable)}, that cannot be written. */
  private static boolean isLambda(@Nullable Object item) {
    return item != null && item.getClass().isHidden() && !(item instanceof Serializable);
  }
}
