package io.github.fornada.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;

/** The command as a user meets it: the cases that it must get right, each as a process. */
@EnabledOnOs({OS.LINUX, OS.MAC})
@Execution(ExecutionMode.CONCURRENT)
class CommandTest {
  private static final String TASKS =
      """
      import java.lang.foreign.*;
      import java.nio.file.*;
      public class Tasks {
        public record Length(Path file, int chars) {}
        public static String echo(String s) throws Exception {
          switch (s) {
            case "boom" -> throw new IllegalStateException("no " + s);
            case "own" -> throw new Own("mine");
            case "exit" -> System.exit(3);
            case "loop" -> { while (true) { Thread.onSpinWait(); } }
            case "hold" -> { while (true) { Native.pause(); } }
            case "sleep" -> Thread.sleep(600_000);
            default -> { }
          }
          return s;
        }
        public static Length length(Path p) throws Exception {
          return new Length(p, Files.readString(p).length());
        }
        public static int twice(int n) { return 2 * n; }
        public static void nothing(String s) { }
        static class Own extends Exception { Own(String m) { super(m); } }
        /** Holds a thread, and its processor if it is a virtual one, and takes no time of it. */
        static class Native {
          static final java.lang.invoke.MethodHandle PAUSE =
              Linker.nativeLinker().downcallHandle(
                  Linker.nativeLinker().defaultLookup().findOrThrow("pause"),
                  FunctionDescriptor.of(ValueLayout.JAVA_INT));
          static void pause() {
            try {
              var _ = (int) PAUSE.invokeExact();
            } catch (Throwable e) {
              throw new IllegalStateException(e);
            }
          }
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

  private Command.Result run(String... arguments) {
    return Command.run(folder, arguments);
  }

  @ParameterizedTest
  @Cells(
      verify = {"threads", "processes"},
      rest = {"sequential", "virtual"})
  void everyModelGivesTheSameResultsAndNamesEachFailure(String model) {
    var result = run("run", "Tasks.java#echo", "--on", model, "a", "boom", "exit", "own", "b");
    assertThat(result.out()).isEqualTo("a\nb\n");
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err())
        .contains("\"boom\" failed: java.lang.IllegalStateException: no boom")
        .contains("at Tasks.echo(Tasks.java:")
        .contains("Tasks$Own: mine")
        .contains("exit(3)")
        .contains("2 done, 3 failed");
  }

  @ParameterizedTest
  @Cells(
      verify = {"threads", "processes"},
      rest = {"sequential", "virtual"})
  void anEndlessLoopIsOverAtItsLimitAndTheOthersGoOn(String model) throws Exception {
    var used = new AtomicReference<String>();
    var result =
        Runs.inEnoughTime(
            Runs.LONGER,
            limit -> {
              used.set(limit);
              return Command.process(
                  folder,
                  "run",
                  "Tasks.java#echo",
                  "--on",
                  model,
                  "--timeout",
                  limit,
                  "a",
                  "loop",
                  "b");
            },
            each -> each.err().contains("2 done"));
    assertThat(result.out()).isEqualTo("a\nb\n");
    assertThat(result.exitCode()).isEqualTo(1);
    String limit = used.get().replaceFirst("(?=[a-z])", " ");
    assertThat(result.err()).contains("\"loop\" was over its timeout of " + limit);
  }

  @Test
  void whatHoldsEveryProcessorDoesNotKeepOtherVirtualThreadsFromTheirs() throws Exception {
    int held = Runtime.getRuntime().availableProcessors() + 1;
    var result =
        Runs.inEnoughTime(
            Runs.LONGER,
            limit -> {
              var words =
                  new ArrayList<>(
                      List.of("run", "Tasks.java#echo", "--on", "virtual", "--timeout", limit));
              words.addAll(Collections.nCopies(held, "hold"));
              words.addAll(List.of("a", "b"));
              return Command.process(folder, words.toArray(String[]::new));
            },
            each -> each.err().contains("2 done"));
    assertThat(result.out()).isEqualTo("a\nb\n");
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err().split("\"hold\" was over its timeout", -1)).hasSize(held + 1);
  }

  /** A loop takes a processor for ten seconds, so in one of the three cases there is one. */
  @ParameterizedTest
  @Cells(
      verify = {"2 | hold | hold hold a b"},
      rest = {"1 | loop | loop --lines more", "1 | hold | hold a b --unordered"})
  void whereVirtualThreadsGetNoMoreProcessorsTheRunEndsAndNamesEachItem(
      int held, String by, String inputs) throws IOException {
    Files.writeString(folder.resolve("more"), "a\nb\n");
    var result =
        Command.shell(
            folder,
            "JDK_JAVA_OPTIONS='-Djdk.virtualThreadScheduler.parallelism=%1$d".formatted(held)
                + " -Djdk.virtualThreadScheduler.maxPoolSize=%1$d' \"$@\" ".formatted(held)
                + inputs,
            "run",
            "Tasks.java#echo",
            "--on",
            "virtual",
            "--timeout",
            "1s");
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err().split('"' + by + "\" was over its timeout", -1)).hasSize(held + 1);
    assertThat(result.err())
        .contains("\"a\" has no outcome", "\"b\" has no outcome")
        .contains("stopped: tasks that neither end nor react to interrupts");
  }

  @Test
  void recordsAreLinesOfJsonInInputOrder() throws IOException {
    Files.writeString(folder.resolve("b.txt"), "12345");
    Files.writeString(folder.resolve("a.txt"), "123");
    var result = run("run", "Tasks.java#length", "--files", ".", "--match", "[ab].txt");
    assertThat(result.out())
        .isEqualTo(
            """
            {"file":"./a.txt","chars":3}
            {"file":"./b.txt","chars":5}
            """);
    assertThat(result.exitCode()).isZero();
  }

  @Test
  void anItemThatIsNoNumberFailsByItself() {
    var result = run("run", "Tasks.java#twice", "1", "two", "3");
    assertThat(result.out()).isEqualTo("2\n6\n");
    assertThat(result.err()).contains("\"two\" cannot become an int");
    assertThat(result.exitCode()).isEqualTo(1);
  }

  @Test
  void aFunctionThatReturnsNothingPrintsNothing() {
    var result = run("run", "Tasks.java#nothing", "1", "2");
    assertThat(result.out()).isEmpty();
    assertThat(result.exitCode()).isZero();
  }

  @Test
  void compileErrorsReadAsJavacPrintsThem() throws IOException {
    Files.writeString(
        folder.resolve("Bad.java"), "public class Bad {\n  static int f() { return nope; }\n}\n");
    var result = run("run", "Bad.java", "x");
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.err())
        .startsWith("Bad.java:2: error: cannot find symbol")
        .contains("return nope;")
        .endsWith("1 error\n");
  }

  /** The JDK has the messages of its compiler in German, for one. */
  @Test
  void theCompilerIsUnderstoodWhateverTheLanguageOfTheUser() throws IOException {
    String german = "JDK_JAVA_OPTIONS='-Duser.language=de %s' \"$@\"";
    Files.writeString(folder.resolve("Bare.java"), "String f(String s) { return s; }");
    var bare = Command.shell(folder, german.formatted(""), "run", "Bare.java", "a");
    assertThat(bare.out()).as(bare.err()).isEqualTo("a\n");
    Files.writeString(
        folder.resolve("Lacks.java"), "import none.such.Thing; String f(String s) { return s; }");
    var lacks = Command.shell(folder, german.formatted(""), "run", "Lacks.java", "a");
    assertThat(lacks.exitCode()).isEqualTo(2);
    assertThat(lacks.err())
        .contains("\nLacks.java:1: error: package none.such does not exist")
        .contains("name its jar, as in -cp lib.jar");
    Files.writeString(
        folder.resolve("Preview.java"),
        "String f(String s) { Object o = s.length(); return switch (o) {"
            + " case int i when i > 2 -> \"big\"; default -> s; }; }");
    var preview =
        Command.shell(
            folder, german.formatted("--enable-preview"), "run", "Preview.java", "a", "abc");
    assertThat(preview.out()).as(preview.err()).isEqualTo("a\nbig\n");
  }

  @Test
  void wrongUsageIsExitCode2AndSaysWhatToDo() {
    assertThat(run("run", "Nope.java", "x"))
        .satisfies(r -> assertThat(r.exitCode()).isEqualTo(2))
        .satisfies(r -> assertThat(r.err()).contains("no such file: Nope.java"));
    assertThat(run("run", "--wrokers", "3", "Tasks.java#echo", "x"))
        .satisfies(r -> assertThat(r.exitCode()).isEqualTo(2))
        .satisfies(r -> assertThat(r.err()).contains("Did you mean --workers?"));
    assertThat(run("run", "Tasks.java", "x"))
        .satisfies(r -> assertThat(r.exitCode()).isEqualTo(2))
        .satisfies(
            r -> assertThat(r.err()).contains("'Tasks.java#echo'").contains("'Tasks.java#twice'"));
    assertThat(run("run", "Tasks.java#echo"))
        .satisfies(r -> assertThat(r.exitCode()).isEqualTo(2))
        .satisfies(r -> assertThat(r.err()).contains("no inputs"));
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aFullDiskIsToldAndExitCode1() {
    var result = run("run", "Tasks.java#echo", "-o", "/dev/full", "a", "b");
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err()).contains("cannot write to /dev/full: No space left on device");
  }

  @ParameterizedTest
  @Cells(
      verify = {"threads", "processes"},
      rest = {"sequential", "virtual"})
  void aReaderThatGoesAwayEndsTheRunQuietly(String model) {
    var result =
        Command.shell(
            folder,
            "yes | \"$@\" | head -n 1; echo \"${PIPESTATUS[1]}\"",
            "run",
            "Tasks.java#echo",
            "--on",
            model,
            "--lines",
            "-");
    assertThat(result.out()).isEqualTo("y\n141\n");
    assertThat(result.err()).doesNotContain("Exception").doesNotContain("failed");
  }

  @ParameterizedTest
  @Cells(
      verify = {"threads", "processes"},
      rest = {"sequential", "virtual"})
  @EnabledOnOs(OS.LINUX)
  void ctrlCEndsItWith130WithTheResultsSoFarAndLeavesNoProcess(String model) throws Exception {
    // A test run in the background may ignore SIGINT, and its children inherit that.
    var words = new ArrayList<>(List.of("env", "--default-signal=INT"));
    words.addAll(
        Command.words("run", "Tasks.java#echo", "--on", model, "a", "sleep", "sleep", "b"));
    Process process = new ProcessBuilder(words).directory(folder.toFile()).start();
    try (BufferedReader out = process.inputReader()) {
      assertThat(out.readLine()).isEqualTo("a");
      List<ProcessHandle> workers = process.descendants().toList();
      new ProcessBuilder("kill", "-INT", String.valueOf(process.pid())).start().waitFor();
      assertThat(process.waitFor(Command.DEADLINE.toSeconds(), TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isEqualTo(130);
      assertThat(new String(process.getErrorStream().readAllBytes(), UTF_8))
          .contains("interrupted");
      for (ProcessHandle worker : workers) {
        worker.onExit().get(Command.DEADLINE.toSeconds(), TimeUnit.SECONDS);
      }
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  @Test
  void aLineIsAnsweredBeforeTheNextOneComes() throws Exception {
    Process process =
        new ProcessBuilder(Command.words("run", "Tasks.java#twice", "--lines", "-"))
            .directory(folder.toFile())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try (BufferedWriter in = process.outputWriter();
        BufferedReader out = process.inputReader()) {
      for (int i = 1; i <= 3; i++) {
        in.write(i + "\n");
        in.flush();
        // A result that is delayed until the next line makes this wait forever: the surefire
        // deadline ends it.
        assertThat(out.readLine()).isEqualTo(String.valueOf(2 * i));
      }
      in.close();
      assertThat(process.waitFor(Command.DEADLINE.toSeconds(), TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isZero();
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void failFastStopsTheRestEvenBehindASlowItem() {
    var result =
        run("run", "Tasks.java#echo", "--fail-fast", "--workers", "2", "sleep", "boom", "sleep");
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err()).contains("\"boom\" failed").contains("2 items not done");
  }

  @Test
  void ofLinesThatNobodyHasReadItIsSaidThatThereMayBeMore() throws IOException {
    Files.write(folder.resolve("many"), Collections.nCopies(100_000, "boom"));
    var result = run("run", "Tasks.java#echo", "--fail-fast", "--lines", "many");
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err()).containsPattern("\\d+ items? not done, and more were not read");
  }

  @Test
  void aReportAndATraceAreWritten() throws IOException {
    var result =
        run(
            "run",
            "Tasks.java#echo",
            "a",
            "<b>",
            "--report",
            "r.html",
            "--trace",
            "t.json",
            "--figures=json");
    assertThat(result.exitCode()).isZero();
    assertThat(Files.readString(folder.resolve("r.html")))
        .contains("Tasks.echo(String)")
        .doesNotContain("<b>");
    JsonNode trace = new ObjectMapper().readTree(folder.resolve("t.json").toFile());
    assertThat(trace.get("traceEvents").size()).isGreaterThan(1);
    JsonNode run = new ObjectMapper().readTree(result.err()).get("runs").get(0);
    assertThat(run.get("model").asText()).isEqualTo("threads");
    assertThat(run.get("done").asInt()).isEqualTo(2);
  }

  @Test
  void compareGivesTheSameFiguresForEveryModelAsJson() throws IOException {
    var result =
        run("compare", "Tasks.java#twice", "1", "2", "x", "--format", "json", "--rounds", "2");
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err()).contains("at most").contains("\"x\" cannot become an int");
    JsonNode runs = new ObjectMapper().readTree(result.out()).get("runs");
    assertThat(runs).hasSize(4);
    for (JsonNode run : runs) {
      assertThat(run.get("failed").asInt()).isEqualTo(1);
      for (String name : List.of("seconds", "speedup", "inFlight", "startupSeconds")) {
        assertThat(run.get(name).isNumber()).as(name).isTrue();
      }
      JsonNode busy = run.get("busyCores"); // not there if the run was too short to tell
      assertThat(busy == null || busy.asDouble() <= Runtime.getRuntime().availableProcessors())
          .as("busyCores " + busy)
          .isTrue();
    }
  }

  @Test
  void aTimeoutThatIsShorterThanTheFirstItemOfANewWorkerCostsNoComparison() {
    var result =
        run("compare", "Tasks.java#twice", "1", "2", "--on", "processes", "--timeout", "0.01ms");
    assertThat(result.err()).contains("comparing").doesNotContain("cannot be started");
    assertThat(result.out()).contains("processes");
  }

  private static final String ONCE =
      """
      import java.nio.file.*;
      public class Once {
        public static String skip(Path p) throws Exception {
          if (!Files.exists(p)) { Thread.sleep(60); Files.writeString(p, ""); }
          return "";
        }
        public static String create(Path p) throws Exception {
          Files.createFile(p);
          return "";
        }
        public static String wait(Path p) throws Exception { Thread.sleep(60); return ""; }
        public static String compute(Path p) {
          double sum = 0;
          for (int i = 1; i < 2_000_000; i++) { sum += Math.sin(i) / i; }
          return "" + sum;
        }
      }
      """;

  private JsonNode comparedOnce(String method, String... models) throws IOException {
    Files.writeString(folder.resolve("Once.java"), ONCE);
    var line = new ArrayList<>(List.of("compare", "Once.java#" + method, "--format", "json"));
    line.addAll(List.of("--on", String.join(",", models), "--rounds", "1"));
    line.addAll(List.of("a", "b", "c", "d"));
    return new ObjectMapper().readTree(run(line.toArray(String[]::new)).out());
  }

  @Test
  void compareTellsOfATaskThatSkipsWhatIsDone() throws IOException {
    JsonNode all = comparedOnce("skip", "sequential", "virtual");
    assertThat(all.get("summary").toString())
        .contains("when it ran first", "seems to keep what it has done")
        .doesNotContain("Leave it sequential");
    assertThat(all.get("recommended")).isNull();
    assertThat(all.get("firstRuns").get("firstSeconds").asDouble()).isGreaterThan(0.05);
  }

  @Test
  void compareTellsOfATaskThatCannotRunAnItemTwice() throws IOException {
    JsonNode all = comparedOnce("create", "sequential", "virtual");
    assertThat(all.get("summary").toString())
        .contains("4 items gave a result when run first, and failed each time afterwards");
    assertThat(all.get("recommended")).isNull();
    assertThat(all.get("firstRuns").get("failedAgain").asBoolean()).isTrue();
  }

  @Test
  void ordinaryTasksAreComparedWithoutAWordOfTheirFirstRuns() throws IOException {
    for (String method : List.of("wait", "compute")) {
      JsonNode all = comparedOnce(method, "sequential", "virtual");
      assertThat(all.get("firstRuns")).as(method).isNull();
      assertThat(all.get("runs")).as(method).hasSize(2);
      assertThat(all.get("summary").toString()).as(method).doesNotContain("first");
    }
  }

  @Test
  void whatATaskPrintsDoesNotSpoilTheTable() throws IOException {
    Files.writeString(
        folder.resolve("Loud.java"),
        "public class Loud { public static int f(int n) { System.out.println(\"noise\"); return n;"
            + " } }");
    var result = run("compare", "Loud.java", "1", "2", "--on", "sequential,threads,processes");
    assertThat(result.exitCode()).isZero();
    assertThat(result.out()).doesNotContain("noise").contains("sequential").contains("processes");
    assertThat(result.out().lines()).allSatisfy(line -> assertThat(line.length()).isLessThan(81));
  }

  @Test
  void whatTasksPrintWhileTheyAreComparedIsCountedAndItsBeginningShown() throws IOException {
    Files.writeString(
        folder.resolve("Loud.java"),
        """
        public class Loud {
          public static int f(int n) {
            System.out.println("out " + n);
            System.err.println("err " + n);
            return n;
          }
        }
        """);
    String[] line = {"compare", "Loud.java", "7", "--rounds", "1", "--format", "json"};
    var result = run(line);
    assertThat(result.exitCode()).as(result.err()).isZero();
    JsonNode counts = new ObjectMapper().readTree(result.out()).get("printedLines");
    for (String model : List.of("sequential", "virtual", "threads", "processes")) {
      assertThat(counts.get(model).asInt()).as(model).isEqualTo(2);
      assertThat(result.err()).contains(model + " 2 lines");
    }
    assertThat(result.err()).contains("tasks printed (", "  | out 7\n  | err 7\n");
    assertThat(
            result.err().lines().filter(each -> each.startsWith("out") || each.startsWith("err")))
        .as("nothing is printed in between")
        .isEmpty();
  }

  @Test
  void comparingOnlyTheFirstItemsIsSaidEverywhere() throws IOException {
    Files.writeString(folder.resolve("list"), "1\n2\n3\n4\n5\n");
    String[] known = {
      "compare",
      "Tasks.java#twice",
      "7",
      "--lines",
      "list",
      "--first",
      "2",
      "--rounds",
      "1",
      "--on",
      "threads",
      "--report",
      "r.html",
      "--format",
      "json"
    };
    String sentence = "Only the first 2 of 6 items are compared. --first N takes more.";
    var result = run(known);
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.err()).contains(sentence);
    JsonNode json = new ObjectMapper().readTree(result.out());
    assertThat(json.get("items").asInt()).isEqualTo(2);
    assertThat(json.get("itemsGiven").asInt()).isEqualTo(6);
    assertThat(json.get("itemsCut").asBoolean()).isTrue();
    assertThat(json.get("summary").toString()).contains(sentence);
    assertThat(Files.readString(folder.resolve("r.html"))).contains(sentence);
    var endless =
        Command.shell(
            folder,
            "yes 1 | \"$@\"",
            "compare",
            "Tasks.java#twice",
            "--lines",
            "-",
            "--first",
            "2",
            "--rounds",
            "1",
            "--on",
            "threads");
    assertThat(endless.err())
        .contains("Only the first 2 items are compared; what follows them was not read.");
    var all = run("compare", "Tasks.java#twice", "1", "2", "--first", "2", "--rounds", "1");
    assertThat(all.out() + all.err()).doesNotContain("Only the first");
  }

  @Test
  void retriesPauseAsLongAsIsAskedFor() {
    var at = run("run", "Tasks.java#echo", "boom", "--retries", "9", "--back-off", "0");
    assertThat(at.exitCode()).isEqualTo(1);
    assertThat(at.err()).contains("1 failed");
    var waits = run("run", "Tasks.java#echo", "boom", "--retries", "2", "--back-off", "3s");
    assertThat(waits.exitCode()).isEqualTo(1);
    assertThat(waits.err()).containsPattern("0 of 1, \\d+ s, 1 waits for a retry");
    var stages =
        run(
            "run",
            "Tasks.java#echo",
            "--retries",
            "1",
            "then",
            "Tasks.java#echo",
            "boom",
            "--retries",
            "0",
            "--back-off",
            "1s");
    assertThat(stages.exitCode()).isEqualTo(2);
    assertThat(stages.err()).contains("--back-off is for retries: add --retries N");
  }

  @Test
  void numbersBeyondTheirRangeAreRefused() {
    for (List<String> option :
        List.of(
            List.of("--workers", "99999999999"),
            List.of("--workers", "2000000000"),
            List.of("--retries", "99999999999"),
            List.of("--heap", "9999999999g"),
            List.of("--timeout", "18446744074s"),
            List.of("--limit", "9999999h"))) {
      var result = run("run", "Tasks.java#echo", option.getFirst(), option.getLast(), "a");
      assertThat(result.exitCode()).as(option.toString()).isEqualTo(2);
      assertThat(result.err()).contains(option.getFirst(), option.getLast());
    }
  }

  @Test
  void theOldNameOfTheTimeoutIsStillTaken() {
    var result = run("run", "Tasks.java#echo", "--limit", "1s", "a", "loop");
    assertThat(result.out()).isEqualTo("a\n");
    assertThat(result.err()).contains("\"loop\" was over its timeout of 1 s");
    assertThat(run("run", "--help").out()).contains("--timeout").doesNotContain("--limit");
  }

  @Test
  void helpNamesTheExitCodes() {
    var result = run("run", "--help");
    assertThat(result.exitCode()).isZero();
    assertThat(result.out()).contains("130").contains("141").contains("some items failed");
  }
}
