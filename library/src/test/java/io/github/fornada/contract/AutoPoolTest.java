package io.github.fornada.contract;

import io.github.fornada.Busy;
import io.github.fornada.ExecutionModel;
import io.github.fornada.InPart;
import io.github.fornada.LeftOut;
import io.github.fornada.Pool;
import io.github.fornada.TaskPolicy;
import io.github.fornada.advice.AutoOptions;
import io.github.fornada.advice.AutoPool;
import io.github.fornada.advice.AutoPools;
import io.github.fornada.advice.decide.Setting;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.condition.DisabledIf;

/**
 * The pool that chooses its setting holds the contract of all pools, as it is, with each setting,
 * and while the setting changes every few milliseconds. The last, on threads, has every contract
 * and is the quickest: {@code mvn verify} runs that one.
 */
@InPart
final class AutoPoolTest {
  private static UnaryOperator<AutoOptions> options(
      int workers, UnaryOperator<TaskPolicy> policy, String name) {
    return o -> o.withMostInFlight(workers).withName(name).withPolicy(policy.apply(o.policy()));
  }

  private static Pool fixed(
      ExecutionModel model, int workers, UnaryOperator<TaskPolicy> policy, String name) {
    return AutoPools.fixed(new Setting(model, workers), options(workers, policy, name));
  }

  @Nested
  @LeftOut
  final class AsItIs extends AbstractPoolTest implements LocalContract {
    @Override
    public Pool open(int workers, UnaryOperator<TaskPolicy> policy) {
      return AutoPool.open(
          o -> options(workers, policy, "threads").apply(o).withoutMemory().withMostProcesses(0));
    }
  }

  @Nested
  @LeftOut
  final class InSequence extends AbstractPoolTest implements LocalContract {
    @Override
    public Pool open(int workers, UnaryOperator<TaskPolicy> policy) {
      return fixed(ExecutionModel.SEQUENTIAL, 1, policy, "sequential");
    }
  }

  @Nested
  @LeftOut
  final class OnThreads extends AbstractPoolTest implements LocalContract, TogetherContract {
    @Override
    public Pool open(int workers, UnaryOperator<TaskPolicy> policy) {
      return fixed(ExecutionModel.PLATFORM_THREADS, workers, policy, "threads");
    }
  }

  @Nested
  @LeftOut
  final class OnVirtualThreads extends AbstractPoolTest implements LocalContract, TogetherContract {
    @Override
    public Pool open(int workers, UnaryOperator<TaskPolicy> policy) {
      return fixed(ExecutionModel.VIRTUAL_THREADS, workers, policy, "virtual");
    }
  }

  @Nested
  @LeftOut
  final class InProcesses extends AbstractPoolTest implements TogetherContract {
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

    private static Pool openOne(int workers, UnaryOperator<TaskPolicy> policy) {
      return fixed(ExecutionModel.PROCESSES, workers, policy, "processes");
    }

    /** Longer, for a worker that replaces another has yet to load what an item needs. */
    @Override
    public Duration limit() {
      return Busy.scaled(Duration.ofMillis(800));
    }

    @Override
    public boolean refusesWhatCannotBeSent(Pool pool) {
      return false; // it stays in this JVM
    }

    @Override
    public int rounds() {
      return 3;
    }
  }

  @Nested
  @DisabledIf("io.github.fornada.Extent#isRest")
  final class OnThreadsInAStorm extends AbstractPoolTest
      implements LocalContract, TogetherContract {
    private static final AtomicLong SEED = new AtomicLong(42);

    @Override
    public Pool open(int workers, UnaryOperator<TaskPolicy> policy) {
      return AutoPools.storm(0, SEED.incrementAndGet(), options(workers, policy, "threads"));
    }
  }

  @Nested
  @LeftOut
  final class InAStorm extends AbstractPoolTest implements TogetherContract {
    private static final AtomicLong SEED = new AtomicLong(4711);

    @Override
    public Pool open(int workers, UnaryOperator<TaskPolicy> policy) {
      return AutoPools.storm(workers, SEED.incrementAndGet(), options(workers, policy, "auto"));
    }

    @Override
    public Duration limit() {
      return Busy.scaled(Duration.ofMillis(800));
    }

    @Override
    public boolean refusesWhatCannotBeSent(Pool pool) {
      return false; // it stays in this JVM
    }

    @Override
    public int rounds() {
      return 3;
    }
  }
}
