package io.github.fornada.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Outcome;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** A failure is reported whatever the exception's own methods do. */
@Execution(ExecutionMode.CONCURRENT)
@Timeout(240)
class ThrownTextTest {
  @Test
  void framesOfTheWriterOfResultsAreLeftOut() {
    List<StackTraceElement> stack =
        stack(
            "Task.getName",
            "jdk.internal.reflect.DirectMethodHandleAccessor.invoke",
            "java.lang.reflect.Method.invoke",
            "com.fasterxml.jackson.databind.ObjectMapper.writeValueAsString",
            "io.github.fornada.cli.Rendering.json");
    assertThat(ThrownText.frames(stack)).isEqualTo("\n    at Task.getName(X.java:1)");
    assertThat(ThrownText.frames(stack.subList(0, 4)))
        .as("a task may write JSON by itself")
        .contains("ObjectMapper.writeValueAsString");
  }

  private static List<StackTraceElement> stack(String... methods) {
    return Stream.of(methods)
        .map(name -> name.split("\\.(?=[^.]*$)"))
        .map(name -> new StackTraceElement(name[0], name[1], "X.java", 1))
        .toList();
  }

  @Test
  void aTimeoutBeforeTheTaskWasReachedNamesNoPlace() {
    var stack = stack("java.lang.reflect.Method.invoke", "io.github.fornada.cli.MethodCall.apply");
    assertThat(
            FailureReport.sentence(
                new Ended(0, 1, "a", -1),
                null,
                new Outcome.TimedOut<String>(Duration.ofSeconds(1), stack)))
        .isEqualTo("\"a\" was over its timeout of 1 s");
  }

  /** As that of an OutOfMemoryError: other stacks lack these frames. */
  @Test
  void framesThatTheJvmHidesAreLeftOut() {
    assertThat(
            ThrownText.frames(
                stack(
                    "Task.fill",
                    "java.lang.invoke.DirectMethodHandle$Holder.invokeStatic",
                    "java.lang.invoke.LambdaForm$MH/0x0000000801010c00.invoke",
                    "java.lang.invoke.Invokers$Holder.invokeExact_MT")))
        .isEqualTo("\n    at Task.fill(X.java:1)");
  }

  /** A stack of a task that has called so many methods of the JDK, one within the other. */
  private static List<StackTraceElement> deepInTheJdk(int depth, String... below) {
    return stack(
        Stream.concat(
                IntStream.range(0, depth).mapToObj(i -> "java.nio.file.Files.f" + i),
                Stream.concat(
                    Stream.of(below),
                    Stream.of(
                        "java.lang.invoke.LambdaForm$MH.invoke",
                        "io.github.fornada.cli.MethodCall.apply")))
            .toArray(String[]::new));
  }

  @Test
  void theFirstFrameOfTheTaskIsAlwaysThere() {
    String task = "\n    at Task.read(X.java:1)";
    for (int depth = 0; depth < 40; depth++) {
      List<StackTraceElement> stack = deepInTheJdk(depth, "Task.read", "Task.a", "Task.b");
      assertThat(ThrownText.frames(stack))
          .as("below %d frames of the JDK", depth)
          .contains(task)
          .doesNotContain("... 1 more", "LambdaForm");
      assertThat(ThrownText.frames(stack).lines()).hasSizeLessThan(13);
      assertThat(ThrownText.place(stack)).isEqualTo("Task.read(X.java:1)");
    }
    assertThat(ThrownText.frames(deepInTheJdk(8, "Task.read"))).endsWith(task);
    assertThat(ThrownText.frames(deepInTheJdk(20, "Task.read")))
        .contains("Files.f6(X.java:1)\n    ... 13 more" + task);
  }

  @Test
  void whatATaskCallsOfFornadaHidesNoFrameOfTheTask() {
    List<StackTraceElement> stack =
        stack(
            "java.util.Objects.checkIndex",
            "io.github.fornada.shared.SharedArray.get",
            "Task.read",
            "java.lang.invoke.LambdaForm$MH.invoke",
            "io.github.fornada.cli.MethodCall.apply",
            "java.lang.Thread.run");
    assertThat(ThrownText.frames(stack).lines().toList().getLast())
        .isEqualTo("    at Task.read(X.java:1)");
    assertThat(ThrownText.place(stack)).isEqualTo("Task.read(X.java:1)");
    assertThat(ThrownText.frames(stack.subList(4, 6))).as("no frame is a task's").isEmpty();
  }

  @Test
  void noLineOfAMessageLooksLikeOneOfTheCommand() {
    assertThat(ThrownText.of(new Exception("\n\nfornada: 9 done\n")))
        .isEqualTo("java.lang.Exception: \n    \n    fornada: 9 done");
  }

  @Test
  void causesAndSuppressedExceptionsAreTold() {
    var thrown = new IllegalStateException("body", new IOException("cause"));
    thrown.addSuppressed(new IOException("close", new IOException("disk")));
    assertThat(ThrownText.of(thrown))
        .startsWith("java.lang.IllegalStateException: body")
        .contains("\n  suppressed: java.io.IOException: close")
        .contains("\n    caused by: java.io.IOException: disk")
        .contains("\n  caused by: java.io.IOException: cause");
  }

  @Test
  void programsGetTheSameAsATree() {
    var cause = new IOException("cause\n    at home", new IOException("disk"));
    cause.addSuppressed(new IOException("flush"));
    var thrown = new IllegalStateException("body\n", cause);
    thrown.addSuppressed(new IOException("close", new IOException("lock")));
    thrown.addSuppressed(new IOException("delete"));
    ThrownText.Told told = ThrownText.told(thrown);
    assertThat(told.error()).isEqualTo("java.lang.IllegalStateException: body");
    assertThat(told.causes())
        .containsExactly(
            new ThrownText.Told(
                "java.io.IOException: cause\n    at home",
                null,
                List.of(),
                List.of(leaf("java.io.IOException: flush"))),
            leaf("java.io.IOException: disk"));
    assertThat(told.suppressed())
        .containsExactly(
            new ThrownText.Told(
                "java.io.IOException: close",
                null,
                List.of(leaf("java.io.IOException: lock")),
                List.of()),
            leaf("java.io.IOException: delete"));
  }

  private static ThrownText.Told leaf(String error) {
    return new ThrownText.Told(error, null, List.of(), List.of());
  }

  @Test
  void methodsThatThrowCostWhatTheyWouldHaveSaid() {
    var thrown =
        new RuntimeException() {
          @Override
          public String getMessage() {
            throw new AssertionError("no message");
          }

          @Override
          public StackTraceElement[] getStackTrace() {
            throw new StackOverflowError();
          }

          @Override
          public synchronized Throwable getCause() {
            throw new AssertionError("no cause");
          }
        };
    assertThat(ThrownText.of(thrown)).startsWith(thrown.getClass().getName() + " (its message");
  }

  @Test
  void aChainWithoutEndIsCut() {
    class Endless extends RuntimeException {
      private final int depth;

      Endless(int depth) {
        super("depth " + depth);
        this.depth = depth;
      }

      @Override
      public synchronized Throwable getCause() {
        return new Endless(depth + 1);
      }
    }
    assertThat(ThrownText.of(new Endless(0)))
        .contains("depth 5", "more causes are left out")
        .doesNotContain("depth 50");
    assertThat(ThrownText.told(new Endless(0)).causes())
        .hasSizeBetween(5, 20)
        .last()
        .isEqualTo(leaf("... (more causes are left out)"));
  }

  @Test
  void ringsAreToldOnce() {
    var a = new Exception("a");
    var b = new Exception("b", a);
    a.initCause(b);
    a.addSuppressed(b);
    assertThat(ThrownText.of(a).split("Exception: b", -1)).hasSize(2);
  }

  @Test
  void manySuppressedExceptionsAndHugeMessagesAreCut() {
    var thrown = new Exception("x".repeat(1_000_000));
    for (int i = 0; i < 1_000; i++) {
      thrown.addSuppressed(new Exception("suppressed " + i));
    }
    assertThat(ThrownText.of(thrown)).hasSizeLessThan(20_000).contains("995 more suppressed");
    assertThat(ThrownText.told(thrown).suppressed())
        .hasSize(6)
        .last()
        .isEqualTo(leaf("... 995 more suppressed"));
    assertThat(ThrownText.told(thrown).error()).hasSizeLessThan(5_000);
  }

  @Test
  void aMethodThatNeverReturnsIsWaitedForOnce() {
    class Hangs extends RuntimeException {
      @Override
      public String getMessage() {
        while (true) {
          LockSupport.park();
          var _ = Thread.interrupted(); // or it would not park again, but take a processor
        }
      }
    }
    assertThat(ThrownText.of(new Hangs())).startsWith(Hangs.class.getName());
    long began = System.nanoTime();
    for (int i = 0; i < 1_000; i++) {
      assertThat(ThrownText.of(new Hangs())).startsWith(Hangs.class.getName());
    }
    assertThat(System.nanoTime() - began).as("nanoseconds").isLessThan(30_000_000_000L);
  }

  @Test
  void aCauseThatHangsCostsNoOtherExceptionItsMessage() {
    class Hangs extends RuntimeException {
      @Override
      public String getMessage() {
        while (true) {
          LockSupport.park();
          var _ = Thread.interrupted(); // or it would not park again, but take a processor
        }
      }
    }
    String named = "\n  caused by: " + Hangs.class.getName() + " (its own methods do not";
    String told = "";
    // Where the machine is busy, it is not known at once whose fault it is.
    for (int tries = 0; tries < 20 && !told.contains(named); tries++) {
      told = ThrownText.of(new IllegalStateException("outer", new Hangs()));
    }
    assertThat(told).startsWith("java.lang.IllegalStateException: outer\n").contains(named);
    assertThat(ThrownText.of(new IllegalStateException("the real reason")))
        .startsWith("java.lang.IllegalStateException: the real reason");
    var suppressing = new IllegalStateException("body", new IOException("disk"));
    suppressing.addSuppressed(new Hangs());
    assertThat(ThrownText.of(suppressing))
        .contains("\n  suppressed: " + Hangs.class.getName() + " (its own methods do not")
        .contains("\n  caused by: java.io.IOException: disk");
  }

  @Test
  void whatIsKnownBeforeAMethodThatNeverReturnsIsTold() {
    class Cut extends RuntimeException {
      Cut() {
        super("known");
      }

      @Override
      public synchronized Throwable getCause() {
        while (true) {
          LockSupport.park();
          var _ = Thread.interrupted(); // or it would not park again, but take a processor
        }
      }
    }
    ThrownText.Told told = ThrownText.told(new Cut());
    assertThat(told.error()).endsWith("Cut: known");
    assertThat(told.causes())
        .singleElement()
        .satisfies(each -> assertThat(each.error()).startsWith("(the rest is missing"));
  }

  @Test
  void optionsAreNamedAsOnTheCommandLine() {
    assertThat(OptionWording.withOptions("raise it with withHeap, or lower what one item needs"))
        .isEqualTo("raise it with --heap, or lower what one item needs");
    assertThat(
            OptionWording.withOptions(
                "ran out of memory: lower workers or the worker heap. withRetries(2)"))
        .isEqualTo("ran out of memory: lower --workers or --heap. --retries");
    assertThat(ThrownText.of(new OutOfMemoryError("Java heap space; raise it with withHeap, or")))
        .contains("raise it with --heap, or");
    assertThat(
            OptionWording.withOptions(
                "raise it with withJvmOptions(\"-XX:MaxMetaspaceSize=...\") (or x), or replace"
                    + " workers in time with withMaxTasks"))
        .isEqualTo("raise it with JDK_JAVA_OPTIONS=-XX:MaxMetaspaceSize=... (or x)");
  }
}
