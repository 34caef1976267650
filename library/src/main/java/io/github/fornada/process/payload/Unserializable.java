package io.github.fornada.process.payload;

import java.io.NotSerializableException;
import java.io.Serializable;
import java.lang.invoke.SerializedLambda;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An object that cannot be serialized, and the path of fields that leads to it, which the JDK's own
 * exception does not contain.
 *
 * @param path the path of fields, with the name of the object's class
 */
public record Unserializable(String path, Object object) {
  /** The name of what a task has returned, for {@link #text}. */
  public static final String RESULT = "the result";

  private static final int DEEPEST = 50;

  private static final String OF_ANY =
      "Make its class implement java.io.Serializable, mark the field transient, or create it"
          + " inside the task.";

  private static final String OF_A_RESULT =
      "Make its class implement java.io.Serializable, or mark the field transient.";

  private static final String OF_A_FILTERED_JVM =
      "A record need not be, but a filter of serialization is set for this JVM (jdk.serialFilter),"
          + " which sees only what the JDK writes. Make the record implement java.io.Serializable,"
          + " or set no filter.";

  private static final String OF_THE_JDK =
      "Its class is the JDK's: leave it out, or %s what it holds instead, such as the value of an"
          + " Optional, a copy in an ArrayList or a HashMap, or a record%s.";

  private static final String OF_OUR_OWN =
      "It works within one JVM only: its copy in a worker would know nothing of the others. Use it"
          + " around the pool's call, not in the task.";

  /**
   * Classes of this library whose objects belong to one JVM, such as pools, limiters and channels.
   */
  private static final Set<String> OURS =
      Set.of(
          "io.github.fornada",
          "io.github.fornada.async",
          "io.github.fornada.threads",
          "io.github.fornada.process",
          "io.github.fornada.timeline");

  /** Finds the first object that is not serializable; null if there is none. */
  public static @Nullable Unserializable in(@Nullable Object root, String name) {
    return find(root, name, 0, Collections.newSetFromMap(new IdentityHashMap<>()));
  }

  /**
   * Returns a text that says what is not serializable, and what to do about it.
   *
   * @param found null if it was not found: then only its class is known, by {@code thrown}
   * @param name what was to be sent
   */
  public static String text(@Nullable Unserializable found, Throwable thrown, String name) {
    return found == null
        ? name
            + " holds a "
            + thrown.getMessage()
            + ", which is not serializable. "
            + (name.equals(RESULT) ? OF_A_RESULT : OF_ANY)
        : found.path + " is not serializable. " + advice(found.object, name.equals(RESULT));
  }

  /** Returns an exception like {@code thrown} that says which part of {@code root} it was. */
  public static NotSerializableException explained(
      @Nullable Object root, String name, NotSerializableException thrown) {
    var explained = new NotSerializableException(text(inIfItLets(root, name), thrown, name));
    explained.initCause(thrown);
    return explained;
  }

  /** The search calls the user's collections: what they throw must not hide what was wrong. */
  private static @Nullable Unserializable inIfItLets(@Nullable Object root, String name) {
    try {
      return in(root, name);
    } catch (Throwable e) {
      return null;
    }
  }

  /** Returns a text that says what to do about an object that is not serializable. */
  public static String advice(Object object) {
    return advice(object, false);
  }

  private static String advice(Object object, boolean inResult) {
    Class<?> type = object.getClass();
    if (object instanceof Record && ObjectStreams.isFiltered()) {
      return OF_A_FILTERED_JVM;
    }
    if (object instanceof Record && isClosed(type)) {
      return "A record need not be if its package is open: write \"opens "
          + type.getPackageName()
          + " to "
          + ObjectStreams.class.getModule().getName()
          + ";\" in the module-info of its module. Or make the record implement"
          + " java.io.Serializable.";
    }
    boolean ours =
        OURS.contains(type.getPackageName())
            && type.getEnclosingClass() == null
            && Modifier.isPublic(type.getModifiers())
            && Modifier.isFinal(type.getModifiers());
    if (ours) {
      return OF_OUR_OWN;
    }
    if (isOfTheJdk(type)) {
      return inResult
          ? OF_THE_JDK.formatted("return", "")
          : OF_THE_JDK.formatted("send", ", or create it inside the task");
    }
    return inResult ? OF_A_RESULT : OF_ANY;
  }

  /** Whether this library may not read its fields. */
  private static boolean isClosed(Class<?> type) {
    return !type.getModule().isOpen(type.getPackageName(), ObjectStreams.class.getModule());
  }

  /** Whether it is a class of the JDK; a plain object, which holds nothing, counts as a field. */
  private static boolean isOfTheJdk(Class<?> type) {
    if (type == Object.class) {
      return false;
    }
    String name = type.getModule().getName();
    return name != null && (name.startsWith("java.") || name.startsWith("jdk."));
  }

  private static @Nullable Unserializable find(
      @Nullable Object object, String path, int depth, Set<Object> seen) {
    if (object == null || depth > DEEPEST || !seen.add(object)) {
      return null;
    }
    if ((object instanceof Path p && PathForm.isOrdinary(p)) || BufferForm.isFor(object)) {
      return null;
    }
    if (object instanceof Record record
        && !(object instanceof Serializable)
        && !ObjectStreams.isFiltered()) {
      @Nullable Object[] parts = RecordShape.parts(record);
      if (parts != null) {
        return findInParts(record, parts, path, depth, seen);
      }
    }
    if (!(object instanceof Serializable)) {
      return new Unserializable(path + " (" + object.getClass().getName() + ")", object);
    }
    SerializedLambda lambda = lambdaOf(object);
    if (lambda != null) {
      for (int k = 0; k < lambda.getCapturedArgCount(); k++) {
        Unserializable found =
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
          Unserializable found = find(array[k], path + "[" + k + "]", depth + 1, seen);
          if (found != null) {
            yield found;
          }
        }
        yield null;
      }
      case Collection<?> all -> {
        int k = 0;
        for (Object element : all) {
          Unserializable found = find(element, path + "[" + k++ + "]", depth + 1, seen);
          if (found != null) {
            yield found;
          }
        }
        yield null;
      }
      case Map<?, ?> map -> {
        for (Map.Entry<?, ?> entry : map.entrySet()) {
          Unserializable key = find(entry.getKey(), path + ", a key", depth + 1, seen);
          Unserializable found =
              key != null
                  ? key
                  : find(entry.getValue(), path + "[" + entry.getKey() + "]", depth + 1, seen);
          if (found != null) {
            yield found;
          }
        }
        yield null;
      }
      case Throwable thrown -> {
        // Its own fields are the JDK's, which are closed; these two are the user's.
        Unserializable found = find(thrown.getCause(), path + ".getCause()", depth + 1, seen);
        for (Throwable each : thrown.getSuppressed()) {
          found = found == null ? find(each, path + ".getSuppressed()", depth + 1, seen) : found;
        }
        yield found == null ? findInFields(object, path, depth, seen) : found;
      }
      default -> findInFields(object, path, depth, seen);
    };
  }

  private static @Nullable Unserializable findInParts(
      Record record, @Nullable Object[] parts, String path, int depth, Set<Object> seen) {
    RecordComponent[] components = record.getClass().getRecordComponents();
    for (int i = 0; i < parts.length; i++) {
      String name = path + "." + components[i].getName();
      Unserializable found = find(parts[i], name, depth + 1, seen);
      if (found != null) {
        return found;
      }
    }
    return null;
  }

  private static @Nullable Unserializable findInFields(
      Object object, String path, int depth, Set<Object> seen) {
    for (Class<?> type = object.getClass(); type != null; type = type.getSuperclass()) {
      if (!Serializable.class.isAssignableFrom(type) || type.getName().startsWith("java.")) {
        continue; // its fields are not written, or are written by its own code
      }
      for (Field field : type.getDeclaredFields()) {
        int modifiers = field.getModifiers();
        if (Modifier.isStatic(modifiers)
            || Modifier.isTransient(modifiers)
            || field.getType().isPrimitive()) {
          continue;
        }
        Unserializable found;
        try {
          field.setAccessible(true);
          found = find(field.get(object), path + "." + field.getName(), depth + 1, seen);
        } catch (ReflectiveOperationException | RuntimeException e) {
          continue; // closed to this library: the search goes on elsewhere
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
