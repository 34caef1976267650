package io.github.fornada.process.payload;

import io.github.fornada.jvm.ValueClasses;
import java.lang.invoke.SerializedLambda;
import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Collection;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Recognizes values that cannot change after they were handed over, so that they may be written
 * when they are sent. All other values are written when they are handed over.
 */
public final class Immutables {
  /**
   * The maximum number of objects inspected within one value; a value with more counts as one that
   * may change.
   */
  private static final int MAX_OBJECTS = 64; // Guess

  private enum Kind {
    /** Never changes. */
    FIXED,
    /** Does not change if its components do not. */
    RECORD,
    LAMBDA,
    COLLECTION,
    /** May change. */
    OTHER
  }

  private static final ClassValue<Kind> KINDS =
      new ClassValue<>() {
        @Override
        protected Kind computeValue(Class<?> type) {
          if (ValueClasses.contains(type)
              || Enum.class.isAssignableFrom(type)
              || (type.getPackageName().equals("java.time")
                  && Modifier.isFinal(type.getModifiers())
                  && !Clock.class.isAssignableFrom(
                      type))) { // which may have one of the user's in it
            return Kind.FIXED;
          }
          if (type.isRecord()) {
            return isOfFixed(type) ? Kind.FIXED : Kind.RECORD;
          }
          if (type.isArray()) {
            return Kind.OTHER;
          }
          if (!hasState(type)) {
            return Kind.FIXED;
          }
          return ValueClasses.isImmutableCollection(type)
              ? Kind.COLLECTION
              : type.isHidden() && type.isSynthetic() ? Kind.LAMBDA : Kind.OTHER;
        }
      };

  private Immutables() {}

  /**
   * Returns whether no record of a type can ever change, according to the types of its components.
   */
  static boolean isOfFixed(Class<?> type) {
    for (RecordComponent component : type.getRecordComponents()) {
      Class<?> part = component.getType();
      boolean fixed =
          part.isPrimitive()
              || part.isEnum()
              || (ValueClasses.contains(part) && Modifier.isFinal(part.getModifiers()));
      if (!fixed) {
        return false;
      }
    }
    return true;
  }

  private static boolean hasState(Class<?> type) {
    for (Class<?> c = type; c != null; c = c.getSuperclass()) {
      for (Field field : c.getDeclaredFields()) {
        if (!Modifier.isStatic(field.getModifiers())) {
          return true;
        }
      }
    }
    return false;
  }

  /** Returns whether a value is known not to change. Runs no user code. */
  public static boolean contains(@Nullable Object value) {
    return value == null
        || value instanceof String
        || value instanceof Integer
        || contains(value, new int[] {MAX_OBJECTS});
  }

  private static boolean contains(@Nullable Object value, int[] left) {
    if (value == null) {
      return true;
    }
    if (left[0]-- == 0) {
      return false;
    }
    return switch (KINDS.get(value.getClass())) {
      case FIXED -> true;
      case RECORD -> ofRecord((Record) value, left);
      case LAMBDA -> ofLambda(value, left);
      case COLLECTION -> ofCollection(value, left);
      case OTHER ->
          (value instanceof Path path && PathForm.isOrdinary(path))
              || value instanceof MappedSharedBytes
              || (value.getClass().isArray() && Array.getLength(value) == 0);
    };
  }

  private static boolean ofRecord(Record value, int[] left) {
    @Nullable Object[] parts = RecordShape.parts(value);
    if (parts == null) {
      return false;
    }
    for (Object part : parts) {
      if (!contains(part, left)) {
        return false;
      }
    }
    return true;
  }

  private static boolean ofLambda(Object value, int[] left) {
    SerializedLambda parts = LambdaForm.of(value);
    if (parts == null) {
      return false;
    }
    for (int k = 0; k < parts.getCapturedArgCount(); k++) {
      if (!contains(parts.getCapturedArg(k), left)) {
        return false;
      }
    }
    return true;
  }

  private static boolean ofCollection(Object value, int[] left) {
    if (value instanceof Map<?, ?> map) {
      return map.size() <= left[0] && ofAll(map.keySet(), left) && ofAll(map.values(), left);
    }
    return value instanceof Collection<?> all && all.size() <= left[0] && ofAll(all, left);
  }

  private static boolean ofAll(Collection<?> all, int[] left) {
    for (Object element : all) {
      if (!contains(element, left)) {
        return false;
      }
    }
    return true;
  }
}
