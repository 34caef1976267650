package io.github.fornada.process;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Starts worker JVMs: the same JDK, class path and module options as this JVM, a heap of their own.
 */
final class Launcher {
  /** In the environment of each worker and so of all it starts, to find what it leaves behind. */
  static final String MARK = "FORNADA_WORKER";

  private static final List<String> OPTION_VARIABLES =
      List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "CLASSPATH");

  /** In which the java launcher reads its arguments, and the JVM the names of files. */
  private static final Charset PLATFORM_CHARSET =
      Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));

  private final ProcessOptions options;
  private final Path directory;
  private final String heap;

  /** Written when first needed. */
  private @Nullable Path arguments; // guarded by this

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
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    var builder =
        new ProcessBuilder(java, "@" + arguments(), socket.toString(), Integer.toString(number));
    // Read by every JVM as if on its command line, agents and debuggers included. What workers need
    // of it they get with this JVM's other options.
    OPTION_VARIABLES.forEach(builder.environment()::remove);
    builder.environment().putAll(options.launch().environment());
    // A worker of a worker carries both marks, so that the end of either ends it.
    String outer = System.getenv(MARK);
    builder.environment().put(MARK, (outer == null ? "" : outer + ",") + mark(number));
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

  /**
   * The file of the arguments that all workers share. In a file, because a class path may be longer
   * than a command line can be, and nobody else may read it.
   */
  private synchronized Path arguments() throws IOException {
    Path file = arguments;
    if (file == null) {
      file = directory.resolve("arguments");
      var text = new StringBuilder();
      for (String argument : list()) {
        text.append(quoted(argument)).append('\n');
      }
      Files.writeString(file, text, PLATFORM_CHARSET);
      arguments = file;
    }
    return file;
  }

  private List<String> list() throws IOException {
    var list = new ArrayList<String>();
    list.add("-Xmx" + heap);
    if (!choosesCollector(options.launch().jvmOptions())) {
      list.add("-XX:+UseSerialGC"); // the least memory, and no threads of its own on busy cores
    }
    list.add("-XX:-UsePerfData"); // no file left in the temporary folder
    list.add("-XX:-CreateCoredumpOnCrash");
    list.add("-XX:ErrorFile=" + crashLog("%p"));
    list.add("-Xshare:auto");
    list.add("-Djava.awt.headless=true");
    list.addAll(Inheritance.options());
    list.addAll(options.launch().jvmOptions());
    list.add("--class-path");
    list.add(Inheritance.classPath(directory));
    list.add(WorkerMain.class.getName());
    return list;
  }

  private static boolean choosesCollector(List<String> jvmOptions) {
    for (String option : jvmOptions) {
      if (option.startsWith("-XX:+Use") && option.endsWith("GC")) {
        return true;
      }
    }
    return false;
  }

  /** Where a worker that crashes writes the JVM's own report. */
  static Path crashLog(String pid) {
    return Path.of(System.getProperty("java.io.tmpdir"), "fornada-hs_err_pid" + pid + ".log");
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
