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
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Tasks that end the JVM or keep it from ending: an exit fails its item, and the command ends. */
@EnabledOnOs({OS.LINUX, OS.MAC})
@Execution(ExecutionMode.CONCURRENT)
class ExitsTest {
  private static final String TASKS =
      """
      import java.util.function.*;
      public class Tasks {
        interface Face { static void exit() { call(System::exit); } }
        static class Base { String name() { return "base"; } }
        static class Left extends Base {}
        static class Right extends Base {}
        static void call(IntConsumer exit) { exit.accept(7); }
        public static String reference(String s) {
          switch (s) {
            case "bound" -> call(Runtime.getRuntime()::halt);
            case "static" -> call(System::exit);
            case "unbound" -> {
              BiConsumer<Runtime, Integer> exit = Runtime::exit;
              exit.accept(Runtime.getRuntime(), 8);
            }
            case "interface" -> Face.exit();
            default -> { }
          }
          return s;
        }
        public static String merged(String s) {
          Base base = s.length() > 1 ? new Left() : new Right();
          if (s.equals("exit")) System.exit(9);
          return s + " " + base.name();
        }
        public static String reflected(String s) throws Exception {
          Runtime.class.getMethod("halt", int.class).invoke(Runtime.getRuntime(), 9);
          return s;
        }
        public static String hook(String s) throws Exception {
          if (s.equals("sleep")) Thread.sleep(600_000);
          Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            while (true) Thread.onSpinWait();
          }));
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

  @Test
  void anExitThroughAMethodReferenceFailsOnlyItsItem() {
    var result =
        Command.run(
            folder,
            "run",
            "Tasks.java#reference",
            "a",
            "bound",
            "static",
            "unbound",
            "interface",
            "b");
    assertThat(result.out()).isEqualTo("a\nb\n");
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err())
        .contains("\"bound\" failed: java.lang.Error: the task called Runtime.halt(7)")
        .contains("\"static\" failed: java.lang.Error: the task called System.exit(7)")
        .contains("\"unbound\" failed: java.lang.Error: the task called Runtime.exit(8)")
        .contains("\"interface\" failed: java.lang.Error: the task called System.exit(7)")
        .contains("2 done, 4 failed");
  }

  @Test
  void aComparisonOfWorkerProcessesAloneRunsNoItemInTheCommandItself() {
    var result =
        Command.shell(
            folder,
            "\"$@\"",
            "compare",
            "Tasks.java#reflected",
            "--on",
            "processes",
            "--rounds",
            "1",
            "a");
    assertThat(result.exitCode()).as(result.err()).isEqualTo(1);
    assertThat(result.err()).contains("\"a\" was lost: worker ", "exited with code 9");
  }

  @Test
  void anExitWhereTwoOfTheTasksOwnTypesMeetFailsOnlyItsItem() {
    var result = Command.run(folder, "run", "Tasks.java#merged", "a", "exit", "bb");
    assertThat(result.out()).isEqualTo("a base\nbb base\n");
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err()).contains("\"exit\" failed: java.lang.Error: the task called");
  }

  @Test
  void anExitThatCannotBeGuardedIsTold() throws IOException {
    var classes = SourceCompiler.compile(folder.resolve("Tasks.java"), List.of()).classes();
    var warnings = new ArrayList<String>();
    // This loader does not find Left and Right, so that their common type is not known.
    byte[] bytes = classes.get("Tasks");
    assertThat(ExitGuard.guard(bytes, ClassLoader.getPlatformClassLoader(), warnings::add))
        .isSameAs(bytes);
    assertThat(warnings).singleElement().asString().contains("in class Tasks would end the whole");
  }

  @Test
  void aShutdownHookThatNeverEndsDoesNotKeepTheCommand() {
    var result = Command.process(folder, "run", "Tasks.java#hook", "a");
    assertThat(result.out()).isEqualTo("a\n");
    assertThat(result.exitCode()).isZero();
    assertThat(result.err()).contains("1 done").contains("a shutdown hook of the task did not end");
  }

  /** Leaks threads that keep a JVM from ending by itself, until there can be no more. */
  static final class LeaksThreads {
    private LeaksThreads() {}

    public static void main(String[] args) {
      Interruption.watch();
      try {
        while (true) {
          Thread.ofPlatform()
              .start(() -> {
                while (true) {
                  LockSupport.park();
                }
              });
        }
      } catch (OutOfMemoryError e) {
        Interruption.exit(5);
      }
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX) // which limits address space
  void theCommandEndsWithItsExitCodeThoughNoThreadCanBeStarted() throws Exception {
    var words = new ArrayList<>(List.of("bash", "-c", "ulimit -v 8000000; exec \"$@\"", "bash"));
    words.addAll(CommandJvm.words());
    // The stack of each thread takes a large part of what there is, so that there are few.
    words.addAll(List.of("-Xss256m", "-Xlog:disable", LeaksThreads.class.getName()));
    Path said = folder.resolve("said");
    Process process =
        new ProcessBuilder(words).redirectErrorStream(true).redirectOutput(said.toFile()).start();
    try {
      assertThat(process.waitFor(Command.DEADLINE.toSeconds(), TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).as(Files.readString(said)).isEqualTo(5);
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void aShutdownHookThatNeverEndsDoesNotOutliveSigterm() throws Exception {
    Process process =
        new ProcessBuilder(Command.words("run", "Tasks.java#hook", "a", "sleep"))
            .directory(folder.toFile())
            .start();
    try (BufferedReader out = process.inputReader()) {
      assertThat(out.readLine()).isEqualTo("a");
      process.toHandle().destroy(); // SIGTERM; the other destroy closes stderr too
      assertThat(process.waitFor(Command.DEADLINE.toSeconds(), TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isEqualTo(143);
      assertThat(new String(process.getErrorStream().readAllBytes(), UTF_8))
          .contains("a shutdown hook of the task did not end");
    } finally {
      process.destroyForcibly();
    }
  }
}
