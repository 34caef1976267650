package io.github.fornada.async;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Waiting;
import io.github.fornada.guide.Kitchen;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import jdk.jfr.Recording;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tasks that keep a carrier from the others. */
@Timeout(240)
final class CarrierWatchTest {
  private static final Duration LIMIT = Duration.ofMillis(100);

  /** Tasks of other tests may still be ending. */
  private static void keep(CarrierWatch.Held one, List<CarrierWatch.Held> held) {
    if (one.scope().equals("kitchen")) {
      held.add(one);
    }
  }

  /**
   * Those that hold a carrier while they wait. One that a busy machine stops, with any task on it,
   * is held by that too.
   */
  private static void keepPinned(CarrierWatch.Held one, List<CarrierWatch.Held> held) {
    if (one.isPinned()) {
      keep(one, held);
    }
  }

  @Test
  void aTaskThatComputesForLongIsReportedOnceWithItsStack() throws Exception {
    // A carrier that a busy machine stops, with the other task, is held by that.
    Waiting.inOneOfFewRuns(CarrierWatchTest::theSpinnerIsReportedOnce);
  }

  private static void theSpinnerIsReportedOnce() throws Exception {
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
      Waiting.until("the spinner is reported", () -> !held.isEmpty());
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
            "Run long computations and native code that blocks on a ThreadPool or a"
                + " ProcessPool.");
  }

  @Test
  void aTaskThatWaitsWhereItCannotLeaveItsCarrierIsReportedAsPinned() throws Exception {
    var held = new CopyOnWriteArrayList<CarrierWatch.Held>();
    try (var watch = CarrierWatch.open(LIMIT, one -> keepPinned(one, held));
        var scope = TaskScope.open(o -> o.withName("kitchen"))) {
      assertThat(watch).isNotNull();
      scope.fork("cook", Kitchen.Fridge::open);
      try {
        Waiting.until("the cook is reported", () -> !held.isEmpty());
      } finally {
        Kitchen.Fridge.cool();
      }
      scope.join();
    }
    assertThat(held).hasSize(1);
    assertThat(held.getFirst().purpose()).isEqualTo("cook");
    assertThat(held.getFirst().toString())
        .contains(", pinned, at Kitchen.await:")
        .contains(" in CountDownLatch.await");
  }

  /**
   * With so many tasks the watch does not check waiting ones for being pinned: only the recorder
   * reports them.
   */
  @Test
  void theFlightRecorderTellsOfPinnedTasksAmongMany() throws Exception {
    var held = new CopyOnWriteArrayList<CarrierWatch.Held>();
    var enough = new CountDownLatch(1);
    try (var recording = new Recording()) {
      recording.start(); // a watch uses the recorder only if it records already
      try (var watch = CarrierWatch.open(LIMIT, one -> keepPinned(one, held));
          var scope = TaskScope.open(o -> o.withName("kitchen"))) {
        assertThat(watch).isNotNull();
        for (int i = 0; i <= CarrierWatch.MANY; i++) {
          scope.fork(() -> {
            enough.await();
            return null;
          });
        }
        Subtask<?> cook =
            scope.fork(
                "cook",
                () -> {
                  Kitchen.Oven.open();
                  enough.await();
                  return null;
                });
        try {
          Waiting.until("the cook waits", () -> isWaiting(scope));
          LockSupport.parkNanos(LIMIT.toNanos() * 3);
          assertThat(held).as("reported by the watch's own looks").isEmpty();
        } finally {
          Kitchen.Oven.heat();
        }
        try {
          Waiting.until("the cook is reported", () -> !held.isEmpty());
          assertThat(cook.state()).isEqualTo(Subtask.State.UNAVAILABLE);
        } finally {
          enough.countDown();
        }
        scope.join();
      }
    }
    assertThat(held).hasSize(1);
    CarrierWatch.Held one = held.getFirst();
    assertThat(one.purpose()).isEqualTo("cook");
    assertThat(one.time()).isGreaterThanOrEqualTo(LIMIT);
    assertThat(one.carrier()).startsWith("ForkJoinPool-");
    assertThat(one.stack()).anyMatch(frame -> frame.getMethodName().equals("<clinit>"));
    assertThat(one.toString())
        .contains(", pinned, at Kitchen.await:")
        .contains(" in CountDownLatch.await");
  }

  private static boolean isWaiting(TaskScope<?, ?> scope) {
    Child<?> newest = scope.newest;
    Thread runner = newest == null ? null : newest.thread;
    return runner != null && runner.getState() == Thread.State.WAITING;
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
