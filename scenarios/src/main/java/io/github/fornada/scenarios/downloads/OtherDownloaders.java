package io.github.fornada.scenarios.downloads;

import io.github.fornada.scenarios.downloads.Download.Job;
import io.github.fornada.scenarios.downloads.DownloadsScenario.Store;
import io.github.fornada.scenarios.harness.Step;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Programs that people use for downloads, where they are installed. */
final class OtherDownloaders {
  private static final long LIMIT_SECONDS = 120;

  private OtherDownloaders() {}

  /** Returns a step for each that is on the PATH. */
  static List<Step<List<String>>> found(Store files, List<Job> jobs, int atOnce) {
    var steps = new ArrayList<Step<List<String>>>();
    onPath("curl")
        .ifPresent(curl ->
            steps.add(new Step<>("curl, " + atOnce + " at once", () -> curl(curl, jobs, atOnce))));
    onPath("aria2c")
        .ifPresent(aria2 ->
            steps.add(
                new Step<>(
                    "aria2c, " + atOnce + " at once", () -> aria2(aria2, files, jobs, atOnce))));
    return steps;
  }

  private static Optional<Path> onPath(String name) {
    for (String folder : System.getenv().getOrDefault("PATH", "").split(":")) {
      Path candidate = Path.of(folder.isEmpty() ? "." : folder, name);
      if (Files.isExecutable(candidate)) {
        return Optional.of(candidate);
      }
    }
    return Optional.empty();
  }

  private static List<String> curl(Path curl, List<Job> jobs, int atOnce)
      throws IOException, InterruptedException {
    var command =
        new ArrayList<>(
            List.of(
                curl.toString(),
                "--silent",
                "--show-error",
                "--fail",
                "--noproxy",
                "*",
                "--parallel",
                "--parallel-immediate",
                "--parallel-max",
                String.valueOf(atOnce)));
    for (Job job : jobs) {
      command.addAll(List.of("--output", job.target(), job.address()));
    }
    run(command);
    return hashes(jobs);
  }

  private static List<String> aria2(Path aria2, Store files, List<Job> jobs, int atOnce)
      throws IOException, InterruptedException {
    var list = new StringBuilder();
    for (Job job : jobs) {
      list.append(job.address())
          .append("\n  out=")
          .append(Path.of(job.target()).getFileName())
          .append('\n');
    }
    Path input = files.folder().resolve("aria2.txt");
    Files.writeString(input, list);
    run(
        List.of(
            aria2.toString(),
            "--quiet",
            "--no-conf",
            "--no-proxy=*",
            "--max-concurrent-downloads=" + atOnce,
            "--split=1",
            "--file-allocation=none",
            "--dir=" + files.folder(),
            "--input-file=" + input));
    return hashes(jobs);
  }

  private static List<String> hashes(List<Job> jobs) throws IOException {
    var hashes = new ArrayList<String>();
    for (Job job : jobs) {
      hashes.add(Download.hash(Files.readAllBytes(Path.of(job.target()))));
    }
    return hashes;
  }

  private static void run(List<String> command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
        throw new IOException(command.getFirst() + " does not end");
      }
    } finally {
      process.destroyForcibly();
    }
    if (process.exitValue() != 0) {
      throw new IOException(command.getFirst() + " failed with exit code " + process.exitValue());
    }
  }
}
