package io.github.fornada.contract;

import io.github.fornada.Busy;
import io.github.fornada.LeftOut;
import io.github.fornada.Pool;
import io.github.fornada.TaskPolicy;
import io.github.fornada.process.NearbyPool;
import java.time.Duration;
import java.util.function.UnaryOperator;

/**
 * The pool for other machines whose items run in the JVMs of two agents. Not part of every build.
 */
@LeftOut
final class RemoteInsidePoolTest extends AbstractPoolTest implements RemoteContract {
  @Override
  public Pool open(int workers, UnaryOperator<TaskPolicy> policy) {
    return NearbyPool.openInside(workers, policy);
  }

  @Override
  public Duration limit() {
    return Busy.scaled(Duration.ofMillis(400));
  }
}
