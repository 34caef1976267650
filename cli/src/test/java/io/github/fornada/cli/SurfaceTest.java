package io.github.fornada.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
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

/** What the command says of itself and of a run, and what it takes as a task. */
@EnabledOnOs({OS.LINUX, OS.MAC})
@Execution(ExecutionMode.CONCURRENT)
class SurfaceTest {
  @RegisterExtension final ServedFolder served = new ServedFolder();

  private Path folder;

  @BeforeEach
  void writeTask() throws IOException {
    folder = served.path();
    Files.writeString(
        folder.resolve("Echo.java"),
        """
        public class Echo {
          public static String echo(String s) throws Exception {
            if (s.equals("slow")) {
              Thread.sleep(100);
            }
            if (s.equals("boom")) {
              throw new IllegalStateException("no " + s);
            }
            return s;
          }
        }
        """);
  }

  private Command.Result run(String... arguments) {
    return Command.run(folder, arguments);
  }

  @Test
  void aRunSaysInOneLineWhatItCost() {
    assertThat(run("run", "Echo.java", "slow", "boom", "b").err().lines().toList().getLast())
        .matches(
            "fornada: 2 done, 1 failed in [0-9.]+ m?s on threads: in flight [0-9.]+(, busy cores"
                + " [0-9.]+)?"); // no busy cores if it took no 50 ms
  }

  @Test
  void figuresAreATableOrJson() throws IOException {
    var table = run("run", "Echo.java", "--figures", "table", "json");
    assertThat(table.out()).as("what follows is an input").isEqualTo("table\njson\n");
    assertThat(table.err()).contains("speed-").contains("threads").doesNotContain("done in");
    var json = run("run", "Echo.java", "--figures=json", "a");
    assertThat(new ObjectMapper().readTree(json.err()).get("runs").get(0).get("done").asInt())
        .isEqualTo(1);
  }

  @Test
  void quietSaysOnlyWhatWentWrong() {
    assertThat(run("run", "Echo.java", "--quiet", "a").err()).isEmpty();
    assertThat(run("run", "Echo.java", "--on", "auto", "-q", "a").err()).isEmpty();
    assertThat(run("run", "Echo.java", "then", "Echo.java", "-q", "a").err()).isEmpty();
    assertThat(run("run", "Echo.java", "-q", "a", "boom").err())
        .startsWith("fornada: \"boom\" failed: java.lang.IllegalStateException: no boom")
        .doesNotContain("done");
    var compared = run("compare", "Echo.java", "-q", "a", "--rounds", "1", "--on", "threads");
    assertThat(compared.err()).isEmpty();
    assertThat(compared.out()).contains("threads");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"help", "help run", "help compare", "help advise", "help man", "help scenarios"})
  void helpIsThereByWord(String line) {
    var result = run(line.split(" "));
    assertThat(result.exitCode()).isZero();
    assertThat(result.out()).startsWith("Usage: fornada");
    assertThat(result.out().lines()).allSatisfy(each -> assertThat(each).hasSizeLessThan(81));
  }

  @Test
  void helpOfACommandIsThatOfItsOption() {
    assertThat(run("help", "run").out()).isEqualTo(run("run", "--help").out());
    assertThat(run("help", "nope"))
        .satisfies(r -> assertThat(r.exitCode()).isEqualTo(2))
        .satisfies(r -> assertThat(r.err()).contains("nope"));
  }

  @Test
  void whyANamedFunctionCannotBeCalledIsSaidOfThatOneAlone() throws IOException {
    Files.writeString(
        folder.resolve("Some.java"),
        "public class Some { public static Number n(Number n) { return n; }"
            + " public static String other(String s) { return s; } }");
    assertThat(run("run", "Some.java#n", "5").err())
        .contains("no method n that can be called with one text in Some.java")
        .contains("n(Number): text cannot become a Number")
        .doesNotContain("other");
    assertThat(run("run", "Some.java#none", "5").err())
        .contains("no public static method none with one argument in Some.java")
        .contains("other(String): would do");
  }

  @Test
  void coloursAreForTerminalsWhoseUserWantsThem() {
    String script = "TERM=xterm JDK_JAVA_OPTIONS=-Dfornada.terminals=12 %s \"$@\"";
    String escape = "\u001b[";
    assertThat(Command.shell(folder, script.formatted("NO_COLOR="), "help").out()).contains(escape);
    assertThat(Command.shell(folder, script.formatted("NO_COLOR=1"), "help").out())
        .contains("Usage")
        .doesNotContain(escape);
    assertThat(run("help").out()).doesNotContain(escape);
  }

  @Test
  void processesAreNoMoreThanItems() throws IOException {
    Files.writeString(
        folder.resolve("Alive.java"),
        """
        public class Alive {
          public static long f(String s) {
            return ProcessHandle.current().parent().orElseThrow().children()
                .filter(each -> each.info().command().orElse("").endsWith("java"))
                .count();
          }
        }
        """);
    // Without a JVM that makes a cache for the next start.
    String script = "JDK_JAVA_OPTIONS=-Dio.github.fornada.aotCache=use \"$@\"";
    String[] line = {"run", "Alive.java", "--on", "processes", "--workers", "12", "a"};
    assertThat(Command.shell(folder, script, line).out()).isEqualTo("1\n");
  }

  @Test
  void aRunOnProcessesTellsTheirStartApart() throws IOException {
    var result =
        run(
            "run",
            "Echo.java",
            "--on",
            "processes",
            "--figures=json",
            "-q",
            "a",
            "--report",
            "r.html");
    var figures = new ObjectMapper().readTree(result.err()).get("runs").get(0);
    assertThat(figures.get("startupSeconds").asDouble())
        .as("a JVM was started")
        .isGreaterThan(0.02);
    assertThat(Files.readString(folder.resolve("r.html"))).contains(" to start");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "compare Echo.java then Echo.java a | compare takes one function, and \"then\" joins"
            + " several",
        "advise Echo.java --quiet then Echo.java#echo a | fornada run Echo.java then"
            + " Echo.java#echo",
        "run Echo.java --on sequential --workers 3 a | --on sequential runs one task at a time",
        "run Echo.java --on sequential --workers 3 then Echo.java a | leave --workers out",
        "run Echo.java --on threads --workers processes=2 a | Give threads=N, or N alone",
        "run Echo.java --on auto --workers virtual=2 a | Give processes=N, or N alone",
        "compare Echo.java --figures json a | --format table or json",
        "run Echo.java# a | there is no name of a function after the #: Echo.java#",
        "run Echo.java --json a | --figures=json",
      })
  void whatACommandDoesNotTakeIsRefusedInItsOwnWords(String line, String message) {
    var result = Command.refused(folder, line.split(" "));
    assertThat(result.exitCode()).as(result.err()).isEqualTo(2);
    assertThat(result.err()).contains(message).doesNotContain("sequential pool");
    assertThat(result.out()).isEmpty();
  }

  @Test
  void wordsThatAreInputsThoughTheyLookLikeMoreAreToldOf() {
    var figures = run("run", "Echo.java", "--figures", "json");
    assertThat(figures.out()).isEqualTo("json\n");
    assertThat(figures.err()).contains("so \"json\" is an input; write --figures=json");
    var then = run("run", "Echo.java", "then", "com.acme.Task");
    assertThat(then.out()).isEqualTo("then\ncom.acme.Task\n");
    assertThat(then.err()).contains("\"then\" is an input here", "com.acme.Task#method");
  }

  @Test
  void aListOfWorkersDoesForEveryModel() {
    for (String model : List.of("virtual", "processes", "auto")) {
      var result =
          run("run", "Echo.java", "--on", model, "--workers", "processes=2,virtual=50", "a");
      assertThat(result.out()).as(result.err()).isEqualTo("a\n");
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void textThatCannotBeWrittenIsNoSuccess() {
    String script =
        """
        for line in --help --version "help run" "run --help" man completion \
          "compare Echo.java a --rounds 1 --on sequential -q"; do
          "$@" $line > /dev/full 2> err
          echo "$line: $? $(grep -c 'cannot write to stdout: No space left' err)"
        done
        "$@" --help 2> err | : ; echo "pipe: ${PIPESTATUS[0]} $(wc -c < err)"
        """;
    assertThat(Command.shell(folder, script).out().lines().toList())
        .containsExactly(
            "--help: 1 1",
            "--version: 1 1",
            "help run: 1 1",
            "run --help: 1 1",
            "man: 1 1",
            "completion: 1 1",
            "compare Echo.java a --rounds 1 --on sequential -q: 1 1",
            "pipe: 141 0");
  }

  @Test
  void theVersionGoesWhereTheLauncherHasMovedStdout() {
    var result =
        Command.shell(
            folder,
            "JDK_JAVA_OPTIONS=-Dfornada.descriptors=9,8,7 \"$@\" --version 9<&0 8>&1 7>&2 1>&2");
    assertThat(result.out()).startsWith("fornada ").contains("Java ");
    assertThat(result.err()).doesNotContain("fornada (");
  }

  @ParameterizedTest
  @ValueSource(strings = {"run", "compare", "advise", "cluster"})
  void examplesInTheHelpStayOnOneLine(String command) {
    List<String> lines = run("help", command).out().lines().toList();
    assertThat(lines.stream().filter(line -> line.startsWith("  fornada")))
        .isNotEmpty()
        .allSatisfy(line -> {
          assertThat(line).hasSizeLessThanOrEqualTo(80);
          int next = lines.indexOf(line) + 1;
          assertThat(next == lines.size() ? "" : lines.get(next)).matches("(  \\w+ .*|)");
        });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "public class Preview { public static String f(String s) { BODY } }",
        "String f(String s) { BODY }",
      })
  void previewFeaturesAreForACommandThatHasThem(String source) throws IOException {
    String body =
        "Object o = s.length(); return switch (o) { case int i when i > 2 -> \"big\"; default -> s;"
            + " };";
    Files.writeString(folder.resolve("Preview.java"), source.replace("BODY", body));
    var without = run("run", "Preview.java", "12");
    assertThat(without.exitCode()).isEqualTo(2);
    assertThat(without.err()).contains("JDK_JAVA_OPTIONS=--enable-preview fornada ...");
    var with =
        Command.shell(
            folder,
            "JDK_JAVA_OPTIONS=--enable-preview \"$@\"",
            "run",
            "Preview.java",
            "12",
            "1234");
    assertThat(with.out()).as(with.err()).isEqualTo("12\nbig\n");
  }

  @Test
  void aComparisonThatAFailureHasStoppedSaysSo() {
    var result = run("compare", "Echo.java", "a", "boom", "--on", "threads", "--fail-fast");
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.out()).isEmpty();
    assertThat(result.err())
        .contains("\"boom\" failed", "fornada: stopped by that failure (--fail-fast)");
  }

  @Test
  void bashCompletesOptionsAndModels() throws IOException {
    var result = run("completion");
    assertThat(result.exitCode()).isZero();
    Files.writeString(folder.resolve("completion"), result.out());
    String script =
        """
        . ./completion
        complete -p fornada
        _fornada_ask() {
          COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
          COMPREPLY=(); _complete_fornada "${COMP_WORDS[@]}"; echo "${COMPREPLY[*]}"
        }
        _fornada_ask fornada run --on ''
        _fornada_ask fornada run --fig
        _fornada_ask fornada comp
        _fornada_ask fornada sc
        _fornada_ask fornada scenarios --si
        _fornada_ask fornada scenarios --size ''
        mkdir folder; touch folder/in 'a file' Other.txt
        _fornada_ask fornada man ''
        _fornada_ask fornada compare --format ''
        _fornada_ask fornada run --format ''
        _fornada_ask fornada run --figures = j
        _fornada_ask fornada run ''
        _fornada_ask fornada run Echo.java --on = virtual 'a f'
        _fornada_ask fornada run Echo.java --on virtual th
        _fornada_ask fornada run Echo.java then ''
        _fornada_ask fornada run Echo.java --files ''
        _fornada_ask fornada run Echo.java --lines Ot
        _fornada_ask fornada compare Echo.java --on sequential,vir
        _fornada_ask fornada run Echo.java -- --on
        _fornada_ask fornada advise Echo.java --record=Ot
        _fornada_ask fornada run Echo.java --workers ""
        _fornada_ask fornada run Echo.java --workers = pro
        _fornada_ask fornada run Echo.java --workers processes =
        _fornada_ask fornada run Echo.java --workers processes = 2,v
        _fornada_ask fornada run Echo.java --workers = processes = 2,virtual = 5
        _fornada_ask fornada compare Echo.java --workers processes=2,t
        _fornada_ask fornada compare Echo.java --workers=processes=2,t
        _fornada_ask fornada run Echo.java --workers processes = 2 Ot
        _fornada_ask fornada run --workers processes = 2,virtual = 50 Ec
        : "$1"
        """;
    var completed = Command.shell(folder, script);
    assertThat(completed.out().lines().toList())
        .satisfiesExactly(
            line -> assertThat(line).contains("fornada"),
            line -> assertThat(line).contains("sequential", "virtual", "threads", "auto"),
            line -> assertThat(line).contains("--figures"),
            line -> assertThat(line).contains("compare", "completion"),
            line -> assertThat(line).isEqualTo("scenarios scenario"),
            line -> assertThat(line).isEqualTo("--size"),
            line -> assertThat(line).isEqualTo("small normal large"),
            line -> assertThat(line).contains("run", "compare", "man").doesNotContain("--"),
            line -> assertThat(line).isEqualTo("table json"),
            line -> assertThat(line).isEqualTo("text jsonl"),
            line -> assertThat(line).isEqualTo("json"),
            line -> assertThat(line).isEqualTo("Echo.java folder"),
            line -> assertThat(line).isEqualTo("a file"),
            line -> assertThat(line).isEqualTo("then"),
            line -> assertThat(line).isEqualTo("Echo.java folder"),
            line -> assertThat(line).isEqualTo("folder"),
            line -> assertThat(line).isEqualTo("Other.txt"),
            line -> assertThat(line).isEqualTo("sequential,virtual"),
            line -> assertThat(line).isEmpty(),
            line -> assertThat(line).isEqualTo("--record=Other.txt"),
            line -> assertThat(line).isEqualTo("virtual= threads= processes="),
            line -> assertThat(line).isEqualTo("processes="),
            line -> assertThat(line).isEmpty(),
            line -> assertThat(line).isEqualTo("2,virtual="),
            line -> assertThat(line).isEmpty(),
            line -> assertThat(line).isEqualTo("processes=2,threads="),
            line -> assertThat(line).isEqualTo("--workers=processes=2,threads="),
            line -> assertThat(line).isEqualTo("Other.txt"),
            line -> assertThat(line).isEqualTo("Echo.java"));
    assertThat(completed.err()).isEmpty();
  }

  @Test
  void theManualPageSaysWhatTheHelpSays() {
    var page = run("man", "run");
    assertThat(page.exitCode()).isZero();
    assertThat(page.out())
        .startsWith(".TH \"FORNADA\\-RUN\" 1")
        .contains(".SH NAME\nfornada\\-run \\- Runs a function over many inputs")
        .contains(".SH SYNOPSIS")
        .contains(".B \"\\-\\-with\\-item\"")
        .contains(".B \"130\"")
        .contains("fornada run examples/WordCount.java")
        .doesNotContain("\u001b");
    assertThat(run("man").out()).contains(".SH COMMANDS").contains(".B \"compare\"");
    assertThat(run("man", "nope"))
        .satisfies(r -> assertThat(r.exitCode()).isEqualTo(2))
        .satisfies(r -> assertThat(r.err()).contains("there is no command \"nope\""));
  }

  /**
   * They are a program of their own, which the launcher starts; the help of the command is theirs.
   */
  @Test
  void theScenariosAreACommandWithTheOptionsOfTheirProgram() throws IOException {
    assertThat(run("--help").out()).contains("scenarios");
    assertThat(run("man").out()).contains(".B \"scenarios");
    String help = run("help", "scenarios").out();
    assertThat(run("help", "scenario").out()).isEqualTo(help);
    String program =
        Files.readString(
            Path.of("../scenarios/src/main/java/io/github/fornada/scenarios/Main.java"));
    List<String> options =
        Pattern.compile("names = \"(--[a-z-]+)\"")
            .matcher(program)
            .results()
            .map(found -> found.group(1))
            .toList();
    assertThat(options).contains("--size", "--list");
    assertThat(help).contains(options);
    var without = run("scenarios", "--list");
    assertThat(without.exitCode()).isEqualTo(2);
    assertThat(without.err()).contains("./fornada scenarios");
  }

  @Test
  void aSourceMayBeginWithAByteOrderMark() throws IOException {
    String mark = "\ufeff";
    Files.writeString(folder.resolve("Compact.java"), mark + "String f(String s) { return s; }\n");
    Files.writeString(
        folder.resolve("Marked.java"),
        mark + "public class Marked {\n  public static String f(String s) { return s; }\n}\n");
    Files.writeString(folder.resolve("Bad.java"), mark + "String f(String s) { return t; }\n");
    assertThat(run("run", "Compact.java", "a").out()).isEqualTo("a\n");
    assertThat(run("run", "Marked.java", "a", "--on", "processes").out()).isEqualTo("a\n");
    assertThat(run("run", "Bad.java", "a").err())
        .startsWith("Bad.java:1: error: cannot find symbol")
        .doesNotContain("illegal character");
  }

  @Test
  void aMissingLibraryIsNamedByItsOption() throws IOException {
    Files.writeString(
        folder.resolve("Needs.java"),
        "import org.jsoup.Jsoup;\n"
            + "public class Needs { public static int f(String s) { return 1; } }");
    var result = run("run", "Needs.java", "a");
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.err())
        .startsWith("Needs.java:1: error: package org.jsoup does not exist")
        .contains("name its jar, as in -cp lib.jar");
    Files.createFile(Files.createDirectories(folder.resolve("my lib")).resolve("app.jar"));
    assertThat(run("run", "Needs.java", "a", "-cp", "my lib").err())
        .contains("my lib has jars, and a folder stands for class files: -cp '")
        .contains("my lib/*'");
  }

  @Test
  void aSourceThatIsNotUtf8IsNotRunWithOtherText() throws IOException {
    Files.writeString(
        folder.resolve("Lat.java"),
        "\npublic class Lat { public static String f(String s) { return \"caf\u00e9\" + s; } }",
        StandardCharsets.ISO_8859_1);
    var result = run("run", "Lat.java", "a");
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.out()).isEmpty();
    assertThat(result.err()).contains("Lat.java, line 2: the byte 0xE9 is not UTF-8");
  }

  @Test
  void sourcesWithoutAFunctionOrInAnotherEncodingAreToldAsSuch() throws IOException {
    Files.writeString(folder.resolve("module-info.java"), "module x {}");
    Files.write(
        folder.resolve("Wide.java"),
        "public class Wide { public static int f(int i) { return i; } }"
            .getBytes(StandardCharsets.UTF_16));
    var module = run("run", "module-info.java", "a");
    assertThat(module.exitCode()).isEqualTo(2);
    assertThat(module.err()).contains("module-info.java declares a module and has no function");
    var wide = run("run", "Wide.java", "1");
    assertThat(wide.exitCode()).isEqualTo(2);
    assertThat(wide.err()).contains("Wide.java is UTF-16 or UTF-32").contains("iconv -f UTF-16");
    var closed = run("run", "jdk.internal.misc.VM#getSavedProperty", "-cp", ".", "java.home");
    assertThat(closed.exitCode()).isEqualTo(2);
    assertThat(closed.err()).contains("module java.base, which keeps that package to itself");
  }

  @Test
  void adviceIsGivenInTimeThoughAPipeGivesNoMore() throws Exception {
    String script = "rm -f lines; mkfifo lines; (exec 3<> lines; seq 1 9 >&3; \"$@\" <&3)";
    var result =
        Runs.inEnoughTime(
            Runs.LONGER, // in a short one no item may end
            limit ->
                Command.shell(
                    folder, script, "advise", "Echo.java", "--lines", "-", "--for", limit),
            each -> each.exitCode() == 0);
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.out().replace('\n', ' '))
        .contains("Only the first 9 items were measured; what follows them was not read.");
  }

  @Test
  void adviceForInputsThatDoNotComeInTimeAsksForMore() {
    String script = "rm -f none; mkfifo none; (exec 3<> none; \"$@\" <&3)";
    var result =
        Command.shell(folder, script, "advise", "Echo.java", "--lines", "-", "--for", "10ms");
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err()).contains("no item has come within 10 ms; give --for more time");
    assertThat(result.out()).isEmpty();
  }

  @Test
  void hiddenFilesAreItemsIfTheyAreNamed() throws IOException {
    Files.createDirectories(folder.resolve("d/.hid"));
    for (String file : List.of("d/a.txt", "d/.env", "d/.hid/b.txt")) {
      Files.createFile(folder.resolve(file));
    }
    assertThat(run("run", "Echo.java", "--files", "d").out()).isEqualTo("d/a.txt\n");
    assertThat(run("run", "Echo.java", "--files", "d", "--match", ".env").out())
        .isEqualTo("d/.env\n");
    assertThat(run("run", "Echo.java", "--files", "d", "--match", ".hid/*").out())
        .isEqualTo("d/.hid/b.txt\n");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "*.txt | false",
        "./*.txt | false",
        "./**/*.txt | false",
        "../*.txt | false",
        "a/../*.txt | false",
        "a.{b,.c} | false",
        ".env | true",
        "./.env | true",
        "**/.hid/* | true",
        "{.h,a}.txt | true",
        "**/{a,.h}.txt | true",
        "...txt | true"
      })
  void hiddenOnesAreNamedByADotThatBeginsAName(String glob, boolean hidden) {
    assertThat(Glob.of(glob).namesHidden()).isEqualTo(hidden);
  }

  @Test
  void resultsOnStderrAreNotLostWithoutAWord() throws IOException {
    Files.writeString(folder.resolve("n.txt"), "1\n2\n");
    String script = "\"$@\" 2>/dev/full";
    var result =
        Command.shell(folder, script, "run", "Echo.java", "--lines", "n.txt", "-o", "/dev/stderr");
    assertThat(result.exitCode()).isEqualTo(1);
  }

  /** Otherwise an output could take the place of one that nobody knows to be an input. */
  @Test
  void noSourceOfTheFolderIsCompiledAlong() throws IOException {
    Files.writeString(
        folder.resolve("Twice.java"),
        "class Twice { static String go(String s) { return Other.twice(s); } }");
    String other = "class Other { static String twice(String s) { return s + s; } }";
    Files.writeString(folder.resolve("Other.java"), other);
    var result = run("run", "Twice.java", "a", "-o", "Other.java");
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.err()).contains("Other");
    assertThat(Files.readString(folder.resolve("Other.java"))).isEqualTo(other);
  }

  @Test
  void adviceIsNotGivenBeforeAnythingIsKnown() throws IOException {
    Files.writeString(
        folder.resolve("Nap.java"),
        "String nap(String s) throws Exception { Thread.sleep(Long.parseLong(s)); return s; }");
    var early = run("advise", "Nap.java", "60000", "60000", "--for", "1ms");
    assertThat(early.exitCode()).isEqualTo(1);
    assertThat(early.out()).isEmpty();
    assertThat(early.err()).contains("no item had ended after 1 ms").contains("--for");
    var failed =
        run("advise", "Nap.java", "x", "y", "--report", "ran.html", "--record", "ran.json");
    assertThat(failed.exitCode()).isEqualTo(1);
    assertThat(failed.out()).isEmpty();
    assertThat(failed.err()).contains("no item has given a result");
    assertThat(Files.readString(folder.resolve("ran.html")))
        .as("a page of what ran")
        .contains("no item has given a result", "<h2 id=\"timelines-title\">")
        .as("there are no figures")
        .doesNotContain("<table");
    var ran = run("advise", "--replay", "ran.json", "--report", "x.html");
    assertThat(ran.exitCode()).isEqualTo(2);
    assertThat(ran.err())
        .contains("--report is for measuring; with --replay FILE go --json, --format and -o")
        .contains("Try: fornada advise --help");
    assertThat(run("advise", "--replay", "ran.json", "Nap.java").err())
        .contains("--replay FILE goes without TASK and INPUT, got \"Nap.java\"");
    assertThat(run("advise", "--replay", "ran.json", "--help").out())
        .startsWith("Usage: fornada advise");
    Files.createFile(folder.resolve("empty"));
    assertThat(run("advise", "--replay", ".").err()).contains("--replay: is a folder: .");
    assertThat(run("advise", "--replay", "").err()).contains("the name of the file is empty");
    var endless = run("advise", "--replay", "/dev/zero");
    assertThat(endless.exitCode()).isEqualTo(2);
    assertThat(endless.err())
        .contains("/dev/zero, line 1, is not what advise --record has written");
    var replayed = run("advise", "--replay", "empty");
    assertThat(replayed.exitCode()).isEqualTo(2);
    assertThat(replayed.err()).contains("empty is empty");
  }

  @ParameterizedTest
  @CsvSource({
    "Echo.java,the source of the task",
    "n.txt,the input --lines n.txt",
    "page.html,-o page.html",
    "none/x,no such folder"
  })
  void aRecordTakesThePlaceOfNoOtherFile(String record, String message) throws IOException {
    Files.writeString(folder.resolve("n.txt"), "1\n2\n");
    String source = Files.readString(folder.resolve("Echo.java"));
    var result =
        Command.refused(
            folder,
            "advise",
            "Echo.java",
            "--lines",
            "n.txt",
            "-o",
            "page.html",
            "--record",
            record);
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.err()).contains("--record").contains(message);
    assertThat(Files.readString(folder.resolve("n.txt"))).isEqualTo("1\n2\n");
    assertThat(Files.readString(folder.resolve("Echo.java"))).isEqualTo(source);
  }

  @ParameterizedTest
  @CsvSource({
    "thread,threads",
    "Threads,threads",
    "platform,threads",
    "proceses,processes",
    "asyncio,virtual",
    "sequentail,sequential"
  })
  void aModelThatIsNearlyRightIsSuggested(String typed, String meant) {
    var result = run("run", "Echo.java", "--on", typed, "a");
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.err())
        .contains("got \"" + typed + "\"; did you mean " + meant + "?")
        .contains("processes, auto");
  }

  @ParameterizedTest
  @Cells(
      verify = {"threads", "processes"},
      rest = {"sequential", "virtual", "auto"})
  void aCompactSourceFileIsATask(String model) throws IOException {
    Files.writeString(
        folder.resolve("shout.java"),
        """
        final String end = "!";

        String shout(String s) {
          return s.toUpperCase() + end;
        }
        """);
    var result = run("run", "shout.java", "--on", model, "a", "b");
    assertThat(result.err()).doesNotContain("error");
    assertThat(result.out()).isEqualTo("A!\nB!\n");
    assertThat(result.exitCode()).isZero();
  }

  @Test
  void aCompactSourceFileMayHaveAMainAndSeveralFunctions() throws IOException {
    Files.writeString(
        folder.resolve("Two.java"),
        """
        void main() { IO.println(one("x")); }
        static String one(String s) { return s + "1"; }
        String two(String s) { return s + "2"; }
        private String three(String s) { return s + "3"; }
        """);
    assertThat(run("run", "Two.java#two", "a").out()).isEqualTo("a2\n");
    assertThat(run("run", "Two.java#one", "a").out()).isEqualTo("a1\n");
    assertThat(run("run", "Two.java", "a").err())
        .contains("'Two.java#one'", "'Two.java#two'")
        .doesNotContain("three")
        .doesNotContain("main");
    assertThat(run("run", "Two.java#three", "a").err()).contains("three(String): is private");
    Files.writeString(folder.resolve("Bad.java"), "int n = 1 / 0;\nint f(int i) { return n; }\n");
    assertThat(run("run", "Bad.java", "1"))
        .satisfies(r -> assertThat(r.exitCode()).isEqualTo(2))
        .satisfies(r ->
            assertThat(r.err()).contains("the fields of Bad cannot be set").contains("/ by zero"));
  }

  @Test
  void workersAreForOneModelOrForAll() {
    var result =
        run(
            "compare",
            "Echo.java",
            "a",
            "b",
            "--rounds",
            "1",
            "--format",
            "json",
            "--workers",
            "processes=1,virtual=50");
    assertThat(result.exitCode()).as(result.err()).isZero();
    for (List<String> each :
        List.of(
            List.of(
                "run --on threads --workers processes=2", "--workers processes=2 is for processes"),
            List.of("run --on processes --workers processes=0", "must be at least 1"),
            List.of("run --on virtual --workers 5,7", "--workers is given twice: 5 and 7"),
            List.of("run --format csv", "fornada: --format is text or jsonl, got \"csv\"\n"),
            List.of("compare --format csv", "--format is table or json, got \"csv\"\n"),
            List.of("advise --format csv", "--format is table or json, got \"csv\"\n"),
            List.of("run --workers thread=2", "did you mean threads?"),
            List.of("run --on auto --workers virtual=2", "which does not run here"),
            List.of(
                "run --on spark://h:7077 --workers processes=4",
                "which does not run here: cluster. Give N alone\n"),
            List.of(
                "run --on threads --workers processes=2",
                "which does not run here: threads. Give threads=N, or N alone\n"),
            List.of("compare --on threads --heap 1g", "--heap is for worker processes"),
            List.of(
                "compare --on threads,virtual --workers processes=2", "which does not run here"))) {
      var refused = Command.refused(folder, (each.getFirst() + " Echo.java a").split(" "));
      assertThat(refused.exitCode()).as(each.getFirst()).isEqualTo(2);
      assertThat(refused.err()).contains(each.getLast());
    }
    var cluster = Command.refused(folder, "cluster", "--machines", "0", "--cores", "-5");
    assertThat(cluster.exitCode()).isEqualTo(2);
    assertThat(cluster.err()).contains("--machines must be at least 1, got 0");
  }

  @Test
  void theTypeThatTextCannotBecomeHasItsArticle() throws IOException {
    Files.writeString(
        folder.resolve("Wrong.java"),
        "public class Wrong { public static String of(java.util.Optional<String> s) { return \"\";"
            + " } }");
    assertThat(Command.refused(folder, "run", "Wrong.java", "a").err())
        .contains("text cannot become an Optional;");
  }

  @Test
  void theExamplesOfAdviceAreOfFilesThatItsTaskCanRead() {
    assertThat(run("advise", "--help").out()).contains("--files docs --match '*.md' --json");
  }

  @Test
  void processesAreNoMoreThanFitIntoMemory() throws IOException {
    String items = IntStream.range(0, 64).mapToObj(i -> i + "\n").collect(Collectors.joining());
    Files.writeString(folder.resolve("items"), items);
    var result =
        run(
            "run",
            "Echo.java",
            "--on",
            "processes",
            "--workers",
            "64",
            "--heap",
            "64g",
            "--lines",
            "items");
    assertThat(result.out()).isEqualTo(items);
    assertThat(result.err())
        .containsPattern("fornada: [0-9]+ worker process(es)? instead of 64: that is what fits");
    assertThat(MemoryFit.fit(8L << 30, 2L << 30, 128L << 20)).isEqualTo(16);
    assertThat(MemoryFit.fit(4L << 30, 8L << 30, 128L << 20)).isEqualTo(24);
    assertThat(MemoryFit.fit(4L << 30, -1, 128L << 20)).isEqualTo(24);
    assertThat(MemoryFit.fit(4L << 30, 0, 128L << 20)).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"run Echo.java --files= a", "compare Echo.java --rounds 0 a"})
  void emptyNamesAndNoRoundsAreRefused(String line) {
    var result = Command.refused(folder, line.split(" "));
    assertThat(result.exitCode()).as(result.err()).isEqualTo(2);
    assertThat(result.err()).containsAnyOf("the name of the folder is empty", "at least 1, got 0");
  }
}
