package io.github.fornada.jvm;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * The stack of another thread, taken by a helper thread that may be lost. A thread gives its stack
 * only at a safepoint poll, and a compiled counted loop need not have one: with the serial
 * collector it has none until it ends. Whichever thread asks for the stack waits that long. So
 * threads that have other work never ask for a stack themselves.
 */
public final class StackSample {
  /** How long a caller waits for a stack before it goes on without one. */
  public static final Duration LIMIT = Duration.ofMillis(200); // Guess

  /** The maximum number of helper threads. Once all of them are stuck, no stacks are taken. */
  private static final int MAX_THREADS = 16; // Guess

  private static final ThreadPoolExecutor SAMPLERS =
      new ThreadPoolExecutor(
          MAX_THREADS,
          MAX_THREADS,
          1,
          TimeUnit.SECONDS,
          new LinkedBlockingQueue<>(),
          OwnThreads.daemon("fornada-stack").factory());

  static {
    SAMPLERS.allowCoreThreadTimeOut(true);
  }

  private final CountDownLatch taken = new CountDownLatch(1);
  private volatile List<StackTraceElement> frames = List.of();

  /** Whether the wait is over, so that a sample still in the queue need not be taken. */
  private volatile boolean late;

  private StackSample() {}

  /** Returns a sample without a stack, for cases that need none. */
  public static StackSample none() {
    return new StackSample();
  }

  /** Takes the stack of {@code thread}, and waits for it for {@link #LIMIT} at most. */
  public static StackSample of(Thread thread) {
    var sample = new StackSample();
    sample.begin(thread, () -> {});
    sample.await();
    return sample;
  }

  /**
   * Takes the stack of {@code thread} and then runs {@code action}, once, on another thread; after
   * {@link #LIMIT} without the stack, on the timer's. Does not wait. The action must not wait
   * either, nor run user code.
   */
  public static void then(Thread thread, Consumer<StackSample> action) {
    var sample = new StackSample();
    var done = new AtomicBoolean();
    Runnable once =
        () -> {
          if (!done.getAndSet(true)) {
            action.accept(sample);
          }
        };
    Future<?> without =
        Timer.after(
            LIMIT,
            () -> {
              sample.late = true;
              once.run();
            });
    sample.begin(
        thread,
        () -> {
          without.cancel(false);
          once.run();
        });
  }

  private void begin(Thread thread, Runnable afterwards) {
    try {
      SAMPLERS.execute(() -> take(thread, afterwards));
    } catch (OutOfMemoryError e) { // no thread can be started
      taken.countDown();
      afterwards.run();
    }
  }

  private void take(Thread thread, Runnable afterwards) {
    try {
      if (!late) {
        frames = List.of(thread.getStackTrace());
      }
    } finally {
      taken.countDown();
      afterwards.run();
    }
  }

  private void await() {
    boolean interrupted = false;
    long end = System.nanoTime() + LIMIT.toNanos();
    while (true) {
      try {
        late = !taken.await(end - System.nanoTime(), TimeUnit.NANOSECONDS);
        break;
      } catch (InterruptedException e) {
        interrupted = true; // it does not concern the stack: the wait goes on, and is short
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Returns the stack; empty until it was taken. */
  public List<StackTraceElement> frames() {
    return frames;
  }
}
