package io.github.fornada.async;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.SideBySide;
import io.github.fornada.Waiting;
import io.github.fornada.jvm.OwnThreads;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Timed actions where the system gives no thread, or the heap has no room for them. */
@Timeout(240)
@SideBySide
final class TimedActionsTest {
  private static final ThreadFactory DAEMONS = OwnThreads.daemon("fornada-test-timer").factory();

  private static OutOfMemoryError noThread() {
    return new OutOfMemoryError("unable to create native thread");
  }

  @Test
  void anActionIsRunByTheThreadThatThereIsThoughAnotherCannotBeStarted() {
    var made = new AtomicInteger();
    var actions =
        new TimedActions(body -> {
          if (made.getAndIncrement() > 0) {
            throw noThread();
          }
          return DAEMONS.newThread(body);
        });
    var ran = new AtomicInteger();
    var _ = actions.after(Duration.ZERO, ran::incrementAndGet);
    Waiting.until("the first action has run", () -> ran.get() == 1);
    var _ = actions.after(Duration.ZERO, ran::incrementAndGet);
    Waiting.until("the second action has run", () -> ran.get() == 2);
    assertThat(made.get()).as("threads that it has asked for").isGreaterThan(1);
  }

  @Test
  void anActionIsRunAsSoonAsAThreadCanBeStarted() {
    var refusals = new AtomicInteger(3);
    var actions =
        new TimedActions(body -> {
          if (refusals.getAndDecrement() > 0) {
            throw noThread();
          }
          return DAEMONS.newThread(body);
        });
    var ran = new AtomicBoolean();
    var _ = actions.after(Duration.ZERO, () -> ran.set(true));
    Waiting.until("the action has run", ran::get);
  }

  @Test
  void anActionThatWaitsForAThreadCanBeCancelled() {
    var gives = new AtomicBoolean();
    var actions =
        new TimedActions(body -> {
          if (!gives.get()) {
            throw noThread();
          }
          return DAEMONS.newThread(body);
        });
    var ran = new AtomicInteger();
    Future<?> first = actions.after(Duration.ZERO, () -> ran.addAndGet(10));
    assertThat(first.cancel(false)).isTrue();
    gives.set(true);
    var _ = actions.after(Duration.ZERO, ran::incrementAndGet);
    Waiting.until("the second action has run", () -> ran.get() % 10 == 1);
    assertThat(ran.get()).isEqualTo(1);
  }

  @Test
  void anActionThatTheHeapHadNoRoomForIsRunAgain() {
    var actions = new TimedActions(DAEMONS);
    var runs = new AtomicInteger();
    var done = new AtomicBoolean();
    var _ =
        actions.after(
            Duration.ZERO,
            () -> {
              if (runs.incrementAndGet() < 3) {
                throw new OutOfMemoryError("Java heap space");
              }
              done.set(true);
            });
    Waiting.until("it has been done", done::get);
    assertThat(runs.get()).isEqualTo(3);
  }
}
