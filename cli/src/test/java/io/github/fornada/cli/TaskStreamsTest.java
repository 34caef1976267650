package io.github.fornada.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;

/** The command's stdin and stdout are its own, whatever a task does to its standard streams. */
@EnabledOnOs({OS.LINUX, OS.MAC})
@Execution(ExecutionMode.CONCURRENT)
class TaskStreamsTest {
  @TempDir Path folder;

  @BeforeEach
  void writeTasks() throws IOException {
    Files.writeString(
        folder.resolve("Tasks.java"),
        """
        import java.io.*;
        public class Tasks {
          public static String loud(String s) throws Exception {
            System.out.println("out " + s);
            System.err.println("err " + s);
            new FileOutputStream(FileDescriptor.out).write(("raw " + s + "\\n").getBytes());
            new ProcessBuilder("sh", "-c", "echo child " + s + "; cat").inheritIO().start().waitFor();
            return "result " + s;
          }
          public static String reads(String s) throws Exception {
            return s + System.in.read() + new FileInputStream(FileDescriptor.in).read();
          }
          public static String closes(String s) throws Exception {
            System.in.close();
            System.out.close();
            System.err.close();
            new FileInputStream(FileDescriptor.in).close();
            new FileOutputStream(FileDescriptor.out).close();
            new FileOutputStream(FileDescriptor.err).close();
            System.setOut(new PrintStream(OutputStream.nullOutputStream()));
            return s;
          }
        }
        """);
  }

  private Command.Result lines(String task, String model) {
    return Command.shell(
        folder,
        "printf 'a\\nb\\nc\\n' | \"$@\"",
        "run",
        "Tasks.java#" + task,
        "--lines",
        "-",
        "--on",
        model);
  }

  @ParameterizedTest
  @Cells(
      verify = {"threads", "processes"},
      rest = {"sequential", "virtual"})
  void whatATaskPrintsIsNoResult(String model) {
    var result = lines("loud", model);
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.out()).isEqualTo("result a\nresult b\nresult c\n");
    for (String how : new String[] {"out ", "err ", "raw ", "child "}) {
      assertThat(result.err()).contains(how + "a\n", how + "b\n", how + "c\n");
    }
  }

  @ParameterizedTest
  @Cells(
      verify = {"threads", "processes"},
      rest = {"sequential", "virtual"})
  void aTaskThatReadsFindsNothingAndTakesNoLine(String model) {
    var result = lines("reads", model);
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.out()).isEqualTo("a-1-1\nb-1-1\nc-1-1\n");
  }

  @ParameterizedTest
  @Cells(
      verify = {"threads", "processes"},
      rest = {"sequential", "virtual"})
  void aTaskThatClosesItsStreamsTakesNoResultWithIt(String model) {
    var result = lines("closes", model);
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.out()).isEqualTo("a\nb\nc\n");
    assertThat(result.err()).contains("3 done");
  }
}
