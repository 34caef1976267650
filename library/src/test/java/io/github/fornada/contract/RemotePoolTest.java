package io.github.fornada.contract;

import io.github.fornada.Busy;
import io.github.fornada.LeftOut;
import io.github.fornada.Pool;
import io.github.fornada.TaskPolicy;
import io.github.fornada.process.NearbyPool;
import java.time.Duration;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;

/**
 * The pool for other machines, with two agents, in this JVM. It takes minutes, so it is not part of
 * every build.
 */
@LeftOut
final class RemotePoolTest extends AbstractPoolTest implements RemoteContract {
  private static final Lender LENDER = new Lender(workers -> openOne(workers, p -> p));

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
    return NearbyPool.open(workers, Math.min(2, workers), p -> policy.apply(p.withGrace(PATIENCE)));
  }

  /** Longer, for a worker that replaces another gets what an item needs from beyond its agent. */
  @Override
  public Duration limit() {
    return Busy.scaled(Duration.ofMillis(1_600));
  }

  @Override
  public int rounds() {
    return 3;
  }
}
