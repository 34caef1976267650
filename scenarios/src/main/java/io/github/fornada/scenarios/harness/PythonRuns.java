package io.github.fornada.scenarios.harness;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** Runs the Python programs, where there is a Python. */
final class PythonRuns {
  /** Guess: the longest of the scripts takes some seconds. */
  private static final long LIMIT_SECONDS = 60;

  private final @Nullable Path python;
  private final Path scripts;
  private final String version;

  private PythonRuns(@Nullable Path python, Path scripts, String version) {
    this.python = python;
    this.scripts = scripts;
    this.version = version;
  }

  /**
   * Returns the runs with the first {@code python3} of the PATH that answers.
   *
   * @param scripts the folder of the scripts
   */
  static PythonRuns find(Path scripts) {
    for (String folder : System.getenv().getOrDefault("PATH", "").split(":")) {
      Path candidate = Path.of(folder.isEmpty() ? "." : folder, "python3");
      if (Files.isExecutable(candidate)) {
        try {
          String answer = output(new ProcessBuilder(candidate.toString(), "--version")).strip();
          if (answer.startsWith("Python ")) {
            return new PythonRuns(candidate, scripts, answer);
          }
        } catch (IOException e) {
          // A shim without a Python behind it; the next folder may have one.
        }
      }
    }
    return new PythonRuns(null, scripts, "no python3 on the PATH");
  }

  /** Returns the version, or that there is none. */
  String version() {
    return version;
  }

  /**
   * What a program gave.
   *
   * @param gain such as {@code multiprocessing 1.87x}, or why there is no figure
   * @param notes what else it measured
   */
  record Answer(String gain, List<String> notes) {
    Answer(String gain) {
      this(gain, List.of());
    }
  }

  /** Runs the program. */
  Answer run(PythonProgram program) {
    Path interpreter = python;
    Path script = scripts.resolve(program.script());
    if (interpreter == null) {
      return new Answer(version);
    }
    if (!Files.isReadable(script)) {
      return new Answer("no " + script);
    }
    var command = new ArrayList<String>();
    command.add(interpreter.toString());
    command.add(script.toString());
    command.addAll(program.arguments());
    try {
      String line = output(new ProcessBuilder(command)).strip();
      JsonNode figures = new ObjectMapper().readTree(line);
      if (figures.has("missing")) {
        return new Answer(figures.path("missing").asText());
      }
      double sequential = figures.path("sequential").asDouble();
      double pick = figures.path("pick").asDouble();
      if (!(sequential > 0) || !(pick > 0)) {
        return new Answer("no figures from " + program.script() + ": " + line);
      }
      var notes = new ArrayList<String>();
      figures.path("notes").forEach(note -> notes.add(note.asText()));
      String name = figures.path("name").asText();
      return new Answer(String.format(Locale.ROOT, "%s %.2fx", name, sequential / pick), notes);
    } catch (IOException e) {
      return new Answer(program.script() + " failed: " + e.getMessage());
    }
  }

  private static String output(ProcessBuilder builder) throws IOException {
    Process process = builder.redirectError(ProcessBuilder.Redirect.PIPE).start();
    process.getOutputStream().close();
    var isLate = new AtomicBoolean();
    var killer =
        process
            .onExit()
            .copy()
            .orTimeout(LIMIT_SECONDS, TimeUnit.SECONDS)
            .whenComplete((_, late) -> {
              if (late != null) {
                isLate.set(true);
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
              }
            });
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    int code;
    try {
      code = process.waitFor();
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } finally {
      killer.cancel(true);
    }
    if (code != 0 && isLate.get()) {
      throw new IOException("it took longer than " + LIMIT_SECONDS + " s");
    }
    if (code != 0) {
      String[] lines = err.strip().split("\n");
      throw new IOException("exit code " + code + ": " + lines[lines.length - 1]);
    }
    return out;
  }
}
