package io.github.fornada.process.launch;

import java.io.File;
import java.io.IOException;
import java.lang.module.ModuleReference;
import java.lang.module.ResolvedModule;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.TreeSet;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import org.jspecify.annotations.Nullable;

/**
 * The options of this JVM that its workers need to find the same classes: its class path, modules
 * and properties. Agents and debuggers are not inherited.
 */
final class InheritedOptions {
  /** Options of this JVM that its workers need too. Agents and debuggers are not among them. */
  private static final List<String> INHERITED =
      List.of(
          "-D",
          "--add-opens",
          "--add-exports",
          "--add-reads",
          "--add-modules",
          "--limit-modules",
          "--enable-preview",
          "--enable-native-access",
          "--illegal-native-access",
          "--enable-final-field-mutation",
          "--illegal-final-field-mutation",
          "--sun-misc-unsafe-memory-access",
          "-Xss",
          "-ea",
          "-enableassertions",
          "-da",
          "-disableassertions",
          "-esa",
          "-enablesystemassertions");

  /** Further inherited options, whose values are paths. */
  private static final List<String> INHERITED_PATHS =
      List.of("--upgrade-module-path=", "-Xbootclasspath/a:");

  private static final String PATCH_MODULE = "--patch-module=";

  /** Properties of this JVM that would make its workers compete for a port or a file. */
  private static final List<String> NOT_INHERITED =
      List.of("-Dcom.sun.management", "-Djava.rmi.", "-Djdk.attach", "-Djava.io.tmpdir.");

  private static final List<String> HEAP_WORDS =
      List.of("-Xmx", "-Xms", "Heap", "RAM", "-XX:Flags", "-XX:VMOptionsFile");

  private InheritedOptions() {}

  /** Returns the options of a worker's JVM, without its class path. */
  static List<String> options() {
    var list = new ArrayList<String>();
    for (String argument : OwnArguments.ALL) {
      String inherited = inherited(argument);
      if (inherited != null) {
        list.add(inherited);
      }
    }
    addModules(list);
    addFromManifest(list);
    return list;
  }

  /** Returns whether this JVM's heap may have another limit than the JDK's default. */
  static boolean isHeapChosen() {
    for (String argument : OwnArguments.ALL) {
      for (String word : HEAP_WORDS) {
        if (argument.contains(word)) {
          return true;
        }
      }
    }
    return false;
  }

  private static @Nullable String inherited(String argument) {
    for (String prefix : NOT_INHERITED) {
      if (argument.startsWith(prefix)) {
        return null;
      }
    }
    for (String prefix : INHERITED) {
      if (argument.startsWith(prefix)) {
        return argument;
      }
    }
    for (String prefix : INHERITED_PATHS) {
      if (argument.startsWith(prefix)) {
        return prefix + absolute(argument.substring(prefix.length()));
      }
    }
    if (argument.startsWith(PATCH_MODULE)) {
      int path = argument.indexOf('=', PATCH_MODULE.length()) + 1;
      return argument.substring(0, path) + absolute(argument.substring(path));
    }
    return null;
  }

  /**
   * Adds the modules that this JVM has and no others: others on the module path may conflict with
   * them.
   */
  private static void addModules(List<String> to) {
    String path = System.getProperty("jdk.module.path");
    if (path == null) {
      return;
    }
    to.add("--module-path=" + absolute(path));
    var names = new TreeSet<String>();
    for (ResolvedModule module : ModuleLayer.boot().configuration().modules()) {
      ModuleReference reference = module.reference();
      URI location = reference.location().orElse(null);
      if (location != null && !"jrt".equals(location.getScheme())) {
        names.add(module.name());
      }
    }
    if (!names.isEmpty()) {
      to.add("--add-modules=" + String.join(",", names));
    }
  }

  /**
   * Adds the options that {@code java -jar} takes from the jar's manifest, because a worker is
   * started without {@code -jar}.
   */
  private static void addFromManifest(List<String> to) {
    String jar = System.getProperty("java.class.path", "");
    String command = System.getProperty("sun.java.command", "");
    if (jar.isEmpty() || !(command.equals(jar) || command.startsWith(jar + " "))) {
      return;
    }
    try (var file = new JarFile(jar)) {
      Manifest manifest = file.getManifest();
      if (manifest != null) {
        Attributes main = manifest.getMainAttributes();
        addAll(to, "--add-exports=", main.getValue("Add-Exports"));
        addAll(to, "--add-opens=", main.getValue("Add-Opens"));
        String access = main.getValue("Enable-Native-Access");
        if (access != null) {
          to.add("--enable-native-access=" + access.strip());
        }
      }
    } catch (IOException e) {
      // Not a readable jar: the main class has the same name as the class path.
    }
  }

  private static void addAll(List<String> to, String option, @Nullable String packages) {
    if (packages != null) {
      for (String one : packages.strip().split("\\s+")) {
        to.add(option + one + "=ALL-UNNAMED");
      }
    }
  }

  /**
   * Returns the class path of a worker. If its JVM would not find this library's classes there,
   * because another loader loads them in this JVM, they are added: their folder or jar, or a new
   * jar with them.
   *
   * @param directory the pool's private folder
   * @param first a jar of this library's classes that comes first; null for none
   * @param alone whether it has this library's classes only
   */
  static String classPath(Path directory, @Nullable Path first, boolean alone) throws IOException {
    var entries = new LinkedHashSet<String>();
    if (first != null) {
      entries.add(first.toString());
    }
    String own = System.getProperty("java.class.path", "");
    if (!own.isEmpty() && !alone) {
      entries.addAll(List.of(absolute(own).split(File.pathSeparator)));
    }
    if (first == null
        && (alone
            || !ClassLoader.getSystemClassLoader()
                .equals(InheritedOptions.class.getClassLoader()))) {
      String location = ownLocation();
      if (location == null) {
        Path jar = directory.resolve("fornada.jar");
        if (!Files.exists(jar)) {
          BootstrapJar.write(jar);
        }
        location = jar.toString();
      }
      entries.add(location);
    }
    return String.join(File.pathSeparator, entries);
  }

  /** Returns the folder or jar with this library's classes; null if there is no such file. */
  static @Nullable String ownLocation() {
    CodeSource source = InheritedOptions.class.getProtectionDomain().getCodeSource();
    if (source == null
        || source.getLocation() == null
        || !"file".equals(source.getLocation().getProtocol())) {
      return null;
    }
    String entry = BootstrapJar.className(BootstrapJar.WORKER).replace('.', '/') + ".class";
    try {
      Path location = Path.of(source.getLocation().toURI());
      if (Files.isDirectory(location)) {
        return Files.exists(location.resolve(entry)) ? location.toString() : null;
      }
      try (var jar = new JarFile(location.toFile())) {
        return jar.getEntry(entry) == null ? null : location.toString();
      }
    } catch (Exception e) {
      return null; // such a location cannot be on a class path
    }
  }

  /** Returns the path as an absolute one, because workers may run in another folder. */
  private static String absolute(String path) {
    var entries = new ArrayList<String>();
    for (String entry : path.split(File.pathSeparator, -1)) {
      entries.add(Path.of(entry).toAbsolutePath().toString());
    }
    return String.join(File.pathSeparator, entries);
  }
}
