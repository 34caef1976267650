package io.github.fornada.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Busy;
import io.github.fornada.Pool;
import io.github.fornada.SharedBytes;
import io.github.fornada.TaskPolicy;
import io.github.fornada.spark.LoopbackCluster;
import io.github.fornada.spark.SparkPool;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The contract, over a real cluster of a master and two workers. */
final class SparkPoolTest extends AbstractPoolTest implements TogetherContract {
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

  @Override
  public boolean refusesWhatCannotBeSent(Pool pool) {
    return true;
  }

  /** Other machines have a copy of the file, which stays as it was. */
  @Override
  @Test
  public void aSharedFileThatIsTruncatedFailsItsReadersWithItsName() throws Exception {
    Path file = Files.write(folder().resolve("short"), new byte[] {1, 2, 3});
    try (Pool pool = open(1);
        SharedBytes shared = pool.share(file)) {
      Files.write(file, new byte[0]);
      assertThat(pool.map(List.of(1), i -> shared.segment().get(ValueLayout.JAVA_BYTE, i)))
          .containsExactly((byte) 2);
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
