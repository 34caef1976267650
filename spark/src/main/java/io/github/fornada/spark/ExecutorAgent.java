package io.github.fornada.spark;

import io.github.fornada.Pool;
import io.github.fornada.TaskPolicy;
import io.github.fornada.process.RemoteAgent;
import io.github.fornada.threads.ThreadPool;
import java.io.IOException;
import java.nio.file.Path;
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
  private final boolean isolated;

  // Guarded by this.
  private @Nullable RemoteAgent agent;
  private int lent;

  /**
   * @param most the workers of the pool altogether
   */
  ExecutorAgent(String endpoint, int most, String heap, boolean isolated) {
    this.endpoint = endpoint;
    int here = coresHere(System.getProperty("sun.java.command", ""));
    this.cores = here > 0 ? here : most;
    this.heap = heap;
    this.isolated = isolated;
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
      String name = AgentTask.agentName(env.executorId());
      known =
          isolated
              ? RemoteAgent.open(
                  channel(env), name, cores, o -> heap.isEmpty() ? o : o.withHeap(heap))
              : RemoteAgent.openInside(channel(env), name, this::threads);
      agent = known;
      lent = 0;
    }
    known.use(++lent);
    return known;
  }

  private Pool threads(TaskPolicy policy) {
    return ThreadPool.open(o -> o.withWorkers(cores).withName("thread").withPolicy(policy));
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
    return new RemoteAgent.Channel() {
      @Override
      public byte[] ask(byte[] question) throws IOException, InterruptedException {
        try {
          return pool.<byte[]>askSync(question, timeout, bytes);
        } catch (Exception e) {
          if (e instanceof InterruptedException interrupted) { // not declared by Scala
            throw interrupted;
          }
          throw new IOException(e.toString(), e);
        }
      }

      @Override
      public boolean fetch(byte[] way, Path to) throws InterruptedException {
        try {
          SharedBroadcasts.fetch(way, to);
          return true;
        } catch (Exception e) {
          if (e instanceof InterruptedException interrupted) { // not declared by Scala
            throw interrupted;
          }
          return false; // closed meanwhile, or no room: the pool is asked instead
        }
      }
    };
  }
}
