package io.github.fornada.process.payload;

import java.io.Externalizable;
import java.io.ObjectInputFilter;
import java.io.Serializable;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Knows the classes whose instances are read without running code of the user's: no {@code
 * readObject} or constructor of theirs, no static initializer, and no class loader. A class counts
 * only when an instance was read here on a thread that user code may block: then it is loaded and
 * initialized.
 */
final class ReadingCheck {
  private static final Set<String> HOOKS =
      Set.of(
          "readObject",
          "readObjectNoData",
          "readResolve",
          "readExternal",
          "hashCode", // these four are called by the JDK's collections as they are read
          "equals",
          "compareTo",
          "compare");

  /** Whose classes of the JDK call none of the user's code by themselves. */
  private static final List<String> OF_THE_JDK =
      List.of("java.lang.", "java.util.", "java.math.", "java.time.", "java.io.", "java.sql.");

  /** Whose classes of the JDK may load classes of the user's by name as they are read. */
  private static final List<String> NOT_OF_THE_JDK =
      List.of("java.lang.invoke.", "java.lang.reflect.", "java.util.logging.", "java.time.chrono.");

  private static final Set<String> OTHERS =
      Set.of(
          "java.net.URI",
          RecordForm.class.getName(),
          PathForm.class.getName(),
          BufferForm.class.getName());

  /** Classes of the system loader that were read here, by name: whether they are plain. */
  private static final Map<String, Boolean> KNOWN = new ConcurrentHashMap<>();

  private ReadingCheck() {}

  /** Returns whether the JVM's own settings for deserialization are the user's code. */
  static boolean isFiltered() {
    return ObjectStreams.isFiltered()
        || ObjectInputFilter.Config.getSerialFilterFactory().getClass().getClassLoader() != null;
  }

  /** Returns whether a class of this name in a stream is one of the JDK's that may be read. */
  static boolean isOfTheJdk(String name) {
    return startsWithOneOf(OF_THE_JDK, name) && !startsWithOneOf(NOT_OF_THE_JDK, name);
  }

  private static boolean startsWithOneOf(List<String> packages, String name) {
    for (String each : packages) {
      if (name.startsWith(each)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Returns the name of a class in a stream without the signs of an array; empty for an array of
   * primitives.
   */
  static String element(String name) {
    int dimensions = name.lastIndexOf('[') + 1;
    if (dimensions == 0) {
      return name;
    }
    return name.charAt(dimensions) == 'L' ? name.substring(dimensions + 1, name.length() - 1) : "";
  }

  /** Checks a class in a stream. */
  @SuppressWarnings("ReferenceEquality") // loaders are compared by identity
  static void check(String name, long loader, ClassLoader otherwise) throws UserCodeException {
    String element = element(name);
    boolean plain =
        element.isEmpty()
            || isOfTheJdk(element)
            || OTHERS.contains(element)
            || (loader == 0
                && otherwise == ClassLoader.getSystemClassLoader()
                && KNOWN.getOrDefault(element, false));
    if (!plain) {
      throw new UserCodeException(name);
    }
  }

  /** Notes that these classes were read here. May run code of theirs and of class loaders. */
  static void learn(Set<Class<?>> met) {
    for (Class<?> each : met) {
      Class<?> type = each;
      while (type.isArray()) {
        type = type.getComponentType();
      }
      if (isOfSystemLoader(type) && !KNOWN.containsKey(type.getName())) {
        KNOWN.put(type.getName(), isInitialized(type) && isPlain(type));
      }
    }
  }

  /** Initializes a class of which only the class itself was read; returns whether that worked. */
  private static boolean isInitialized(Class<?> type) {
    try {
      var _ = Class.forName(type.getName(), true, type.getClassLoader());
      return true;
    } catch (ClassNotFoundException | LinkageError e) {
      return false; // then reading an instance fails too, where user code may run
    }
  }

  @SuppressWarnings("ReferenceEquality") // loaders are compared by identity
  private static boolean isOfSystemLoader(Class<?> type) {
    ClassLoader system = ClassLoader.getSystemClassLoader();
    // not a loader of the user's in the place of the JDK's own
    return type.getClassLoader() == system && system.getClass().getClassLoader() == null;
  }

  private static boolean isPlain(Class<?> type) {
    if (Proxy.isProxyClass(type) || Externalizable.class.isAssignableFrom(type)) {
      return false;
    }
    if (type.isRecord()) {
      RecordCode code = RecordCode.of(type);
      return code.onlyStores() && code.comparesByItsParts() && hasPlainInterfaces(type);
    }
    if (type.isEnum()) {
      return hasPlainInterfaces(type);
    }
    Class<?> c = type;
    for (; c.getClassLoader() != null; c = c.getSuperclass()) {
      if (!Serializable.class.isAssignableFrom(c) || !hasPlainInterfaces(c)) {
        return false; // its constructor runs, or the JDK may call its methods
      }
      for (Method method : c.getDeclaredMethods()) {
        if (HOOKS.contains(method.getName())) {
          return false;
        }
      }
    }
    return c == Object.class
        || c == Number.class
        || c == Enum.class
        || (Throwable.class.isAssignableFrom(c) && isOfTheJdk(c.getName()));
  }

  /** Returns whether the JDK knows none of its interfaces that has methods. */
  private static boolean hasPlainInterfaces(Class<?> type) {
    for (Class<?> each : type.getInterfaces()) {
      boolean plain =
          each.getClassLoader() == null
              ? each == Serializable.class || each == Cloneable.class
              : hasPlainInterfaces(each);
      if (!plain) {
        return false;
      }
    }
    return true;
  }
}
