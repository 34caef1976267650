package io.github.fornada.pipeline;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongUnaryOperator;

/**
 * The processor time of the worker JVMs of a pool, those included that have gone. Their owner looks
 * from time to time, so of a JVM that has gone the time since the last look is unknown, and of one
 * that was never seen all of it: they count as those that were seen.
 */
final class WorkerCpu {
  /**
   * A worker as it is now.
   *
   * @param pid of its JVM; 0 for none
   * @param starts how many JVMs it has had
   * @param tasks how many items they have run
   */
  record Worker(long pid, int starts, long tasks) {}

  /** What a JVM had used when it began to count, and at the last look. */
  private record Used(long from, long to) {}

  private Map<Long, Used> present = new HashMap<>();

  /** Of the JVMs that were seen and have gone. */
  private long goneNanos;

  private long gone;

  /**
   * Returns how much all of them have used, in nanoseconds.
   *
   * @param cpuOf the time of a process by its id; negative if unknown
   */
  long look(List<Worker> workers, LongUnaryOperator cpuOf) {
    var now = new HashMap<Long, Used>();
    long sum = 0;
    long starts = 0;
    for (Worker worker : workers) {
      starts += worker.starts();
      long cpu = worker.pid() == 0 ? -1 : cpuOf.applyAsLong(worker.pid());
      if (cpu >= 0) {
        Used before = present.get(worker.pid());
        long from;
        if (worker.starts() > 1) {
          from = 0; // it replaces another one, and its start is part of the work
        } else if (before == null || worker.tasks() == 0) {
          from = cpu; // what the first JVM has used before it had an item is no work
        } else {
          from = before.from();
        }
        now.put(worker.pid(), new Used(from, cpu));
        sum += cpu - from;
      }
    }
    present.forEach((pid, used) -> {
      if (!now.containsKey(pid)) {
        goneNanos += used.to() - used.from();
        gone++;
      }
    });
    present = now;
    long allGone = Math.max(gone, starts - now.size());
    return sum + (gone == 0 ? 0 : goneNanos / gone * allGone);
  }
}
