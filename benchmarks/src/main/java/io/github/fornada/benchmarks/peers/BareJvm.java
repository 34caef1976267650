package io.github.fornada.benchmarks.peers;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A JVM with the options of a worker, its class path and its ahead-of-time cache, that prints one
 * line: what no worker can be quicker than.
 */
public final class BareJvm {
  private BareJvm() {}

  public static void main(String[] args) throws IOException {
    System.out.println("here");
    int _ = System.in.read(); // until its input ends
  }

  /**
   * Writes the arguments of a bare JVM.
   *
   * @param worker a process's command: java, and the file of its arguments, of which the last is
   *     the main class
   * @return the command of a bare JVM
   */
  static List<String> like(String[] worker, Path file) throws IOException {
    var lines = new ArrayList<>(Files.readAllLines(Path.of(worker[1].substring(1))));
    lines.removeIf(String::isBlank);
    lines.removeLast();
    lines.add(BareJvm.class.getName());
    Files.write(file, lines);
    return List.of(worker[0], "@" + file);
  }

  /** Starts one. */
  static Process start(List<String> command) throws IOException {
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  /** Waits for the line of one that was started. */
  static void awaitLine(Process started) throws IOException {
    BufferedReader lines = started.inputReader();
    Measure.check("here".equals(lines.readLine()), "the line of a bare JVM");
  }
}
