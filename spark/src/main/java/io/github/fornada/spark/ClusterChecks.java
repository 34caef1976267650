package io.github.fornada.spark;

import io.github.fornada.process.ProcessOptions;
import io.github.fornada.process.WorkerLaunch;
import io.github.fornada.process.WorkerLife;
import java.util.Locale;
import org.apache.spark.SparkConf;
import org.apache.spark.network.util.JavaUtils;

/** What must fit before a pool is opened, each with a sentence that says what to set. */
final class ClusterChecks {
  /** What a worker JVM takes beside its heap, in MiB. */
  private static final long BESIDES_HEAP = 64; // Guess: at rest 46 to 57 MB, heap included

  /** What the executor's own JVM takes of the overhead, in MiB. */
  private static final long EXECUTOR = 192; // Guess

  private static final long SMALLEST_HEAP = 64;

  private ClusterChecks() {}

  /**
   * Checks Spark's settings.
   *
   * @throws IllegalArgumentException if one does not fit
   */
  static void settings(SparkConf conf) {
    if (conf.getBoolean("spark.speculation", false)) {
      throw new IllegalArgumentException(
          "spark.speculation must be false: with it Spark runs a second copy of a task that is"
              + " slower than others, and kills the first, and a pool's tasks last as long as the"
              + " pool");
    }
  }

  /**
   * Returns the heap of a worker so that all workers of an executor fit into its container; empty
   * where nothing limits the executor, and workers have their usual share of the machine.
   *
   * @param chosen the heap that the user has chosen; null for none
   * @throws IllegalArgumentException if they do not fit
   */
  static String heap(
      SparkConf conf, String master, @org.jspecify.annotations.Nullable String chosen) {
    if (!isLimited(master)) {
      return "";
    }
    long cores = conf.getInt("spark.executor.cores", 1);
    long overhead = overhead(conf);
    long each = (overhead - EXECUTOR) / cores - BESIDES_HEAP;
    long wanted = chosen == null ? SMALLEST_HEAP : JavaUtils.byteStringAsMb(chosen);
    if (each < wanted) {
      long needed = (wanted + BESIDES_HEAP) * cores + EXECUTOR;
      throw new IllegalArgumentException(
          "spark.executor.memoryOverhead must be at least "
              + needed
              + "m, and is "
              + overhead
              + "m: an executor's container has "
              + cores
              + " worker JVMs beside the executor, each with a heap of "
              + wanted
              + "m");
    }
    return chosen == null ? each + "m" : "";
  }

  /**
   * Checks that nothing is asked of worker JVMs where there are none.
   *
   * @throws IllegalArgumentException if something is; the message says what to do instead
   */
  static void withoutIsolation(ProcessOptions options) {
    WorkerLaunch launch = options.launch();
    WorkerLife life = options.life();
    refuse(
        launch.heap() != null,
        "a heap of its own: set spark.executor.memory, which all items of an executor share");
    refuse(
        !launch.jvmOptions().isEmpty(), "JVM options: set spark.executor.extraJavaOptions instead");
    refuse(!launch.environment().isEmpty(), "an environment: set spark.executorEnv.NAME instead");
    refuse(launch.directory() != null, "a working folder: use absolute paths");
    refuse(
        life.maxTasks() > 0 || life.maxAge() != null || life.residentLimit() != null,
        "an end after some items, at an age or at a size: leave it out, or keep the isolation");
  }

  private static void refuse(boolean isAsked, String what) {
    if (isAsked) {
      throw new IllegalArgumentException(
          "withoutIsolation() runs items in the executors' own JVMs, so no worker has " + what);
    }
  }

  /** Whether the manager ends a container that takes more memory than was asked for. */
  private static boolean isLimited(String master) {
    String lower = master.toLowerCase(Locale.ROOT);
    return lower.startsWith("yarn") || lower.startsWith("k8s:");
  }

  /** The memory of an executor's container beside its heap, in MiB. */
  private static long overhead(SparkConf conf) {
    String set = conf.get("spark.executor.memoryOverhead", "");
    if (!set.isEmpty()) {
      return JavaUtils.byteStringAsMb(set);
    }
    long memory = JavaUtils.byteStringAsMb(conf.get("spark.executor.memory", "1g"));
    double older = conf.getDouble("spark.kubernetes.memoryOverheadFactor", 0.1);
    double factor = conf.getDouble("spark.executor.memoryOverheadFactor", older);
    long least = JavaUtils.byteStringAsMb(conf.get("spark.executor.minMemoryOverhead", "384m"));
    return Math.max(least, (long) (memory * factor));
  }
}
