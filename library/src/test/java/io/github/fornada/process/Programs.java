package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.process.worker.WorkerMain;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;

/** Compiles small programs, packs them, and runs them in JVMs of their own. */
public final class Programs {
  private static final int LONGEST_SECONDS = 180;
  private static final Pattern TYPE =
      Pattern.compile("(?:class|record|interface|module)\\s+([\\w.]+)");
  private static final Pattern PACKAGE = Pattern.compile("package\\s+([\\w.]+);");

  private Programs() {}

  /** Where this library's classes lie: a folder, or a jar. */
  public static Path library() {
    try {
      return Path.of(WorkerMain.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  static Path libraryJar(Path into) {
    Path jar = into.resolve("fornada.jar");
    if (Files.isDirectory(library())) {
      tool("jar", "--create", "--file=" + jar, "-C", library().toString(), ".");
    } else {
      throw new IllegalStateException("expected a folder of classes: " + library());
    }
    return jar;
  }

  /** Compiles sources, each a whole file, into the folder. */
  public static Path compile(Path into, List<String> options, String... sources)
      throws IOException {
    var arguments = new ArrayList<>(List.of("-nowarn", "-d", into.toString()));
    arguments.addAll(options);
    Files.createDirectories(into);
    Path folder = Files.createTempDirectory(into.getParent(), "sources");
    for (String source : sources) {
      Matcher type = TYPE.matcher(source);
      Matcher place = PACKAGE.matcher(source);
      assertThat(type.find()).isTrue();
      String name = source.startsWith("module") ? "module-info" : type.group(1);
      Path file =
          folder
              .resolve(place.find() ? place.group(1).replace('.', '/') : "")
              .resolve(name + ".java");
      Files.createDirectories(file.getParent());
      arguments.add(Files.writeString(file, source).toString());
    }
    tool("javac", arguments.toArray(String[]::new));
    return into;
  }

  static void tool(String name, String... arguments) {
    var said = new ByteArrayOutputStream();
    var out = new PrintStream(said, true, StandardCharsets.UTF_8);
    int code = ToolProvider.findFirst(name).orElseThrow().run(out, out, arguments);
    assertThat(code)
        .as(name + " " + Arrays.toString(arguments) + ":\n" + said.toString(StandardCharsets.UTF_8))
        .isZero();
  }

  /** What a program printed, to both streams, and its exit code. */
  public record Ran(int code, String said) {}

  public static Ran java(Path directory, Map<String, String> environment, List<String> arguments)
      throws IOException, InterruptedException {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx128m"));
    command.addAll(arguments);
    return run(directory, environment, command);
  }

  /**
   * Runs a program under limits of the shell.
   *
   * @param limits a command such as {@code ulimit -n 200}
   * @param java options of the JVM, with the class and its arguments
   */
  static Ran runLimited(Path directory, String limits, String classPath, String java)
      throws IOException, InterruptedException {
    return run(
        directory,
        Map.of(),
        List.of(
            "sh",
            "-c",
            limits + " && exec \"$0\" -cp \"$1\" " + java,
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            classPath));
  }

  /** Runs any command. */
  static Ran run(Path directory, Map<String, String> environment, List<String> command)
      throws IOException, InterruptedException {
    Path file = Files.createTempFile(directory, "said", ".txt");
    var builder =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(file.toFile());
    builder.environment().put("LC_ALL", "C.UTF-8");
    builder.environment().putAll(environment);
    Process process = builder.start();
    try {
      assertThat(process.waitFor(LONGEST_SECONDS, TimeUnit.SECONDS))
          .as("ended in time: " + command)
          .isTrue();
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
    return new Ran(process.exitValue(), Files.readString(file));
  }
}
