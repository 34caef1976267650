package io.github.fornada.contract;

import io.github.fornada.Pool;
import io.github.fornada.TaskPolicy;
import io.github.fornada.threads.SequentialPool;
import java.util.function.UnaryOperator;

final class SequentialPoolTest extends AbstractPoolTest
    implements SharedObjectContract, SharedQueueContract, LocalContract {
  @Override
  public Pool open(int workers, UnaryOperator<TaskPolicy> policy) {
    return SequentialPool.open(o -> o.withPolicy(policy.apply(o.policy())));
  }
}
