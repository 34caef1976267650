package io.github.fornada.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Pool;
import io.github.fornada.TaskPolicy;
import io.github.fornada.threads.ThreadPool;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

final class ThreadPoolTest extends AbstractPoolTest
    implements SharedObjectContract, SharedQueueContract, LocalContract, TogetherContract {
  @Override
  public Pool open(int workers, UnaryOperator<TaskPolicy> policy) {
    return ThreadPool.open(o -> o.withWorkers(workers).withPolicy(policy.apply(o.policy())));
  }

  @Test
  void whatATaskNoLongerWaitsForIsStoppedThoughItRunsOnItsThread() throws Exception {
    try (Pool pool = open(2)) {
      CompletableFuture<Integer> first =
          pool.submit(
              1,
              _ -> {
                Thread own = Thread.currentThread();
                Callable<Integer> sleepsHere =
                    () -> Thread.currentThread() == own ? Work.sleep(600_000) : 1;
                return pool.invokeAny(List.of(sleepsHere, sleepsHere, sleepsHere));
              });
      assertThat(PoolUnderTest.get(first)).isEqualTo(1);
    }
  }
}
