package io.github.fornada.async;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/**
 * A clock that advances only when a test says so; or, made with {@link #jumping}, at once to the
 * end of every pause.
 */
final class ManualTicker implements Ticker {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final boolean jumps;
  private final List<Duration> pauses = new ArrayList<>();
  private final Map<Thread, Long> parked = new HashMap<>();

  // Far from zero, and soon to overflow: only differences may matter.
  private long now = Long.MAX_VALUE - 1_000;

  /** How much later than requested a jump ends. */
  private long lateness;

  private ManualTicker(boolean jumps) {
    this.jumps = jumps;
  }

  static ManualTicker standing() {
    return new ManualTicker(false);
  }

  static ManualTicker jumping() {
    return new ManualTicker(true);
  }

  @Override
  public synchronized long nanos() {
    return now;
  }

  @Override
  public void parkUntil(Object blocker, long moment) {
    synchronized (this) {
      if (moment - now <= 0) {
        return;
      }
      pauses.add(Duration.ofNanos(moment - now));
      if (jumps) {
        now = moment + lateness;
        return;
      }
      parked.put(Thread.currentThread(), moment);
      notifyAll();
    }
    LockSupport.park(blocker);
    synchronized (this) {
      parked.remove(Thread.currentThread());
    }
  }

  synchronized void setLateness(Duration late) {
    lateness = late.toNanos();
  }

  /** Advances the time. */
  synchronized void advance(Duration time) {
    now += time.toNanos();
    parked.forEach((thread, until) -> {
      if (until - now <= 0) {
        LockSupport.unpark(thread);
      }
    });
  }

  /** Waits until {@code threads} threads pause. */
  synchronized void awaitParked(int threads) throws InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (parked.size() != threads) {
      assertThat(System.nanoTime()).as("threads that pause: %s", parked).isLessThan(end);
      wait(10);
    }
  }

  /** Returns all pauses that were requested so far. */
  synchronized List<Duration> pauses() {
    return List.copyOf(pauses);
  }
}
