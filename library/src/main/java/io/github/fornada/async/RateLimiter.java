package io.github.fornada.async;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A rate limiter: at most N calls per period; excess callers wait in FIFO order.
 *
 * {@snippet :
 * RateLimiter quota = RateLimiter.perSecond(50);
 * List<Page> pages = Async.gather(uris, quota.wrap(Pages::get));
 * }
 *
 * <p><b>Bound.</b> In any stretch of time of length {@code t}, at most {@code burst + t * calls /
 * period} calls begin. The burst is how many calls may begin at once after an idle time; it also
 * makes up for threads that wake up late. With a burst of 1 nothing is made up for, and the mean
 * rate falls below the bound by as much as the system wakes threads late. Unless {@linkplain
 * #withBurst(int) set}, the burst is the calls of 20 ms, plus one.
 *
 * <p><b>Interrupts.</b> A waiting thread can be interrupted; its turn goes to the next thread.
 *
 * <p>Time is counted exactly, to fractions of a nanosecond, so that nothing drifts. Only the
 * beginnings of calls count, not how long they take; for that there is {@link ConcurrencyLimiter}.
 *
 * <p>The method is the generic cell rate algorithm (GCRA) of ATM networks, which is a token bucket
 * that stores one point in time. Unlike with Guava's RateLimiter, waiting threads take no tokens
 * before their turn.
 */
public final class RateLimiter implements CallPolicy {
  /** Guess: threads are woken much sooner than this, even on a busy machine. */
  private static final long MADE_UP_FOR_NANOS = 20_000_000;

  private final int calls;
  private final Duration period;
  private final int burst;
  private final Ticker ticker;
  private final Schedule schedule;
  private final ReentrantLock lock = new ReentrantLock();

  /** Guarded by the lock. */
  private final WaitQueue queue = new WaitQueue();

  private RateLimiter(int calls, Duration period, int burst, Ticker ticker) {
    if (calls < 1) {
      throw new IllegalArgumentException("calls must be at least 1, got " + calls);
    }
    if (!period.isPositive()) {
      throw new IllegalArgumentException("period must be positive, got " + period);
    }
    if (burst < 1) {
      throw new IllegalArgumentException("burst must be at least 1, got " + burst);
    }
    this.calls = calls;
    this.period = period;
    this.burst = burst;
    this.ticker = ticker;
    this.schedule = new Schedule(Ticker.nanosOf(period), calls, burst, ticker.nanos());
  }

  /** Returns a limiter of at most {@code calls} calls a second, spread evenly over it. */
  public static RateLimiter perSecond(int calls) {
    return of(calls, Duration.ofSeconds(1));
  }

  /** Returns a limiter of at most {@code calls} calls a minute, spread evenly over it. */
  public static RateLimiter perMinute(int calls) {
    return of(calls, Duration.ofMinutes(1));
  }

  /**
   * Returns a limiter of at most {@code calls} calls per {@code period}, spread evenly over it.
   *
   * @throws IllegalArgumentException if {@code calls} is less than 1 or {@code period} is not
   *     positive
   */
  public static RateLimiter of(int calls, Duration period) {
    return of(calls, period, Ticker.SYSTEM);
  }

  static RateLimiter of(int calls, Duration period, Ticker ticker) {
    double worth = (double) MADE_UP_FOR_NANOS * calls / Math.max(1, Ticker.nanosOf(period));
    return new RateLimiter(calls, period, 1 + (int) Math.min(worth, 1_000_000), ticker);
  }

  /**
   * Returns a new limiter that lets {@code calls} calls begin at once after an idle time.
   *
   * @throws IllegalArgumentException if {@code calls} is less than 1
   */
  public RateLimiter withBurst(int calls) {
    return new RateLimiter(this.calls, period, calls, ticker);
  }

  /** Waits for a turn, and then calls {@code task}. */
  @Override
  public <R extends @Nullable Object> R call(Callable<? extends R> task) throws Exception {
    acquire();
    return task.call();
  }

  /**
   * Waits for a turn.
   *
   * @throws InterruptedException if the calling thread was interrupted before its turn
   */
  public void acquire() throws InterruptedException {
    // No wait lasts a century.
    boolean acquired = tryAcquire(Ticker.LONGEST);
    assert acquired;
  }

  /** Takes a turn if one is free now. Never waits. Returns whether a call may begin. */
  public boolean tryAcquire() {
    lock.lock();
    try {
      return queue.size() == 0 && schedule.take(ticker.nanos());
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits for a turn, at most {@code timeout}; returns false if it did not come.
   *
   * @throws InterruptedException if the calling thread was interrupted before its turn
   */
  public boolean tryAcquire(Duration timeout) throws InterruptedException {
    return tryAcquire(Ticker.nanosOf(Objects.requireNonNull(timeout, "timeout")));
  }

  /** Returns how many threads wait for their turn at this moment. */
  public int waiting() {
    lock.lock();
    try {
      return queue.size();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public String toString() {
    return "RateLimiter[" + calls + " calls in " + period + ", burst " + burst + "]";
  }

  private boolean tryAcquire(long nanos) throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    WaitQueue.Waiter waiter;
    long end;
    lock.lock();
    try {
      long now = ticker.nanos();
      if (queue.size() == 0 && schedule.take(now)) {
        return true;
      }
      if (nanos <= 0) {
        return false;
      }
      end = now + nanos;
      waiter = queue.join();
    } finally {
      lock.unlock();
    }
    return await(waiter, end);
  }

  /**
   * Waits for the turn of {@code waiter}. Only the first in the queue waits for the time; the
   * others wait until they are first.
   */
  private boolean await(WaitQueue.Waiter waiter, long end) throws InterruptedException {
    try {
      while (true) {
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
        long until = end;
        lock.lock();
        try {
          long now = ticker.nanos();
          if (isFirst(waiter)) {
            if (schedule.take(now)) {
              return true;
            }
            long due = schedule.due();
            until = due - end < 0 ? due : end;
          }
          if (end - now <= 0) {
            return false;
          }
        } finally {
          lock.unlock();
        }
        ticker.parkUntil(this, until);
      }
    } finally {
      leave(waiter);
    }
  }

  @SuppressWarnings("ReferenceEquality") // a waiter is an identity
  private boolean isFirst(WaitQueue.Waiter waiter) {
    return queue.first() == waiter;
  }

  /**
   * Leaves the queue, with a turn or without; the next thread is then the first, and must wait for
   * the time.
   */
  private void leave(WaitQueue.Waiter waiter) {
    WaitQueue.Waiter next;
    lock.lock();
    try {
      next = isFirst(waiter) ? waiter : null;
      queue.leave(waiter);
      next = next == null ? null : queue.first();
    } finally {
      lock.unlock();
    }
    if (next != null) {
      LockSupport.unpark(next.thread);
    }
  }

  /** GCRA: when calls conform. Guarded by the limiter's lock. */
  private static final class Schedule {
    // One interval is (whole + part / calls) nanoseconds.
    private final long whole;
    private final long part;
    private final int calls;

    // How far the schedule may be ahead of time: burst - 1 intervals, in the same units.
    private final long tolerance;
    private final long tolerancePart;

    /** The theoretical arrival time: when the next call would be, were they evenly spread. */
    private long arrival;

    /** The fraction of a nanosecond of {@link #arrival}, in units of 1 / calls. */
    private long fraction;

    Schedule(long periodNanos, int calls, int burst, long now) {
      this.whole = periodNanos / calls;
      this.part = periodNanos % calls;
      this.calls = calls;
      long parts = part * (burst - 1);
      long ahead = parts / calls;
      // Limited to a century, so that nothing overflows.
      boolean isLong = burst > 1 && whole > (Ticker.LONGEST - ahead) / (burst - 1);
      this.tolerance = isLong ? Ticker.LONGEST : whole * (burst - 1) + ahead;
      this.tolerancePart = parts % calls;
      this.arrival = now;
    }

    /** Returns the earliest moment at which the next call may begin. */
    long due() {
      // A fraction of a nanosecond is rounded up.
      return arrival - tolerance + (fraction > tolerancePart ? 1 : 0);
    }

    boolean take(long now) {
      if (due() - now > 0) {
        return false;
      }
      if (arrival - now < 0) {
        arrival = now;
        fraction = 0;
      }
      arrival += whole;
      fraction += part;
      if (fraction >= calls) {
        fraction -= calls;
        arrival++;
      }
      return true;
    }
  }
}
