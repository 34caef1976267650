package io.github.fornada.async;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.guide.Kitchen;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Many at once, and everything at once. */
@Timeout(600)
final class ScopeStormTest {
  @Test
  void aHundredThousandTasksEndAndAreAllCounted() throws Exception {
    try (var scope = TaskScope.open(Joiner.<Integer>allSuccessfulOrThrow())) {
      for (int i = 0; i < 100_000; i++) {
        int n = i;
        scope.fork(() -> n);
      }
      var results = scope.join();
      assertThat(results).hasSize(100_000);
      for (int i = 0; i < results.size(); i++) {
        assertThat(results.get(i)).isEqualTo(i);
      }
    }
  }

  @Test
  void aHundredThousandTasksThatWaitAreCancelledByOneThatFails() throws Exception {
    var interrupted = new AtomicInteger();
    try (var scope = TaskScope.open(o -> o.withName("crowd"))) {
      for (int i = 0; i < 100_000; i++) {
        scope.fork(() -> {
          try {
            Thread.sleep(Duration.ofDays(1)); // in one queue they would leave it one by one
            return null;
          } catch (InterruptedException e) {
            interrupted.incrementAndGet();
            throw e;
          }
        });
      }
      scope.fork(() -> {
        throw new IOException("enough");
      });
      try {
        scope.join();
      } catch (ScopeFailedException e) {
        assertThat(e).hasCauseInstanceOf(IOException.class);
      }
      assertThat(scope.isCancelled()).isTrue();
    }
    assertThat(interrupted.get()).isBetween(0, 100_000);
    Eventually.noThreadIsNamed("crowd");
  }

  @Test
  void interruptsAtAnyMomentLeaveNothingBehind() throws Exception {
    for (int round = 0; round < 200; round++) {
      int pause = ThreadLocalRandom.current().nextInt(200_000);
      var running = new AtomicInteger();
      var ended = new AtomicBoolean();
      var wrong = new AtomicReference<Throwable>();
      Thread owner =
          Thread.startVirtualThread(() -> {
            try (var scope = TaskScope.open(o -> o.withName("interrupts"))) {
              for (int i = 0; i < 20; i++) {
                scope.fork(() -> {
                  running.incrementAndGet();
                  try (var inner = TaskScope.open()) {
                    inner.fork(() -> Kitchen.waitForEver());
                    return inner.join();
                  } finally {
                    running.decrementAndGet();
                  }
                });
              }
              scope.join();
            } catch (InterruptedException e) {
              ended.set(true);
            } catch (Throwable e) {
              wrong.set(e);
            }
          });
      java.util.concurrent.locks.LockSupport.parkNanos(pause);
      for (int i = 0; i < 5; i++) {
        owner.interrupt();
      }
      assertThat(owner.join(Eventually.PATIENCE)).isTrue();
      assertThat(wrong.get()).isNull();
      assertThat(ended).isTrue();
      assertThat(running).hasValue(0);
    }
    Eventually.noThreadIsNamed("interrupts");
  }

  @Test
  void cancelsFromAllSidesMeetForksAndEnds() throws Exception {
    for (int round = 0; round < 500; round++) {
      var started = new AtomicInteger();
      var ended = new AtomicInteger();
      var go = new CountDownLatch(1);
      try (var scope = TaskScope.open(Joiner.<Object>awaitAll(), o -> o.withName("sides"))) {
        Thread[] cancellers = new Thread[3];
        for (int i = 0; i < cancellers.length; i++) {
          cancellers[i] =
              Thread.startVirtualThread(() -> {
                try {
                  go.await();
                } catch (InterruptedException e) {
                  throw new AssertionError(e);
                }
                scope.cancel();
              });
        }
        for (int i = 0; i < 30; i++) {
          if (i == round % 30) {
            go.countDown();
          }
          boolean waits = i % 2 == 0;
          scope.fork(() -> {
            started.incrementAndGet();
            try {
              return waits ? Kitchen.waitForEver() : null;
            } finally {
              ended.incrementAndGet();
            }
          });
        }
        scope.join();
        for (Thread canceller : cancellers) {
          canceller.join();
        }
      }
      assertThat(ended.get()).as("whatever began has ended").isEqualTo(started.get());
    }
    Eventually.noThreadIsNamed("sides");
  }

  @Test
  @SuppressWarnings({"ThreadPriorityCheck", "InterruptedInCatchBlock"}) // a second one is sought
  void aTaskIsInterruptedOnceAtMost() throws Exception {
    var twice = new AtomicBoolean();
    var started = new CountDownLatch(1);
    try (var scope = TaskScope.open(Joiner.<Object>awaitAll())) {
      scope.fork(() -> {
        started.countDown();
        try {
          Kitchen.waitForEver();
        } catch (InterruptedException e) {
          for (int i = 0; i < 1000; i++) {
            Thread.yield();
            twice.compareAndSet(false, Thread.interrupted());
          }
        }
        return null;
      });
      started.await();
      Thread[] others = new Thread[10];
      for (int i = 0; i < others.length; i++) {
        others[i] = Thread.startVirtualThread(scope::cancel);
      }
      scope.join();
      for (Thread other : others) {
        other.join();
      }
    }
    assertThat(twice).isFalse();
  }
}
