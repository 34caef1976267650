package io.github.fornada.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.OperatingSystemMXBean;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** The processor time of a process and its descendants is counted, and counted once. */
@EnabledOnOs(OS.LINUX)
@Execution(ExecutionMode.CONCURRENT)
@Timeout(240)
class ProcessTreeTest {
  /**
   * Starts a shell that starts a program, waits for it, and goes on; and prints what the tree has
   * counted of the two, in ticks, and what the system says that the shell and the program used.
   */
  static final class Measures {
    private static final OperatingSystemMXBean OWN =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    private static final long TICK_NANOS = 10_000_000;

    private Measures() {}

    public static void main(String[] args) throws IOException {
      var tree = new ProcessTree(Set.of());
      long ownBefore = OWN.getProcessCpuTime();
      Process shell = new ProcessBuilder("sh", "-c", args[0]).start();
      try (BufferedReader out = shell.inputReader();
          BufferedWriter in = shell.outputWriter()) {
        while (!out.ready()) { // until the program has ended
          tree.refresh();
          var _ = tree.residentBytes();
        }
        tree.refresh();
        long counted = tree.cpuNanos() - (OWN.getProcessCpuTime() - ownBefore);
        System.out.println(counted / TICK_NANOS + " " + ticks(shell.pid()));
        in.write("\n"); // it may end
      } finally {
        shell.destroyForcibly();
      }
    }

    /** Returns the time of a process and of those that it has waited for. */
    private static long ticks(long pid) throws IOException {
      String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
      long ticks = 0;
      for (int field = 14; field <= 17; field++) {
        ticks += Long.parseLong(fields[field - 3]);
      }
      return ticks;
    }
  }

  private static final String LOOP = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done";

  private static void timeIsCountedOnce(String script) throws Exception {
    var words = new ArrayList<>(CommandJvm.words());
    words.addAll(List.of(Measures.class.getName(), script));
    Process process = new ProcessBuilder(words).start();
    try (BufferedReader out = process.inputReader()) {
      String line = out.readLine();
      assertThat(line).matches("-?\\d+ \\d+");
      long counted = Long.parseLong(line.substring(0, line.indexOf(' ')));
      long used = Long.parseLong(line.substring(line.indexOf(' ') + 1));
      assertThat(counted)
          .as("ticks counted, of " + used + " that were used")
          .isBetween(used * 8 / 10, used * 13 / 10);
      assertThat(process.waitFor(Command.DEADLINE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  @Test
  void theTimeOfAProgramThatItsParentHasWaitedForIsCountedOnce() throws Exception {
    timeIsCountedOnce("sh -c '" + LOOP + "'; echo; read end");
  }

  @Test
  void theTimeOfAProgramWhoseParentHasEndedTooIsCountedOnce() throws Exception {
    timeIsCountedOnce("sh -c 'sh -c \"" + LOOP.replace("$", "\\$") + "\"; true'; echo; read end");
  }
}
