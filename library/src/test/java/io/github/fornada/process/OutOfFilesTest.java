package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.DeathCertificate;
import io.github.fornada.SideBySide;
import io.github.fornada.process.wire.MessageTypes;
import java.io.File;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
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

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void howItemsEndIsReportedThoughNoFileCanBeOpened(boolean fromJar, @TempDir Path folder)
      throws Exception {
    Path classes = Programs.compile(folder.resolve("classes"), List.of(), PROGRAM);
    Path library = fromJar ? Programs.libraryJar(folder) : Programs.library();
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    Programs.Ran ran =
        Programs.run(
            folder,
            Map.of(),
            List.of(
                "sh",
                "-c",
                "ulimit -n 400 && exec \"$0\" -Xmx128m -cp \"$1\" UsesUp",
                java,
                library + File.pathSeparator + classes));
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
