package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Pool;
import io.github.fornada.SideBySide;
import java.io.File;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Pools in workers: those opened on purpose work, those that would nest without end are refused.
 */
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
@ExtendWith(NothingIsLeft.class)
@SideBySide
class NestedPoolTest {
  @TempDir Path temp;

  /** Runs a program that prints what its item ended with. */
  private Programs.Ran run(String source) throws Exception {
    Path classes = Programs.compile(temp.resolve("classes"), List.of("-cp", path()), source);
    return Programs.java(
        temp, Map.of(), List.of("-cp", path() + File.pathSeparator + classes, "Breeds"));
  }

  private static String path() {
    return Programs.library().toString();
  }

  private static final String PRINT =
      """
            for (var outcome : POOL.outcomes(java.util.List.of(1, 2), x -> x + START).toList()) {
              StringBuilder all = new StringBuilder(outcome.getClass().getSimpleName());
              if (outcome instanceof io.github.fornada.Outcome.Failed<?> failed) {
                for (Throwable t = failed.cause(); t != null; t = t.getCause()) {
                  all.append(" ").append(t.getMessage());
                }
              }
              System.out.println(all);
            }
            POOL.close();
      """;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "static final ProcessPool POOL = open();",
        "static final ProcessPool POOL; static { POOL = open(); }",
      })
  void aPoolInAStaticFieldBesideItsLambdaIsRefusedInTheWorker(String field) throws Exception {
    Programs.Ran ran =
        run(
            """
            import io.github.fornada.process.ProcessPool;
            public class Breeds {
              static int START = 1;
              FIELD
              static ProcessPool open() {
                return ProcessPool.open(o -> o.withWorkers(1).withHeap("32m"));
              }
              public static void main(String[] args) throws Exception {
            PRINT
              }
            }
            """
                .replace("FIELD", field)
                .replace("PRINT", PRINT));
    assertThat(ran.said().lines())
        .hasSize(2)
        .allSatisfy(line ->
            assertThat(line)
                .startsWith("Failed")
                .contains("cannot be opened while a class is initialized in a worker: Breeds opens")
                .contains("Open the pool in main or in another method"));
    assertThat(ran.code()).isZero();
  }

  @Test
  void whatTheMessageAdvisesWorks() throws Exception {
    Programs.Ran ran =
        run(
            """
            import io.github.fornada.process.ProcessPool;
            public class Breeds {
              static int START = 1;
              static class Holder {
                static final ProcessPool POOL =
                    ProcessPool.open(o -> o.withWorkers(1).withHeap("32m"));
              }
              public static void main(String[] args) throws Exception {
                ProcessPool POOL = Holder.POOL;
            PRINT
              }
            }
            """
                .replace("PRINT", PRINT));
    assertThat(ran.said().lines()).containsExactly("Done", "Done");
  }

  /** Opens pools in pools, {@code levels} deep; returns how deep it got. */
  static int nest(int levels) throws Exception {
    if (levels == 0) {
      return 0;
    }
    try (Pool inner = Pools.open(1, o -> o.withHeap("64m"))) {
      return 1 + inner.map(List.of(levels - 1), NestedPoolTest::nest).getFirst();
    }
  }

  @Test
  void tasksMayOpenPoolsOnPurposeFourLevelsDeepAndNoDeeper() throws Exception {
    assertThat(nest(4)).isEqualTo(4);
    assertThatThrownBy(() -> nest(5))
        .hasStackTraceContaining("4 levels of workers above it already, at most 4 are allowed");
  }

  @Test
  void aReserveIsRefusedAsAPoolIs() throws Exception {
    Programs.Ran ran =
        run(
            """
            import io.github.fornada.process.*;
            public class Breeds {
              static int START = 1;
              static final WorkerReserve RESERVE =
                  WorkerReserve.open(o -> o.withWorkers(1).withHeap("32m"));
              public static void main(String[] args) throws Exception {
                ProcessPool POOL = ProcessPool.open(o -> o.withWorkers(1).withHeap("32m"));
            PRINT
                RESERVE.close();
              }
            }
            """
                .replace("PRINT", PRINT));
    assertThat(ran.said().lines())
        .hasSize(2)
        .allSatisfy(line -> assertThat(line).contains("Breeds opens one in its static"));
  }
}
