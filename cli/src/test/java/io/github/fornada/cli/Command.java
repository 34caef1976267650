package io.github.fornada.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The command as a user starts it: in its own process, or, where that makes no difference, by a
 * {@link CommandServer}.
 */
final class Command {
  /** Generous: a run of the tests shares its machine with others. */
  static final Duration DEADLINE = Duration.ofSeconds(90);

  private static final long PAUSE_NANOS = 5_000_000;

  record Result(int exitCode, String out, String err) {}

  private Command() {}

  /** Returns the command line that starts it, from the classes under test. */
  static List<String> words(String... arguments) {
    var words = new ArrayList<>(CommandJvm.words());
    words.add("io.github.fornada.cli.Main");
    words.addAll(List.of(arguments));
    return words;
  }

  /** Runs it in a folder to its end; by a server if that is a {@link ServedFolder}. */
  static Result run(Path folder, String... arguments) {
    Result served = ServedFolder.run(folder, arguments);
    return served == null ? process(folder, arguments) : served;
  }

  /**
   * Runs one that is refused before any task runs, in a {@link ServedFolder}: it starts no worker
   * processes, though it names them.
   */
  static Result refused(Path folder, String... arguments) {
    return ServedFolder.served(folder, arguments);
  }

  /** Runs it in a process of its own, in a folder, to its end. */
  static Result process(Path folder, String... arguments) {
    return finish(folder, new ProcessBuilder(words(arguments)));
  }

  /** Runs a line of bash in which {@code "$@"} stands for the command. */
  static Result shell(Path folder, String script, String... arguments) {
    var words = new ArrayList<>(List.of("bash", "-c", script, "bash"));
    words.addAll(words(arguments));
    return finish(folder, new ProcessBuilder(words));
  }

  /** Waits for what a command does while it runs, and takes no processor from it. */
  static void until(String what, Runs.Call<Boolean> condition) throws Exception {
    long began = System.nanoTime();
    while (!condition.call()) {
      if (System.nanoTime() - began > DEADLINE.toNanos()) {
        throw new AssertionError("after " + DEADLINE + " still not: " + what);
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }

  private static Result finish(Path folder, ProcessBuilder builder) {
    try {
      Path out = Files.createTempFile(folder, "out", ".txt");
      Path err = Files.createTempFile(folder, "err", ".txt");
      Process process =
          builder
              .directory(folder.toFile())
              .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
              .redirectOutput(out.toFile())
              .redirectError(err.toFile())
              .start();
      try {
        if (!process.waitFor(DEADLINE.toSeconds(), TimeUnit.SECONDS)) {
          throw new AssertionError(
              "not finished after " + DEADLINE + ": " + builder.command() + "\n" + text(err));
        }
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      } finally {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
      }
      return new Result(process.exitValue(), text(out), text(err));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String text(Path file) throws IOException {
    return Files.readString(file, StandardCharsets.UTF_8);
  }
}
