package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.DeathCertificate;
import io.github.fornada.SideBySide;
import io.github.fornada.Waiting;
import io.github.fornada.process.wire.MessageTypes;
import java.io.File;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tasks that use up all file descriptors of their worker. */
@SideBySide
class OutOfFilesTest {
  private static final String PROGRAM =
      """
      import io.github.fornada.TaskFunction;
      import io.github.fornada.process.ProcessPool;
      import java.io.FileInputStream;
      import java.io.IOException;
      import java.time.Duration;
      import java.util.ArrayList;
      import java.util.List;

      public class UsesUp {
        static final List<Object> KEPT = new ArrayList<>();

        static int all(int x) throws IOException {
          while (true) {
            KEPT.add(new FileInputStream("/dev/null"));
          }
        }

        static int quietly(int x) {
          try {
            return all(x);
          } catch (IOException e) {
            return x;
          }
        }

        static int hidden(int x) {
          quietly(x);
          throw new IllegalStateException("hidden " + x);
        }

        static int late(int x) throws InterruptedException {
          quietly(x);
          Thread.sleep(600_000);
          return x;
        }

        public static void main(String[] args) {
          for (boolean first : List.of(true, false)) {
            run(first, UsesUp::all, null);
            run(first, UsesUp::quietly, null);
            run(first, UsesUp::hidden, null);
            run(first, UsesUp::late, Duration.ofMillis(300));
          }
        }

        static void run(boolean first, TaskFunction<Integer, Integer> function, Duration limit) {
          try (var pool =
              ProcessPool.open(o ->
                  (limit == null ? o : o.withTimeout(limit)).withWorkers(1))) {
            if (!first) {
              pool.outcomes(List.of(0), x -> x).forEach(o -> {});
            }
            pool.outcomes(List.of(1, 2), function)
                .forEach(o -> System.out.println(o.toString().replaceFirst("stack=.*", "")));
          }
        }
      }
      """;

  /** Runs a program that may have so many descriptors. */
  private static Programs.Ran run(
      Path folder, int descriptors, Path library, Path classes, String program) throws Exception {
    return Programs.runLimited(
        folder,
        "ulimit -n " + descriptors,
        library + File.pathSeparator + classes,
        "-Xmx128m " + program);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void howItemsEndIsReportedThoughNoFileCanBeOpened(boolean fromJar, @TempDir Path folder)
      throws Exception {
    Path classes = Programs.compile(folder.resolve("classes"), List.of(), PROGRAM);
    Path library = fromJar ? Programs.libraryJar(folder) : Programs.library();
    Programs.Ran ran = run(folder, 400, library, classes, "UsesUp");
    String once =
        """
        Failed[cause=java.io.FileNotFoundException: /dev/null (Too many open files)]
        Failed[cause=java.io.FileNotFoundException: /dev/null (Too many open files)]
        Done[value=1]
        Done[value=2]
        Failed[cause=java.lang.IllegalStateException: hidden 1]
        Failed[cause=java.lang.IllegalStateException: hidden 2]
        TimedOut[timeout=PT0.3S,\s
        TimedOut[timeout=PT0.3S,\s
        """;
    assertThat(ran.said()).isEqualTo(once + once);
  }

  private static final String OWNER =
      """
      import io.github.fornada.process.ProcessPool;
      import java.io.FileInputStream;
      import java.io.IOException;
      import java.nio.file.Files;
      import java.nio.file.Path;
      import java.time.Duration;
      import java.util.ArrayList;
      import java.util.List;
      import java.util.concurrent.ExecutionException;

      public class HasNone {
        static final List<FileInputStream> HELD = new ArrayList<>();

        static void take() {
          try {
            while (true) {
              HELD.add(new FileInputStream("/dev/null"));
            }
          } catch (IOException e) {
            // these were all
          }
        }

        static void giveBack() throws IOException {
          for (var each : HELD) {
            each.close();
          }
          HELD.clear();
        }

        static long folders() throws IOException {
          long count = 0;
          for (String base : List.of("/dev/shm", System.getProperty("java.io.tmpdir"))) {
            try (var all = Files.list(Path.of(base))) {
              String own = "fornada-" + ProcessHandle.current().pid() + "-";
              count += all.filter(each -> each.getFileName().toString().startsWith(own)).count();
            }
          }
          return count;
        }

        public static void main(String[] args) throws Exception {
          var limit = Duration.ofMillis(Long.parseLong(args[0]));
          try (var pool = ProcessPool.open(o -> o.withWorkers(1).withTimeout(limit))) {
            System.out.println(pool.map(List.of(1, 2), x -> x + 1));
            var hangs = pool.submit(1, x -> { while (true) { Thread.onSpinWait(); } });
            Thread.sleep(200); // it has begun, or begins when it can
            take();
            Thread.sleep(limit.multipliedBy(4)); // its limit is over, and nothing can be opened
            giveBack();
            try {
              hangs.get();
            } catch (ExecutionException e) {
              System.out.println(e.getCause().getClass().getSimpleName());
            }
            System.out.println(pool.submit(1, x -> x + 1).get());
          }
          long before = folders();
          take();
          String opened = "opened";
          for (int i = 0; i < 5; i++) {
            try {
              ProcessPool.open(o -> o.withWorkers(1)).close();
            } catch (RuntimeException e) {
              opened = "refused";
            }
          }
          giveBack();
          for (int i = 0; i < 100 && folders() > before; i++) {
            Thread.sleep(100); // it is tried again
          }
          System.out.println(opened + ", and left behind: " + (folders() - before));
          var pool = ProcessPool.open(o -> o.withWorkers(1));
          System.out.println(pool.submit(2, x -> x + 1).get());
          take();
          System.exit(0);
        }
      }
      """;

  @Test
  void aPoolWhoseOwnerHasNoneForAWhileGoesOnAndEnds(@TempDir Path folder) throws Exception {
    Path classes = Programs.compile(folder.resolve("classes"), List.of(), OWNER);
    Path library = Programs.libraryJar(folder); // it is open already when a class is needed
    Waiting.inOneOfFewRuns(
        Duration.ofMillis(500), // the first items of its workers must not reach it
        limit -> {
          String program = "HasNone " + limit.toMillis();
          Programs.Ran ran = run(folder, 200, library, classes, program);
          // Between, the log may say that something could not be opened.
          assertThat(ran.said().lines())
              .containsSubsequence(
                  "[2, 3]", "TaskTimeoutException", "2", "refused, and left behind: 0", "3");
        });
  }

  private static final String RINGER =
      """
      import io.github.fornada.process.ProcessPool;
      import io.github.fornada.shared.SharedQueue;
      import io.github.fornada.shared.SharedSpace;
      import java.io.FileInputStream;
      import java.io.IOException;
      import java.util.ArrayList;
      import java.util.Arrays;
      import java.util.List;
      import java.util.concurrent.atomic.AtomicReference;

      public class RingsWithNone {
        static final List<FileInputStream> HELD = new ArrayList<>();

        static boolean send(SharedQueue<Integer> queue) throws IOException {
          queue.size(); // it is used already when there are none left
          try {
            while (true) {
              HELD.add(new FileInputStream("/dev/null"));
            }
          } catch (IOException e) {
            // these were all
          }
          try {
            return queue.trySend(1);
          } finally {
            for (var each : HELD) {
              each.close();
            }
          }
        }

        public static void main(String[] args) throws Exception {
          try (var pool = ProcessPool.open(o -> o.withWorkers(1))) {
            SharedQueue<Integer> queue = SharedSpace.of(pool).queue(2);
            System.out.println(pool.submit(1, x -> x + 1).get());
            var received = new AtomicReference<Integer>();
            Thread receiver = Thread.ofPlatform().daemon().start(() -> {
              try {
                received.set(queue.receive());
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
            while (Arrays.stream(receiver.getStackTrace())
                .noneMatch(frame -> frame.getMethodName().equals("listen"))) {
              Thread.sleep(5);
            }
            System.out.println("sent: " + pool.submit(queue, RingsWithNone::send).get());
            receiver.join(60_000);
            System.out.println("received: " + received.get());
          }
        }
      }
      """;

  @Test
  void whoSleepsIsRungByAProcessThatHadNone(@TempDir Path folder) throws Exception {
    Path classes = Programs.compile(folder.resolve("classes"), List.of(), RINGER);
    Programs.Ran ran = run(folder, 200, Programs.libraryJar(folder), classes, "RingsWithNone");
    // Between, the log may say that a ring may be late.
    assertThat(ran.said().lines()).containsSubsequence("2", "sent: true", "received: 1");
  }

  @Test
  void aWorkerThatEndsForWantOfDescriptorsIsToldAsThat() {
    int code = MessageTypes.EXIT_OUT_OF_FILES;
    var death =
        DeathCertificate.of("worker-1", 7, code, ExitDiagnosis.manner(code, false))
            .withItem("item 3", 0);
    assertThat(ExitDiagnosis.message(death, 0))
        .startsWith("worker 7 ran out of file descriptors (exit code 94) while running item 3;")
        .contains("ulimit -n");
  }
}
