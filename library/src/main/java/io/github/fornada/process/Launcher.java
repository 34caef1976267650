package io.github.fornada.process;

import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;

/**
 * Starts worker JVMs: the same JDK, class path and module options as this JVM, a heap of their own.
 */
final class Launcher {
  /** In the environment of each worker and so of all it starts, to find what it leaves behind. */
  static final String MARK = "FORNADA_WORKER";

  /** Options of this JVM that its workers need too. Agents and debuggers are not among them. */
  private static final List<String> INHERITED =
      List.of(
          "-D",
          "--add-opens",
          "--add-exports",
          "--add-reads",
          "--add-modules",
          "--enable-preview",
          "--enable-native-access",
          "--illegal-native-access",
          "--sun-misc-unsafe-memory-access");

  /** Properties of this JVM that would make its workers fight over a port or a file. */
  private static final List<String> NOT_INHERITED =
      List.of("-Dcom.sun.management.", "-Djava.rmi.", "-Djdk.attach", "-Djava.io.tmpdir.");

  private final ProcessOptions options;
  private final Path directory;
  private final String heap;

  Launcher(ProcessOptions options, Path directory) {
    this.options = options;
    this.directory = directory;
    String asked = options.launch().heap();
    this.heap = asked == null ? defaultHeap(options.workers()) : asked;
  }

  /** The most heap of a worker, as {@code -Xmx} takes it. */
  String heap() {
    return heap;
  }

  /** A quarter of the memory, as the JDK itself would take, but for all the workers together. */
  private static String defaultHeap(int workers) {
    long memory =
        ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
            .getTotalMemorySize();
    return Math.max(64, (memory / 4 / workers) >> 20) + "m";
  }

  /** The mark of a worker in the environment of its children. */
  String mark(int number) {
    return directory.getFileName() + "/" + number;
  }

  Process start(Path socket, int number, String token) throws IOException {
    Path arguments = directory.resolve("arguments-" + number);
    // In a file: a class path may be longer than a command line can be, and nobody else may read
    // it.
    Files.writeString(arguments, String.join("\n", arguments(socket, number)) + "\n");
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    var builder = new ProcessBuilder(java, "@" + arguments);
    builder.environment().putAll(options.launch().environment());
    // A worker of a worker carries both marks, so that the end of either ends it.
    String outer = System.getenv(MARK);
    builder.environment().put(MARK, (outer == null ? "" : outer + ",") + mark(number));
    // Read by every JVM as if on its command line, agents and debuggers included.
    builder.environment().remove("JAVA_TOOL_OPTIONS");
    builder.environment().remove("JDK_JAVA_OPTIONS");
    Path home = options.launch().directory();
    if (home != null) {
      builder.directory(home.toFile());
    }
    Process process;
    try {
      process = builder.start();
    } catch (IOException e) {
      throw new IOException(
          "a worker JVM could not be started with " + java + ": " + e.getMessage(), e);
    }
    try (var stdin = process.getOutputStream()) {
      stdin.write((token + "\n").getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      // It is dead already; its exit tells why.
    }
    return process;
  }

  private List<String> arguments(Path socket, int number) {
    var list = new ArrayList<String>();
    list.add("-Xmx" + heap);
    if (options.launch().jvmOptions().stream().noneMatch(o -> o.matches("-XX:\\+Use\\w+GC"))) {
      list.add("-XX:+UseSerialGC"); // the least memory, and no threads of its own on busy cores
    }
    list.add("-XX:-UsePerfData"); // no file left in the temporary folder
    list.add("-XX:-CreateCoredumpOnCrash");
    list.add("-XX:ErrorFile=" + crashLog("%p"));
    list.add("-Xshare:auto");
    list.add("-Djava.awt.headless=true");
    list.addAll(inherited());
    String modules = System.getProperty("jdk.module.path");
    if (modules != null) {
      list.add("--module-path=" + absolute(modules));
      list.add("--add-modules=ALL-MODULE-PATH");
    }
    list.addAll(options.launch().jvmOptions());
    list.add("--class-path");
    list.add(classPath());
    list.add(WorkerMain.class.getName());
    list.add(socket.toString());
    list.add(Integer.toString(number));
    return list.stream().map(Launcher::quoted).toList();
  }

  /** Where a worker that crashes writes the JVM's own report. */
  static Path crashLog(String pid) {
    return Path.of(System.getProperty("java.io.tmpdir"), "fornada-hs_err_pid" + pid + ".log");
  }

  private static List<String> inherited() {
    return ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(argument -> INHERITED.stream().anyMatch(argument::startsWith))
        .filter(argument -> NOT_INHERITED.stream().noneMatch(argument::startsWith))
        .toList();
  }

  private static String classPath() {
    var entries = new LinkedHashSet<String>();
    String own = System.getProperty("java.class.path", "");
    if (!own.isEmpty()) {
      entries.add(absolute(own));
    }
    // Where this library is loaded by another loader, or from the module path, the class path lacks
    // it.
    CodeSource source = WorkerMain.class.getProtectionDomain().getCodeSource();
    if (source != null && "file".equals(source.getLocation().getProtocol())) {
      try {
        String place = Path.of(source.getLocation().toURI()).toString();
        if (!List.of(absolute(own).split(File.pathSeparator)).contains(place)) {
          entries.add(place);
        }
      } catch (URISyntaxException e) {
        throw new IllegalStateException("the place of this library is no path: " + source, e);
      }
    }
    return String.join(File.pathSeparator, entries);
  }

  /** Workers may run in another folder. */
  private static String absolute(String path) {
    var entries = new ArrayList<String>();
    for (String entry : path.split(File.pathSeparator, -1)) {
      entries.add(Path.of(entry).toAbsolutePath().toString());
    }
    return String.join(File.pathSeparator, entries);
  }

  /** As the java launcher reads a file of arguments. */
  private static String quoted(String argument) {
    return '"'
        + argument
            .replace("\\", "\\\\")
            .replace("\"", "\\\"")
            .replace("\n", "\\n")
            .replace("\r", "\\r")
        + '"';
  }
}
