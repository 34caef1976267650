package io.github.fornada.async;

import io.github.fornada.stress.Explorer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** Two threads wait for a rate limiter; the one that waits for the time may be interrupted. */
public final class RateLimiterScenario implements Explorer.Scenario {
  private static final long INTERVAL = 1_000;

  /** Time jumps to the end of each pause that has one. */
  private static final class Jumping implements Ticker {
    private long now;

    @Override
    public long nanos() {
      return now;
    }

    @Override
    public void parkUntil(Object blocker, long moment) {
      if (moment - now > Ticker.LONGEST / 2) {
        LockSupport.park(blocker);
      } else {
        now = Math.max(now, moment);
      }
    }
  }

  private final Ticker ticker = new Jumping();
  private final RateLimiter rate =
      RateLimiter.of(1, Duration.ofNanos(INTERVAL), ticker).withBurst(1);
  private final List<Long> turns = new ArrayList<>();
  private volatile Thread victim;
  private int interrupted;

  public RateLimiterScenario() {
    if (!rate.tryAcquire()) {
      throw new AssertionError("the first turn is free");
    }
    turns.add(ticker.nanos());
  }

  @Override
  public List<Runnable> threads() {
    return List.of(this::first, this::second, this::interrupt);
  }

  private void first() {
    victim = Thread.currentThread();
    try {
      rate.acquire();
      turns.add(ticker.nanos());
    } catch (InterruptedException e) {
      interrupted++;
    }
  }

  private void second() {
    try {
      rate.acquire();
      turns.add(ticker.nanos());
    } catch (InterruptedException e) {
      throw new AssertionError("the wrong one was interrupted", e);
    }
  }

  private void interrupt() {
    Thread thread = victim;
    if (thread != null) {
      thread.interrupt();
    }
  }

  @Override
  public void check() {
    if (turns.size() + interrupted != 3 || rate.waiting() != 0) {
      throw new AssertionError(
          turns + ", interrupted " + interrupted + ", waiting " + rate.waiting());
    }
    // Noted after each turn, so never earlier than the turn.
    if (ticker.nanos() < (turns.size() - 1) * INTERVAL) {
      throw new AssertionError("turns too early: " + turns);
    }
  }
}
