package io.github.fornada.cli;

import io.github.fornada.Outcome;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskListener;
import io.github.fornada.TaskPolicy;
import io.github.fornada.TaskUsage;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import jdk.management.VirtualThreadSchedulerMXBean;
import org.jspecify.annotations.Nullable;

/**
 * Detects that no virtual thread makes progress. The JVM never takes a processor away from a
 * virtual thread that computes, so a few endless loops that ignore interrupts block all others. The
 * scheduler then gets more carrier threads, twice as many each time, up to the JVM's own maximum;
 * beyond it the run has to be stopped.
 *
 * <p>All pools of virtual threads in a JVM share one scheduler, so there is one watch for all pools
 * of a run: where one has nothing to do any more, the items of another may be what keeps the
 * scheduler busy, and all is well.
 */
final class StallWatch implements AutoCloseable {
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

  /** How many items have not ended within their timeout and the grace after it. */
  private final AtomicLong ignoring = new AtomicLong();

  // Written before the start.

  /** The longest time without an event while all is well, if every pool has a timeout. */
  private Duration longest = Duration.ZERO;

  private boolean hasTimeout;
  private boolean hasPoolWithoutTimeout;

  /**
   * Returns a listener for a pool of virtual threads. Before the start.
   *
   * @param timeout how long one of its items may take; null for any time
   */
  TaskListener of(@Nullable Duration timeout) {
    if (timeout == null) {
      hasPoolWithoutTimeout = true;
      return event -> lastEventNanos = System.nanoTime();
    }
    hasTimeout = true;
    Duration whole = timeout.plus(TaskPolicy.DEFAULT.grace());
    longest = whole.compareTo(longest) > 0 ? whole : longest;
    long wholeNanos = whole.toNanos();
    return event -> {
      lastEventNanos = System.nanoTime();
      if (event instanceof TaskEvent.Finished finished
          && finished.outcome() instanceof Outcome.TimedOut
          && tookAtLeast(wholeNanos, finished.usage())) {
        ignoring.incrementAndGet();
      }
    };
  }

  private static boolean tookAtLeast(long nanos, @Nullable TaskUsage usage) {
    return usage != null && usage.endedNanos() - usage.startedNanos() >= nanos;
  }

  /**
   * Begins to check, if a pool has a timeout: else its tasks may take the processors for ever.
   *
   * @param progress tells it when the other tasks go on in spite of those that ignore interrupts
   * @param onStall called once, when nothing helps
   */
  void start(Progress progress, Runnable onStall) {
    if (!hasTimeout) {
      return;
    }
    long quietNanos = longest.plus(MARGIN).toNanos();
    var scheduler = ManagementFactory.getPlatformMXBean(VirtualThreadSchedulerMXBean.class);
    Thread.ofPlatform()
        .daemon()
        .name("fornada-stall-watch")
        .start(() -> {
          try {
            while (!closed.await(CHECK_MILLIS, TimeUnit.MILLISECONDS)) {
              if (System.nanoTime() - lastEventNanos > quietNanos
                  && scheduler.getQueuedVirtualThreadCount() > 0
                  && scheduler.getMountedVirtualThreadCount() >= scheduler.getParallelism()
                  && areOverTheirTimeout(scheduler.getParallelism())) {
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

  /**
   * Returns whether those that hold the processors are over a timeout. Where no item may take as
   * long as nothing has happened, they are; an item without a timeout may take any time.
   */
  private boolean areOverTheirTimeout(int held) {
    return !hasPoolWithoutTimeout || ignoring.get() >= held;
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
