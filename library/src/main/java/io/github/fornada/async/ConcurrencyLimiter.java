package io.github.fornada.async;

import io.github.fornada.TaskFunction;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A concurrency limiter: at most N calls at once; excess callers wait in FIFO order.
 *
 * {@snippet :
 * ConcurrencyLimiter connections = ConcurrencyLimiter.atMost(20);
 * List<Page> pages = Async.gather(uris, connections.wrap(Pages::get));
 * }
 *
 * <p>A permit that is released goes to the thread that has waited longest. No thread overtakes
 * another, not even one that arrives at that moment.
 *
 * <p><b>Memory effects.</b> What a thread did before it released a permit happens-before what the
 * thread does that gets the permit.
 *
 * <p><b>Interrupts.</b> A thread that waits for a permit can be interrupted, and then has none. The
 * permit is released however the call ends. A call within a call under the same limiter needs a
 * second permit: if all calls wait for a second one, they wait forever.
 *
 * <p>It is a fair {@link java.util.concurrent.Semaphore} in the form of a block, like trio's {@code
 * CapacityLimiter}. Unlike with a semaphore, no permit is released twice, or by a thread that has
 * none, and giving up a wait costs the same however many threads wait.
 */
public final class ConcurrencyLimiter implements CallPolicy {
  private final int permits;
  private final Ticker ticker;
  private final ReentrantLock lock = new ReentrantLock();

  /**
   * Guarded by the lock. More than 0 only while no thread waits: permits are handed on directly.
   */
  private int free;

  /** Guarded by the lock. */
  private final WaitQueue queue = new WaitQueue();

  private ConcurrencyLimiter(int permits, Ticker ticker) {
    if (permits < 1) {
      throw new IllegalArgumentException("permits must be at least 1, got " + permits);
    }
    this.permits = permits;
    this.free = permits;
    this.ticker = ticker;
  }

  /**
   * Returns a limiter of at most {@code permits} calls at once, of all calls made under it.
   *
   * @throws IllegalArgumentException if {@code permits} is less than 1
   */
  public static ConcurrencyLimiter atMost(int permits) {
    return atMost(permits, Ticker.SYSTEM);
  }

  static ConcurrencyLimiter atMost(int permits, Ticker ticker) {
    return new ConcurrencyLimiter(permits, ticker);
  }

  /**
   * Returns limiters by key: at most {@code permits} calls at once for one key, such as the host of
   * a URI or the number of a customer. Nothing is kept for keys that are not in use.
   *
   * {@snippet :
   * ConcurrencyLimiter.ByKey<String> perHost = ConcurrencyLimiter.byKey(4);
   * List<Page> pages = Async.gather(uris, perHost.wrap(URI::getHost, Pages::get));
   * }
   */
  public static <K> ByKey<K> byKey(int permits) {
    return new ByKey<>(permits);
  }

  @Override
  public <R extends @Nullable Object> R call(Callable<? extends R> task) throws Exception {
    enter();
    try {
      return task.call();
    } finally {
      exit();
    }
  }

  /**
   * Waits for a permit, for code that is not a single call. Close the permit to release it; any
   * thread may do that, and a second close does nothing.
   *
   * {@snippet :
   * try (var permit = limiter.acquire()) {
   *   send(request);
   * }
   * }
   *
   * @throws InterruptedException if the calling thread was interrupted before it had a permit
   */
  public Permit acquire() throws InterruptedException {
    var permit = new Permit(this); // first: a place for which none can be made would be lost
    enter();
    return permit;
  }

  /** Returns a permit if one is free; else null. Never waits. */
  public @Nullable Permit tryAcquire() {
    var permit = new Permit(this);
    lock.lock();
    try {
      if (free == 0) {
        return null;
      }
      free--;
    } finally {
      lock.unlock();
    }
    return permit;
  }

  /**
   * Waits for a permit, at most {@code timeout}; returns null if there was none.
   *
   * @throws InterruptedException if the calling thread was interrupted before it had a permit
   */
  public @Nullable Permit tryAcquire(Duration timeout) throws InterruptedException {
    var permit = new Permit(this);
    return enter(Ticker.nanosOf(timeout)) ? permit : null;
  }

  /** Returns how many calls may be made at once. */
  public int permits() {
    return permits;
  }

  /** Returns how many permits are in use at this moment. */
  public int inUse() {
    lock.lock();
    try {
      return permits - free;
    } finally {
      lock.unlock();
    }
  }

  /** Returns how many threads wait for a permit at this moment. */
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
    return "ConcurrencyLimiter["
        + inUse()
        + " of "
        + permits
        + " in use, "
        + waiting()
        + " waiting]";
  }

  private void enter() throws InterruptedException {
    // No wait lasts a century.
    boolean entered = enter(Ticker.LONGEST);
    assert entered;
  }

  private boolean enter(long nanos) throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    WaitQueue.Waiter waiter;
    lock.lock();
    try {
      if (free > 0) {
        free--;
        return true;
      }
      if (nanos <= 0) {
        return false;
      }
      waiter = queue.join();
    } finally {
      lock.unlock();
    }
    return await(waiter, nanos);
  }

  private boolean await(WaitQueue.Waiter waiter, long nanos) throws InterruptedException {
    boolean isMine = false;
    try {
      long end = nanos == Ticker.LONGEST ? 0 : ticker.nanos() + nanos;
      while (!waiter.isServed) {
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
        if (nanos == Ticker.LONGEST) {
          Parking.park(this);
        } else {
          if (end - ticker.nanos() <= 0) {
            return false;
          }
          ticker.parkUntil(this, end);
        }
      }
      isMine = true;
      return true;
    } finally {
      if (!isMine) {
        giveUp(waiter);
      }
    }
  }

  /** Gives up a wait; a permit that came at the last moment goes to the next thread. */
  private void giveUp(WaitQueue.Waiter waiter) {
    boolean isServed;
    lock.lock();
    try {
      isServed = waiter.isServed;
      if (!isServed) {
        queue.leave(waiter);
      }
    } finally {
      lock.unlock();
    }
    if (isServed) {
      exit();
    }
  }

  private void exit() {
    WaitQueue.Waiter next;
    lock.lock();
    try {
      next = queue.first();
      if (next == null) {
        free++;
      } else {
        queue.leave(next);
        next.isServed = true;
      }
    } finally {
      lock.unlock();
    }
    if (next != null) {
      LockSupport.unpark(next.thread);
    }
  }

  /** A permit of a {@link ConcurrencyLimiter}, until it is closed. */
  public static final class Permit implements AutoCloseable {
    private final ConcurrencyLimiter limiter;
    private final AtomicBoolean isClosed = new AtomicBoolean();

    private Permit(ConcurrencyLimiter limiter) {
      this.limiter = limiter;
    }

    /** Releases the permit. Never waits; does nothing the second time. */
    @Override
    public void close() {
      if (isClosed.compareAndSet(false, true)) {
        limiter.exit();
      }
    }
  }

  /**
   * A {@link ConcurrencyLimiter} for each key.
   *
   * <p>Keys need {@code equals} and {@code hashCode}, and must not change while they are in use. A
   * key is in use from its first call until its last call has ended and no thread waits.
   *
   * @param <K> the type of the keys, which must not be null
   */
  public static final class ByKey<K> {
    /**
     * One key's limiter, and how many threads use it or wait for it; the count changes only within
     * {@code compute}.
     */
    private static final class Shared {
      final ConcurrencyLimiter limiter;
      int users;

      Shared(ConcurrencyLimiter limiter) {
        this.limiter = limiter;
      }
    }

    private final int permits;
    private final ConcurrentHashMap<K, Shared> limiters = new ConcurrentHashMap<>();

    private ByKey(int permits) {
      this.permits = new ConcurrencyLimiter(permits, Ticker.SYSTEM).permits;
    }

    /**
     * Calls {@code task} under the limiter of {@code key}.
     *
     * @throws InterruptedException if the calling thread was interrupted before it had a permit
     * @throws Exception what the task throws
     */
    public <R extends @Nullable Object> R call(K key, Callable<? extends R> task) throws Exception {
      ConcurrencyLimiter limiter = join(key);
      try {
        return limiter.call(task);
      } finally {
        part(key);
      }
    }

    /** Returns a policy for the calls of one key. */
    public CallPolicy at(K key) {
      Objects.requireNonNull(key, "key");
      return new CallPolicy() {
        @Override
        public <R extends @Nullable Object> R call(Callable<? extends R> task) throws Exception {
          return ByKey.this.call(key, task);
        }
      };
    }

    /** Returns a function whose every call is made under the limiter of its item's key. */
    public <T extends @Nullable Object, R extends @Nullable Object> TaskFunction<T, R> wrap(
        Function<? super T, ? extends K> key, TaskFunction<? super T, ? extends R> function) {
      return item -> call(key.apply(item), () -> function.apply(item));
    }

    /** Returns how many calls may be made at once for one key. */
    public int permits() {
      return permits;
    }

    /** Returns how many keys are in use at this moment. */
    public int keys() {
      return limiters.size();
    }

    @Override
    public String toString() {
      return "ConcurrencyLimiter.ByKey["
          + permits
          + " at once for each of "
          + keys()
          + " keys in use]";
    }

    private ConcurrencyLimiter join(K key) {
      return limiters.compute(
              Objects.requireNonNull(key, "key"),
              (_, known) -> {
                Shared shared =
                    known == null
                        ? new Shared(new ConcurrencyLimiter(permits, Ticker.SYSTEM))
                        : known;
                shared.users++;
                return shared;
              })
          .limiter;
    }

    private void part(K key) {
      limiters.computeIfPresent(key, (_, shared) -> --shared.users == 0 ? null : shared);
    }
  }
}
