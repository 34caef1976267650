package io.github.fornada.async;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** What the tests of verbs have in common. */
final class Threads {
  /** Long enough for any machine; only a failing test waits that long. */
  static final Duration PATIENCE = Duration.ofSeconds(60);

  private Threads() {}

  /** A call on a thread of its own, and how it ended. */
  static final class Running<R> {
    private final CompletableFuture<R> end = new CompletableFuture<>();
    private final Thread thread;

    private Running(Callable<R> task, boolean isVirtual) {
      Runnable body =
          () -> {
            try {
              end.complete(task.call());
            } catch (Throwable e) {
              end.completeExceptionally(e);
            }
          };
      thread = isVirtual ? Thread.startVirtualThread(body) : Thread.ofPlatform().start(body);
    }

    Thread thread() {
      return thread;
    }

    void interrupt() {
      thread.interrupt();
    }

    R result() throws Exception {
      return end.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    Throwable failure() throws Exception {
      return end.handle((r, e) -> e == null ? new AssertionError("it gave " + r) : e)
          .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }
  }

  static <R> Running<R> start(Callable<R> task) {
    return new Running<>(task, true);
  }

  static <R> Running<R> startOnPlatformThread(Callable<R> task) {
    return new Running<>(task, false);
  }

  /** Gives a virtual thread's carrier to another one, so that calls overlap on few processors. */
  @SuppressWarnings("ThreadPriorityCheck") // nothing depends on it
  static void letOthersRun() {
    Thread.yield();
  }

  /** A task that waits until it is interrupted, and records that. */
  static final class Endless implements Callable<String> {
    private final CountDownLatch begun = new CountDownLatch(1);
    final AtomicInteger running = new AtomicInteger();
    final AtomicInteger interrupted = new AtomicInteger();

    @Override
    public String call() throws InterruptedException {
      running.incrementAndGet();
      begun.countDown();
      try {
        new CountDownLatch(1).await();
        return "never";
      } catch (InterruptedException e) {
        interrupted.incrementAndGet();
        throw e;
      } finally {
        running.decrementAndGet();
      }
    }

    /** Waits until some thread runs it. */
    void awaitBegun() throws InterruptedException {
      assertThat(begun.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).as("begun").isTrue();
    }
  }
}
