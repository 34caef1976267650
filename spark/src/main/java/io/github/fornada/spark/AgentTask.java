package io.github.fornada.spark;

import java.io.Serial;
import java.io.Serializable;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.package$;
import org.jspecify.annotations.Nullable;
import scala.collection.Iterator;
import scala.runtime.AbstractFunction2;

/**
 * The body of Spark's tasks: each lends one core of its executor to the pool until the pool ends.
 * It never throws, and an attempt that Spark makes again lends nothing: what happens to items is
 * decided by the pool alone.
 */
final class AgentTask extends AbstractFunction2<TaskContext, Iterator<Integer>, String>
    implements Serializable {
  @Serial private static final long serialVersionUID = 1L;

  private static final Duration LOOK = Duration.ofMillis(500);

  /** What is returned if nothing went wrong. */
  static final String ENDED = "";

  /** What an attempt returns that Spark makes again. */
  static final String AGAIN = "not run again";

  /** The agents of this JVM, by the names of their pools' endpoints. */
  private static final Map<String, ExecutorAgent> AGENTS = new ConcurrentHashMap<>();

  private final String endpoint;
  private final String sparkVersion;
  private final int mostWorkers;
  private final String heap;
  private final boolean isolated;

  /**
   * @param mostWorkers the workers of the pool altogether
   * @param heap the heap of a worker if the pool has chosen none; empty for the default
   * @param isolated whether items run in worker JVMs
   */
  AgentTask(String endpoint, String sparkVersion, int mostWorkers, String heap, boolean isolated) {
    this.endpoint = endpoint;
    this.sparkVersion = sparkVersion;
    this.mostWorkers = mostWorkers;
    this.heap = heap;
    this.isolated = isolated;
  }

  @Override
  public String apply(TaskContext task, Iterator<Integer> none) {
    if (task.attemptNumber() > 0 || task.stageAttemptNumber() > 0) {
      return AGAIN;
    }
    String refusal =
        otherVersion(SparkEnv.get().executorId(), package$.MODULE$.SPARK_VERSION(), sparkVersion);
    if (refusal != null) {
      return refusal;
    }
    try {
      ExecutorAgent agent =
          AGENTS.computeIfAbsent(
              endpoint, name -> new ExecutorAgent(name, mostWorkers, heap, isolated));
      return agent.lend(task);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // Spark wants this thread back
      return ENDED;
    } catch (Throwable e) { // a task that throws would be tried again, and cost its executor
      return "the agent on executor " + SparkEnv.get().executorId() + " failed: " + e;
    }
  }

  /** Returns what to say of an executor with another version of Spark; null if it has the same. */
  static @Nullable String otherVersion(String executor, String there, String here) {
    return there.equals(here)
        ? null
        : "executor "
            + executor
            + " runs Spark "
            + there
            + ", and the program has Spark "
            + here
            + ": give the program the same version";
  }

  /** The name of an executor's agent in messages, events and timelines. */
  static String agentName(String executor) {
    return "executor-" + executor;
  }

  static Duration look() {
    return LOOK;
  }

  static void forget(String endpoint) {
    AGENTS.remove(endpoint);
  }
}
