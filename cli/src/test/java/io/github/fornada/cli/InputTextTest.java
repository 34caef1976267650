package io.github.fornada.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** An input is the text that was given, or it is refused; a refused input affects no other. */
@Execution(ExecutionMode.CONCURRENT)
class InputTextTest {
  private static final String TASKS =
      """
      import java.nio.file.*;
      public class Tasks {
        public static String echo(String s) { return s; }
        public static long size(Path p) throws Exception { return Files.size(p); }
        public static String half(String s) { return s + "\\ud83d"; }
        public static String large(String s) { return s.repeat(120_000_000); }
        public static String pair(int n) {
          return "x".repeat(n) + "\\ud83d\\ude00\\u00e9" + "y".repeat(20_000);
        }
        public record Half(String s) {}
        public static Half record(String s) { return new Half(s + "\\ud83d"); }
      }
      """;

  @RegisterExtension final ServedFolder served = new ServedFolder();

  private Path folder;

  /** Makes the folder, with the tasks in it. */
  private void writeTasks() throws IOException {
    folder = served.path();
    Files.writeString(folder.resolve("Tasks.java"), TASKS);
  }

  private final List<String> refused = new ArrayList<>();

  private List<String> lines(byte[] bytes) {
    var refusals = new Refusals();
    refusals.setReceiver(each -> refused.add(each.input() + ": " + each.why()));
    var reader = new LineReader(new ByteArrayInputStream(bytes), "names", true, refusals);
    var lines = new ArrayList<String>();
    reader.forEachRemaining(lines::add);
    return lines;
  }

  private static byte[] latin1(String bytes) {
    return bytes.getBytes(StandardCharsets.ISO_8859_1);
  }

  @Test
  void linesEndAsOnEverySystem() {
    assertThat(lines(latin1("a\nb\r\nc\rd\n\ne"))).containsExactly("a", "b", "c", "d", "", "e");
    assertThat(lines(latin1("\n"))).containsExactly("");
    assertThat(lines(latin1(""))).isEmpty();
    assertThat(lines(("x".repeat(200_000) + "\ny").getBytes(StandardCharsets.UTF_8)))
        .containsExactly("x".repeat(200_000), "y");
  }

  @Test
  void aReaderPausesAfterSoManyRefusedLines() {
    var refusals = new Refusals();
    byte[] bytes = latin1("\u00e9\n".repeat(100) + "a\n");
    var reader = new LineReader(new ByteArrayInputStream(bytes), "names", true, refusals);
    reader.pauseAfterRefused(10);
    assertThat(reader.hasNext()).isFalse();
    assertThat(reader.isPaused()).isTrue();
    assertThat(refusals.count()).isEqualTo(10);
    reader.pauseAfterRefused(1000);
    assertThat(reader.next()).isEqualTo("a");
    assertThat(refusals.count()).isEqualTo(100);
    assertThat(reader.hasNext()).isFalse();
    assertThat(reader.isPaused()).as("at the end").isFalse();
  }

  private void writeRefused(String file, String before, int lines, String after)
      throws IOException {
    Files.write(folder.resolve(file), latin1(before + "\u00e9\n".repeat(lines) + after));
  }

  /** As a large binary file is: nearly none of its lines is text. */
  @ParameterizedTest
  @ValueSource(strings = {"run", "compare --on sequential --rounds 1", "advise --for 1s"})
  @EnabledOnOs({OS.LINUX, OS.MAC})
  void refusedLinesBeforeTheFirstItemsTakeNoHeap(String command) throws IOException {
    writeTasks();
    writeRefused("binary", "a\n", 300_000, "b\n");
    var result =
        Command.shell(
            folder,
            "\"${@/-Xmx256m/-Xmx64m}\" "
                + command
                + " Tasks.java#echo --lines binary 2>&1 > /dev/null | tail -n 20");
    assertThat(result.out())
        .contains("line 300001 of binary failed: the byte 0xE9")
        .doesNotContain("out of memory");
  }

  @ParameterizedTest
  @ValueSource(strings = {"run Slow.java", "run Slow.java then Tasks.java#echo"})
  @EnabledOnOs({OS.LINUX, OS.MAC})
  void manyRefusedLinesBehindASlowItemKeepTheirPlaces(String command) throws IOException {
    writeTasks();
    Files.writeString(
        folder.resolve("Slow.java"),
        """
        public class Slow {
          public static String f(String s) throws Exception {
            Thread.sleep(s.equals("slow") ? 1000 : 0); // until many lines wait
            return s;
          }
        }
        """);
    int refusedLines = 2 * LinesInOrder.MAX_EARLY;
    writeRefused("list", "slow\n", refusedLines, "a\n");
    var result = Command.run(folder, (command + " --lines list --format jsonl -q").split(" "));
    assertThat(result.exitCode()).isEqualTo(1);
    List<String> lines = result.out().lines().toList();
    assertThat(lines).hasSize(refusedLines + 2);
    for (int n = 1; n <= lines.size(); n++) {
      assertThat(lines.get(n - 1)).startsWith("{\"n\":" + n + ",");
    }
    assertThat(lines.getFirst()).contains("\"slow\"");
  }

  @Test
  @EnabledOnOs({OS.LINUX, OS.MAC})
  void aLineThatDoesNotFitIntoTheHeapIsNamed() throws IOException {
    writeTasks();
    var result =
        Command.shell(
            folder,
            "(echo first; head -c 400000000 /dev/zero | tr '\\0' a) | \"$@\"",
            "run",
            "Tasks.java#echo",
            "--lines",
            "-");
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.out()).isEqualTo("first\n");
    assertThat(result.err())
        .contains("line 2 of stdin is too long to be read")
        .doesNotContain("a task ended");
  }

  @ParameterizedTest
  @Cells(
      verify = {
        "run Tasks.java#echo --lines - <&-",
        "advise --replay /dev/stdin 0> /dev/null",
      },
      rest = {
        "run Tasks.java#echo --lines /dev/stdin <&-",
        "compare Tasks.java#echo --lines /dev/fd/0 <&-",
        "run Tasks.java#echo --lines - 0> /dev/null",
      })
  @EnabledOnOs(OS.LINUX)
  void stdinThatCannotBeReadIsNotTakenForAnEmptyOne(String line) throws IOException {
    writeTasks();
    var result = Command.shell(folder, "\"$@\" " + line);
    assertThat(result.exitCode()).as(result.err()).isEqualTo(2);
    assertThat(result.err()).contains("stdin is closed, or open for writing only");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aLinkToStdinIsStdin() throws IOException {
    writeTasks();
    Files.createSymbolicLink(folder.resolve("first"), Path.of("/dev/stdin"));
    Files.createSymbolicLink(folder.resolve("second"), Path.of("first"));
    Files.createSymbolicLink(folder.resolve("loop"), Path.of("loop"));
    for (String link : List.of("first", "second")) {
      var result =
          Command.shell(
              folder, "printf 'a\\nb\\n' | \"$@\" run Tasks.java#echo -q --lines " + link);
      assertThat(result.out()).as(result.err()).isEqualTo("a\nb\n");
    }
    var none = Command.run(folder, "run", "Tasks.java#echo", "--lines", "loop");
    assertThat(none.exitCode()).isEqualTo(2);
  }

  @Test
  void moreHeapIsAdvisedOnlyWhereItHelps() {
    assertThat(HeapAdvice.words(new OutOfMemoryError("unable to create native thread: limits")))
        .startsWith("the command could start no thread: ")
        .contains("ulimit -u")
        .doesNotContain("-Xmx");
    assertThat(HeapAdvice.words(new OutOfMemoryError("Java heap space"))).contains("-Xmx");
    assertThat(HeapAdvice.words(new OutOfMemoryError("Metaspace"))).doesNotContain("-Xmx");
    assertThat(HeapAdvice.isOver(new OutOfMemoryError("Java heap space"))).isTrue();
    assertThatThrownBy(() -> "ab".repeat(Integer.MAX_VALUE))
        .isInstanceOfSatisfying(
            OutOfMemoryError.class,
            e -> assertThat(HeapAdvice.isOver(e)).as(e.getMessage()).isFalse());
    assertThatThrownBy(() -> assertThat(new byte[Integer.MAX_VALUE]).isNotEmpty())
        .isInstanceOfSatisfying(
            OutOfMemoryError.class,
            e -> assertThat(HeapAdvice.isOver(e)).as(e.getMessage()).isFalse());
    assertThat(HeapAdvice.more(256L << 20)).isEqualTo(4);
    assertThat(HeapAdvice.more(6L << 30)).as("more than there is").isEqualTo(12);
  }

  @Test
  @EnabledOnOs({OS.LINUX, OS.MAC})
  void aResultOfHalfTheHeapIsWritten() throws IOException {
    writeTasks();
    var result = Command.process(folder, "run", "Tasks.java#large", "a", "-o", "large.txt");
    assertThat(result.err()).contains("1 done");
    assertThat(result.exitCode()).isZero();
    assertThat(Files.size(folder.resolve("large.txt"))).isEqualTo(120_000_001);
  }

  @Test
  @EnabledOnOs({OS.LINUX, OS.MAC})
  void aResultThatIsWrittenInPiecesKeepsItsPairs() throws IOException {
    writeTasks();
    var expected = new StringBuilder();
    for (int length = 16_382; length <= 16_385; length++) {
      expected
          .append("x".repeat(length))
          .append("\ud83d\ude00\u00e9")
          .append("y".repeat(20_000))
          .append('\n');
    }
    var result = Command.run(folder, "run", "Tasks.java#pair", "16382", "16383", "16384", "16385");
    assertThat(result.out()).isEqualTo(expected.toString());
  }

  @Test
  void aByteOrderMarkIsNoPartOfTheFirstLine() {
    assertThat(lines(latin1("\u00ef\u00bb\u00bfa\nb"))).containsExactly("a", "b");
    assertThat(lines(latin1("\u00ef\u00bb\u00bf"))).isEmpty();
    assertThat(lines(latin1("\u00ef\u00bb\u00bf\n"))).containsExactly("");
    assertThat(lines("a\n\ufeffb".getBytes(StandardCharsets.UTF_8)))
        .containsExactly("a", "\ufeffb");
  }

  @Test
  void aLineThatIsNotUtf8IsRefusedWithItsNumberAndTheOthersGoOn() {
    assertThat(lines(latin1("a\nb\u00e9ta\nc\n\u00ed\u00a0\u0080\nd")))
        .containsExactly("a", "c", "d");
    assertThat(refused)
        .satisfiesExactly(
            first -> assertThat(first).startsWith("line 2 of names: the byte 0xE9 at place 2"),
            second -> assertThat(second).startsWith("line 4 of names: the byte 0xED at place 1"));
    refused.clear();
    assertThat(lines("a\ufffdb".getBytes(StandardCharsets.UTF_8))).containsExactly("a\ufffdb");
    assertThat(refused).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"UTF-16", "UTF-16LE", "UTF-16BE", "UTF-32", "UTF-32LE"})
  void textInAnotherUnicodeEncodingIsRefusedAsAWhole(String charset) {
    byte[] bytes = "alpha\nbeta\n".getBytes(java.nio.charset.Charset.forName(charset));
    assertThatThrownBy(() -> lines(bytes))
        .isInstanceOf(Fault.class)
        .hasMessageContaining("iconv -f UTF-16");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "ab", "abc"})
  void shortLinesInAnotherUnicodeEncodingAreRefusedToo(String line) {
    for (String charset : List.of("UTF-16LE", "UTF-16BE", "UTF-32LE", "UTF-32BE")) {
      byte[] bytes = (line + "\nx\n").getBytes(java.nio.charset.Charset.forName(charset));
      assertThatThrownBy(() -> lines(bytes)).as(charset).hasMessageContaining("iconv -f UTF-16");
    }
  }

  @Test
  void aZeroHereAndThereIsACharacterOfTheLine() {
    assertThat(lines(latin1("a\0b\nc"))).containsExactly("a\0b", "c");
    assertThat(lines(latin1("\0ab\n"))).containsExactly("\0ab");
    assertThat(lines(latin1("a\0\nb\n"))).containsExactly("a\0", "b");
    assertThat(lines(latin1("one\0two\0three\0"))).containsExactly("one\0two\0three\0");
    assertThat(lines(latin1("\0\0\0\n"))).containsExactly("\0\0\0");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "**/*.txt | top.txt a/x.txt a/b/y.txt",
        "./*.txt | top.txt",
        "*.txt | top.txt a/x.txt a/b/y.txt",
        "a/**/*.txt | a/x.txt a/b/y.txt",
        "a/**/b/*.txt | a/b/y.txt",
        "**/b/* | a/b/y.txt",
        "a/*.txt | a/x.txt",
        ".//a/./*.txt | a/x.txt",
        "{*,a/*}.txt | top.txt a/x.txt",
        "{**/*.md,*.txt} | z.md a/z.md top.txt",
        "**.txt | top.txt a/x.txt a/b/y.txt",
        "[!t]*.txt | a/x.txt a/b/y.txt",
        "?.txt | a/x.txt a/b/y.txt",
        "** | top.txt z.md a/x.txt a/z.md a/b/y.txt",
        "*.nope | ''",
      })
  void aGlobMatchesAsInAShell(String glob, String expected) {
    Glob pattern = Glob.of(glob);
    var matching =
        Stream.of("top.txt", "z.md", "a/x.txt", "a/z.md", "a/b/y.txt")
            .filter(path -> pattern.matches(Path.of(path)))
            .toList();
    assertThat(matching)
        .containsExactlyInAnyOrderElementsOf(
            expected.isEmpty() ? List.of() : List.of(expected.split(" ")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"[", "{a", "a\\", "[z-a]"})
  void whatIsNoGlobIsSaidToBeNone(String text) {
    assertThatThrownBy(() -> Glob.of(text)).isInstanceOf(PatternSyntaxException.class);
  }

  @Test
  void lettersOfRegularExpressionsMeanThemselves() {
    assertThat(Glob.of("a+(b)$.t|t").matches(Path.of("a+(b)$.t|t"))).isTrue();
    assertThat(Glob.of("a.c").matches(Path.of("abc"))).isFalse();
    assertThat(Glob.of("\\*").matches(Path.of("*"))).isTrue();
    assertThat(Glob.of("\\*").matches(Path.of("x"))).isFalse();
    assertThat(Glob.of("[^&]").matches(Path.of("&"))).isFalse();
  }

  @Test
  @EnabledOnOs({OS.LINUX, OS.MAC})
  void aGlobThatFindsNothingIsWrongUsageAndAnEmptyFolderIsNot() throws IOException {
    writeTasks();
    var nothing = Command.run(folder, "run", "Tasks.java#size", "--files", ".", "--match", "*.x");
    assertThat(nothing.exitCode()).isEqualTo(2);
    assertThat(nothing.err()).contains("--match: none of", "matches *.x");
    Files.createDirectory(folder.resolve("empty"));
    var empty = Command.run(folder, "run", "Tasks.java#size", "--files", "empty");
    assertThat(empty.exitCode()).isZero();
    assertThat(empty.err()).contains("there are no files below empty");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aFileThatCannotBeReadCostsItselfOnly() throws IOException {
    writeTasks();
    Path data = Files.createDirectory(folder.resolve("data"));
    Files.writeString(data.resolve("a.txt"), "12");
    Files.createSymbolicLink(data.resolve("gone.txt"), Path.of("nowhere"));
    Files.createSymbolicLink(folder.resolve("link"), Path.of("data"));
    for (String place : List.of("data", "link")) {
      var result =
          Command.run(folder, "run", "Tasks.java#size", "--files", place, "--match", "**/*.txt");
      assertThat(result.out()).isEqualTo("2\n");
      assertThat(result.exitCode()).isEqualTo(1);
      assertThat(result.err()).contains(place + "/gone.txt failed: not read", "1 done, 1 failed");
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void whatIsNoFileIsToldAndCostsItselfOnly() throws IOException {
    writeTasks();
    Path data = Files.createDirectory(folder.resolve("data"));
    Files.writeString(data.resolve("a"), "12");
    Files.createSymbolicLink(data.resolve("link"), Path.of("a"));
    Files.createSymbolicLink(data.resolve("link2"), Path.of("link"));
    Files.createSymbolicLink(data.resolve("round"), Path.of("about"));
    Files.createSymbolicLink(data.resolve("about"), Path.of("round"));
    Files.createSymbolicLink(data.resolve("up"), Path.of(".."));
    Files.createSymbolicLink(data.resolve("null"), Path.of("/dev/null"));
    Files.createSymbolicLink(data.resolve("piped"), Path.of("pipe"));
    var result =
        Command.shell(folder, "mkfifo data/pipe; \"$@\" --files data", "run", "Tasks.java#size");
    assertThat(result.out()).isEqualTo("2\n2\n2\n");
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err())
        .contains("data/pipe failed: not read: it is a pipe, and no file")
        .contains("data/piped failed: not read: the link leads to a pipe, and no file")
        .contains("data/null failed: not read: the link leads to a device, and no file")
        .contains("data/round failed: not read: the link leads in a circle")
        .contains("data/about failed: not read: the link leads in a circle")
        .contains("left out data/up: links to folders are not followed")
        .contains("3 done, 5 failed");
    var chosen =
        Command.run(folder, "run", "Tasks.java#size", "--files", "data", "--match", "link*");
    assertThat(chosen.out()).isEqualTo("2\n2\n");
    assertThat(chosen.exitCode()).isZero();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aFileNameThatIsNoTextCostsItselfOnly() throws IOException {
    writeTasks();
    var result =
        Command.shell(
            folder,
            "mkdir d; echo 12345 > d/a; echo 1 > d/$'b\\xe9'; LC_ALL=C.UTF-8 \"$@\"",
            "run",
            "Tasks.java#size",
            "--files",
            "d");
    assertThat(result.out()).isEqualTo("6\n");
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err()).contains("the name of this file is not text", "1 done, 1 failed");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void anArgumentThatTheLocaleCannotTellIsNotRunAsAnother() throws IOException {
    writeTasks();
    String line = "LC_ALL=C \"$@\" $'caf\\xc3\\xa9' ok";
    var result = Command.shell(folder, line, "run", "Tasks.java#echo");
    assertThat(result.out()).isEqualTo("ok\n");
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err()).contains("input 1", "set LC_ALL to a UTF-8 locale");
    var option = Command.shell(folder, line.replace("ok", "-o x"), "run", "Tasks.java#echo");
    assertThat(option.exitCode()).isEqualTo(1);
    var output =
        Command.shell(
            folder, "LC_ALL=C \"$@\" $'caf\\xc3\\xa9'", "run", "Tasks.java#echo", "a", "-o");
    assertThat(output.exitCode()).isEqualTo(2);
    assertThat(output.err()).contains("set LC_ALL to a UTF-8 locale");
  }

  @Test
  @EnabledOnOs({OS.LINUX, OS.MAC})
  void halfOfACharacterIsNotWrittenAsAnother() throws IOException {
    writeTasks();
    var text = Command.run(folder, "run", "Tasks.java#half", "a");
    assertThat(text.out()).isEmpty();
    assertThat(text.exitCode()).isEqualTo(1);
    assertThat(text.err()).contains("cannot be written as UTF-8", "U+D83D");
    assertThat(Command.run(folder, "run", "Tasks.java#record", "a").out())
        .isEqualTo("{\"s\":\"a\\ud83d\"}\n");
  }
}
