package io.github.fornada.contract;

import io.github.fornada.Busy;
import io.github.fornada.Pool;
import io.github.fornada.TaskPolicy;
import io.github.fornada.process.ProcessPool;
import java.time.Duration;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;

final class ProcessPoolTest extends AbstractPoolTest
    implements SharedObjectContract, SharedQueueContract, TogetherContract {
  private static final Lender LENDER = new Lender(workers -> openOne(workers, o -> o));

  @AfterAll
  static void closeWhatWasLent() {
    LENDER.close();
  }

  @Override
  public Pool lend(int workers) {
    return LENDER.lend(workers);
  }

  @Override
  public Pool open(int workers, UnaryOperator<TaskPolicy> policy) {
    return openOne(workers, policy);
  }

  /** A task that is slow to obey its interrupt, on a busy machine, costs no worker. */
  private static Pool openOne(int workers, UnaryOperator<TaskPolicy> policy) {
    return ProcessPool.open(o ->
        o.withWorkers(workers)
            .withHeap("64m")
            .withPolicy(policy.apply(o.policy().withGrace(PATIENCE))));
  }

  /** Longer, for a worker that replaces another has yet to load what an item needs. */
  @Override
  public Duration limit() {
    return Busy.scaled(Duration.ofMillis(800));
  }

  @Override
  public int rounds() {
    return 3;
  }
}
