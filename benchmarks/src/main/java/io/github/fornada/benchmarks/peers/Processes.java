package io.github.fornada.benchmarks.peers;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** What Linux tells of a process. */
final class Processes {
  private Processes() {}

  /** Returns the processor time of all threads that a process has. */
  static long cpuNanos(long pid) throws IOException {
    long sum = 0;
    try (DirectoryStream<Path> threads =
        Files.newDirectoryStream(Path.of("/proc/" + pid + "/task"))) {
      for (Path thread : threads) {
        sum += Long.parseLong(Files.readString(thread.resolve("schedstat")).split(" ")[0]);
      }
    }
    return sum;
  }

  /** Returns the program and the arguments of a process. */
  static String[] command(long pid) throws IOException {
    return Files.readString(Path.of("/proc/" + pid + "/cmdline")).split("\0");
  }
}
