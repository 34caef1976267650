package io.github.fornada.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which result belongs to which item: lines of JSON, lines with their item, a file for each. */
@EnabledOnOs({OS.LINUX, OS.MAC})
@Execution(ExecutionMode.CONCURRENT)
class ResultFormsTest {
  private static final String TASKS =
      """
      import java.nio.file.*;
      import java.util.*;
      public class Tasks {
        public record Length(String of, int chars) {}
        public static String echo(String s) throws Exception {
          switch (s) {
            case "boom" -> throw new IllegalStateException("no " + s);
            case "sleep" -> Thread.sleep(600_000);
            case "die" -> Runtime.getRuntime().halt(3);
            case "deep" -> {
              var thrown = new IllegalStateException("body", new RuntimeException("cause\\nof it"));
              thrown.addSuppressed(new IllegalArgumentException("close"));
              throw thrown;
            }
            default -> { }
          }
          return s;
        }
        public static String lines(String s) { return "1 of " + s + "\\n2 of " + s; }
        public static Length length(String s) { return new Length(s, s.length()); }
        public static int twice(int n) { return 2 * n; }
        public static Object any(String s) {
          return switch (s) {
            case "null" -> null;
            case "empty" -> Optional.empty();
            case "list" -> List.of(1, "two");
            case "true" -> true;
            case "path" -> Path.of("a/b");
            default -> 1.5;
          };
        }
        public static void nothing(String s) { }
        public static Object some(String s) throws Exception {
          switch (s) {
            case "slow" -> Thread.sleep(100);
            case "boom" -> throw new IllegalStateException("no " + s);
            default -> { }
          }
          return s;
        }
        public static String read(Path p) throws Exception { return Files.readString(p); }
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

  private static List<JsonNode> json(String text) {
    return text.lines().map(ResultFormsTest::parsed).toList();
  }

  private static JsonNode parsed(String line) {
    try {
      return new ObjectMapper().readTree(line);
    } catch (IOException e) {
      throw new UncheckedIOException(line, e);
    }
  }

  private String text(String file) throws IOException {
    return Files.readString(folder.resolve(file));
  }

  /** The names below a folder, sorted; of drafts, too. */
  private List<String> names(String below) throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve(below))) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"threads", "processes"})
  void everyItemHasItsLineOfJsonFailuresToo(String model) throws Exception {
    Files.write(folder.resolve("list"), new byte[] {'a', '\n', (byte) 0xFF, '\n', 'b', '\n'});
    var used = new AtomicReference<String>();
    var result =
        Runs.inEnoughTime(
            Runs.LONGER, // the first item of a worker takes long on a busy machine
            limit -> {
              used.set(limit);
              return run(
                  "run",
                  "Tasks.java#echo",
                  "--on",
                  model,
                  "--timeout",
                  limit,
                  "--format",
                  "jsonl",
                  "x\ty",
                  "boom",
                  "sleep",
                  "",
                  "deep",
                  "--lines",
                  "list");
            },
            each -> onlyTheSleeperIsLate(json(each.out())));
    assertThat(result.exitCode()).isEqualTo(1);
    List<JsonNode> lines = json(result.out());
    assertThat(lines)
        .filteredOn(line -> line.has("input"))
        .singleElement()
        .satisfies(line -> {
          assertThat(line.get("input").asText()).isEqualTo("line 2 of list");
          assertThat(line.get("outcome").asText()).isEqualTo("refused");
          assertThat(line.get("error").asText()).contains("0xFF");
        });
    List<JsonNode> items = lines;
    assertThat(items.stream().map(line -> line.get("n").asInt()))
        .containsExactly(1, 2, 3, 4, 5, 6, 7, 8);
    assertThat(items.stream().map(line -> line.get("item").asText()))
        .containsExactly("x\ty", "boom", "sleep", "", "deep", "a", "\ufffd", "b");
    assertThat(items.stream().map(line -> line.get("outcome").asText()))
        .containsExactly(
            "done", "failed", "timed_out", "done", "failed", "done", "refused", "done");
    assertThat(items.get(0).get("result").asText()).isEqualTo("x\ty");
    assertThat(items.get(0).get("millis").isNumber()).isTrue();
    assertThat(items.get(1).get("error").asText())
        .isEqualTo("java.lang.IllegalStateException: no boom");
    assertThat(items.get(1).has("result")).isFalse();
    assertThat(items.get(1).has("causes")).isFalse();
    assertThat(items.get(4).get("error").asText())
        .isEqualTo("java.lang.IllegalStateException: body");
    assertThat(items.get(4).get("causes").toString())
        .isEqualTo(
            "[{\"error\":\"java.lang.RuntimeException: cause\\nof it\",\"at\":\"Tasks.echo("
                + "Tasks.java:11)\"}]");
    assertThat(items.get(4).get("suppressed").toString())
        .isEqualTo(
            "[{\"error\":\"java.lang.IllegalArgumentException: close\",\"at\":\"Tasks.echo("
                + "Tasks.java:12)\"}]");
    assertThat(items.get(1).get("at").asText()).isEqualTo("Tasks.echo(Tasks.java:7)");
    assertThat(items.get(2).path("at").asText()).isEqualTo("Tasks.echo(Tasks.java:8)");
    assertThat(items.get(2).get("error").asText())
        .isEqualTo("over its timeout of " + used.get().replaceFirst("(?=[a-z])", " "));
    assertThat(items.get(2).get("millis").asDouble()).isGreaterThan(500);
    assertThat(result.err()).contains("\"boom\" failed", "at Tasks.echo(Tasks.java:");
  }

  /** And has the place where it was, which is left out if its stack does not come in time. */
  private static boolean onlyTheSleeperIsLate(List<JsonNode> items) {
    return items.stream()
        .filter(each -> each.path("outcome").asText().equals("timed_out"))
        .allMatch(each -> each.path("item").asText().equals("sleep") && each.has("at"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"threads", "processes"})
  void aFailureDeepInTheJdkSaysWhereInTheTaskItWas(String model) throws IOException {
    var result = run("run", "Tasks.java#read", "--on", model, "--format", "jsonl", "gone");
    assertThat(result.err()).contains("\n    at Tasks.read(Tasks.java:41)\n");
    assertThat(json(result.out()).getFirst().get("at").asText())
        .isEqualTo("Tasks.read(Tasks.java:41)");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "run Tasks.java#echo --on processes --workers 1",
        "run Tasks.java#echo --on processes --workers 1 then Tasks.java#echo",
        "run Tasks.java#some then Tasks.java#echo --on processes --workers 1",
        "compare Tasks.java#echo --on processes --workers 1 --rounds 1",
      })
  void aPageCountsInputsFromOneInItsTextsToo(String line) throws IOException {
    var words = new ArrayList<>(List.of(line.split(" ")));
    words.addAll(List.of("a", "b", "die", "--report", "page.html"));
    var result = run(words.toArray(String[]::new));
    assertThat(result.err()).contains("exited with code 3");
    assertThat(text("page.html"))
        .contains("exited with code 3 while running it")
        .doesNotContain("item 2 (");
  }

  @Test
  void aWorkerThatIsLostHasItsLineOfJson() {
    var result =
        run(
            "run",
            "Tasks.java#echo",
            "--on",
            "processes",
            "--workers",
            "1",
            "--format",
            "jsonl",
            "die",
            "a");
    List<JsonNode> items = json(result.out());
    assertThat(items.stream().map(line -> line.get("outcome").asText()))
        .containsExactly("worker_lost", "done");
    assertThat(items.get(0).get("error").asText()).contains("exited with code 3");
  }

  @Test
  void resultsKeepTheirFormAsJson() {
    var length = json(run("run", "Tasks.java#length", "--format", "jsonl", "abc").out());
    assertThat(length.getFirst().get("result").get("chars").asInt()).isEqualTo(3);
    assertThat(json(run("run", "Tasks.java#twice", "--format", "jsonl", "4").out()))
        .singleElement()
        .satisfies(line -> assertThat(line.get("result").asInt()).isEqualTo(8));
    var any =
        run(
            "run",
            "Tasks.java#any",
            "--on",
            "processes",
            "--format",
            "jsonl",
            "null",
            "empty",
            "list",
            "true",
            "path",
            "other");
    assertThat(json(any.out()).stream().map(line -> line.get("result").toString()))
        .containsExactly("null", "null", "[1,\"two\"]", "true", "\"a/b\"", "1.5");
    var nothing = json(run("run", "Tasks.java#nothing", "--format", "jsonl", "a").out());
    assertThat(nothing.getFirst().has("result")).isFalse();
    assertThat(nothing.getFirst().get("outcome").asText()).isEqualTo("done");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " then Tasks.java#echo"})
  void whereAFailureEndsTheRunEveryInputHasItsLineToo(String then) throws IOException {
    Files.writeString(folder.resolve("text"), "a\nb\n");
    Files.write(folder.resolve("broken"), new byte[] {'a', '\n', (byte) 0xFF, '\n', 'b', '\n'});
    String line =
        "run Tasks.java#echo" + then + " --on sequential --format jsonl --fail-fast a boom c";
    var failed = run((line + " --lines text").split(" "));
    assertThat(failed.exitCode()).isEqualTo(1);
    List<JsonNode> items = json(failed.out());
    assertThat(items.stream().map(each -> each.get("n").asInt())).containsExactly(1, 2, 3, 4, 5);
    assertThat(items.stream().map(each -> each.get("item").asText()))
        .containsExactly("a", "boom", "c", "a", "b");
    assertThat(items.get(1).get("outcome").asText()).isEqualTo("failed");
    assertThat(items.getLast().get("outcome").asText()).isEqualTo("cancelled");
    assertThat(items.getLast().get("error").asText()).contains("--fail-fast");

    var refused = run((line + " --lines broken").split(" "));
    assertThat(refused.exitCode()).isEqualTo(1);
    items = json(refused.out());
    assertThat(items.stream().map(each -> each.get("item").asText()))
        .containsExactly("a", "boom", "c", "a", "\ufffd", "b");
    assertThat(items.get(4).get("outcome").asText()).isEqualTo("refused");
    assertThat(items.getLast().get("outcome").asText()).isEqualTo("cancelled");
  }

  @Test
  void filesThatCannotBeReadStandAmongTheOthers() throws IOException {
    Files.createDirectories(folder.resolve("d"));
    Files.writeString(folder.resolve("d/a"), "first");
    Files.createSymbolicLink(folder.resolve("d/b"), Path.of("nowhere"));
    Files.writeString(folder.resolve("d/c"), "third");
    var result = run("run", "Tasks.java#read", "--files", "d", "--format", "jsonl");
    List<JsonNode> items = json(result.out());
    assertThat(items.stream().map(each -> each.get("item").asText()))
        .containsExactly("d/a", "d/b", "d/c");
    assertThat(items.stream().map(each -> each.get("outcome").asText()))
        .containsExactly("done", "refused", "done");
    var files = run("run", "Tasks.java#read", "--files", "d", "-o", "out/{n}.txt");
    assertThat(files.exitCode()).isEqualTo(1);
    assertThat(names("out")).containsExactly("1.txt", "3.txt");
  }

  @Test
  void linesFromAPipeThatAreRefusedCountToo() {
    String script = "printf 'a\\n\\377\\nb\\n' | \"$@\"";
    var plain = Command.shell(folder, script, "run", "Tasks.java#echo", "--lines", "-");
    assertThat(plain.out()).isEqualTo("a\nb\n");
    var unordered =
        Command.shell(
            folder,
            script,
            "run",
            "Tasks.java#echo",
            "--lines",
            "-",
            "--format",
            "jsonl",
            "--unordered",
            "-q");
    assertThat(json(unordered.out()))
        .extracting(each -> each.get("n").asInt() + each.get("outcome").asText())
        .containsExactlyInAnyOrder("1done", "2refused", "3done");
  }

  @Test
  void aPipelineTellsHowLongItsItemsTook() {
    var result =
        run(
            "run",
            "Tasks.java#some",
            "then",
            "Tasks.java#length",
            "--format",
            "jsonl",
            "slow",
            "boom",
            "x");
    List<JsonNode> items = json(result.out());
    assertThat(items.stream().map(each -> each.get("item").asText()))
        .containsExactly("slow", "boom", "x");
    assertThat(items).allSatisfy(each -> assertThat(each.get("millis").isNumber()).isTrue());
    assertThat(items.getFirst().get("millis").asDouble()).isGreaterThan(99);
  }

  @Test
  void anItemThatIsGivenTwiceIsToldOfAsSuch() {
    var result = run("run", "Tasks.java#echo", "a", "b", "a", "-o", "out/{name}");
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.err())
        .contains("the item \"a\": it is given twice", "tell them apart by {n}")
        .doesNotContain("or by {}");
    assertThat(run("run", "Tasks.java#echo", "a", "b", "a", "-o", "out/{n}").exitCode()).isZero();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "in new.txt -o new.txt | -o new.txt is also the input new.txt, which does not exist yet",
        "new.txt --report ./new.txt | --report ./new.txt is also the input new.txt",
        "in --lines later -o new.txt | is also the input new.txt",
        "in out/in -o out/{name} | out/in is the input out/in, which it would overwrite",
        "in --lines below -o out/{name} | out/in is the input out/in",
        "in -o out/{stem.txt | is not closed by a }",
        "in --report {stem}.html | --report {stem}.html is one file for all items",
      })
  void anItemThatTheRunItselfWouldWriteIsRefused(String line, String message) throws IOException {
    Files.writeString(folder.resolve("in"), "in");
    Files.writeString(folder.resolve("later"), "new.txt\n");
    Files.writeString(folder.resolve("below"), "out/in\n");
    var result = run(("run Tasks.java#read " + line).split(" "));
    assertThat(result.exitCode()).as(result.err()).isEqualTo(2);
    assertThat(result.err()).contains(message);
    assertThat(folder.resolve("new.txt")).doesNotExist();
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @Test
  void aPipelineNamesTheItemOfTheSourceAndTheStage() {
    var result =
        run(
            "run",
            "Tasks.java#echo",
            "then",
            "Tasks.java#length",
            "--format",
            "jsonl",
            "abc",
            "boom");
    List<JsonNode> items = json(result.out());
    assertThat(items.get(0).get("item").asText()).isEqualTo("abc");
    assertThat(items.get(0).get("result").get("chars").asInt()).isEqualTo(3);
    assertThat(items.get(1).get("item").asText()).isEqualTo("boom");
    assertThat(items.get(1).get("stage").asText()).isEqualTo("Tasks.echo");
    assertThat(items.get(1).get("error").asText()).contains("no boom");
  }

  @Test
  void eachLineOfAResultBeginsWithItsItem() {
    assertThat(run("run", "Tasks.java#echo", "--with-item", "a\\tb").out())
        .as("another item than that with a tab")
        .isEqualTo("a\\\\tb\ta\\tb\n");
    var result = run("run", "Tasks.java#lines", "--with-item", "a", "b\tc\nd");
    assertThat(result.out())
        .isEqualTo(
            """
            a\t1 of a
            a\t2 of a
            b\\tc\\nd\t1 of b\tc
            b\\tc\\nd\td
            b\\tc\\nd\t2 of b\tc
            b\\tc\\nd\td
            """);
  }

  @Test
  void itemsAndResultsMayEndWithAZeroByte() throws IOException {
    Files.writeString(folder.resolve("list"), "a\nb\0c\r\nd\0\0e");
    var result = run("run", "Tasks.java#echo", "--lines", "list", "--null");
    assertThat(result.out()).isEqualTo("a\nb\0c\r\nd\0\0e\0");
    assertThat(run("run", "Tasks.java#echo", "--lines", "list", "-0", "--with-item").out())
        .isEqualTo("a\\nb\ta\nb\0c\\r\\nd\tc\r\nd\0\t\0e\te\0");
    assertThat(run("compare", "Tasks.java#echo", "--lines", "list", "-0", "--rounds", "1").err())
        .contains("on 4 items");
  }

  @Test
  void eachItemHasAFileNamedAfterIt() throws IOException {
    Files.createDirectories(folder.resolve("in/sub"));
    Files.writeString(folder.resolve("in/a.b.txt"), "first");
    Files.writeString(folder.resolve("in/sub/.c"), "second\n");
    var result =
        run("run", "Tasks.java#read", "in/a.b.txt", "in/sub/.c", "-o", "out/{n}-{stem}.{name}.x");
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.out()).isEmpty();
    assertThat(names("out")).containsExactly("1-a.b.a.b.txt.x", "2-.c..c.x");
    assertThat(text("out/1-a.b.a.b.txt.x")).isEqualTo("first\n");
    assertThat(text("out/2-.c..c.x")).isEqualTo("second\n");
    run("run", "Tasks.java#read", "in/a.b.txt", "in/sub/.c", "-o", "out/{}", "--null");
    assertThat(text("out/in/a.b.txt")).isEqualTo("first");
    assertThat(text("out/in/sub/.c")).isEqualTo("second\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"threads", "processes"})
  void anItemThatFailsLeavesItsFileAsItWas(String model) throws IOException {
    Files.createDirectories(folder.resolve("out"));
    Files.writeString(folder.resolve("out/boom"), "old");
    Files.writeString(folder.resolve("out/a"), "old");
    var result = run("run", "Tasks.java#echo", "--on", model, "a", "boom", "b", "-o", "out/{name}");
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err()).contains("2 done, 1 failed");
    assertThat(text("out/a")).isEqualTo("a\n");
    assertThat(text("out/boom")).isEqualTo("old");
    assertThat(names("out")).containsExactly("a", "b", "boom");
  }

  @Test
  void aFileThatCannotBeWrittenFailsItsOwnItem() {
    String longName = "x".repeat(300);
    var result = run("run", "Tasks.java#echo", "a", longName, "b", "-o", "out/{}.txt");
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err()).contains("failed: its result is there, but -o").contains("too long");
    assertThat(result.err()).contains("2 done, 1 failed");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "x/a y/a -o out/{name} | out/a is also the file of the item \"x/a\"",
        "a.c a.h -o out/{stem} | tell them apart by {n}",
        "a b -o out/{stem}.txt --lines same | out/a.txt is also the file of the item \"a\"",
        "a ../b -o out/{} | with .. it would leave the folder",
        "a b/ -o out/{name} | nothing stands after its last /",
        "here.txt -o {stem}.txt | here.txt is the input here.txt, which it would overwrite",
        "here.txt other -o {name} | which it would overwrite",
        "a Tasks -o {name}.java | Tasks.java is the source of the task, Tasks.java",
        "list -o {} --lines list | list is the input",
        "page.html a -o {} --report page.html | is the file of --report page.html",
        "sub -o {name} | is a folder",
        "a/b -o here.txt/{name} | not a folder",
        "a a/b -o out/{} | out/a/b needs a folder where the file of the item \"a\" is",
        "a/b/c a -o out/{} | out/a is also a folder of the file of the item \"a/b/c\"",
        "a -o out/{nmae} | is it {name}?",
        "a -o out/{item} | {item} in out/{item} stands for nothing",
      })
  void whatWouldLoseAFileIsRefusedBeforeAnythingRuns(String line, String message)
      throws IOException {
    Files.writeString(folder.resolve("here.txt"), "precious");
    Files.writeString(folder.resolve("same"), "c\na.x\n");
    Files.writeString(folder.resolve("list"), "c\n");
    Files.createDirectories(folder.resolve("sub"));
    List<String> before = names(".");
    var result = run(("run Tasks.java#echo " + line).split(" "));
    assertThat(result.err()).contains(message);
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.out()).isEmpty();
    assertThat(text("here.txt")).isEqualTo("precious");
    assertThat(text("Tasks.java")).isEqualTo(TASKS);
    assertThat(names(".")).filteredOn(name -> !name.matches("(out|err).*[.]txt")).isEqualTo(before);
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void twoNamesOfOneFileAreOneFile() throws IOException {
    Files.writeString(folder.resolve("a"), "old");
    Files.createLink(folder.resolve("b"), folder.resolve("a"));
    Files.createSymbolicLink(folder.resolve("c"), Path.of("d"));
    assertThat(run("run", "Tasks.java#echo", "x/a", "x/b", "-o", "{name}"))
        .satisfies(r -> assertThat(r.exitCode()).isEqualTo(2))
        .satisfies(r -> assertThat(r.err()).contains("is also the file of the item \"x/a\""));
    assertThat(run("run", "Tasks.java#echo", "x/c", "x/d", "-o", "{name}"))
        .satisfies(r -> assertThat(r.exitCode()).isEqualTo(2))
        .satisfies(r -> assertThat(r.err()).contains("is also the file of the item \"x/c\""));
    assertThat(text("a")).isEqualTo("old");
  }

  @Test
  void itemsFromAPipeAreCheckedAsTheyCome() throws IOException {
    Files.createDirectories(folder.resolve("out"));
    Files.writeString(folder.resolve("out/old"), "precious");
    var result =
        Command.shell(
            folder,
            "printf 'x/a\\ny/a\\nold\\nb\\n' | \"$@\"",
            "run",
            "Tasks.java#echo",
            "--lines",
            "-",
            "-o",
            "out/{name}");
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err())
        .contains("\"y/a\" failed: -o out/a")
        .contains("\"old\" failed: -o out/old is there already")
        .contains("2 done, 2 failed");
    assertThat(text("out/a")).isEqualTo("x/a\n");
    assertThat(text("out/b")).isEqualTo("b\n");
    assertThat(text("out/old")).isEqualTo("precious");
  }

  @Test
  void aPipelineWritesAFileForEachItemOfItsSource() throws IOException {
    var result =
        run(
            "run",
            "Tasks.java#echo",
            "then",
            "Tasks.java#lines",
            "a",
            "boom",
            "b",
            "-o",
            "out/{n}.txt");
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(names("out")).containsExactly("1.txt", "3.txt");
    assertThat(text("out/3.txt")).isEqualTo("1 of b\n2 of b\n");
  }

  @Test
  void formsThatDoNotGoTogetherAreRefused() {
    for (List<String> each :
        List.of(
            List.of("run --format jsonl --with-item", "leave out --with-item"),
            List.of("compare --format jsonl", "is for the results of run"),
            List.of("compare -o out/{n}", "which is for run"),
            List.of("advise --format text", "is for the results of run"),
            List.of("run --figures=jsonl", "--figures is table or json"),
            List.of(
                "run --format json",
                "one line of JSON for each input. The figures as JSON: --figures=json"),
            List.of("run --format table", "The figures as a table: --figures=table"))) {
      String[] words = each.getFirst().split(" ");
      String[] all =
          Stream.concat(Stream.of(words), Stream.of("Tasks.java#echo", "a")).toArray(String[]::new);
      var result = Command.refused(folder, all);
      assertThat(result.exitCode()).as(each.getFirst()).isEqualTo(2);
      assertThat(result.err()).contains(each.getLast());
    }
  }
}
