package io.github.fornada.spark;

import io.github.fornada.process.RemoteAgent;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.rpc.RpcEndpointRef;
import org.apache.spark.rpc.RpcTimeout;
import org.apache.spark.util.RpcUtils;
import org.jspecify.annotations.Nullable;
import scala.concurrent.duration.FiniteDuration;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/**
 * The agent of one pool in this executor, with as many workers as tasks lend cores. It is opened by
 * the first of them and ends with the pool, or with the last of them.
 */
final class ExecutorAgent {
  /** Far above the time after which the pool answers that there is nothing to do. */
  private static final long ASK_SECONDS = 60; // Guess

  /** Every cluster manager starts an executor so. The machine may have more, or fewer. */
  private static final Pattern CORES = Pattern.compile(" --cores (\\d+)");

  private final String endpoint;
  private final int cores;
  private final String heap;

  // Guarded by this.
  private @Nullable RemoteAgent agent;
  private int lent;

  /**
   * @param most the workers of the pool altogether
   */
  ExecutorAgent(String endpoint, int most, String heap) {
    this.endpoint = endpoint;
    int here = coresHere(System.getProperty("sun.java.command", ""));
    this.cores = here > 0 ? here : most;
    this.heap = heap;
  }

  /** Returns the cores that the command line of an executor has; 0 if it has none. */
  static int coresHere(String command) {
    Matcher found = CORES.matcher(command);
    return found.find() ? Integer.parseInt(found.group(1)) : 0;
  }

  /** Lends a core until the pool ends or Spark wants the core back; returns what went wrong. */
  String lend(TaskContext task) throws IOException, InterruptedException {
    RemoteAgent mine = begin();
    try {
      while (!mine.await(AgentTask.look()) && !task.isInterrupted()) {
        // goes on
      }
    } finally {
      end(mine);
    }
    String failure = mine.failure();
    return failure == null ? AgentTask.ENDED : failure;
  }

  private synchronized RemoteAgent begin() throws IOException, InterruptedException {
    RemoteAgent known = agent;
    if (known == null || known.hasEnded()) {
      SparkEnv env = SparkEnv.get();
      known =
          RemoteAgent.open(
              channel(env),
              AgentTask.agentName(env.executorId()),
              cores,
              o -> heap.isEmpty() ? o : o.withHeap(heap));
      agent = known;
      lent = 0;
    }
    known.use(++lent);
    return known;
  }

  private void end(RemoteAgent mine) {
    boolean last;
    synchronized (this) {
      if (!mine.equals(agent)) {
        return; // another has taken its place
      }
      lent--;
      last = lent == 0;
      if (last) {
        agent = null;
      } else {
        mine.use(lent);
      }
    }
    if (last) {
      mine.close();
      AgentTask.forget(endpoint);
    }
  }

  /** Spark's own way to the driver, with its authentication and encryption. */
  private RemoteAgent.Channel channel(SparkEnv env) {
    SparkConf conf = env.conf();
    RpcEndpointRef pool = RpcUtils.makeDriverRef(endpoint, conf, env.rpcEnv());
    var timeout =
        new RpcTimeout(
            new FiniteDuration(ASK_SECONDS, TimeUnit.SECONDS), "the pool's own time for an answer");
    ClassTag<byte[]> bytes = ClassTag$.MODULE$.apply(byte[].class);
    return question -> {
      try {
        return pool.<byte[]>askSync(question, timeout, bytes);
      } catch (Exception e) {
        if (e instanceof InterruptedException interrupted) { // not declared by Scala
          throw interrupted;
        }
        throw new IOException(e.toString(), e);
      }
    };
  }
}
