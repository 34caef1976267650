package io.github.fornada.cli;

import io.github.fornada.jvm.Listing;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Finds the function that the command line names. */
final class TaskLocator {
  private TaskLocator() {}

  /**
   * The location of a task.
   *
   * @param task the argument as it was typed
   * @param name the file or the class
   * @param method the method; null if none was named
   * @param source the source file; null if it is a class
   * @param classPath absolute paths of folders and jars
   * @param read these paths, and the jars that their manifests name
   */
  record Place(
      String task,
      String name,
      @Nullable String method,
      @Nullable Path source,
      List<String> classPath,
      List<String> read) {}

  /**
   * Parses {@code File.java}, {@code File.java#method} or {@code com.acme.Type#method}.
   *
   * @throws Fault if there is no such file, or no such entry of the class path
   */
  static Place place(String task, @Nullable String classPath) {
    // A path may contain a #; no method is called "x.java".
    int hash = task.endsWith(".java") ? -1 : task.lastIndexOf('#');
    String name = hash < 0 ? task : task.substring(0, hash);
    String method = hash < 0 ? null : task.substring(hash + 1);
    if (method != null && method.isEmpty()) {
      throw Fault.usage("there is no name of a function after the #: " + task);
    }
    List<String> path = classPath == null ? List.of() : expand(classPath);
    Path source = name.endsWith(".java") ? source(name) : null;
    return new Place(task, name, method, source, path, ClassPathJars.withManifests(path));
  }

  private static Path source(String name) {
    Path source = Path.of(name);
    if (!Files.isRegularFile(source)) {
      throw Fault.usage((Files.exists(source) ? "not a file: " : "no such file: ") + name);
    }
    if (!Files.isReadable(source)) {
      throw Fault.usage("may not be read: " + name);
    }
    return source;
  }

  /**
   * Finds the function at a location.
   *
   * @throws Fault if there is no such function, or more than one
   */
  static LoadedTask locate(Place place) {
    Path source = place.source();
    return source != null
        ? inSource(source, place.name(), place.method(), place.classPath())
        : inClass(place.task(), place.name(), place.method(), place.classPath());
  }

  private static LoadedTask inSource(
      Path source, String place, @Nullable String method, List<String> path) {
    SourceCompiler.Compiled compiled = SourceCompiler.compile(source, path);
    Map<String, byte[]> classes = compiled.classes();
    String compact = compiled.compact();
    TaskCode code = TaskCode.of(classes, source, path);
    var types = new ArrayList<Class<?>>();
    for (String name : classes.keySet()) {
      Class<?> type = load(code, name);
      if (!type.isMemberClass() && !type.isAnonymousClass() && !type.isLocalClass()) {
        types.add(type);
      }
    }
    // The class that the file is named after comes first; if it has candidates, other classes are
    // not searched.
    String simpleName = source.getFileName().toString().replaceFirst("\\.java$", "");
    types.sort(Comparator.comparing(type -> !type.getSimpleName().equals(simpleName)));
    for (Class<?> type : types) {
      List<Method> found = candidates(type, method, compact);
      if (!found.isEmpty()) {
        return only(code, place, found);
      }
    }
    throw nothing(place, method, types, compact);
  }

  private static LoadedTask inClass(
      String task, String place, @Nullable String method, List<String> path) {
    if (path.isEmpty()) {
      throw Fault.usage(
          "\""
              + task
              + "\" is neither a .java file nor, without -cp, a class: give File.java, or"
              + " com.acme.Type#method with -cp app.jar");
    }
    TaskCode code = TaskCode.of(Map.of(), null, path);
    Class<?> type = load(code, binaryName(code, place));
    List<Method> found = candidates(type, method, null);
    if (found.isEmpty()) {
      throw nothing(place, method, List.of(type), null);
    }
    return only(code, place, found);
  }

  /**
   * Returns the name of a class file for a class as source code names it: {@code a.Outer$Inner} for
   * {@code a.Outer.Inner}, if there is that and not the other.
   */
  private static String binaryName(TaskCode code, String name) {
    for (String tried = name; ; ) {
      if (code.guardedLoader().getResource(tried.replace('.', '/') + ".class") != null) {
        return tried;
      }
      int dot = tried.lastIndexOf('.');
      if (dot < 0) {
        return name;
      }
      tried = tried.substring(0, dot) + "$" + tried.substring(dot + 1);
    }
  }

  private static Class<?> load(TaskCode code, String name) {
    try {
      return Class.forName(name, false, code.guardedLoader());
    } catch (ClassNotFoundException e) {
      if (e.getCause() instanceof IOException unreadable) {
        throw Fault.usage(
            "class "
                + name
                + " cannot be read from the class path "
                + String.join(File.pathSeparator, code.classPath())
                + ": "
                + Inputs.reason(unreadable)
                + ". Build or download it again");
      }
      throw Fault.usage(
          "no class "
              + name
              + " in the class path "
              + String.join(File.pathSeparator, code.classPath())
              + withJars(code.classPath()));
    } catch (LinkageError | SecurityException e) {
      throw Fault.usage(refusal(name, e, code.classPath()));
    }
  }

  /** Returns one sentence with the class and its file, if they are known. */
  private static String refusal(String name, Throwable e, List<String> classPath) {
    return switch (e) {
      case BadClassFileError bad -> String.valueOf(bad.getMessage());
      case NoClassDefFoundError missing ->
          "class "
              + name
              + " needs a class that is not there: "
              + missing.getMessage()
              + withJars(classPath);
      case SecurityException unverified when isOfSignature(unverified) ->
          "class "
              + name
              + " cannot be loaded: "
              + unverified.getMessage()
              + ". Its jar was changed after it was signed: build it without the files"
              + " META-INF/*.SF, which another jar has brought along, or sign it again";
      default -> "class " + name + " cannot be loaded: " + e;
    };
  }

  private static boolean isOfSignature(SecurityException e) {
    String message = String.valueOf(e.getMessage());
    return message.contains("signature") || message.contains("digest");
  }

  /** Says, of a class that is missing, that it may be in a jar that is not named. */
  private static String withJars(List<String> classPath) {
    String jars = ClassPathJars.unnamed(classPath);
    return jars.isEmpty() ? "" : ". " + jars;
  }

  private static LoadedTask only(TaskCode code, String place, List<Method> found) {
    if (found.size() > 1) {
      throw Fault.usage(
          "several functions could be meant; name one:\n"
              + found.stream()
                  .map(m -> "  '" + place + "#" + unambiguous(m, found) + "'")
                  .collect(Collectors.joining("\n")));
    }
    Method method = found.getFirst();
    String name = method.getDeclaringClass().getSimpleName() + "." + signature(method);
    try {
      return new LoadedTask(name, MethodCall.of(code, method).prepared());
    } catch (MethodCall.NotMadeException e) {
      throw Fault.usage(String.valueOf(e.getMessage()));
    }
  }

  private static String unambiguous(Method method, List<Method> found) {
    boolean overloaded =
        found.stream().filter(m -> m.getName().equals(method.getName())).count() > 1;
    return overloaded ? signature(method) : method.getName();
  }

  /** Returns the public static methods with one argument to which text can be converted. */
  private static List<Method> candidates(
      Class<?> type, @Nullable String wanted, @Nullable String compact) {
    return methods(type)
        .filter(m -> canBeCalled(m, compact))
        .filter(m -> m.getParameterCount() == 1)
        .filter(m -> ItemParser.canParse(m.getParameterTypes()[0]))
        .filter(m -> wanted == null ? !isMadeByTheCompiler(m) : matches(m, wanted))
        .toList();
  }

  /** Returns whether it is the {@code valueOf} of an enum, which nobody wrote to be run. */
  private static boolean isMadeByTheCompiler(Method m) {
    return m.getDeclaringClass().isEnum()
        && m.getName().equals("valueOf")
        && m.getParameterTypes()[0] == String.class;
  }

  /**
   * Returns whether a method is public and static, or in a compact source file, where nothing need
   * be either.
   *
   * @param compact the class that such a file declares; null if there is none
   */
  private static boolean canBeCalled(Method m, @Nullable String compact) {
    return m.getDeclaringClass().getName().equals(compact)
        ? !Modifier.isPrivate(m.getModifiers())
        : Modifier.isPublic(m.getModifiers()) && Modifier.isStatic(m.getModifiers());
  }

  private static java.util.stream.Stream<Method> methods(Class<?> type) {
    try {
      return Arrays.stream(type.getDeclaredMethods())
          .filter(m -> !m.isSynthetic())
          .sorted(Comparator.comparing(TaskLocator::signature));
    } catch (LinkageError | SecurityException e) {
      List<String> classPath =
          type.getClassLoader() instanceof TaskLoader loader ? loader.classPath() : List.of();
      throw Fault.usage(refusal(type.getName(), e, classPath));
    }
  }

  private static boolean matches(Method method, String wanted) {
    return method.getName().equals(wanted) || signature(method).equals(wanted);
  }

  private static String signature(Method method) {
    return method.getName()
        + Arrays.stream(method.getParameterTypes())
            .map(Class::getSimpleName)
            .collect(Collectors.joining(", ", "(", ")"));
  }

  private static Fault nothing(
      String place, @Nullable String method, List<Class<?>> types, @Nullable String compact) {
    Map<String, String> near = whyNot(types, compact, m -> m.getName().equals(method));
    var text = new StringBuilder();
    if (near.isEmpty()) {
      near = whyNot(types, compact, _ -> true);
      text.append("no public static method")
          .append(method == null ? "" : " " + method)
          .append(" with one argument in ");
    } else {
      text.append("no method ").append(method).append(" that can be called with one text in ");
    }
    text.append(place);
    near.remove("main(String[])");
    near.remove("main()");
    near.forEach((name, why) -> text.append("\n  ").append(name).append(": ").append(why));
    if (near.isEmpty()) {
      text.append("\n  it should hold one, such as: public static int count(String line) { ... }");
    }
    return Fault.usage(text.toString());
  }

  /** Returns why the methods that are asked for cannot be called, by their signatures. */
  private static Map<String, String> whyNot(
      List<Class<?>> types, @Nullable String compact, Predicate<Method> asked) {
    Map<String, String> reasons = new LinkedHashMap<>();
    for (Class<?> type : types) {
      methods(type).filter(asked).forEach(m -> reasons.put(signature(m), whyNot(m, compact)));
    }
    return reasons;
  }

  private static String whyNot(Method m, @Nullable String compact) {
    if (m.getDeclaringClass().getName().equals(compact) && Modifier.isPrivate(m.getModifiers())) {
      return "is private";
    }
    if (!canBeCalled(m, compact) && !Modifier.isStatic(m.getModifiers())) {
      return "is not static";
    }
    if (!canBeCalled(m, compact)) {
      return "is not public";
    }
    if (m.getParameterCount() != 1) {
      return "has " + m.getParameterCount() + " arguments";
    }
    if (!ItemParser.canParse(m.getParameterTypes()[0])) {
      return "text cannot become "
          + ItemParser.article(m.getParameterTypes()[0].getSimpleName())
          + "; that needs a constructor of one String, or a static valueOf, parse or of";
    }
    return "would do";
  }

  /** Returns the entries of a class path; {@code lib/*} stands for the jars in lib, as for java. */
  private static List<String> expand(String classPath) {
    var entries = new ArrayList<String>();
    for (String entry : classPath.split(File.pathSeparator, -1)) {
      if (entry.isEmpty()) {
        continue;
      }
      if (entry.equals("*") || entry.endsWith("/*") || entry.endsWith(File.separator + "*")) {
        entries.addAll(jarsIn(entry.substring(0, entry.length() - 1)));
      } else {
        Path path = Path.of(entry);
        if (!Files.exists(path)) {
          throw Fault.usage(
              "no such class path entry: "
                  + entry
                  + (Files.exists(Path.of(classPath))
                      ? "; a path with a " + File.pathSeparator + " in it cannot be an entry"
                      : ""));
        }
        if (Files.isRegularFile(path)) {
          ClassPathJars.check(path);
        }
        entries.add(path.toAbsolutePath().normalize().toString());
      }
    }
    return entries;
  }

  private static List<String> jarsIn(String folder) {
    var jars = new ArrayList<String>();
    Path path = Path.of(folder.isEmpty() ? "." : folder);
    try {
      for (Path jar : Listing.of(path, "*.{jar,JAR}")) {
        ClassPathJars.check(jar);
        jars.add(jar.toAbsolutePath().normalize().toString());
      }
    } catch (IOException e) {
      throw Fault.usage("no such folder in the class path: " + folder);
    }
    if (jars.isEmpty()) {
      throw Fault.usage("there are no jars in the class path folder: " + path);
    }
    jars.sort(null);
    return jars;
  }
}
