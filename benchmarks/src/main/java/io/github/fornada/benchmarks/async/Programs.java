package io.github.fornada.benchmarks.async;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the programs report about themselves, in the lines of JSON that benchmarks/async reads. */
final class Programs {
  private static final double MEGABYTE = 1e6;

  private Programs() {}

  static void version(String version) {
    System.out.println("{\"version\": \"" + version + ", Java " + Runtime.version() + "\"}");
  }

  /** For a server: prints its port, and stays until its standard input ends. */
  static void serve(int port) throws IOException {
    System.out.println("{\"port\": " + port + "}");
    System.out.flush();
    while (System.in.read() >= 0) {
      // Nothing is sent; the end of the input is the request to end.
    }
  }

  /** Returns the peak resident memory of this process, in MB of 10^6 bytes. */
  static double peakMemory() throws IOException {
    return memory("VmHWM:");
  }

  private static double memory(String which) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith(which)) {
        return Long.parseLong(line.replaceAll("\\D", "")) * 1024 / MEGABYTE;
      }
    }
    throw new IOException("/proc/self/status does not tell " + which);
  }
}
