package io.github.fornada.process.payload;

import java.io.Externalizable;
import java.io.NotSerializableException;
import java.io.ObjectStreamClass;
import java.io.ObjectStreamField;
import java.io.Serializable;
import java.lang.invoke.SerializedLambda;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.Currency;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.LinkedList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Finds the user's code that the JDK's serialization would run to write an object. The stream tells
 * of an object only when its {@code writeReplace} has run, so whatever an object refers to is
 * checked before the object itself is written.
 */
final class WritingCheck {
  private static final Set<String> WRITING = Set.of("writeObject", "writeReplace");

  /** Classes of the JDK whose instances refer to nothing but such instances. */
  private static final Set<Class<?>> SIMPLE =
      Set.of(
          Class.class,
          BigInteger.class,
          BigDecimal.class,
          UUID.class,
          URI.class,
          Locale.class,
          Currency.class,
          AtomicInteger.class,
          AtomicLong.class);

  /** Collections and maps of the JDK that hold their elements themselves. */
  @SuppressWarnings("JdkObsolete") // users may pass them
  private static final Set<Class<?>> HOLDERS =
      Set.of(
          ArrayList.class,
          LinkedList.class,
          ArrayDeque.class,
          HashSet.class,
          LinkedHashSet.class,
          TreeSet.class,
          PriorityQueue.class,
          CopyOnWriteArrayList.class,
          Arrays.asList(1, 2).getClass(),
          HashMap.class,
          LinkedHashMap.class,
          TreeMap.class,
          ConcurrentHashMap.class);

  /** The classes behind {@code List.of} and its like, which replace themselves when written. */
  private static final String FIXED = "java.util.ImmutableCollections$";

  /** What those, and the classes of {@code java.time}, are replaced by. */
  private static final Set<String> REPLACEMENTS = Set.of("java.util.CollSer", "java.time.Ser");

  private enum Kind {
    /** Refers to nothing that could have code. */
    LEAF,
    ARRAY,
    /** Of the JDK: a collection or a map that holds its elements itself. */
    HOLDER,
    /** Of the JDK: as a holder, but the stream never tells of it. */
    REPLACED_HOLDER,
    RECORD,
    LAMBDA,
    /** A class of the user's without code for writing. */
    FIELDS,
    /** Has code of its own, or may refer to what has. */
    CODE
  }

  private static final ClassValue<Kind> KINDS =
      new ClassValue<>() {
        @Override
        protected Kind computeValue(Class<?> type) {
          return kindOf(type);
        }
      };

  /** The fields of a class of the user's that may refer to code; empty for other classes. */
  private static final ClassValue<Field[]> FIELDS =
      new ClassValue<>() {
        @Override
        protected Field[] computeValue(Class<?> type) {
          var found = new ArrayList<Field>();
          for (Class<?> c = type; c != null && !isOfTheJdk(c); c = c.getSuperclass()) {
            addFields(c, found);
          }
          return found.toArray(Field[]::new);
        }
      };

  private WritingCheck() {}

  /** Checks an object before it is written. */
  static void check(@Nullable Object value) throws UserCodeException {
    if (value == null) {
      return;
    }
    switch (KINDS.get(value.getClass())) {
      case CODE -> throw new UserCodeException(value.getClass());
      case REPLACED_HOLDER -> checkElements(value);
      default -> {
        // The stream tells of it before it writes what it refers to.
      }
    }
  }

  /** Checks what an object refers to that the stream has told of. */
  static void checkParts(Object object) throws UserCodeException {
    if (object instanceof NotSerializableException refusal && refusal.getCause() == null) {
      return; // of the stream itself, which writes why it ends before it throws that
    }
    switch (KINDS.get(object.getClass())) {
      case LEAF, REPLACED_HOLDER -> {}
      case CODE -> throw new UserCodeException(object.getClass());
      case HOLDER -> checkElements(object);
      case ARRAY -> {
        for (Object element : (@Nullable Object[]) object) {
          check(element);
        }
      }
      case RECORD -> {
        @Nullable Object[] parts = RecordShape.parts((Record) object);
        if (parts == null) {
          throw new UserCodeException(object.getClass());
        }
        for (Object part : parts) {
          check(part);
        }
      }
      case LAMBDA -> {
        var lambda = (SerializedLambda) object;
        for (int k = 0; k < lambda.getCapturedArgCount(); k++) {
          check(lambda.getCapturedArg(k));
        }
      }
      case FIELDS -> checkFields(object);
    }
  }

  private static void checkElements(Object holder) throws UserCodeException {
    if (holder instanceof Map<?, ?> map) {
      if (map instanceof SortedMap<?, ?> sorted) {
        checkOrder(sorted.comparator(), holder);
      }
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        check(entry.getKey());
        check(entry.getValue());
      }
      return;
    }
    if (holder instanceof SortedSet<?> sorted) {
      checkOrder(sorted.comparator(), holder);
    } else if (holder instanceof PriorityQueue<?> ordered) {
      checkOrder(ordered.comparator(), holder);
    }
    for (Object element : (Collection<?>) holder) {
      check(element);
    }
  }

  /** Comparators of the JDK may be made of other comparators, which cannot be seen. */
  private static void checkOrder(@Nullable Comparator<?> order, Object of)
      throws UserCodeException {
    if (order != null && isOfTheJdk(order.getClass()) && hasReferences(order.getClass())) {
      throw new UserCodeException(of.getClass());
    }
    check(order);
  }

  private static void checkFields(Object object) throws UserCodeException {
    try {
      for (Field field : FIELDS.get(object.getClass())) {
        check(field.get(object));
      }
    } catch (IllegalAccessException e) {
      throw new UserCodeException(object.getClass()); // closed to this library
    }
  }

  private static void addFields(Class<?> type, List<Field> to) {
    ObjectStreamClass description = ObjectStreamClass.lookup(type);
    if (description == null) {
      return; // not serializable: its fields are not written
    }
    for (ObjectStreamField written : description.getFields()) {
      Class<?> declared = written.getType();
      if (declared.isPrimitive()
          || (Modifier.isFinal(declared.getModifiers()) && KINDS.get(declared) == Kind.LEAF)) {
        continue;
      }
      try {
        Field field = type.getDeclaredField(written.getName());
        field.trySetAccessible();
        to.add(field);
      } catch (NoSuchFieldException e) {
        // One of serialPersistentFields that only code of its own could write.
      }
    }
  }

  // ---- kinds of classes

  private static Kind kindOf(Class<?> type) {
    if (type.isPrimitive() || type.isEnum() || Enum.class.isAssignableFrom(type)) {
      return Kind.LEAF;
    }
    if (type.isArray()) {
      return type.getComponentType().isPrimitive() ? Kind.LEAF : Kind.ARRAY;
    }
    if (type == SerializedLambda.class) {
      return Kind.LAMBDA;
    }
    if (Path.class.isAssignableFrom(type)) {
      return isOfTheJdk(type) ? Kind.LEAF : Kind.CODE;
    }
    if (type.isHidden() && type.isSynthetic()) {
      return Kind.LEAF; // a lambda: the stream tells of what it is replaced by
    }
    if (!Serializable.class.isAssignableFrom(type) && !type.isRecord()) {
      return Kind.LEAF; // the stream refuses it, and asks it nothing
    }
    if (isOfTheJdk(type)) {
      return kindOfTheJdk(type);
    }
    if (isSharedObject(type)) {
      return Kind.LEAF;
    }
    if (hasCode(type)) {
      return Kind.CODE;
    }
    if (type.isRecord()) {
      return Kind.RECORD;
    }
    Class<?> base = type;
    while (base != null && !isOfTheJdk(base)) {
      base = base.getSuperclass();
    }
    // Another class of the JDK may refer to anything, or write what the user's methods return.
    return base == Object.class || base == Number.class ? Kind.FIELDS : Kind.CODE;
  }

  private static Kind kindOfTheJdk(Class<?> type) {
    String name = type.getName();
    if (name.startsWith(FIXED)) {
      // Sublists are written as copies. Whatever else there is has elements too.
      return Collection.class.isAssignableFrom(type) || Map.class.isAssignableFrom(type)
          ? Kind.REPLACED_HOLDER
          : Kind.LEAF;
    }
    if (HOLDERS.contains(type)) {
      return Kind.HOLDER;
    }
    return SIMPLE.contains(type)
            || REPLACEMENTS.contains(name)
            || (type.getPackageName().equals("java.time") && !Clock.class.isAssignableFrom(type))
            || !hasReferences(type)
        ? Kind.LEAF
        : Kind.CODE;
  }

  /** Returns whether instances of a class may refer to other objects than strings and numbers. */
  private static boolean hasReferences(Class<?> type) {
    for (Class<?> c = type; c != null; c = c.getSuperclass()) {
      for (Field field : c.getDeclaredFields()) {
        Class<?> of = field.getType();
        boolean simple =
            of.isPrimitive()
                || of == String.class
                || (of.isArray() && of.getComponentType().isPrimitive());
        if (!simple && (field.getModifiers() & (Modifier.STATIC | Modifier.TRANSIENT)) == 0) {
          return true;
        }
      }
    }
    return Proxy.isProxyClass(type);
  }

  @SuppressWarnings("ReferenceEquality") // loaders are compared by identity
  private static boolean isOfTheJdk(Class<?> type) {
    ClassLoader loader = type.getClassLoader();
    return (loader == null || loader == ClassLoader.getPlatformClassLoader())
        && !Proxy.isProxyClass(type);
  }

  /** Returns whether the class is one of this library's objects that write only their names. */
  private static boolean isSharedObject(Class<?> type) {
    return WritingCheck.class.getModule().equals(type.getModule())
        && type.getPackageName().equals("io.github.fornada.shared");
  }

  /** Returns whether a class outside the JDK has its own code for writing. */
  private static boolean hasCode(Class<?> type) {
    if (Externalizable.class.isAssignableFrom(type) || Proxy.isProxyClass(type)) {
      return true;
    }
    for (Class<?> c = type; c != null && !isOfTheJdk(c); c = c.getSuperclass()) {
      for (Method method : c.getDeclaredMethods()) {
        if (WRITING.contains(method.getName())) {
          return true;
        }
      }
    }
    return false;
  }
}
