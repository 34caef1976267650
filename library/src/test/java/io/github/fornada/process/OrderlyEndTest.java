package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Cells;
import io.github.fornada.Pool;
import io.github.fornada.SideBySide;
import io.github.fornada.Waiting;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;

/** Tasks that a program wants finished at its end are finished. */
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
@SideBySide
class OrderlyEndTest {
  /** Longer than an item may take until its worker is killed from outside. */
  private static final long STOPPED_NANOS = 4_000_000_000L;

  @TempDir Path folder;

  private Owner start(String what) throws Exception {
    return Owner.start(
        System.getProperty("java.class.path"), what, new String[] {"-Dfolder=" + folder});
  }

  /** As a service manager does, to all that belongs to the service. */
  private static void signalAll(Owner owner, String name) throws Exception {
    for (ProcessHandle worker : Leftovers.marked("fornada-" + owner.pid() + "-")) {
      new ProcessBuilder("kill", "-" + name, Long.toString(worker.pid())).start().waitFor();
    }
    owner.signal(name);
  }

  @ParameterizedTest
  @Cells(
      verify = {"TERM"},
      rest = {"HUP", "INT"})
  void withAGraceWhatWasAcceptedIsFinishedWhenTheJvmIsToldToEnd(String signal) throws Exception {
    try (Owner owner = start("finishes")) {
      signalAll(owner, signal);
      Files.createFile(folder.resolve("go"));
      owner.await("results 1 2");
      assertThat(owner.ends()).isTrue();
      assertThat(folder.resolve("done")).exists();
      Leftovers.assertNone(owner.pid());
    }
  }

  @Test
  void aPoolThatItsOwnerClosesTakesTasksUntilThen() throws Exception {
    try (Owner owner = start("closes while it exits")) {
      owner.signal("TERM");
      Files.createFile(folder.resolve("go"));
      owner.await("results 1 2");
      assertThat(owner.ends()).isTrue(); // though the grace is not over
      Leftovers.assertNone(owner.pid());
    }
  }

  /** The item goes on for long after the first signal: 50 processes, one after the other. */
  @ParameterizedTest
  @Cells(
      verify = {"TERM"},
      rest = {"HUP", "INT"})
  void aWorkerLeavesSignalsToItsParent(String signal) throws Exception {
    try (Pool pool = Pools.open(1)) {
      CompletableFuture<Integer> rounds =
          pool.submit(
              50,
              n -> {
                String self = Long.toString(ProcessHandle.current().pid());
                for (int i = 0; i < n; i++) {
                  new ProcessBuilder("kill", "-" + signal, self).start().waitFor();
                }
                return n;
              });
      assertThat((int) Pools.soon(rounds)).isEqualTo(50);
    }
  }

  @Test
  void theGraceEndsAndTheLossIsToldAsWhatItIs() throws Exception {
    try (Owner owner = start("is cut off")) {
      owner.signal("TERM");
      String said = owner.awaitBeginning("lost: ");
      assertThat(said)
          .contains("because the JVM that had opened the pool was exiting, and the exit grace of ")
          .contains("Close the pool before, or give what runs longer with withExitGrace.")
          .doesNotContain("memory");
      assertThat(owner.ends()).isTrue();
      Leftovers.assertNone(owner.pid());
    }
  }

  @ParameterizedTest
  @Cells(
      verify = {"exits with retries"},
      rest = {"exits", "exits with many retries"})
  void hooksThatWaitForWhatWasAcceptedSeeItsEnd(String what) throws Exception {
    try (Owner owner = start(what)) {
      owner.await("ended lost lost lost lost lost rejected");
      assertThat(owner.ends()).isTrue();
      Leftovers.assertNone(owner.pid());
    }
  }

  @Test
  void aLockThatNobodyWillReleaseDoesNotKeepTheJvmFromItsEnd() throws Exception {
    try (Owner owner = start("leaves a lock")) {
      owner.signal("TERM");
      assertThat(owner.ends()).isTrue();
      Leftovers.assertNone(owner.pid());
    }
  }

  /** As Ctrl-Z and fg do. What was in work may be over its timeout; no other item pays for that. */
  @Test
  void aPoolThatWasStoppedForAWhileWithItsWorkersKillsNone() throws Exception {
    // Where the test comes late, nothing is in work any more when it stops them.
    String ends = Waiting.oneOfFew(this::stopsForAWhile, each -> !each.equals("ends [Done]"));
    assertThat(ends).isEqualTo("ends [Done, TimedOut]");
  }

  private String stopsForAWhile() throws Exception {
    try (Owner owner = start("times out")) {
      signalAll(owner, "STOP");
      long began = System.nanoTime();
      Waiting.until("it was stopped for long", () -> System.nanoTime() - began > STOPPED_NANOS);
      signalAll(owner, "CONT");
      String ends = owner.awaitBeginning("ends ");
      assertThat(owner.ends()).isTrue();
      Leftovers.assertNone(owner.pid());
      return ends;
    }
  }

  @ParameterizedTest
  @Cells(
      verify = {"processes", "threads"},
      rest = {"virtual", "sequential"})
  void afterShutdownAcceptedTasksAreFinishedThoughMainEnds(String model) throws Exception {
    try (Owner owner = start(model)) {
      Files.createFile(folder.resolve("go"));
      assertThat(owner.ends()).isTrue();
      assertThat(owner.process().exitValue()).isZero();
      assertThat(folder.resolve("done")).exists();
      assertThat(folder.resolve("second")).exists();
      assertThat(folder.resolve("dependent")).exists();
      Leftovers.assertNone(owner.pid());
    }
  }

  @Test
  void afterShutdownNowATaskThatIgnoresItsInterruptKeepsNoJvm() throws Exception {
    try (Owner owner = start("deaf")) {
      assertThat(owner.ends()).isTrue();
      assertThat(owner.process().exitValue()).isZero();
    }
  }
}
