package io.github.fornada.async;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.ContextCarrier;
import io.github.fornada.Pool;
import io.github.fornada.SideBySide;
import io.github.fornada.jvm.Suppressed;
import io.github.fornada.threads.SequentialPool;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Programs keep exceptions in constants, to save their stacks, and throw the same objects for as
 * long as they run: what the library adds to them must not grow with that.
 */
@SideBySide
@Timeout(240)
final class SharedExceptionTest {
  private static final int TIMES = 3 * Suppressed.MOST;

  private final RuntimeException down = new IllegalStateException("the service is down");
  private final RuntimeException full = new IllegalArgumentException("the service is full");

  private void staysSmall(Callable<?> call) {
    for (int i = 0; i < TIMES; i++) {
      Throwable thrown = null;
      try {
        call.call();
      } catch (Exception e) {
        thrown = e;
      }
      assertThat(thrown).isNotNull();
    }
    assertThat(down.getSuppressed()).as("suppressed").hasSizeBetween(1, Suppressed.MOST);
    assertThat(full.getSuppressed()).as("suppressed").hasSizeLessThanOrEqualTo(Suppressed.MOST);
  }

  @Test
  void bothCallsOfAHedgeMayThrowThem() {
    Hedge hedge = Hedge.after(Duration.ZERO);
    staysSmall(() -> {
      var calls = new AtomicInteger();
      var second = new CountDownLatch(1);
      return hedge.call(() -> {
        if (calls.incrementAndGet() == 1) {
          second.await();
          throw full;
        }
        second.countDown();
        throw down;
      });
    });
  }

  @Test
  void aTaskThatLeavesAScopeOpenMayThrowThem() {
    staysSmall(() ->
        Async.firstSuccess(
            List.of(() -> {
              var _ = TaskScope.open();
              throw down;
            })));
  }

  @Test
  void anItemThatLeavesAScopeOpenMayThrowThem() throws Exception {
    try (Pool pool = SequentialPool.open()) {
      staysSmall(() ->
          pool.submit(
                  () -> {
                    var _ = TaskScope.open();
                    throw down;
                  })
              .get());
    }
  }

  private record Closes(RuntimeException thrown) implements ContextCarrier<String> {
    private static final long serialVersionUID = 1;

    @Override
    public String capture() {
      return "";
    }

    @Override
    public Scope restore(String captured) {
      return () -> {
        throw thrown;
      };
    }
  }

  @Test
  void aTaskAndItsContextMayThrowThem() throws Exception {
    try (Pool pool = SequentialPool.open(o -> o.withCarrier(new Closes(full)))) {
      staysSmall(() ->
          pool.submit(
                  () -> {
                    throw down;
                  })
              .get());
    }
  }

  @Test
  void theConditionOfARetryMayThrowThem() {
    Retry retry =
        Retry.times(1)
            .on(_ -> {
              throw down;
            });
    staysSmall(() ->
        retry.call(() -> {
          throw full;
        }));
  }

  @Test
  void oneThatSuppressesNothingOrComesAsItsOwnCompanionStaysAsItIs() {
    var deaf =
        new Exception("planted", null, false, false) {
          private static final long serialVersionUID = 1;
        };
    Suppressed.add(deaf, down);
    assertThat(deaf.getSuppressed()).isEmpty();
    Suppressed.add(down, down);
    assertThat(down.getSuppressed()).isEmpty();
  }
}
