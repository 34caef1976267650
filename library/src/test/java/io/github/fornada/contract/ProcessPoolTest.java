package io.github.fornada.contract;

import io.github.fornada.Pool;
import io.github.fornada.TaskPolicy;
import io.github.fornada.process.ProcessPool;
import java.util.function.UnaryOperator;

final class ProcessPoolTest extends AbstractPoolTest {
  @Override
  public Pool open(int workers, UnaryOperator<TaskPolicy> policy) {
    return ProcessPool.open(
        o -> o.withWorkers(workers).withHeap("64m").withPolicy(policy.apply(o.policy())));
  }

  @Override
  public int rounds() {
    return 3;
  }
}
