package io.github.fornada.scenarios;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;

/**
 * Gives the scenarios a display. On a machine without one, an X server without a screen (Xvfb) is
 * started for as long as they run. A JVM looks for its display once, so they run in a JVM of their
 * own then.
 */
final class Displays {
  /** Set in that JVM, so that it starts no other. */
  private static final String GIVEN = "FORNADA_DISPLAY_GIVEN";

  private static final long EXIT_SECONDS = 5;

  private Displays() {}

  /**
   * Runs the command with a display of its own, if there is none and one can be had.
   *
   * @return its exit code; empty if the caller is to run it, with what display there is
   */
  static OptionalInt run(String[] args) throws IOException, InterruptedException {
    Map<String, String> environment = System.getenv();
    Optional<Path> server = xvfb(environment);
    if (environment.containsKey(GIVEN) || environment.containsKey("DISPLAY") || server.isEmpty()) {
      return OptionalInt.empty();
    }
    // It chooses a number that is free, and says which once it answers.
    Process display =
        new ProcessBuilder(
                server.get().toString(),
                "-displayfd",
                "1",
                "-screen",
                "0",
                "1024x768x24",
                "-nolisten",
                "tcp")
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    Runtime.getRuntime().addShutdownHook(new Thread(display::destroy, "scenarios-display"));
    try (var answers =
        new BufferedReader(
            new InputStreamReader(display.getInputStream(), StandardCharsets.UTF_8))) {
      String number = answers.readLine();
      return number == null
          ? OptionalInt.empty() // it could not start, and the scenario says that there is none
          : OptionalInt.of(runOn(":" + number.strip(), args));
    } finally {
      display.destroy();
      if (!display.waitFor(EXIT_SECONDS, TimeUnit.SECONDS)) {
        display.destroyForcibly();
      }
    }
  }

  private static int runOn(String display, String[] args) throws IOException, InterruptedException {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.add("-Djava.awt.headless=false");
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    command.addAll(List.of(args));
    var builder = new ProcessBuilder(command).inheritIO();
    builder.environment().put("DISPLAY", display);
    builder.environment().put(GIVEN, "true");
    Process run = builder.start();
    // What ends this JVM, such as Ctrl-C, is to end that one too; it cleans up by itself.
    Runtime.getRuntime().addShutdownHook(new Thread(run::destroy, "scenarios-run"));
    return run.waitFor();
  }

  private static Optional<Path> xvfb(Map<String, String> environment) {
    for (String folder : environment.getOrDefault("PATH", "").split(":")) {
      Path file = Path.of(folder.isEmpty() ? "." : folder, "Xvfb");
      if (Files.isExecutable(file)) {
        return Optional.of(file);
      }
    }
    return Optional.empty();
  }
}
