package io.github.fornada.cli;

import io.github.fornada.TaskEvent;
import io.github.fornada.TaskListener;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import jdk.management.VirtualThreadSchedulerMXBean;

/**
 * Notices that virtual threads have come to a stand: the JVM never takes a processor away from a
 * virtual thread that computes, so a few endless loops, over their limit and deaf to interrupts,
 * keep all others waiting for ever.
 */
final class StallWatch implements TaskListener, AutoCloseable {
  private static final long LOOK_MILLIS = 500;

  /** Beyond limit and grace of an item. Guess: longer than any pause of a healthy machine. */
  private static final Duration MARGIN = Duration.ofSeconds(3);

  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile long lastEventNanos = System.nanoTime();
  private volatile boolean stalled;

  @Override
  public void onEvent(TaskEvent event) {
    lastEventNanos = System.nanoTime();
  }

  /**
   * Begins to look.
   *
   * @param longest how long one item may take, its grace included
   * @param onStall what to do, once
   */
  void start(Duration longest, Runnable onStall) {
    long quietNanos = longest.plus(MARGIN).toNanos();
    var scheduler = ManagementFactory.getPlatformMXBean(VirtualThreadSchedulerMXBean.class);
    Thread.ofPlatform()
        .daemon()
        .name("fornada-stall-watch")
        .start(() -> {
          try {
            while (!closed.await(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
              if (System.nanoTime() - lastEventNanos > quietNanos
                  && scheduler.getQueuedVirtualThreadCount() > 0
                  && scheduler.getMountedVirtualThreadCount() >= scheduler.getParallelism()) {
                stalled = true;
                onStall.run();
                return;
              }
            }
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // nobody interrupts this thread
          }
        });
  }

  /** Whether it came to that. */
  boolean stalled() {
    return stalled;
  }

  @Override
  public void close() {
    closed.countDown();
  }
}
