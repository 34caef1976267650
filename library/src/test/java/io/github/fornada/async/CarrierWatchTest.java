package io.github.fornada.async;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** Tasks that keep a carrier from the others. */
final class CarrierWatchTest {
  private static final Duration LIMIT = Duration.ofMillis(100);

  private static void spin(AtomicBoolean enough) {
    while (!enough.get()) {
      Thread.onSpinWait();
    }
  }

  @Test
  void aTaskThatComputesForLongIsReportedOnceWithItsStack() throws Exception {
    var enough = new AtomicBoolean();
    var held = new CopyOnWriteArrayList<CarrierWatch.Held>();
    try (var watch = CarrierWatch.open(LIMIT, held::add);
        var scope = TaskScope.open(o -> o.withName("kitchen"))) {
      assertThat(watch).isNotNull();
      scope.fork(
          "sleeper",
          () -> {
            while (!enough.get()) {
              LockSupport.parkNanos(20_000_000);
            }
          });
      scope.fork("spinner", () -> spin(enough));
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
    assertThat(one.stack()).anyMatch(frame -> frame.getMethodName().equals("spin"));
    assertThat(one.toString())
        .startsWith("the task \"spinner\" of scope \"kitchen\" has held the carrier thread ")
        .contains("CarrierWatchTest.spin(CarrierWatchTest.java:")
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
}
