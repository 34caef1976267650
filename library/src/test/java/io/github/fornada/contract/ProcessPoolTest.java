package io.github.fornada.contract;

import io.github.fornada.Pool;
import io.github.fornada.TaskPolicy;
import io.github.fornada.process.ProcessPool;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.Test;

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

  private static final String INTERRUPTED_WRITER =
      "an interrupted caller closes the channel it would cancel through, so its worker is killed";

  @Override
  @Test
  @Disabled(INTERRUPTED_WRITER)
  public void anInterruptOfInvokeAllCancelsItsTasks() {}

  @Override
  @Test
  @Disabled(INTERRUPTED_WRITER)
  public void anInterruptOfTheCallerCancelsAndIsThrown() {}

  @Override
  @Test
  @Disabled(INTERRUPTED_WRITER)
  public void anInterruptedConsumerCancelsTheWork() {}
}
