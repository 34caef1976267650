package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Cells;
import io.github.fornada.Extent;
import io.github.fornada.InPart;
import io.github.fornada.SideBySide;
import io.github.fornada.Waiting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** In whatever way the JVM that owns a pool ends, nothing of the pool stays. */
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
@SideBySide
class OwnerDeathTest {
  /** What is promised is two seconds; the rest is for a busy machine. */
  private static final Duration TWO_SECONDS = Duration.ofSeconds(4);

  /** Every process that is, or comes from, a worker, known by the mark in its environment. */
  private static List<ProcessHandle> allBelow(long owner) {
    var found = new ArrayList<>(Leftovers.marked("fornada-" + owner + "-"));
    // Those of pools within pools have the marks of their own owners.
    for (int i = 0; i < found.size(); i++) {
      found.addAll(Leftovers.marked("fornada-" + found.get(i).pid() + "-"));
    }
    return found;
  }

  /** A way for an owner to end, after which all is gone, and how long that took. */
  private static void goneInTwoSeconds(Waiting.Call<Duration> end) throws Exception {
    Duration took = Waiting.oneOfFew(end, each -> each.compareTo(TWO_SECONDS) < 0);
    assertThat(took).as("until every process was gone").isLessThan(TWO_SECONDS);
  }

  /** Returns how long it took until no process was left. */
  private static Duration assertAllGone(long owner, List<ProcessHandle> before) {
    assertThat(before).as("what was there before").isNotEmpty();
    long began = System.nanoTime();
    try {
      Waiting.until(
          "every process is gone",
          Leftovers.SOON,
          () -> before.stream().noneMatch(OwnerDeathTest::isAlive));
      Duration took = Duration.ofNanos(System.nanoTime() - began);
      Leftovers.assertNone(owner);
      for (ProcessHandle worker : before) {
        // Of pools within pools.
        Waiting.until(
            "no folder is left", Leftovers.SOON, () -> Leftovers.folders(worker.pid()).isEmpty());
      }
      return took;
    } finally {
      before.stream().filter(OwnerDeathTest::isAlive).forEach(ProcessHandle::destroyForcibly);
    }
  }

  private static boolean isAlive(ProcessHandle process) {
    try {
      // A process whose exit code its parent has not collected is dead nevertheless.
      return !Files.readString(Path.of("/proc/" + process.pid() + "/stat")).contains(") Z ");
    } catch (IOException e) {
      return false;
    }
  }

  @ParameterizedTest
  @Cells(
      verify = {"spawns", "shares", "nests"},
      rest = {"runs", "sends", "hoards"})
  void killed(String what) throws Exception {
    goneInTwoSeconds(() -> afterAKill(what));
  }

  private static Duration afterAKill(String what) throws Exception {
    try (Owner owner = Owner.start(what)) {
      if (what.equals("sends") || what.equals("shares")) {
        LockSupport.parkNanos(700_000_000); // somewhere in the middle of many megabytes
      }
      List<ProcessHandle> before = allBelow(owner.pid());
      owner.signal("KILL");
      assertThat(owner.ends()).isTrue();
      return assertAllGone(owner.pid(), before);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"runs", "reserves"})
  void killedWhileItsWorkersAreStopped(String what) throws Exception {
    goneInTwoSeconds(() -> afterAKillWithWorkersStopped(what));
  }

  private static Duration afterAKillWithWorkersStopped(String what) throws Exception {
    try (Owner owner = Owner.start(what)) {
      List<ProcessHandle> before = allBelow(owner.pid());
      for (ProcessHandle worker : before) {
        new ProcessBuilder("kill", "-STOP", Long.toString(worker.pid())).start().waitFor();
      }
      owner.signal("KILL");
      assertThat(owner.ends()).isTrue();
      return assertAllGone(owner.pid(), before);
    }
  }

  @ParameterizedTest
  @Cells(
      verify = {"TERM"},
      rest = {"INT", "HUP"})
  void endedByASignal(String signal) throws Exception {
    goneInTwoSeconds(() -> afterASignal(signal));
  }

  private static Duration afterASignal(String signal) throws Exception {
    try (Owner owner = Owner.start("spawns")) {
      List<ProcessHandle> before = allBelow(owner.pid());
      owner.signal(signal);
      assertThat(owner.ends()).isTrue();
      return assertAllGone(owner.pid(), before);
    }
  }

  @Test
  @InPart
  void exitsWithWorkRunning() throws Exception {
    for (int i = 0; i < Extent.count(3, 1); i++) {
      try (Owner owner = Owner.start("runs and exits")) {
        assertThat(owner.ends()).isTrue();
        assertThat(owner.process().exitValue()).isZero();
        Leftovers.assertNone(owner.pid());
      }
    }
  }

  @Test
  void mainReturnsAndThePoolWasForgotten() throws Exception {
    try (Owner owner = Owner.start("forgets")) {
      assertThat(owner.ends()).as("a forgotten pool keeps no JVM").isTrue();
      Leftovers.assertNone(owner.pid());
    }
  }

  @Test
  void stoppedAndContinued() throws Exception {
    try (Owner owner = Owner.start("counts")) {
      owner.signal("STOP");
      LockSupport.parkNanos(3_000_000_000L); // what is tested is that nothing notices
      owner.signal("CONT");
      owner.await("sum " + 2999L * 3000 / 2);
      assertThat(owner.ends()).isTrue();
      Leftovers.assertNone(owner.pid());
    }
  }
}
