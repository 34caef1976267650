package io.github.fornada.contract;

import io.github.fornada.Pool;
import io.github.fornada.TaskPolicy;
import io.github.fornada.threads.ThreadPool;
import java.util.function.UnaryOperator;

final class ThreadPoolTest extends AbstractPoolTest
    implements SharedObjectContract, SharedQueueContract, LocalContract, TogetherContract {
  @Override
  public Pool open(int workers, UnaryOperator<TaskPolicy> policy) {
    return ThreadPool.open(o -> o.withWorkers(workers).withPolicy(policy.apply(o.policy())));
  }
}
