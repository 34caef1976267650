package io.github.fornada.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** No output is an input, by any path; and a file is replaced completely, or not at all. */
@EnabledOnOs({OS.LINUX, OS.MAC})
@Execution(ExecutionMode.CONCURRENT)
class OutputFilesTest {
  private static final String TASKS =
      """
      import java.nio.file.*;
      public class Tasks {
        public static String echo(String s) throws Exception {
          if (s.equals("boom")) throw new Exception("boom");
          if (s.equals("sleep")) Thread.sleep(600_000);
          return s;
        }
        public static long size(Path p) throws Exception { return Files.size(p); }
      }
      """;

  /** Leaves a file behind when it runs. */
  private static final String MARKS =
      """
      import java.nio.file.*;
      public class Marks {
        public static String mark(String s) throws Exception {
          Files.writeString(Path.of("ran"), s);
          return s;
        }
      }
      """;

  private static final String OLD = "1\n2\n3\n";

  @RegisterExtension final ServedFolder served = new ServedFolder();

  private Path folder;

  @BeforeEach
  void writeFiles() throws IOException {
    folder = served.path();
    Files.writeString(folder.resolve("Tasks.java"), TASKS);
    Files.writeString(folder.resolve("n.txt"), OLD);
    Files.createSymbolicLink(folder.resolve("soft.txt"), Path.of("n.txt"));
    Files.createLink(folder.resolve("hard.txt"), folder.resolve("n.txt"));
    Files.createDirectory(folder.resolve("sub"));
    Files.createSymbolicLink(folder.resolve("again"), Path.of("sub"));
  }

  private void refused(Command.Result result, String... words) throws IOException {
    assertThat(result.exitCode()).as(result.err()).isEqualTo(2);
    assertThat(result.err()).contains(words);
    assertThat(result.out()).isEmpty();
    assertThat(Files.readString(folder.resolve("n.txt"))).isEqualTo(OLD);
    assertThat(Files.readString(folder.resolve("Tasks.java"))).isEqualTo(TASKS);
    assertThat(drafts()).isEmpty();
  }

  private List<String> drafts() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.startsWith(".fornada"))
          .toList();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "run Tasks.java#echo --lines n.txt -o n.txt",
        "run Tasks.java#echo --lines n.txt -o soft.txt",
        "run Tasks.java#echo --lines soft.txt --output=hard.txt",
        "run Tasks.java#echo --lines n.txt --report sub/../hard.txt",
        "run Tasks.java#echo --lines again/../n.txt --trace n.txt",
        "run Tasks.java#echo --lines n.txt --on processes -o n.txt",
        "compare Tasks.java#echo --lines n.txt -o hard.txt",
        "compare Tasks.java#echo --lines n.txt --report soft.txt",
        "run Tasks.java#size n.txt -o hard.txt",
        "run Tasks.java#echo n.txt -o n.txt",
        "run Tasks.java#size --files . -o n.txt",
        "compare Tasks.java#size --files sub/.. --match *.txt --trace soft.txt",
      })
  void anInputIsNotOverwritten(String line) throws IOException {
    refused(Command.refused(folder, line.split(" ")), "is the same file as the input", ".txt");
  }

  @ParameterizedTest
  @Cells(
      verify = {"hard.txt"},
      rest = {"n.txt", "soft.txt"})
  void standardInputIsNotOverwritten(String output) throws IOException {
    refused(
        Command.shell(
            folder, "\"$@\" < n.txt", "run", "Tasks.java#echo", "--lines", "-", "-o", output),
        "is the same file as stdin");
    refused(
        Command.shell(
            folder,
            "\"$@\" < n.txt",
            "run",
            "Tasks.java#echo",
            "--lines",
            "/dev/stdin",
            "--report",
            output),
        "is the same file as stdin");
  }

  @ParameterizedTest
  @ValueSource(strings = {"-o", "--report", "--trace"})
  void aNameThatNoFileCanHaveIsRefusedAtTheBeginning(String option) throws IOException {
    String name = "x".repeat(251) + ".html";
    Files.writeString(folder.resolve("Marks.java"), MARKS);
    refused(
        Command.run(folder, "run", "Marks.java", "a", option, name),
        option + ": cannot be written: ",
        "too long");
    assertThat(folder.resolve("ran")).doesNotExist();
  }

  @Test
  void aLineOfTextThatNamesTheOutputEndsTheRun() throws IOException {
    Files.writeString(folder.resolve("list"), "Tasks.java\nn.txt\n");
    for (String command : List.of("run", "compare")) {
      var result =
          Command.run(folder, command, "Tasks.java#echo", "--lines", "list", "-o", "n.txt");
      assertThat(result.exitCode()).as(result.err()).isEqualTo(2);
      assertThat(result.err()).contains("-o n.txt is the same file as the input n.txt");
      assertThat(Files.readString(folder.resolve("n.txt"))).isEqualTo(OLD);
      assertThat(drafts()).isEmpty();
    }
  }

  @Test
  void aLineThatNamesTheOutputEndsTheRun() throws IOException {
    Files.writeString(folder.resolve("list"), "Tasks.java\nn.txt\n");
    var result = Command.run(folder, "run", "Tasks.java#size", "--lines", "list", "-o", "n.txt");
    refused(result, "-o n.txt is the same file as the input n.txt");
  }

  @Test
  void theTaskIsNotOverwritten() throws IOException {
    refused(
        Command.run(folder, "run", "Tasks.java#echo", "a", "-o", "./Tasks.java"),
        "the source of the task");
    refused(
        Command.run(folder, "run", "Tasks.java#echo", "a", "-cp", ".", "--report", "n.txt"),
        "is in the class path folder");
    Files.createLink(folder.resolve("sub/linked"), folder.resolve("n.txt"));
    refused(
        Command.run(folder, "run", "Tasks.java#echo", "a", "-cp", "sub", "-o", "n.txt"),
        "is in the class path folder");
  }

  @Test
  void aJarOfTheClassPathIsNotOverwritten() throws Exception {
    jar("dep.jar", "");
    jar("app.jar", "Class-Path: dep.jar\n");
    for (String jar : List.of("app.jar", "dep.jar")) {
      byte[] before = Files.readAllBytes(folder.resolve(jar));
      refused(
          Command.run(folder, "run", "Tasks.java#echo", "a", "-cp", "app.jar", "-o", jar),
          "class path entry");
      assertThat(Files.readAllBytes(folder.resolve(jar))).isEqualTo(before);
    }
  }

  private void jar(String name, String manifest) throws IOException {
    try (var out =
        new java.util.jar.JarOutputStream(
            Files.newOutputStream(folder.resolve(name)),
            new java.util.jar.Manifest(
                new java.io.ByteArrayInputStream(
                    ("Manifest-Version: 1.0\n" + manifest).getBytes(StandardCharsets.UTF_8))))) {
      out.closeEntry();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-o x --report x",
        "-o x --trace ./x",
        "--report sub/x --trace again/x",
        "-o n.txt --report hard.txt",
        "-o soft.txt --trace n.txt",
      })
  void twoOutputsAreNotOneFile(String outputs) throws IOException {
    var words = new ArrayList<>(List.of("run", "Tasks.java#echo", "a"));
    words.addAll(List.of(outputs.split(" ")));
    refused(
        Command.run(folder, words.toArray(String[]::new)), "give each output a file of its own");
    assertThat(folder.resolve("x")).doesNotExist();
  }

  @Test
  void stdoutIsNotAnInputEither() throws IOException {
    var appended =
        Command.shell(folder, "\"$@\" >> n.txt", "run", "Tasks.java#echo", "--lines", "n.txt");
    refused(appended, "stdout goes to the file that is also the input --lines n.txt");
    var found =
        Command.shell(
            folder,
            "\"$@\" > sub/sizes 2> sub/said; cat sub/sizes; cat sub/said >&2",
            "run",
            "Tasks.java#size",
            "--files",
            ".",
            "--match",
            "{n.txt,sizes,said}");
    assertThat(found.out()).isEqualTo("6\n");
    assertThat(found.err()).contains("left out ./sub/sizes", "left out ./sub/said", "1 done");
  }

  @ParameterizedTest
  @Cells(
      verify = {
        "run Tasks.java#echo --lines n.txt | the input --lines n.txt",
        "run Tasks.java#echo --lines - < n.txt | stdin (--lines -)",
        "run Tasks.java#size hard.txt | the input hard.txt",
        "advise --replay n.txt | the input --replay n.txt",
      },
      rest = {
        "run Tasks.java#echo --lines n.txt -o out | the input --lines n.txt",
        "run Tasks.java#echo then Tasks.java#echo --lines soft.txt | the input --lines soft.txt",
        "compare Tasks.java#echo --lines n.txt | the input --lines n.txt",
        "advise Tasks.java#echo --lines n.txt | the input --lines n.txt",
      })
  void stderrIsNoInputEither(String line, String words) throws IOException {
    var result = Command.shell(folder, "\"$@\" " + line + " 2>> n.txt");
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.out()).isEmpty();
    assertThat(Files.readString(folder.resolve("n.txt")))
        .as("one message, which is told of")
        .startsWith(OLD + "fornada: stderr goes to the file that is also " + words + ",")
        .hasLineCount(4);
  }

  @Test
  void stderrIsNoFileThatIsReplacedOrCompiled() throws IOException {
    for (String line : List.of("-o x", "-o out --report x", "-o out --trace x")) {
      var replaced = Command.shell(folder, "\"$@\" Tasks.java#echo a " + line + " 2> x", "run");
      assertThat(replaced.exitCode()).as(line).isEqualTo(2);
      assertThat(Files.readString(folder.resolve("x"))).contains(" x is the same file as stderr");
    }
    var item =
        Command.shell(folder, "\"$@\" 2> sub/a", "run", "Tasks.java#echo", "a", "-o", "sub/{}");
    assertThat(item.exitCode()).isEqualTo(2);
    assertThat(Files.readString(folder.resolve("sub/a"))).contains("-o sub/a is stderr");
    Files.copy(folder.resolve("Tasks.java"), folder.resolve("sub/Tasks.java"));
    var source =
        Command.shell(folder, "\"$@\" 2>> sub/Tasks.java", "run", "sub/Tasks.java#echo", "a");
    assertThat(source.exitCode()).isEqualTo(2);
    assertThat(Files.readString(folder.resolve("sub/Tasks.java")))
        .contains("is also the source of the task, sub/Tasks.java");
  }

  @Test
  void aNewOutputInTheFolderIsNoInput() throws IOException {
    var result =
        Command.run(folder, "run", "Tasks.java#size", "--files", ".", "--match", "n*", "-o", "new");
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(Files.readString(folder.resolve("new"))).isEqualTo("6\n");
  }

  @Test
  void devicesAndStandardStreamsAreNoConflict() {
    var nothing =
        Command.shell(
            folder,
            "\"$@\" < /dev/null",
            "run",
            "Tasks.java#echo",
            "--lines",
            "-",
            "-o",
            "/dev/null",
            "--report",
            "/dev/null");
    assertThat(nothing.exitCode()).as(nothing.err()).isZero();
    var stdout =
        Command.shell(
            folder,
            "{ echo head; \"$@\"; echo foot; } > all; cat all",
            "run",
            "Tasks.java#echo",
            "a",
            "-o",
            "/dev/stdout");
    assertThat(stdout.out()).isEqualTo("head\na\nfoot\n");
    var pipe =
        Command.shell(
            folder,
            "mkfifo p; cat p > read & \"$@\"; wait; cat read",
            "run",
            "Tasks.java#echo",
            "a",
            "-o",
            "p");
    assertThat(pipe.out()).isEqualTo("a\n");
    var stderr = Command.run(folder, "run", "Tasks.java#echo", "a", "-o", "/dev/stderr");
    assertThat(stderr.err()).startsWith("a\n").contains("1 done");
  }

  @ParameterizedTest
  @Cells(
      verify = {"three"},
      rest = {"/dev/fd/3", "/proc/self/fd/3", "/proc/thread-self/fd/3"})
  @EnabledOnOs(OS.LINUX)
  void whatGoesToADescriptorIsWrittenWhereThatIs(String output) throws IOException {
    Files.createSymbolicLink(folder.resolve("three"), Path.of("/dev/fd/3"));
    String run = "\"$@\" -o " + output;
    var appended =
        Command.shell(folder, run + " 3>>n.txt; cat n.txt", "run", "Tasks.java#echo", "a");
    assertThat(appended.out()).as(appended.err()).isEqualTo(OLD + "a\n");
    var between =
        Command.shell(
            folder,
            "{ echo head >&3; " + run + "; echo foot >&3; } 3>all; cat all",
            "run",
            "Tasks.java#echo",
            "a");
    assertThat(between.out()).as(between.err()).isEqualTo("head\na\nfoot\n");
    var piped = Command.shell(folder, run + " 3>&1 | cat", "run", "Tasks.java#echo", "a");
    assertThat(piped.out()).as(piped.err()).isEqualTo("a\n");
    assertThat(drafts()).isEmpty();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aReportGoesToADescriptorWhereThatIs() throws IOException {
    var result =
        Command.shell(folder, "\"$@\" --report /dev/fd/3 3>>n.txt", "run", "Tasks.java#echo", "a");
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(Files.readString(folder.resolve("n.txt"))).startsWith(OLD + "<!DOCTYPE html>");
    var trace =
        Command.shell(folder, "\"$@\" --trace - -o x >>soft.txt", "run", "Tasks.java#echo", "a");
    assertThat(trace.exitCode()).as(trace.err()).isZero();
    assertThat(Files.readString(folder.resolve("n.txt"))).startsWith(OLD).contains("traceEvents");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void anotherProcesssDescriptorIsAppendedTo() {
    var result =
        Command.shell(
            folder,
            "exec 3>>n.txt; (exec 3>&-; \"$@\" -o /proc/$$/fd/3); cat n.txt",
            "run",
            "Tasks.java#echo",
            "a");
    assertThat(result.out()).as(result.err()).isEqualTo(OLD + "a\n");
  }

  @Test
  void aDescriptorIsReadFromWhereItIs() {
    var result =
        Command.shell(
            folder,
            "{ read -r first <&3; \"$@\" --lines /dev/fd/3; } 3<n.txt",
            "run",
            "Tasks.java#echo");
    assertThat(result.out()).as(result.err()).isEqualTo("2\n3\n");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aDescriptorThatIsNotOpenForThatIsRefusedBeforeTheRun() throws IOException {
    String[] echo = {"run", "Tasks.java#echo", "a"};
    refused(
        Command.shell(folder, "\"$@\" -o /dev/fd/3 3<n.txt", echo),
        "-o: cannot be written: /dev/fd/3: descriptor 3 is open for reading only");
    refused(
        Command.shell(folder, "\"$@\" -o /dev/fd/77", echo),
        "/dev/fd/77: no descriptor 77 is open");
    refused(
        Command.shell(folder, "\"$@\" --lines /dev/fd/77", echo),
        "--lines: cannot be read: /dev/fd/77: no descriptor 77 is open");
    refused(Command.shell(folder, "\"$@\" -o /dev/stdin", echo), "/dev/stdin: it is stdin");
    refused(Command.shell(folder, "\"$@\" --lines /dev/stdout", echo), "/dev/stdout: it is stdout");
    refused(Command.shell(folder, "\"$@\" -o ''", echo), "-o: the name of the file is empty");
    refused(
        Command.shell(folder, "\"$@\" --lines ''", echo), "--lines: the name of the file is empty");
  }

  @Test
  void aMinusIsStdout() {
    var result = Command.run(folder, "run", "Tasks.java#echo", "a", "-o", "-");
    assertThat(result.out()).isEqualTo("a\n");
    assertThat(folder.resolve("-")).doesNotExist();
    var twice =
        Command.shell(folder, "\"$@\" | cat", "run", "Tasks.java#echo", "a", "--report", "-");
    assertThat(twice.out()).isEmpty();
    assertThat(twice.err()).contains("stdout is the same file as --report -");
    var file = Command.run(folder, "run", "Tasks.java#echo", "a", "-o", "./-");
    assertThat(file.exitCode()).isZero();
    assertThat(folder.resolve("-")).hasContent("a");
  }

  @Test
  void aFileIsReplacedEvenIfItemsFailedAndKeepsWhatItWas() throws IOException {
    Path target = folder.resolve("n.txt");
    Files.delete(folder.resolve("hard.txt"));
    Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rw-r-----"));
    var result = Command.run(folder, "run", "Tasks.java#echo", "a", "boom", "b", "-o", "soft.txt");
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(Files.readString(target)).isEqualTo("a\nb\n");
    assertThat(Files.isSymbolicLink(folder.resolve("soft.txt"))).isTrue();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(target)))
        .isEqualTo("rw-r-----");
    assertThat(drafts()).isEmpty();
  }

  @Test
  void allNamesOfAFileStayNamesOfOneFile() throws IOException {
    var result = Command.run(folder, "run", "Tasks.java#echo", "a", "-o", "hard.txt");
    assertThat(result.exitCode()).isZero();
    assertThat(Files.readString(folder.resolve("n.txt"))).isEqualTo("a\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"threads", "processes"})
  @EnabledOnOs(OS.LINUX)
  void ctrlCLeavesTheOldFileWhole(String model) throws Exception {
    var words = new ArrayList<>(List.of("env", "--default-signal=INT"));
    words.addAll(
        Command.words(
            "run", "Tasks.java#echo", "--on", model, "a", "sleep", "-o", "n.txt", "--trace", "t"));
    Process process =
        new ProcessBuilder(words)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("said").toFile())
            .start();
    try {
      Command.until("the first result is written", () -> written("a\n"));
      assertThat(Files.readString(folder.resolve("n.txt"))).isEqualTo(OLD);
      new ProcessBuilder("kill", "-INT", String.valueOf(process.pid())).start().waitFor();
      assertThat(process.waitFor(Command.DEADLINE.toSeconds(), TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isEqualTo(130);
      assertThat(Files.readString(folder.resolve("n.txt"))).isEqualTo(OLD);
      assertThat(folder.resolve("t")).doesNotExist();
      assertThat(drafts()).isEmpty();
      assertThat(Files.readString(folder.resolve("said"))).contains("n.txt was left as it was");
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  private boolean written(String text) throws IOException {
    for (String draft : drafts()) {
      if (Files.readString(folder.resolve(draft)).equals(text)) {
        return true;
      }
    }
    return false;
  }

  @Test
  void whatIsNotCommittedLeavesNothing() throws IOException {
    Path target = folder.resolve("n.txt");
    try (var file = OutputFile.named("-o", target);
        OutputStream out = file.open()) {
      out.write('x');
    }
    assertThat(Files.readString(target)).isEqualTo(OLD);
    assertThat(drafts()).isEmpty();
  }

  @Test
  void whatCannotBeAFileIsRefusedBeforeTheRun() throws IOException {
    Files.createSymbolicLink(folder.resolve("loop"), Path.of("loop"));
    assertThatThrownBy(() -> OutputFile.named("-o", folder.resolve("loop")))
        .hasMessageContaining("loop of links");
    assertThatThrownBy(() -> OutputFile.named("-o", folder.resolve("sub")))
        .hasMessageContaining("is a folder");
    assertThat(Command.run(folder, "run", "Tasks.java#echo", "a", "-o", "none/").err())
        .contains("\"none/\" is no folder");
    assertThat(folder.resolve("none")).doesNotExist();
    assertThatThrownBy(() -> OutputFile.named("-o", folder.resolve("none/x")))
        .hasMessageContaining("no such folder");
    assertThatThrownBy(() -> OutputFile.named("-o", folder.resolve("n.txt/x")))
        .hasMessageContaining("not a folder");
  }

  @Test
  void aFileThatTheCommandItselfRunsFromIsNotOverwritten() throws IOException {
    // The command's jar; in this test, one of the jars on its class path.
    String jar =
        Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(entry -> entry.endsWith(".jar"))
            .findFirst()
            .orElseThrow();
    Path link = Files.createSymbolicLink(folder.resolve("out.jar"), Path.of(jar));
    long size = Files.size(link);
    refused(
        Command.run(folder, "run", "Tasks.java#echo", "a", "-o", "out.jar"), "the command's own");
    assertThat(Files.size(link)).isEqualTo(size);
  }

  @ParameterizedTest
  @ValueSource(strings = {"threads", "processes"})
  void anItemThatIsADescriptorIsRefusedAlone(String model) throws IOException {
    Command.Result result =
        Command.shell(
            folder,
            "\"$@\" 3< n.txt",
            "run",
            "Tasks.java#size",
            "--on",
            model,
            "/dev/fd/3",
            "n.txt");
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.out()).isEqualTo(OLD.length() + "\n");
    assertThat(result.err()).contains("/dev/fd/3", "give the file by its name");
  }

  @Test
  void resultsAreKeptBesideAnOutputThatHasBecomeAFolder() throws IOException {
    Files.writeString(
        folder.resolve("Folder.java"),
        """
        import java.nio.file.*;
        public class Folder {
          public static String make(String s) throws Exception {
            Files.createDirectory(Path.of(s));
            return "made " + s;
          }
        }
        """);
    Command.Result result =
        Command.run(folder, "run", "Folder.java", "o.txt", "-o", "o.txt", "--on", "threads");
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err())
        .contains("cannot write to o.txt: it has become a folder; what was to be written is in ");
    assertThat(drafts()).hasSize(1);
    assertThat(Files.readString(folder.resolve(drafts().getFirst()))).isEqualTo("made o.txt\n");
  }

  /** Each takes the place of the page while it runs. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "run Folder.java --figures=json --trace other",
        "run Folder.java then Tasks.java#echo --figures=json --trace other",
        "advise Folder.java --json --record other",
      })
  void aPageThatCannotBeWrittenCostsNeitherFiguresNorOtherFiles(String command) throws IOException {
    Files.writeString(
        folder.resolve("Folder.java"),
        """
        import java.nio.file.*;
        public class Folder {
          public static String make(String s) throws Exception {
            Files.createDirectories(Path.of(s));
            return "made " + s;
          }
        }
        """);
    var words = new ArrayList<>(List.of(command.split(" ")));
    words.addAll(List.of("page", "--report", "page"));
    Command.Result result = Command.run(folder, words.toArray(String[]::new));
    assertThat(result.exitCode()).as(result.err()).isEqualTo(1);
    assertThat(result.err()).contains("cannot write page: it has become a folder");
    assertThat(result.out() + result.err()).containsPattern("\"(runs|pipeline|task)\":");
    assertThat(folder.resolve("other")).isRegularFile();
  }

  @Test
  void aTaskThatInterruptsTheCommandEndsTheRunWithAReason() throws IOException {
    Files.writeString(
        folder.resolve("Evil.java"),
        """
        public class Evil {
          public static String f(String s) {
            if (s.equals("x")) {
              for (Thread t : Thread.getAllStackTraces().keySet()) {
                if (t != Thread.currentThread()) t.interrupt();
              }
            }
            return s;
          }
        }
        """);
    Command.Result result =
        Command.run(
            folder, "run", "Evil.java", "a", "x", "b", "c", "-o", "n.txt", "--on", "threads");
    if (result.exitCode() == 0) { // all was done before the interrupt came
      assertThat(Files.readString(folder.resolve("n.txt"))).isEqualTo("a\nx\nb\nc\n");
    } else {
      assertThat(result.exitCode()).isEqualTo(1);
      assertThat(result.err()).contains("a task interrupted a thread of this command");
      assertThat(Files.readString(folder.resolve("n.txt"))).isEqualTo(OLD);
    }
  }

  @Test
  void aLaterRunLeavesTheResultsThatAMessageNames() throws IOException {
    Path target = folder.resolve("o.txt");
    String said = cannotBeCommitted(target, "whole\n");
    Path kept = Path.of(said.substring(said.lastIndexOf(' ') + 1));
    Files.delete(target); // the user makes room, and starts the same command again
    Files.setLastModifiedTime(kept, FileTime.from(Instant.now().minus(Duration.ofHours(1))));
    try (var file = OutputFile.named("-o", target);
        OutputStream out = file.open()) {
      out.write('x');
    }
    assertThat(kept).hasContent("whole\n");
  }

  /** Writes a file whose place has become a folder meanwhile, and returns what is said of that. */
  private static String cannotBeCommitted(Path target, String text) throws IOException {
    try (var file = OutputFile.named("-o", target)) {
      try (OutputStream out = file.open()) {
        out.write(text.getBytes(StandardCharsets.UTF_8));
      }
      Files.createDirectory(target);
      file.commit();
    } catch (IOException e) {
      return String.valueOf(e.getMessage());
    }
    throw new AssertionError("a file has taken the place of a folder");
  }

  /** Is asked to end while it copies over a file with two names, and ends. */
  static final class EndsWhileItCopies {
    static final long BYTES = 64 << 20;

    private EndsWhileItCopies() {}

    public static void main(String[] args) throws IOException {
      Path target = Path.of(args[0]);
      long before = Files.size(target);
      OutputFile file = OutputFile.named("-o", target);
      try (OutputStream out = file.open()) {
        var piece = new byte[1 << 20];
        for (long written = 0; written < BYTES; written += piece.length) {
          out.write(piece);
        }
      }
      Thread.ofPlatform()
          .daemon()
          .start(() -> {
            try {
              file.commit();
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
      while (Files.size(target) == before) {
        Thread.onSpinWait();
      }
      OutputFile.dropAll();
      Runtime.getRuntime().halt(0);
    }
  }

  @Test
  void whatIsBeingCopiedOverAFileIsKeptWhereTheJvmEndsMeanwhile() throws Exception {
    var words = new ArrayList<>(CommandJvm.words());
    words.addAll(List.of(EndsWhileItCopies.class.getName(), folder.resolve("hard.txt").toString()));
    Path said = folder.resolve("said");
    Process process =
        new ProcessBuilder(words).redirectErrorStream(true).redirectOutput(said.toFile()).start();
    try {
      assertThat(process.waitFor(Command.DEADLINE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    assertThat(process.exitValue()).as(Files.readString(said)).isZero();
    if (Files.size(folder.resolve("n.txt")) < EndsWhileItCopies.BYTES) { // else it was quicker
      assertThat(drafts()).hasSize(1);
      Path kept = folder.resolve(drafts().getFirst());
      assertThat(kept).hasSize(EndsWhileItCopies.BYTES);
      assertThat(said)
          .content()
          .contains("hard.txt: interrupted; what was to be written is in " + kept);
    }
  }
}
