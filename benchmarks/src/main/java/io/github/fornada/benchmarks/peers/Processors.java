package io.github.fornada.benchmarks.peers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** The processors that a process may use, by Linux's {@code taskset}. */
final class Processors {
  private static final String ALLOWED = "Cpus_allowed_list:";

  private Processors() {}

  /** Returns the numbers of those that this process may use. */
  static List<Integer> allowed() throws IOException {
    var all = new ArrayList<Integer>();
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith(ALLOWED)) {
        for (String part : line.substring(ALLOWED.length()).strip().split(",")) {
          String[] ends = part.split("-");
          for (int i = Integer.parseInt(ends[0]);
              i <= Integer.parseInt(ends[ends.length - 1]);
              i++) {
            all.add(i);
          }
        }
      }
    }
    return all;
  }

  /** Has all threads of a process run on these processors only. */
  static void use(long pid, List<Integer> processors) throws IOException, InterruptedException {
    String list = processors.stream().map(String::valueOf).collect(Collectors.joining(","));
    Process taskset =
        new ProcessBuilder("taskset", "-a", "-c", "-p", list, String.valueOf(pid))
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    if (taskset.waitFor() != 0) {
      throw new IOException("taskset could not place process " + pid);
    }
  }
}
