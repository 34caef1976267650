package io.github.fornada.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A run that is stopped writes what it counts as done, in the order of the inputs. */
@EnabledOnOs({OS.LINUX, OS.MAC})
@Execution(ExecutionMode.CONCURRENT)
class StoppedRunTest {
  /** Items behind {@code slow} make a file when they are done; {@code boom} waits for three. */
  private static final String TASKS =
      """
      import java.nio.file.*;
      public class Tasks {
        public static String echo(String s) throws Exception {
          switch (s) {
            case "slow" -> Thread.sleep(600_000);
            case "boom" -> {
              for (String other : "a b c".split(" ")) {
                while (!Files.exists(Path.of(other + ".done"))) {
                  Thread.sleep(10);
                }
              }
              // until the results have reached the command
              Thread.sleep(300);
              throw new Exception("boom");
            }
            default -> Files.writeString(Path.of(s + ".done"), "");
          }
          return s;
        }
      }
      """;

  @RegisterExtension final ServedFolder served = new ServedFolder();

  private Path folder;

  @BeforeEach
  void writeTasks() throws IOException {
    folder = served.path();
    Files.writeString(folder.resolve("Tasks.java"), TASKS);
  }

  @ParameterizedTest
  @ValueSource(strings = {"virtual", "threads", "processes"})
  void atAFailureWhatWaitsBehindASlowItemIsWritten(String model) throws Exception {
    var result =
        Runs.oneOfFew(
            () -> {
              forgetWhatIsDone();
              return Command.run(
                  folder,
                  "run",
                  "Tasks.java#echo",
                  "--on",
                  model,
                  "--workers",
                  "5",
                  "--fail-fast",
                  "a",
                  "slow",
                  "b",
                  "c",
                  "boom",
                  "slow");
            },
            StoppedRunTest::threeCameInTime);
    assertThat(result.out()).isEqualTo("a\nb\nc\n");
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err()).contains("3 done, 1 failed in", "2 items not done");
  }

  /** On a busy machine a result may reach the command after the failure: it is not done then. */
  private static boolean threeCameInTime(Command.Result result) {
    return result.err().contains("3 done");
  }

  private void forgetWhatIsDone() throws IOException {
    for (String item : List.of("a", "b", "c")) {
      Files.deleteIfExists(folder.resolve(item + ".done"));
    }
  }

  @Test
  void whatWasReadAndNotDoneIsCountedForLinesToo() throws Exception {
    Files.writeString(folder.resolve("list"), "a\nslow\nb\nc\nboom\n");
    var result =
        Runs.oneOfFew(
            () -> {
              forgetWhatIsDone();
              Files.deleteIfExists(folder.resolve("out"));
              return Command.run(
                  folder,
                  "run",
                  "Tasks.java#echo",
                  "--lines",
                  "list",
                  "--workers",
                  "5",
                  "--fail-fast",
                  "-o",
                  "out");
            },
            StoppedRunTest::threeCameInTime);
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(Files.readString(folder.resolve("out"))).isEqualTo("a\nb\nc\n");
    assertThat(result.err()).contains("3 done, 1 failed in", "1 item not done");
  }

  @Test
  void atSigtermAPipelineWritesWhatWaitsBehindASlowItem() throws Exception {
    writeFirst();
    stopped("run", "First.java", "then", "Tasks.java#echo", "--workers", "4");
  }

  private void writeFirst() throws IOException {
    Files.writeString(
        folder.resolve("First.java"),
        "public class First { public static String same(String s) { return s; } }");
  }

  /** Spins, or holds its thread, and so a processor of virtual threads, and takes no time of it. */
  private static final String SPIN =
      """
      import java.lang.foreign.*;
      public class Spin {
        public static String f(String s) throws Throwable {
          while (s.equals("spin")) {
            Thread.onSpinWait();
          }
          while (s.equals("hold")) {
            var _ = (int) Native.PAUSE.invokeExact();
          }
          if (s.equals("long")) {
            var _ = (int) Native.SLEEP.invokeExact(7);
          }
          return s;
        }
        static class Native {
          static final java.lang.invoke.MethodHandle PAUSE =
              Linker.nativeLinker().downcallHandle(
                  Linker.nativeLinker().defaultLookup().findOrThrow("pause"),
                  FunctionDescriptor.of(ValueLayout.JAVA_INT));
          static final java.lang.invoke.MethodHandle SLEEP =
              Linker.nativeLinker().downcallHandle(
                  Linker.nativeLinker().defaultLookup().findOrThrow("sleep"),
                  FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
        }
      }
      """;

  /** Starts the command with one carrier of virtual threads, which may become so many. */
  private Process onOneCarrier(int most, String... command) throws IOException {
    Files.writeString(folder.resolve("Spin.java"), SPIN);
    var words = new ArrayList<>(Command.words(command));
    words.addAll(
        1,
        List.of(
            "-Djdk.virtualThreadScheduler.parallelism=1",
            "-Djdk.virtualThreadScheduler.maxPoolSize=" + most));
    return new ProcessBuilder(words).directory(folder.toFile()).start();
  }

  /** Waits for the end of the command, and returns what it has written to stderr. */
  private static String errorsAtTheEnd(Process process, int exitCode) throws Exception {
    assertThat(process.waitFor(Command.DEADLINE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isEqualTo(exitCode);
    return new String(process.getErrorStream().readAllBytes(), UTF_8);
  }

  @Test
  void atSigtermTasksThatHoldEveryCarrierCostNoWord() throws Exception {
    Process process = onOneCarrier(1, "run", "Spin.java", "--on", "virtual", "a", "spin", "spin");
    try (BufferedReader out = process.inputReader()) {
      assertThat(out.readLine()).isEqualTo("a");
      process.toHandle().destroy();
      assertThat(errorsAtTheEnd(process, 143)).contains("interrupted; 1 done", "2 items not done");
    } finally {
      process.destroyForcibly();
    }
  }

  /** The lines that a command has written to stdout, and all that it has to stderr. */
  private record Said(List<String> out, String err) {}

  private Said failsOnOneCarrier(int most, String... command) throws Exception {
    Process process = onOneCarrier(most, command);
    try (BufferedReader out = process.inputReader()) {
      String err = errorsAtTheEnd(process, 1); // one that hangs would never end its lines
      return new Said(out.lines().toList(), err);
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void aRunWhoseItemsAllHaveTheirOutcomesEndsThoughTasksHoldEveryCarrier() throws Exception {
    Said said =
        Runs.inEnoughTime(
            Runs.SHORT,
            limit ->
                failsOnOneCarrier(
                    1, "run", "Spin.java", "--on", "virtual", "--timeout", limit, "a", "hold"),
            each -> each.err().contains("1 done"));
    assertThat(said.out()).containsExactly("a");
    assertThat(said.err()).contains("1 done, 1 failed");
  }

  @ParameterizedTest
  @Cells(
      verify = {"virtual"},
      rest = {"sequential"})
  void aPipelineGoesOnBesideTasksThatHoldEveryCarrier(String second) throws Exception {
    writeFirst();
    Said said =
        Runs.inEnoughTime(
            Runs.SHORT,
            limit ->
                failsOnOneCarrier(
                    4,
                    "run",
                    "Spin.java",
                    "--on",
                    "virtual",
                    "--timeout",
                    limit,
                    "then",
                    "First.java",
                    "--on",
                    second,
                    "a",
                    "hold",
                    "b",
                    "c"),
            each -> each.err().contains("3 done"));
    assertThat(said.out()).containsExactly("a", "b", "c");
    assertThat(said.err()).contains("1 task over the timeout ignore");
  }

  @Test
  void aPipelineThatGetsNoMoreProcessorsEndsAndNamesEachItem() throws Exception {
    writeFirst();
    Said said =
        failsOnOneCarrier(
            1,
            "run",
            "Spin.java",
            "--on",
            "virtual",
            "--timeout",
            "1s",
            "then",
            "First.java",
            "hold",
            "a",
            "b");
    assertThat(said.out()).isEmpty();
    assertThat(said.err())
        .contains("\"hold\" in Spin.f was over its timeout")
        .contains("\"a\" has no outcome", "\"b\" has no outcome")
        .contains(StallWatch.GIVEN_UP);
  }

  /** Longer than a run is quiet whose tasks are stuck, with a timeout of the first stage's. */
  @ParameterizedTest
  @Cells(
      verify = {"--timeout 60s"},
      rest = {"--workers 9"})
  void aStageThatHoldsEveryCarrierWithinItsOwnTimeIsNotStoppedForAnotherStagesTimeout(
      String lastStage) throws Exception {
    writeFirst();
    var words =
        new ArrayList<>(List.of("run", "First.java", "--on", "virtual", "--timeout", "1s", "then"));
    words.addAll(List.of("Spin.java", "--on", "virtual"));
    words.addAll(List.of(lastStage.split(" ")));
    words.addAll(List.of("long", "a", "b"));
    Process process = onOneCarrier(1, words.toArray(String[]::new));
    try (BufferedReader out = process.inputReader()) {
      String err = errorsAtTheEnd(process, 0);
      assertThat(out.lines()).containsExactly("long", "a", "b");
      assertThat(err).contains("3 done in ").doesNotContain("ignore interrupts");
    } finally {
      process.destroyForcibly();
    }
  }

  /** Says whether a failure may come from the end of the JVM: while it runs, and while it ends. */
  static final class EndingJvm {
    public static void main(String[] args) {
      System.out.println("running: " + Interruption.mayBeTheCause());
      Runtime.getRuntime()
          .addShutdownHook(
              new Thread(() -> System.out.println("ending: " + Interruption.mayBeTheCause())));
    }
  }

  @Test
  void whatFailsWhileTheJvmEndsCountsAsStoppedBeforeTheCommandHearsOfIt() throws Exception {
    var words = new ArrayList<>(CommandJvm.words());
    words.add(EndingJvm.class.getName());
    Process process = new ProcessBuilder(words).start();
    try (BufferedReader out = process.inputReader()) {
      assertThat(out.lines()).containsExactly("running: false", "ending: true");
    } finally {
      process.destroyForcibly();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"threads", "processes"})
  void atSigtermWhatWaitsBehindASlowItemIsWritten(String model) throws Exception {
    String said = stopped("run", "Tasks.java#echo", "--on", model, "--workers", "4");
    assertThat(said).contains(said.contains("3 done") ? "1 item not done" : "items not done");
  }

  /** Stops a run when b and c are done, and checks that what it counts as done is on stdout. */
  private String stopped(String... command) throws Exception {
    var words = new ArrayList<>(List.of(command));
    words.addAll(List.of("a", "slow", "b", "c"));
    Process process =
        new ProcessBuilder(Command.words(words.toArray(String[]::new)))
            .directory(folder.toFile())
            .start();
    try (BufferedReader out = process.inputReader()) {
      Command.until(
          "b and c are done",
          () -> Files.exists(folder.resolve("b.done")) && Files.exists(folder.resolve("c.done")));
      assertThat(out.readLine()).isEqualTo("a");
      process.toHandle().destroy(); // SIGTERM; the other destroy closes the streams too
      List<String> rest = out.lines().toList();
      String said = errorsAtTheEnd(process, 143);
      // Whether the two have reached the command is a matter of time; what is said is what is true.
      assertThat(said).contains("interrupted; " + (1 + rest.size()) + " done");
      assertThat(List.of("b", "c")).containsAll(rest);
      return said;
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aSourceThatBreaksCostsNoResult() {
    // A folder is opened like a file on Linux by the shell, and cannot be read.
    var result =
        Command.shell(folder, "\"$@\" < .", "run", "Tasks.java#echo", "a", "b", "--lines", "-");
    assertThat(result.out()).isEqualTo("a\nb\n");
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err()).contains("cannot read the inputs", "before that, 2 done");
  }
}
