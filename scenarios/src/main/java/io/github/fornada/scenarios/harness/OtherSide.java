package io.github.fornada.scenarios.harness;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A server in a JVM of its own, started from the class path of this one. The two talk in lines: a
 * question on the server's stdin, the answer on its stdout. The server ends when its stdin ends, so
 * it does not outlive this JVM, however that ends.
 */
public final class OtherSide implements AutoCloseable {
  private static final long EXIT_SECONDS = 5;

  private static final Path TASKSET = Path.of("/usr/bin/taskset");

  private final String name;
  private final Process process;
  private final BufferedReader answers;
  private final BufferedWriter questions;
  private final String ready;
  private final String pinned;

  private OtherSide(
      String name,
      Process process,
      BufferedReader answers,
      BufferedWriter questions,
      String ready,
      String pinned) {
    this.name = name;
    this.process = process;
    this.answers = answers;
    this.questions = questions;
    this.ready = ready;
    this.pinned = pinned;
  }

  /**
   * Starts {@code main} in a JVM of its own, where possible on the last processor only that this
   * JVM may use, and waits for its first line.
   *
   * @param heap its heap, such as {@code 256m}
   * @throws IOException if it cannot be started, or ends before its first line
   */
  public static OtherSide start(Class<?> main, String heap, List<String> arguments)
      throws IOException {
    var jvm = new ArrayList<String>();
    jvm.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx" + heap,
            "-XX:+UseSerialGC",
            "-XX:-UsePerfData",
            "--sun-misc-unsafe-memory-access=allow", // or servers print a warning on stderr
            "-cp",
            System.getProperty("java.class.path"),
            main.getName()));
    jvm.addAll(arguments);
    OptionalInt last = lastProcessor();
    if (last.isPresent() && Files.isExecutable(TASKSET)) {
      String number = String.valueOf(last.getAsInt());
      var command = new ArrayList<>(List.of(TASKSET.toString(), "-c", number));
      command.addAll(jvm);
      OtherSide started = start(main, command, "pinned to processor " + number);
      if (started != null) {
        return started;
      } // it may not be pinned here, or ends anyway: then that is told
    }
    OtherSide started = start(main, jvm, "not pinned");
    if (started == null) {
      throw new IOException(main.getSimpleName() + " ended before it was ready");
    }
    return started;
  }

  /** Returns null if it ends before its first line. */
  private static @Nullable OtherSide start(Class<?> main, List<String> command, String pinned)
      throws IOException {
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    var answers =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    var questions =
        new BufferedWriter(
            new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8));
    String ready = null;
    try {
      ready = answers.readLine();
    } finally {
      if (ready == null) {
        process.destroyForcibly();
      }
    }
    return ready == null
        ? null
        : new OtherSide(main.getSimpleName(), process, answers, questions, ready, pinned);
  }

  /** Returns the last of the processors that this JVM may use; empty if it is the only one. */
  private static OptionalInt lastProcessor() {
    if (Runtime.getRuntime().availableProcessors() < 2) {
      return OptionalInt.empty();
    }
    try {
      return lastProcessor(
          Files.readAllLines(Path.of("/proc/self/status"), StandardCharsets.ISO_8859_1));
    } catch (IOException e) {
      return OptionalInt.empty(); // there is none on this system
    }
  }

  /**
   * Returns the last of the processors that a process may use. In a container the numbers need not
   * begin with 0.
   *
   * @param status what Linux says of the process
   */
  static OptionalInt lastProcessor(List<String> status) {
    return status.stream()
        .filter(line -> line.startsWith("Cpus_allowed_list:")) // "Cpus_allowed_list:  0-1,4-6"
        .mapToInt(line -> Integer.parseInt(line.replaceFirst(".*[^0-9]", "")))
        .findFirst();
  }

  /** Returns its first line: what a client needs to know, such as its port. */
  public String ready() {
    return ready;
  }

  /** Returns where it runs, for the report. */
  public String pinned() {
    return pinned;
  }

  /** Returns its process number. */
  public long pid() {
    return process.pid();
  }

  /**
   * Asks, and returns the answer.
   *
   * @throws IOException if the server has ended
   */
  public synchronized String ask(String question) throws IOException {
    questions.write(question + "\n");
    questions.flush();
    String answer = answers.readLine();
    if (answer == null) {
      throw new IOException(name + " has ended; it was asked: " + question);
    }
    return answer;
  }

  @Override
  public void close() throws IOException {
    try (questions;
        answers) {
      process.getOutputStream().close(); // the end of its stdin tells it to end
      if (!process.waitFor(EXIT_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  /** Answers one question of the parent. */
  @FunctionalInterface
  public interface Answers {
    /**
     * Returns the answer, of one line.
     *
     * @throws Exception if there is none; the server ends
     */
    String answer(String question) throws Exception;
  }

  /**
   * The server's side: prints the first line, answers the questions on stdin, and returns when
   * there are no more.
   *
   * @throws Exception what {@code answers} throws
   */
  public static void serve(String ready, Answers answers) throws Exception {
    System.out.println(ready);
    var questions = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    @Nullable String question;
    while ((question = questions.readLine()) != null) {
      System.out.println(answers.answer(question));
    }
  }
}
