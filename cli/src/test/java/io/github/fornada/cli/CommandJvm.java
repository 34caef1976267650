package io.github.fornada.cli;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import java.util.zip.Deflater;

/**
 * The command's JVM as tests start it: from the classes under test, with an ahead-of-time cache, as
 * the launcher does. Most of what a short command takes is the start of its JVM and the loading of
 * the compiler: with a cache that is a third. A cache is for jars only, so folders of classes are
 * put into some. All this is made once, and again when a class has changed.
 */
final class CommandJvm {
  /** A cache that is not there after this time is not waited for. */
  private static final long MADE_WITHIN_SECONDS = 120;

  private static final String CACHE = "command.aot";

  private CommandJvm() {}

  /** Returns the command line of the JVM, up to the name of a class. */
  static List<String> words() {
    return Made.WORDS;
  }

  /** Made when it is first needed, once in this JVM. */
  private static final class Made {
    static final List<String> WORDS = make();
  }

  private static List<String> make() {
    try {
      Path target =
          Path.of(CommandJvm.class.getProtectionDomain().getCodeSource().getLocation().toURI())
              .getParent();
      List<Path> classPath =
          Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
              .filter(entry -> !entry.isEmpty())
              .map(Path::of)
              .filter(Files::exists)
              .toList();
      Path folder = target.resolve("command").resolve(fingerprint(classPath));
      if (!Files.exists(folder)) {
        delete(folder.getParent());
        make(folder, classPath);
      }
      var words = new ArrayList<>(options(folder));
      Path cache = folder.resolve(CACHE);
      if (Files.exists(cache)) {
        words.add("-XX:AOTCache=" + cache);
      }
      words.addAll(List.of("-cp", String.join(File.pathSeparator, jars(folder, classPath))));
      return List.copyOf(words);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (URISyntaxException | NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  /** Each process runs for a second or two, too short for optimizing compilation to pay. */
  private static List<String> options(Path folder) {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-Xmx256m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-Xlog:aot*=off,cds*=off",
        // Workers have a cache of their own. No JVM in the background makes another.
        "-Dfornada.aot.folder=" + folder.resolve("workers"),
        "-Dio.github.fornada.aotCache=use",
        // As the manifest of the command's jar has it.
        "--enable-native-access=ALL-UNNAMED",
        "--add-opens=java.base/java.io=ALL-UNNAMED");
  }

  private static String fingerprint(List<Path> classPath)
      throws IOException, NoSuchAlgorithmException {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    digest.update(System.getProperty("java.vm.version").getBytes(StandardCharsets.UTF_8));
    for (Path entry : classPath) {
      for (Path file : files(entry)) {
        BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
        String text = file + " " + found.size() + " " + found.lastModifiedTime() + "\n";
        digest.update(text.getBytes(StandardCharsets.UTF_8));
      }
    }
    return HexFormat.of().formatHex(digest.digest(), 0, 8);
  }

  private static List<Path> files(Path entry) throws IOException {
    try (Stream<Path> all = Files.walk(entry)) {
      return all.filter(Files::isRegularFile).sorted().toList();
    }
  }

  private static void make(Path folder, List<Path> classPath) throws IOException {
    Files.createDirectories(folder.getParent());
    Path draft = Files.createTempDirectory(folder.getParent(), "draft");
    for (int i = 0; i < classPath.size(); i++) {
      if (Files.isDirectory(classPath.get(i))) {
        jar(classPath.get(i), draft.resolve(jar(i)));
      }
    }
    Files.move(draft, folder); // the cache names its jars by their paths
    var words = new ArrayList<>(options(folder));
    words.add("-XX:AOTCacheOutput=" + folder.resolve(CACHE));
    words.addAll(List.of("-cp", String.join(File.pathSeparator, jars(folder, classPath))));
    words.add(CommandTraining.class.getName());
    Process training =
        new ProcessBuilder(words)
            .directory(Files.createDirectory(folder.resolve("training")).toFile())
            .redirectInput(new File("/dev/null"))
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("training.txt").toFile())
            .start();
    try {
      if (!training.waitFor(MADE_WITHIN_SECONDS, TimeUnit.SECONDS)) {
        training.descendants().forEach(ProcessHandle::destroyForcibly);
        training.destroyForcibly().waitFor();
        Files.deleteIfExists(folder.resolve(CACHE)); // tests are slower without it, and no worse
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static List<String> jars(Path folder, List<Path> classPath) {
    var jars = new ArrayList<String>();
    for (int i = 0; i < classPath.size(); i++) {
      Path entry = classPath.get(i);
      jars.add((Files.isDirectory(entry) ? folder.resolve(jar(i)) : entry).toString());
    }
    return jars;
  }

  private static String jar(int entry) {
    return "classes-" + entry + ".jar";
  }

  private static void jar(Path classes, Path jar) throws IOException {
    try (var out = new JarOutputStream(Files.newOutputStream(jar))) {
      out.setLevel(Deflater.NO_COMPRESSION);
      for (Path file : files(classes)) {
        out.putNextEntry(
            new JarEntry(classes.relativize(file).toString().replace(File.separatorChar, '/')));
        Files.copy(file, out);
        out.closeEntry();
      }
    }
  }

  /** Deletes what was made of other classes: a cache has many megabytes. */
  private static void delete(Path folder) throws IOException {
    if (Files.exists(folder)) {
      try (Stream<Path> all = Files.walk(folder)) {
        for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(each);
        }
      }
    }
  }
}
