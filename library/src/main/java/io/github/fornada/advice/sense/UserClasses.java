package io.github.fornada.advice.sense;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.FieldModel;
import java.lang.classfile.MethodModel;
import java.lang.reflect.AccessFlag;
import java.net.URL;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The classes that a function can reach, read from their files, never initialized. Names are
 * internal ones, such as {@code com/acme/Parser}. Used by one thread.
 */
final class UserClasses {
  /**
   * One class.
   *
   * @param model the class file
   * @param isOwn whether it is the user's, so that its code is looked at; false for a library's
   */
  record Known(ClassModel model, boolean isOwn) {
    String name() {
      return model.thisClass().asInternalName();
    }

    @Nullable String superName() {
      return model.superclass().map(type -> type.asInternalName()).orElse(null);
    }

    @Nullable MethodModel method(String name, String descriptor) {
      for (MethodModel method : model.methods()) {
        if (method.methodName().equalsString(name)
            && method.methodType().equalsString(descriptor)) {
          return method;
        }
      }
      return null;
    }

    @Nullable FieldModel field(String name) {
      for (FieldModel field : model.fields()) {
        if (field.fieldName().equalsString(name)) {
          return field;
        }
      }
      return null;
    }

    /** Returns whether an annotation says that objects of the class are for one thread. */
    boolean isMarkedUnsafe() {
      return Stream.concat(
              model.findAttribute(Attributes.runtimeVisibleAnnotations()).stream()
                  .flatMap(all -> all.annotations().stream()),
              model.findAttribute(Attributes.runtimeInvisibleAnnotations()).stream()
                  .flatMap(all -> all.annotations().stream()))
          .map(annotation -> annotation.className().stringValue())
          .map(name -> name.substring(1 + Math.max(name.lastIndexOf('/'), name.lastIndexOf('$'))))
          .anyMatch(name -> name.equals("NotThreadSafe;") || name.equals("LNotThreadSafe;"));
    }
  }

  private static final ClassFile FILES =
      ClassFile.of(
          ClassFile.DebugElementsOption.DROP_DEBUG, ClassFile.LineNumbersOption.DROP_LINE_NUMBERS);

  private final ClassLoader loader;
  private final Function<String, byte @Nullable []> given;

  /** Where the function's class comes from: a folder or a jar; null if unknown. */
  private final @Nullable String home;

  private final String homePackage;
  private final Map<String, @Nullable Known> read = new HashMap<>();
  private final int most;
  private int files;

  /**
   * Creates the classes that can be reached from one.
   *
   * @param from the class of the function
   * @param given returns the bytes of a class by its binary name, where its loader has no file of
   *     it; null for none
   * @param most the maximum number of classes that are read
   */
  UserClasses(Class<?> from, Function<String, byte @Nullable []> given, int most) {
    ClassLoader own = from.getClassLoader();
    this.loader = own == null ? ClassLoader.getSystemClassLoader() : own;
    this.given = given;
    this.most = most;
    this.home = place(internalName(from));
    this.homePackage = firstParts(internalName(from));
  }

  static String internalName(Class<?> type) {
    return type.getName().replace('.', '/');
  }

  /** The first two parts of a package: code below them is probably of one author. */
  private static String firstParts(String name) {
    int first = name.indexOf('/');
    int second = first < 0 ? -1 : name.indexOf('/', first + 1);
    return second < 0 ? "" : name.substring(0, second + 1);
  }

  /** Returns the class; null if it is the JDK's or Fornada's, or was not found. */
  @Nullable Known get(String name) {
    if (read.containsKey(name)) {
      return read.get(name);
    }
    Known known = isLeftOut(name) || files >= most ? null : find(name);
    read.put(name, known);
    return known;
  }

  /** Returns whether the class should be read, but there is no file of it. */
  boolean isMissing(String name) {
    return !isLeftOut(name) && get(name) == null;
  }

  private static boolean isLeftOut(String name) {
    String binary = name.replace('/', '.');
    return name.startsWith("[") || Stack.isJdk(binary) || Stack.isOurs(binary);
  }

  private @Nullable Known find(String name) {
    files++;
    try {
      byte[] bytes = given.apply(name.replace('/', '.'));
      if (bytes != null) {
        return new Known(FILES.parse(bytes), true);
      }
      try (InputStream in = loader.getResourceAsStream(name + ".class")) {
        return in == null ? null : new Known(FILES.parse(in.readAllBytes()), isOwn(name));
      }
    } catch (IOException | IllegalArgumentException e) {
      return null; // a file that cannot be read, or is no class file
    }
  }

  private boolean isOwn(String name) {
    String place = place(name);
    return place == null
        || place.equals(home)
        || place.startsWith("file:")
        || (!homePackage.isEmpty() && name.startsWith(homePackage));
  }

  /** Returns where a class comes from: the address without its own name; null if unknown. */
  private @Nullable String place(String name) {
    URL url = loader.getResource(name + ".class");
    String text = url == null ? null : url.toString();
    int end = text == null ? -1 : text.length() - (name.length() + ".class".length());
    return text == null || end < 0 ? null : text.substring(0, end);
  }

  /** Returns the class that declares the method, beginning at {@code owner}; null for none. */
  @Nullable Known declaring(String owner, String name, String descriptor) {
    String at = owner;
    while (at != null) {
      Known known = get(at);
      if (known == null) {
        break;
      }
      if (known.method(name, descriptor) != null) {
        return known;
      }
      at = known.superName();
    }
    Known known = get(owner);
    for (String type : known == null ? List.<String>of() : interfaces(known)) {
      Known found = declaring(type, name, descriptor);
      if (found != null) {
        return found;
      }
    }
    return null;
  }

  /** Returns the class that declares the field, beginning at {@code owner}; null for none. */
  @Nullable Known declaringField(String owner, String name) {
    String at = owner;
    while (at != null) {
      Known known = get(at);
      if (known == null) {
        return null;
      }
      if (known.field(name) != null) {
        return known;
      }
      at = known.superName();
    }
    return null;
  }

  private static List<String> interfaces(Known known) {
    List<String> names = new ArrayList<>();
    known.model().interfaces().forEach(type -> names.add(type.asInternalName()));
    return names;
  }

  /** Returns the name of the class and of those above it that are read, then the JDK's one. */
  List<String> superNames(String name) {
    List<String> names = new ArrayList<>();
    String at = name;
    while (at != null && names.size() < most) {
      names.add(at);
      Known known = get(at);
      at = known == null ? null : known.superName();
    }
    return names;
  }

  /**
   * Returns whether the class is called by the JDK through a type of the JDK that it implements.
   */
  boolean isCalledFromOutside(Known known) {
    String above = known.superName();
    if (above != null
        && get(above) == null
        && !above.equals("java/lang/Object")
        && !above.equals("java/lang/Record")
        && !above.equals("java/lang/Enum")) {
      return true;
    }
    for (String type : interfaces(known)) {
      if (get(type) == null
          && !type.equals("java/io/Serializable")
          && !type.equals("java/lang/Cloneable")
          && !type.equals("java/lang/Comparable")) {
        return true;
      }
    }
    return false;
  }

  static boolean has(MethodModel method, AccessFlag flag) {
    return method.flags().has(flag);
  }
}
