package io.github.fornada.process;

import io.github.fornada.process.payload.CodecSessions;
import io.github.fornada.process.payload.PathForm;
import io.github.fornada.spi.Batch;
import java.io.IOException;
import java.io.NotSerializableException;
import java.io.Serial;
import java.io.Serializable;
import java.lang.invoke.SerializedLambda;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * An item, or the function for it, could not be sent to a worker. The message names the way through
 * the fields to what cannot be serialized, which the JDK's own exception does not.
 */
final class NotSendableException extends IOException {
  @Serial private static final long serialVersionUID = 1L;

  private static final int DEEPEST = 50;

  private static final String OF_ANY =
      "Make its class implement java.io.Serializable, mark the field transient, or create it"
          + " inside the task.";

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
        + (isFuture(task) ? OF_A_FUTURE : task.getClass().isHidden() ? OF_A_LAMBDA : OF_ANY);
  }

  /** Never throws nor hangs, though it calls the user's code for texts. */
  static NotSendableException explain(Batch<?, ?> batch, int i, Throwable thrown) {
    String what = batch.label(i) + " cannot be sent to a worker process";
    return new NotSendableException(
        Engine.said(() -> what + ": " + why(batch, i, thrown), what), thrown);
  }

  private static String why(Batch<?, ?> batch, int i, Throwable thrown) {
    if (thrown instanceof NotSerializableException) {
      String path = find(batch.userFunction(), "the function");
      if (path == null) {
        path = find(batch.item(i), "the item");
      }
      for (Map.Entry<String, @Nullable Object> other : batch.companions().entrySet()) {
        path = path == null ? find(other.getValue(), other.getKey()) : path;
      }
      return (path == null ? thrown.getMessage() : path)
          + " is not serializable. "
          + (isLambda(batch.item(i)) ? OF_A_LAMBDA : OF_ANY);
    }
    return thrown instanceof CodecSessions.CodecException e
        ? String.valueOf(e.getMessage())
        : thrown.toString();
  }

  /** Whether the item itself is one, as of {@code submit(Callable)}, that cannot be written. */
  private static boolean isLambda(@Nullable Object item) {
    return item != null && item.getClass().isHidden() && !(item instanceof Serializable);
  }

  /** The way to the first object that is not serializable; null if none was found. */
  private static @Nullable String find(@Nullable Object root, String name) {
    return find(root, name, 0, Collections.newSetFromMap(new IdentityHashMap<>()));
  }

  private static @Nullable String find(
      @Nullable Object object, String path, int depth, Set<Object> seen) {
    if (object == null || depth > DEEPEST || !seen.add(object)) {
      return null;
    }
    if (!(object instanceof Serializable)
        && !(object instanceof Path p && PathForm.isOrdinary(p))) {
      return path + " (" + object.getClass().getName() + ")";
    }
    SerializedLambda lambda = lambdaOf(object);
    if (lambda != null) {
      for (int k = 0; k < lambda.getCapturedArgCount(); k++) {
        String found =
            find(
                lambda.getCapturedArg(k),
                path
                    + ", a lambda in "
                    + lambda.getCapturingClass().replace('/', '.')
                    + ", captured value "
                    + (k + 1),
                depth + 1,
                seen);
        if (found != null) {
          return found;
        }
      }
      return null;
    }
    return switch (object) {
      case Object[] array -> {
        for (int k = 0; k < array.length; k++) {
          String found = find(array[k], path + "[" + k + "]", depth + 1, seen);
          if (found != null) {
            yield found;
          }
        }
        yield null;
      }
      case Collection<?> all -> {
        int k = 0;
        for (Object element : all) {
          String found = find(element, path + "[" + k++ + "]", depth + 1, seen);
          if (found != null) {
            yield found;
          }
        }
        yield null;
      }
      case Map<?, ?> map -> {
        for (Map.Entry<?, ?> entry : map.entrySet()) {
          String key = find(entry.getKey(), path + ", a key", depth + 1, seen);
          String found =
              key != null
                  ? key
                  : find(entry.getValue(), path + "[" + entry.getKey() + "]", depth + 1, seen);
          if (found != null) {
            yield found;
          }
        }
        yield null;
      }
      default -> findInFields(object, path, depth, seen);
    };
  }

  private static @Nullable String findInFields(
      Object object, String path, int depth, Set<Object> seen) {
    for (Class<?> type = object.getClass(); type != null; type = type.getSuperclass()) {
      if (!Serializable.class.isAssignableFrom(type) || type.getName().startsWith("java.")) {
        continue; // its fields are not written, or written in a way of its own
      }
      for (Field field : type.getDeclaredFields()) {
        int modifiers = field.getModifiers();
        if (Modifier.isStatic(modifiers)
            || Modifier.isTransient(modifiers)
            || field.getType().isPrimitive()) {
          continue;
        }
        String found;
        try {
          field.setAccessible(true);
          found = find(field.get(object), path + "." + field.getName(), depth + 1, seen);
        } catch (ReflectiveOperationException | RuntimeException e) {
          continue; // closed to us: the search goes on elsewhere
        }
        if (found != null) {
          return found;
        }
      }
    }
    return null;
  }

  private static @Nullable SerializedLambda lambdaOf(Object object) {
    if (!object.getClass().isHidden() && !object.getClass().isSynthetic()) {
      return null;
    }
    try {
      Method replace = object.getClass().getDeclaredMethod("writeReplace");
      replace.setAccessible(true);
      return replace.invoke(object) instanceof SerializedLambda lambda ? lambda : null;
    } catch (ReflectiveOperationException | RuntimeException e) {
      return null;
    }
  }
}
