package io.github.fornada.cli;

import io.github.fornada.TaskEvent;
import io.github.fornada.TaskListener;
import io.github.fornada.TaskPolicy;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import jdk.management.VirtualThreadSchedulerMXBean;

/**
 * Detects that no virtual thread makes progress. The JVM never takes a processor away from a
 * virtual thread that computes, so a few endless loops that ignore interrupts block all others. The
 * scheduler then gets more carrier threads, twice as many each time, up to the JVM's own maximum;
 * beyond it the run has to be stopped.
 */
final class StallWatch implements TaskListener, AutoCloseable {
  /** The message when the run had to be stopped. */
  static final String GIVEN_UP =
      "fornada: stopped: tasks that neither end nor react to interrupts hold every processor that"
          + " virtual threads have here; use --on processes, or --on threads";

  /** The JVM's own maximum number of threads that it adds when virtual threads hold a processor. */
  private static final int MAX_THREADS =
      Integer.getInteger("jdk.virtualThreadScheduler.maxPoolSize", 256);

  private static final long CHECK_MILLIS = 500;

  /**
   * The time without progress in addition to the timeout and the grace of an item. Guess: longer
   * than any pause of a healthy machine.
   */
  private static final Duration MARGIN = Duration.ofSeconds(3);

  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile long lastEventNanos = System.nanoTime();
  private volatile boolean stalled;

  @Override
  public void onEvent(TaskEvent event) {
    lastEventNanos = System.nanoTime();
  }

  /**
   * Begins to check.
   *
   * @param timeout how long one item may take
   * @param progress tells it when the other tasks go on in spite of those that ignore interrupts
   * @param onStall called once, when nothing helps
   */
  void start(Duration timeout, Progress progress, Runnable onStall) {
    long quietNanos = timeout.plus(TaskPolicy.DEFAULT.grace()).plus(MARGIN).toNanos();
    var scheduler = ManagementFactory.getPlatformMXBean(VirtualThreadSchedulerMXBean.class);
    Thread.ofPlatform()
        .daemon()
        .name("fornada-stall-watch")
        .start(() -> {
          try {
            while (!closed.await(CHECK_MILLIS, TimeUnit.MILLISECONDS)) {
              if (System.nanoTime() - lastEventNanos > quietNanos
                  && scheduler.getQueuedVirtualThreadCount() > 0
                  && scheduler.getMountedVirtualThreadCount() >= scheduler.getParallelism()) {
                int held = scheduler.getParallelism();
                if (held >= MAX_THREADS) {
                  stalled = true;
                  onStall.run();
                  return;
                }
                scheduler.setParallelism(Math.min(2 * held, MAX_THREADS));
                progress.message(relief(held));
                lastEventNanos = System.nanoTime();
              }
            }
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // nothing interrupts this thread
          }
        });
  }

  /** Returns the message when the other tasks go on. */
  private static String relief(int stuck) {
    return "fornada: "
        + Words.count(stuck, "task")
        + " over the timeout ignore interrupts and hold every processor that virtual threads have;"
        + " the others go on beside them, slower (--on processes would have ended them)";
  }

  /** Returns whether the run had to be stopped. */
  boolean stalled() {
    return stalled;
  }

  @Override
  public void close() {
    closed.countDown();
  }
}
