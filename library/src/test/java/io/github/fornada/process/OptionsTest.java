package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Pool;
import io.github.fornada.SideBySide;
import io.github.fornada.Waiting;
import io.github.fornada.jvm.Durations;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * Options at their bounds, and workers that do not start: each time there is an answer, never an
 * endless wait.
 */
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
@SideBySide
class OptionsTest {
  @TempDir Path folder;

  @Test
  void graceAndStartupLimitMayBeForEver() throws Exception {
    Duration forEver = ChronoUnit.FOREVER.getDuration();
    Pool pool =
        Pools.open(1, o -> o.withStartupTimeout(forEver).withPolicy(o.policy().withGrace(forEver)));
    try {
      assertThat(Pools.soon(pool.submit(1, x -> x + 1))).isEqualTo(2);
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void anEnvironmentVariableThatCannotBeIsReportedAndNothingHangs() throws Exception {
    try {
      Pool pool = Pools.open(1, o -> o.withEnvironment("BAD=NAME", "x"));
      try {
        assertThatThrownBy(() -> Pools.soon(pool.submit(1, x -> x)))
            .isInstanceOfAny(ExecutionException.class, RejectedExecutionException.class)
            .hasMessageContaining("BAD=NAME");
      } finally {
        Pools.end(pool);
      }
    } catch (IllegalArgumentException e) {
      assertThat(e).hasMessageContaining("BAD=NAME");
    }
  }

  @Test
  void aTimeLimitOfForEverIsNoLimit() throws Exception {
    Pool pool = Pools.open(1, o -> o.withTimeout(ChronoUnit.FOREVER.getDuration()));
    try {
      assertThat(Pools.soon(pool.submit(1, x -> x + 1))).isEqualTo(2);
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void aTimeLimitOfAllNanosecondsIsNoLimit() throws Exception {
    Pool pool = Pools.open(1, o -> o.withTimeout(Duration.ofNanos(Long.MAX_VALUE)));
    try {
      assertThat(Pools.soon(pool.submit(1, x -> x + 1))).isEqualTo(2);
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void aPoolWhoseWorkersCannotStartSaysSoWithWhatTheyPrinted() throws Exception {
    Pool pool = Pools.open(2, o -> o.withJvmOptions("-XX:+ThereIsNoSuchOption"));
    try {
      assertThatThrownBy(() -> Pools.soon(pool.submit(1, x -> x)))
          .hasMessageContaining("ThereIsNoSuchOption");
      assertThatThrownBy(() -> Pools.soon(pool.submit(2, x -> x)))
          .as("a later one")
          .hasMessageContaining("ThereIsNoSuchOption");
      assertThat(pool.isShutdown()).as("nobody shut it down").isFalse();
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void aWorkingDirectoryThatIsNotThereIsReported() throws Exception {
    Pool pool = Pools.open(1, o -> o.withDirectory(folder.resolve("nowhere")));
    try {
      assertThatThrownBy(() -> Pools.soon(pool.submit(1, x -> x))).hasMessageContaining("nowhere");
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void aWorkingDirectoryThatIsDeletedMeanwhileFailsNewWorkersClearly() throws Exception {
    Path home = Files.createDirectory(folder.resolve("home"));
    Pool pool = Pools.open(1, o -> o.withDirectory(home));
    try {
      assertThat(Pools.soon(pool.submit(1, x -> Path.of("").toAbsolutePath().toString())))
          .isEqualTo(home.toString());
      Files.delete(home);
      assertThat(Pools.soon(pool.submit(1, x -> x + 1))).isEqualTo(2);
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void startUpThatFailsForAMomentIsTriedAgain() throws Exception {
    // Where the test comes late, all tries are over.
    Waiting.inOneOfFewRuns(this::startUpFailsForAMoment);
  }

  private void startUpFailsForAMoment() throws Exception {
    // Five workers fail at once: that is one failure of the machine, not five.
    Path flags = folder.resolve("flags");
    Files.writeString(flags, "-XX:+ThereIsNoSuchOption\n");
    Pool pool = Pools.open(5, o -> o.withJvmOptions("-XX:VMOptionsFile=" + flags));
    try {
      var future = pool.submit(1, x -> x + 1);
      Waiting.until("the first starts have failed", Leftovers.SOON, afterMillis(150));
      Files.writeString(flags, "-XX:-UsePerfData\n");
      assertThat(future).succeedsWithin(Leftovers.SOON).isEqualTo(2);
    } finally {
      Pools.end(pool);
    }
  }

  private static java.util.function.BooleanSupplier afterMillis(long millis) {
    long at = System.nanoTime() + millis * 1_000_000;
    return () -> System.nanoTime() - at > 0;
  }

  @Test
  void aWorkerThatIsNotReadyInTimeIsReported() throws Exception {
    // Long enough for its first line.
    Waiting.inOneOfFewRuns(Duration.ofMillis(500), OptionsTest::aWorkerIsNotReadyIn);
  }

  private static void aWorkerIsNotReadyIn(Duration limit) throws Exception {
    Pool pool =
        Pools.open(
            1,
            o ->
                o.withStartupTimeout(limit)
                    .withJvmOptions(
                        "-agentlib:jdwp=transport=dt_socket,server=y,suspend=y,address=127.0.0.1:0"));
    try {
      assertThatThrownBy(() -> Pools.soon(pool.submit(1, x -> x)))
          .hasMessageContaining(Durations.inWords(limit))
          .hasMessageContaining("Listening for transport");
    } finally {
      Pools.end(pool);
    }
  }
}
