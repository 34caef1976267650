package io.github.fornada.threads;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.SideBySide;
import io.github.fornada.Waiting;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Waits for a pool's future in a thread of a {@link ForkJoinPool} that adds no other meanwhile. */
@Timeout(240)
@SideBySide
final class ForkJoinWaitTest {
  private static final long PATIENCE_SECONDS = 60;

  private static boolean waits(@Nullable Thread thread) {
    return thread != null && thread.getState() == Thread.State.WAITING;
  }

  /** A task that waits in {@code pool}, which {@code stop} changes before the wait begins. */
  private static void waits(ForkJoinPool pool, Runnable stop, boolean joins) throws Exception {
    var release = new CountDownLatch(1);
    try (pool;
        var tasks = VirtualThreadPool.open()) {
      var future =
          tasks.submit(
              5,
              x -> {
                release.await();
                return x;
              });
      var began = new CountDownLatch(1);
      var goOn = new CountDownLatch(1);
      var waiter = new AtomicReference<Thread>();
      var end = new CompletableFuture<Integer>();
      Callable<Integer> wait = joins ? future::join : future::get;
      pool.execute(() -> {
        began.countDown();
        try {
          goOn.await();
        } catch (InterruptedException e) {
          // the pool is stopped
        }
        waiter.set(Thread.currentThread());
        try {
          end.complete(wait.call());
        } catch (Throwable e) {
          end.completeExceptionally(e);
        }
      });
      assertThat(began.await(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
      stop.run();
      if (!pool.isShutdown()) {
        goOn.countDown();
      }
      try {
        Waiting.until("the task waits", () -> end.isDone() || waits(waiter.get()));
      } finally {
        release.countDown();
      }
      assertThat(end.get(PATIENCE_SECONDS, TimeUnit.SECONDS)).isEqualTo(5);
    }
  }

  private static ForkJoinPool atItsMaximum() {
    return new ForkJoinPool(
        1,
        ForkJoinPool.defaultForkJoinWorkerThreadFactory,
        null,
        false,
        1,
        1,
        1,
        null,
        60,
        TimeUnit.SECONDS);
  }

  @Test
  void aJoinInAPoolThatIsStoppedWaitsForItsFuture() throws Exception {
    var pool = new ForkJoinPool(1);
    waits(pool, pool::shutdownNow, true);
  }

  @Test
  void aGetInAPoolThatIsStoppedWaitsForItsFuture() throws Exception {
    var pool = new ForkJoinPool(1);
    waits(pool, pool::shutdownNow, false);
  }

  @Test
  void aJoinInAPoolThatMayHaveNoMoreThreadsWaitsForItsFuture() throws Exception {
    waits(atItsMaximum(), () -> {}, true);
  }
}
