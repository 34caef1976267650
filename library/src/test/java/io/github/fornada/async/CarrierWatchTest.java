package io.github.fornada.async;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.guide.Kitchen;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** Tasks that keep a carrier from the others. */
final class CarrierWatchTest {
  private static final Duration LIMIT = Duration.ofMillis(100);

  /** Tasks of other tests may be on their way out. */
  private static void keep(CarrierWatch.Held one, List<CarrierWatch.Held> held) {
    if (one.scope().equals("kitchen")) {
      held.add(one);
    }
  }

  @Test
  void aTaskThatComputesForLongIsReportedOnceWithItsStack() throws Exception {
    var enough = new AtomicBoolean();
    var held = new CopyOnWriteArrayList<CarrierWatch.Held>();
    try (var watch = CarrierWatch.open(LIMIT, one -> keep(one, held));
        var scope = TaskScope.open(o -> o.withName("kitchen"))) {
      assertThat(watch).isNotNull();
      scope.fork(
          "sleeper",
          () -> {
            while (!enough.get()) {
              LockSupport.parkNanos(20_000_000);
            }
          });
      scope.fork("spinner", () -> Kitchen.stir(enough));
      Eventually.is("the spinner is reported", () -> !held.isEmpty());
      LockSupport.parkNanos(LIMIT.toNanos() * 3);
      enough.set(true);
      scope.join();
    }
    assertThat(held).hasSize(1);
    CarrierWatch.Held one = held.getFirst();
    assertThat(one.purpose()).isEqualTo("spinner");
    assertThat(one.scope()).isEqualTo("kitchen");
    assertThat(one.time()).isGreaterThanOrEqualTo(LIMIT);
    assertThat(one.isPinned()).isFalse();
    assertThat(one.stack()).anyMatch(frame -> frame.getMethodName().equals("stir"));
    assertThat(one.toString())
        .startsWith("the task \"spinner\" of scope \"kitchen\" has held the carrier thread ")
        .contains("Kitchen.stir:")
        .endsWith(
            "Run what computes for long or blocks in native code on a ThreadPool or a"
                + " ProcessPool.");
  }

  @Test
  void itsThreadEndsWithIt() {
    CarrierWatch.open(LIMIT).close();
    Eventually.noThreadIsNamed("fornada-carrier-watch");
  }

  @Test
  void aLimitMustBePositive() {
    assertThatThrownBy(() -> CarrierWatch.open(Duration.ZERO))
        .hasMessage("limit must be positive, got PT0S");
  }

  @Test
  void aLimitBeyondAllTimesIsNeverReached() {
    try (var watch = CarrierWatch.open(Duration.ofSeconds(Long.MAX_VALUE))) {
      assertThat(watch).isNotNull();
    }
  }
}
