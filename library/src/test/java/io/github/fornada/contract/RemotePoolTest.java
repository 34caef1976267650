package io.github.fornada.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Busy;
import io.github.fornada.Pool;
import io.github.fornada.SharedBytes;
import io.github.fornada.TaskPolicy;
import io.github.fornada.process.NearbyPool;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;

/**
 * The pool for other machines, with two agents, in this JVM. It takes minutes, so it is not part of
 * every build.
 */
@EnabledIf("io.github.fornada.Extent#isWhole")
final class RemotePoolTest extends AbstractPoolTest implements TogetherContract {
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

  private static Pool openOne(int workers, UnaryOperator<TaskPolicy> policy) {
    return NearbyPool.open(workers, Math.min(2, workers), policy);
  }

  /** It has worker JVMs, whose class is not this one's. */
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
    return Busy.scaled(Duration.ofMillis(800));
  }

  @Override
  public int rounds() {
    return 3;
  }
}
