package io.github.fornada.contract;

import io.github.fornada.Pool;
import io.github.fornada.TaskPolicy;
import io.github.fornada.threads.VirtualThreadPool;
import java.util.function.UnaryOperator;

final class VirtualThreadPoolTest extends AbstractPoolTest
    implements SharedObjectContract, SharedQueueContract, LocalContract, TogetherContract {
  @Override
  public Pool open(int workers, UnaryOperator<TaskPolicy> policy) {
    return VirtualThreadPool.open(o -> o.withWorkers(workers).withPolicy(policy.apply(o.policy())));
  }
}
