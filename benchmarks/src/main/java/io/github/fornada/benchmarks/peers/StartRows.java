package io.github.fornada.benchmarks.peers;

import static io.github.fornada.benchmarks.peers.Measure.check;
import static io.github.fornada.benchmarks.peers.Measure.emit;
import static io.github.fornada.benchmarks.peers.Measure.quantile;

import io.github.fornada.Pool;
import io.github.fornada.process.ProcessPool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What a worker's start takes, beside a JVM that does nothing. */
final class StartRows {
  private static final int TIMES = 7;

  private StartRows() {}

  static void measure() throws Exception {
    Path file = Files.createTempFile("peers-", "");
    try {
      List<String> bare = bareCommand(file);
      var workers = new double[TIMES];
      var jvms = new double[TIMES];
      var pairs = new double[TIMES];
      for (int i = -1; i < TIMES; i++) { // the first does not count
        int at = Math.max(0, i);
        workers[at] = workerCpu();
        jvms[at] = bareCpu(bare);
        pairs[at] = twoSideBySide(bare);
      }
      emit("start-cpu", quantile(workers, 0.5), "ms", TIMES + " workers, each the only one");
      emit("start-bare-cpu", quantile(jvms, 0.5), "ms", TIMES + " JVMs");
      emit("start-bare", quantile(pairs, 0.5), "ms", TIMES + " pairs");
    } finally {
      Files.delete(file);
    }
  }

  private static Pool one() {
    return ProcessPool.open(o -> o.withWorkers(1));
  }

  private static List<String> bareCommand(Path file) throws Exception {
    try (Pool pool = one()) {
      check(pool.submit(1, StartTask.INCREMENT).get() == 2, "increment");
      return BareJvm.like(Processes.command(onlyWorker()), file);
    }
  }

  private static double workerCpu() throws Exception {
    try (Pool pool = one()) {
      check(pool.submit(1, StartTask.INCREMENT).get() == 2, "increment");
      return Processes.cpuNanos(onlyWorker()) / 1e6;
    }
  }

  /** Returns the process that was started from a file of arguments. */
  private static long onlyWorker() throws IOException {
    long found = 0;
    for (ProcessHandle child : ProcessHandle.current().children().toList()) {
      String[] command = Processes.command(child.pid());
      if (command.length == 2 && command[1].startsWith("@")) {
        check(found == 0, "one worker");
        found = child.pid();
      }
    }
    check(found != 0, "a worker");
    return found;
  }

  private static double bareCpu(List<String> command) throws Exception {
    Process jvm = BareJvm.start(command);
    BareJvm.awaitLine(jvm);
    double took = Processes.cpuNanos(jvm.pid()) / 1e6;
    end(jvm);
    return took;
  }

  private static double twoSideBySide(List<String> command) throws Exception {
    long begin = System.nanoTime();
    Process first = BareJvm.start(command);
    Process second = BareJvm.start(command);
    BareJvm.awaitLine(first);
    double took = (System.nanoTime() - begin) / 1e6;
    BareJvm.awaitLine(second);
    end(first);
    end(second);
    return took;
  }

  private static void end(Process jvm) throws Exception {
    jvm.outputWriter().close();
    check(jvm.waitFor() == 0, "a bare JVM's end");
  }
}
