package io.github.fornada.contract;

import io.github.fornada.Pool;
import io.github.fornada.TaskPolicy;
import java.nio.file.Path;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A recording has what every pool of this JVM does, so these do not run beside other tests. */
class FlightContractTest {
  @Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  abstract static class OnOneKind implements FlightContract {
    private final PoolUnderTest kind;

    @TempDir Path folder;

    OnOneKind(PoolUnderTest kind) {
      this.kind = kind;
    }

    @Override
    public Pool open(int workers, UnaryOperator<TaskPolicy> policy) {
      return kind.open(workers, policy);
    }

    @Override
    public Path folder() {
      return folder;
    }
  }

  @Nested
  final class Sequential extends OnOneKind {
    Sequential() {
      super(new SequentialPoolTest());
    }
  }

  @Nested
  final class Threads extends OnOneKind {
    Threads() {
      super(new ThreadPoolTest());
    }
  }

  @Nested
  final class VirtualThreads extends OnOneKind {
    VirtualThreads() {
      super(new VirtualThreadPoolTest());
    }
  }

  @Nested
  final class Processes extends OnOneKind {
    Processes() {
      super(new ProcessPoolTest());
    }
  }
}
