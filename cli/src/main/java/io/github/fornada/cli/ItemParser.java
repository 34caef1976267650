package io.github.fornada.cli;

import java.io.File;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Converts an item's text to the function's argument. */
final class ItemParser {
  /**
   * The names of factory methods, as in the JDK's own types; tried in this order after the
   * constructor.
   */
  private static final List<String> FACTORIES = List.of("valueOf", "parse", "of");

  private interface Conversion {
    Object apply(String text) throws Exception;
  }

  private final Class<?> type;
  private final Conversion conversion;

  private ItemParser(Class<?> type, Conversion conversion) {
    this.type = type;
    this.conversion = conversion;
  }

  /** Returns whether text can be converted to such a type. */
  static boolean canParse(Class<?> type) {
    return conversion(type) != null;
  }

  /**
   * Returns the parser for a type.
   *
   * @throws IllegalArgumentException if text cannot be converted to the type
   */
  static ItemParser of(Class<?> type) {
    Conversion conversion = conversion(type);
    if (conversion == null) {
      throw new IllegalArgumentException("no way from text to " + type.getName());
    }
    return new ItemParser(type, conversion);
  }

  /**
   * Converts a text.
   *
   * @throws IllegalArgumentException if the text is not a value of the type
   */
  Object parse(String text) {
    try {
      return conversion.apply(text);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof VirtualMachineError error) {
        throw error; // such as a full heap: nothing is wrong with the text
      }
      throw refused(text, e.getCause() == null ? e : e.getCause());
    } catch (Exception e) {
      throw refused(text, e);
    }
  }

  private IllegalArgumentException refused(String text, Throwable cause) {
    return new IllegalArgumentException(
        "\"" + text + "\" cannot become " + article(type.getSimpleName()) + why(cause), cause);
  }

  private String why(Throwable cause) {
    boolean isOfJdk = type.getClassLoader() == null;
    if (isOfJdk && cause instanceof NumberFormatException) {
      return ""; // it says only once more what the text is
    }
    return ": " + (cause.getMessage() == null ? cause.getClass().getName() : cause.getMessage());
  }

  /** Returns a noun with its article. */
  static String article(String noun) {
    return ("aeioAEIO".indexOf(noun.charAt(0)) >= 0 ? "an " : "a ") + noun;
  }

  private static @Nullable Conversion conversion(Class<?> type) {
    if (type.isAssignableFrom(String.class)) {
      return text -> text;
    }
    if (type == Path.class) {
      return text -> file(Path.of(text));
    }
    if (type == File.class) {
      return text -> file(new File(text).toPath()).toFile();
    }
    if (type == URI.class) {
      return text -> {
        URI uri = URI.create(text);
        Path path = "file".equals(uri.getScheme()) ? Outputs.fileOf(text) : null;
        if (path != null) { // else it is no file here, such as file:a.txt, and no descriptor
          var _ = file(path);
        }
        return uri;
      };
    }
    if (type == int.class || type == Integer.class) {
      return text -> Integer.valueOf(text.strip());
    }
    if (type == long.class || type == Long.class) {
      return text -> Long.valueOf(text.strip());
    }
    if (type == double.class || type == Double.class) {
      return text -> Double.valueOf(text.strip());
    }
    if (type == boolean.class || type == Boolean.class) {
      return ItemParser::truth;
    }
    if (type.isPrimitive() || type.isArray()) {
      return null;
    }
    Conversion constructor = byConstructor(type);
    return constructor != null ? constructor : byFactory(type);
  }

  /** The JDK takes whatever is not true for false. */
  private static Boolean truth(String text) {
    String word = text.strip();
    if (word.equalsIgnoreCase("true") || word.equalsIgnoreCase("false")) {
      return Boolean.valueOf(word);
    }
    throw new IllegalArgumentException("it is neither true nor false");
  }

  /**
   * Returns the path, if it is the name of a file: a descriptor, such as {@code /dev/fd/3}, is
   * another file in each process, and some may be the JVM's own.
   */
  private static Path file(Path path) {
    Descriptor descriptor = path.toString().isEmpty() ? null : Descriptor.of(path);
    if (descriptor != null && descriptor.own()) {
      throw new IllegalArgumentException(
          "it is an open file of one process, and another file in each other: give the file by its"
              + " name, or its lines with --lines "
              + path);
    }
    return path;
  }

  private static @Nullable Conversion byConstructor(Class<?> type) {
    if (Modifier.isAbstract(type.getModifiers())) {
      return null;
    }
    for (Constructor<?> constructor : type.getDeclaredConstructors()) {
      if (constructor.getParameterCount() == 1
          && constructor.getParameterTypes()[0] == String.class
          && !Modifier.isPrivate(constructor.getModifiers())
          && open(constructor)) {
        return constructor::newInstance;
      }
    }
    return null;
  }

  private static @Nullable Conversion byFactory(Class<?> type) {
    for (String name : FACTORIES) {
      for (Method method : type.getDeclaredMethods()) {
        if (method.getName().equals(name)
            && Modifier.isStatic(method.getModifiers())
            && !Modifier.isPrivate(method.getModifiers())
            && method.getParameterCount() == 1
            && (method.getParameterTypes()[0] == String.class
                || method.getParameterTypes()[0] == CharSequence.class)
            && type.isAssignableFrom(method.getReturnType())
            && open(method)) {
          return text -> method.invoke(null, text);
        }
      }
    }
    return null;
  }

  /** Makes a member accessible: the user's own types need not be public; the JDK's must be. */
  private static boolean open(java.lang.reflect.Executable member) {
    return (Modifier.isPublic(member.getModifiers())
            && Modifier.isPublic(member.getDeclaringClass().getModifiers()))
        || member.trySetAccessible();
  }
}
