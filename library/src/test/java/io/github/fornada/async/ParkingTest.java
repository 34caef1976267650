package io.github.fornada.async;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Waiting;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Waits of a task in a {@link ForkJoinPool} with one thread, for a later task of the same pool: as
 * in the common pool of a machine with two processors.
 */
@Timeout(240)
final class ParkingTest {
  private static final Duration DEADLINE = Duration.ofSeconds(30);

  /** What ends the wait of the first task. */
  private interface Release {
    void run() throws Exception;
  }

  private static <T> T waitsFor(Callable<T> wait, Release release) throws Exception {
    try (var pool = new ForkJoinPool(1)) {
      var began = new CountDownLatch(1);
      var first =
          pool.submit(() -> {
            began.countDown();
            return wait.call();
          });
      assertThat(began.await(DEADLINE.toSeconds(), TimeUnit.SECONDS)).isTrue();
      var second =
          pool.submit(() -> {
            release.run();
            return true;
          });
      try {
        assertThat(second.get(DEADLINE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        return first.get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
      } finally {
        first.cancel(true);
        pool.shutdownNow();
      }
    }
  }

  @Test
  void aReceiveLetsThePoolRunTheSender() throws Exception {
    Channel<Integer> channel = Channel.bounded(1);
    assertThat(waitsFor(channel::receive, () -> channel.send(5))).isEqualTo(5);
  }

  @Test
  void aReceiveWithALimitLetsThePoolRunTheSender() throws Exception {
    Channel<Integer> channel = Channel.bounded(1);
    assertThat(waitsFor(() -> channel.tryReceive(DEADLINE), () -> channel.send(5))).isEqualTo(5);
  }

  @Test
  void aSelectLetsThePoolRunTheSender() throws Exception {
    Channel<Integer> left = Channel.bounded(1);
    Channel<Integer> right = Channel.bounded(1);
    Callable<Integer> wait =
        () -> Select.<Integer>of().receive(left, x -> x).receive(right, x -> x).await();
    assertThat(waitsFor(wait, () -> right.send(6))).isEqualTo(6);
  }

  @Test
  void aWaitForAPermitLetsThePoolRunWhoHasIt() throws Exception {
    var limiter = ConcurrencyLimiter.atMost(1);
    ConcurrencyLimiter.Permit permit = limiter.acquire();
    Callable<Integer> wait =
        () -> {
          try (var _ = limiter.acquire()) {
            return 7;
          }
        };
    assertThat(waitsFor(wait, permit::close)).isEqualTo(7);
  }

  @Test
  void aScopeThatWaitsForItsTasksLetsThePoolRunWhatTheyWaitFor() throws Exception {
    var latch = new CountDownLatch(1);
    Callable<Integer> wait =
        () ->
            Async.gather(
                    List.<Callable<Integer>>of(() -> {
                      latch.await();
                      return 8;
                    }))
                .getFirst();
    assertThat(waitsFor(wait, latch::countDown)).isEqualTo(8);
  }

  /**
   * Runs {@code wait} in a pool that is stopped already, and {@code release} once it waits there.
   */
  private static <T> T waitsInAStoppedPool(Callable<T> wait, Release release) throws Exception {
    try (var pool = new ForkJoinPool(1)) {
      var began = new CountDownLatch(1);
      var waiter = new AtomicReference<Thread>();
      var end = new CompletableFuture<T>();
      pool.execute(() -> {
        began.countDown();
        try {
          new CountDownLatch(1).await();
        } catch (InterruptedException e) {
          waiter.set(Thread.currentThread()); // the pool is stopped
        }
        try {
          end.complete(wait.call());
        } catch (Throwable e) {
          end.completeExceptionally(e);
        }
      });
      assertThat(began.await(DEADLINE.toSeconds(), TimeUnit.SECONDS)).isTrue();
      pool.shutdownNow();
      try {
        Waiting.until("the task waits", () -> end.isDone() || waits(waiter.get()));
        assertThat(end).as("what waits for its release").isNotDone();
      } finally {
        release.run();
      }
      return end.get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
    }
  }

  private static boolean waits(@Nullable Thread thread) {
    return thread != null && Waits.isWaiting(thread);
  }

  @Test
  void aReceiveInAPoolThatIsStoppedWaitsForItsElement() throws Exception {
    Channel<Integer> channel = Channel.bounded(1);
    assertThat(waitsInAStoppedPool(channel::receive, () -> channel.send(5))).isEqualTo(5);
  }

  @Test
  void aWaitForAPermitInAPoolThatIsStoppedEndsWithThePermit() throws Exception {
    var limiter = ConcurrencyLimiter.atMost(1);
    ConcurrencyLimiter.Permit permit = limiter.acquire();
    Callable<Integer> wait =
        () -> {
          try (var _ = limiter.acquire()) {
            return 7;
          }
        };
    assertThat(waitsInAStoppedPool(wait, permit::close)).isEqualTo(7);
  }

  @Test
  void aScopeInAPoolThatIsStoppedEndsAfterItsTasks() throws Exception {
    var begun = new CountDownLatch(1);
    var interrupted = new CountDownLatch(1);
    var release = new CountDownLatch(1);
    var hasEnded = new AtomicBoolean();
    Callable<Integer> task =
        () -> {
          begun.countDown();
          try {
            new CountDownLatch(1).await();
          } catch (InterruptedException e) {
            interrupted.countDown();
            release.await(); // it cleans up
            hasEnded.set(true);
          }
          return 8;
        };
    var owner = new AtomicReference<Thread>();
    var end = new CompletableFuture<Throwable>();
    var hadEnded = new AtomicBoolean();
    try (var pool = new ForkJoinPool(1)) {
      pool.execute(() -> {
        owner.set(Thread.currentThread());
        try {
          Async.gather(List.of(task));
          throw new AssertionError("nothing has interrupted the scope");
        } catch (Throwable e) {
          hadEnded.set(hasEnded.get());
          end.complete(e);
        }
      });
      assertThat(begun.await(DEADLINE.toSeconds(), TimeUnit.SECONDS)).isTrue();
      pool.shutdownNow();
      try {
        assertThat(interrupted.await(DEADLINE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        Waiting.until("the owner waits", () -> end.isDone() || waits(owner.get()));
        assertThat(end).as("the end of the scope").isNotDone();
      } finally {
        release.countDown();
      }
      assertThat(end.get(DEADLINE.toSeconds(), TimeUnit.SECONDS))
          .isInstanceOf(InterruptedException.class)
          .hasNoSuppressedExceptions();
      assertThat(hadEnded).as("the task had ended before its scope").isTrue();
    }
  }

  /** The same in a pool that the system gives no thread but its first. */
  private static <T> T waitsWhereNoThreadIsGiven(Callable<T> wait, Release release)
      throws Exception {
    var made = new AtomicInteger();
    var waiter = new AtomicReference<Thread>();
    ForkJoinPool.ForkJoinWorkerThreadFactory factory =
        pool -> {
          if (made.getAndIncrement() > 0) {
            throw new OutOfMemoryError("unable to create native thread");
          }
          return ForkJoinPool.defaultForkJoinWorkerThreadFactory.newThread(pool);
        };
    // Not closed: the JDK's pool counts a thread that it did not get, and then never terminates.
    var pool = new ForkJoinPool(1, factory, null, false);
    var task =
        pool.submit(() -> {
          waiter.set(Thread.currentThread());
          return wait.call();
        });
    try {
      Waiting.until(
          "the task waits, and no thread was given for it",
          () -> task.isDone() || (made.get() > 1 && waits(waiter.get())));
    } finally {
      release.run();
    }
    try {
      return task.get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
    } finally {
      task.cancel(true);
      pool.shutdownNow();
    }
  }

  @Test
  void aReceiveWaitsThoughThePoolGetsNoThreadForItAndLosesNoElement() throws Exception {
    Channel<Integer> channel = Channel.bounded(1);
    assertThat(waitsWhereNoThreadIsGiven(channel::receive, () -> channel.send(5))).isEqualTo(5);
  }

  @Test
  void aScopeWaitsForItsTasksThoughThePoolGetsNoThreadForIt() throws Exception {
    var latch = new CountDownLatch(1);
    Callable<Integer> wait =
        () ->
            Async.gather(
                    List.<Callable<Integer>>of(() -> {
                      latch.await();
                      return 8;
                    }))
                .getFirst();
    assertThat(waitsWhereNoThreadIsGiven(wait, latch::countDown)).isEqualTo(8);
  }
}
