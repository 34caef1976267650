package io.github.fornada.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The jars of a class path. */
final class ClassPathJars {
  private ClassPathJars() {}

  /**
   * Checks that a file is a jar. The JVM silently skips a file that is not, and then classes are
   * missing.
   *
   * @throws Fault if it is not a jar, or cannot be read
   */
  static void check(Path file) {
    try (var jar = new JarFile(file.toFile(), false)) {
      var _ = jar.size();
    } catch (IOException e) {
      throw Fault.usage(
          "the class path entry "
              + file
              + " cannot be read as a jar: "
              + Inputs.reason(e)
              + ". Build or download it again");
    }
  }

  /**
   * Returns all entries, and those that the manifests of jars add to them, as the JVM's own loader
   * does.
   */
  static List<String> withManifests(List<String> entries) {
    var all = new LinkedHashSet<String>();
    var next = new ArrayDeque<>(entries);
    while (!next.isEmpty()) {
      String entry = next.remove();
      Path path = Path.of(entry);
      if (all.add(entry) && Files.isRegularFile(path)) {
        next.addAll(namedBy(path));
      }
    }
    return List.copyOf(all);
  }

  /**
   * Says which folders of a class path have jars, of which a folder stands for none. Empty if there
   * is no such folder.
   */
  static String unnamed(List<String> entries) {
    return entries.stream()
        .filter(ClassPathJars::hasJars)
        .map(folder ->
            folder
                + " has jars, and a folder stands for class files: -cp '"
                + folder.replace("'", "'\\''")
                + "/*'")
        .collect(Collectors.joining("; "));
  }

  private static boolean hasJars(String entry) {
    Path folder = Path.of(entry);
    if (!Files.isDirectory(folder)) {
      return false;
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.anyMatch(file -> file.toString().toLowerCase(Locale.ROOT).endsWith(".jar"));
    } catch (IOException | UncheckedIOException e) {
      return false; // a folder that may not be read: the message that this adds to has its name
    }
  }

  private static List<String> namedBy(Path file) {
    var named = new ArrayList<String>();
    try (var jar = new JarFile(file.toFile(), false)) {
      Manifest manifest = jar.getManifest();
      String value =
          manifest == null
              ? null
              : manifest.getMainAttributes().getValue(Attributes.Name.CLASS_PATH);
      for (String each : value == null ? new String[0] : value.strip().split(" +", -1)) {
        Path path = Path.of(file.toUri().resolve(each));
        if (Files.exists(path)) {
          named.add(path.normalize().toString());
        }
      }
    } catch (IOException | InvalidPathException e) {
      // it was checked before and was deleted since, or it is not a path of this system
      return List.of();
    } catch (IllegalArgumentException | java.nio.file.FileSystemNotFoundException e) {
      return named; // a URL of another host, or no URL: not a file that could be overwritten here
    }
    return named;
  }
}
