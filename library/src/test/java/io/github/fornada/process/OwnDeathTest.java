package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.SideBySide;
import io.github.fornada.Waiting;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/** Programs that need their own JVM: its exit, and a loop whose stack cannot be taken. */
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
@SideBySide
class OwnDeathTest {
  @TempDir Path temp;

  private String run(String program, String... options) throws Exception {
    Path classes =
        Programs.compile(temp.resolve("main"), List.of("-cp", Programs.library() + ""), program);
    var arguments = new java.util.ArrayList<>(List.of(options));
    arguments.addAll(
        List.of(
            "-cp", classes + System.getProperty("path.separator") + Programs.library(), "Main"));
    return Programs.java(temp, Map.of(), arguments).said();
  }

  @Test
  void aDeathThatTheEndOfTheParentCausesIsToldAsThat() throws Exception {
    String said =
        run(
            """
            import io.github.fornada.process.ProcessPool;
            import java.nio.file.*;
            public class Main {
              public static void main(String[] args) throws Exception {
                var pool = ProcessPool.open(o -> o.withWorkers(1).withHeap("32m"));
                pool.submit(1, x -> x).get();
                Path begun = Files.createTempDirectory(Path.of("."), "begun").resolve("begun");
                var future = pool.submit(begun.toString(), file -> {
                  Files.createFile(Path.of(file));
                  Thread.sleep(600_000);
                  return file;
                });
                while (!Files.exists(begun)) {
                  Thread.onSpinWait();
                }
                Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                  try {
                    future.get();
                  } catch (Exception e) {
                    System.out.println("told: " + e.getCause().getMessage());
                  }
                }));
                System.exit(0);
              }
            }
            """);
    assertThat(said)
        .contains("was killed by its pool, because the JVM that had opened the pool was exiting")
        .doesNotContain("ran out of memory");
  }

  @Test
  void aLoopThatNobodyCanLookIntoHoldsUpNoTimeoutOfOthers() throws Exception {
    // All of its JVM waits for the loop if anything asks for a halt of it meanwhile.
    Waiting.inOneOfFewRuns(this::aLoopRunsBesideOthers);
  }

  private void aLoopRunsBesideOthers() throws Exception {
    String said =
        run(
            """
            import io.github.fornada.Outcome;
            import io.github.fornada.Pool;
            import io.github.fornada.threads.*;
            import java.time.Duration;
            import java.util.*;
            public class Main {
              static volatile boolean looping;
              static volatile boolean ended;
              static long round(int n) {
                long sum = 1;
                for (int i = 0; i < n; i++) {
                  sum = sum * 31 + (Long.rotateLeft(sum, 7) * 17 ^ i);
                }
                return sum;
              }
              static Pool open(Pool any) { return any; }
              static List<Outcome<Integer>> sleepers(Pool pool) {
                return pool.outcomes(List.of(1, 2, 3, 4), x -> {
                  Thread.sleep(600_000);
                  return x;
                }).toList();
              }
              public static void main(String[] args) throws Exception {
                var limit = Duration.ofMillis(300);
                var grace = Duration.ofMillis(100);
                var loops = ThreadPool.open(o -> o.withWorkers(1).withPolicy(o.policy().withTimeout(limit).withGrace(grace)));
                var others = ThreadPool.open(o -> o.withWorkers(4).withPolicy(o.policy().withTimeout(limit).withGrace(grace)));
                for (int i = 0; i < 20_000; i++) {
                  round(1_000);
                }
                sleepers(others);
                var loop = new Thread(() -> {
                  System.out.println("loop: " + loops.outcomes(List.of(1), x -> {
                    looping = true;
                    long sum = round(2_000_000_000);
                    ended = true;
                    return sum;
                  }).toList().getFirst().getClass().getSimpleName() + " before its end: " + !ended);
                });
                loop.start();
                while (!looping) {
                  Thread.onSpinWait();
                }
                var outcomes = sleepers(others);
                System.out.println("others: " + outcomes.stream().allMatch(Outcome.TimedOut.class::isInstance)
                    + " before the end of the loop: " + !ended);
                loop.join();
                System.exit(0);
              }
            }
            """,
            "-XX:TieredStopAtLevel=4");
    assertThat(said)
        .contains("others: true before the end of the loop: true")
        .contains("loop: TimedOut before its end: true");
  }
}
