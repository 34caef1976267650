package io.github.fornada.process;

import io.github.fornada.jvm.BoundedText;
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
 * Thrown when an item, or the function for it, could not be sent to a worker. The message names the
 * path of fields to the object that cannot be serialized, which the JDK's own exception does not.
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

  /**
   * Returns whether a task completes a future of this process. Some such tasks are serializable
   * nevertheless.
   */
  static boolean isFuture(Object task) {
    return task instanceof Future || task instanceof CompletableFuture.AsynchronousCompletionTask;
  }

  /** Returns the message for a task that is rejected because its class is not serializable. */
  static String refused(Object task) {
    return "a task of class "
        + task.getClass().getName()
        + " cannot be sent to a worker process"
        + (task instanceof Serializable ? ". " : ": it is not serializable. ")
        + (isFuture(task)
            ? OF_A_FUTURE
            : task.getClass().isHidden() ? OF_A_LAMBDA : Unserializable.advice(task));
  }

  /** Returns the exception for a task that is rejected because it could not be written. */
  static RejectedExecutionException rejected(Object task, Throwable thrown) {
    String what =
        "a task of class " + task.getClass().getName() + " cannot be sent to a worker process";
    String message =
        BoundedText.boundedMessage(
            () ->
                what
                    + ": "
                    + (thrown instanceof NotSerializableException
                        ? Unserializable.text(
                            Unserializable.in(task, "the task"), thrown, "the task")
                        : thrown.toString()),
            what);
    return new RejectedExecutionException(message, thrown);
  }

  /**
   * Returns the exception for an item. Never throws and never hangs, although user code makes its
   * texts.
   */
  static NotSendableException explain(Batch<?, ?> batch, int i, Throwable thrown) {
    String what = batch.label(i) + " cannot be sent to a worker process";
    return new NotSendableException(
        BoundedText.boundedMessage(() -> what + ": " + why(batch, i, thrown), what), thrown);
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
          : Unserializable.text(found, thrown, "it or the function");
    }
    return thrown instanceof CodecSessions.CodecException e
        ? String.valueOf(e.getMessage())
        : thrown.toString();
  }

  /**
   * Returns whether the item itself is a lambda, as with {@code submit(Callable)}, that cannot be
   * written.
   */
  private static boolean isLambda(@Nullable Object item) {
    return item != null && item.getClass().isHidden() && !(item instanceof Serializable);
  }
}
