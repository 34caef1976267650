package io.github.fornada.contract;

import io.github.fornada.Busy;
import io.github.fornada.Pool;
import io.github.fornada.TaskPolicy;
import io.github.fornada.spark.LoopbackCluster;
import io.github.fornada.spark.SparkPool;
import java.io.IOException;
import java.time.Duration;
import java.util.function.UnaryOperator;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The contract, over a real cluster of a master and two workers. */
final class SparkPoolTest extends AbstractPoolTest implements RemoteContract {
  private static LoopbackCluster cluster;
  private static SparkContext context;
  private static final Lender LENDER = new Lender(workers -> openOne(workers, p -> p));

  @BeforeAll
  static void start() throws Exception {
    cluster = LoopbackCluster.start(2, 16);
    var conf = new SparkConf().setMaster(cluster.master()).setAppName("contract");
    cluster.settings().forEach(conf::set);
    context = new SparkContext(conf);
  }

  @AfterAll
  static void end() throws IOException {
    LENDER.close();
    if (context != null) {
      context.stop();
    }
    if (cluster != null) {
      cluster.close();
    }
  }

  @Override
  public Pool lend(int workers) {
    return LENDER.lend(workers);
  }

  @Override
  public Pool open(int workers, UnaryOperator<TaskPolicy> policy) {
    return openOne(workers, policy);
  }

  private static Pool openOne(int workers, UnaryOperator<TaskPolicy> policy) {
    try {
      return SparkPool.on(
          context,
          o ->
              o.withWorkers(workers)
                  .withHeap("64m")
                  .withWorkerOptions(w -> w.withPolicy(policy.apply(w.policy()))));
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Longer, for a worker that replaces another has yet to load what an item needs. */
  @Override
  public Duration limit() {
    return Busy.scaled(Duration.ofMillis(1500));
  }

  @Override
  public int rounds() {
    return 2;
  }
}
