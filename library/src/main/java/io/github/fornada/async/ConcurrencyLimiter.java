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
 * At most so many calls at once; the others wait, and go on in the order in which they came.
 *
 * {@snippet :
 * ConcurrencyLimiter connections = ConcurrencyLimiter.atMost(20);
 * List<Page> pages = Async.gather(uris, connections.wrap(Pages::get));
 * }
 *
 * <p>A place that becomes free goes to the one who waits longest. Nobody overtakes, also not a
 * thread that comes at that very moment.
 *
 * <p><b>Memory effects.</b> What a thread did before it gave up a place happens-before what the one
 * does that gets it.
 *
 * <p><b>Interrupts.</b> Whoever waits for a place can be interrupted, and then has none. A place is
 * given up however the call ends. A call within a call under the same limit needs a second place:
 * if all of them wait for one, they wait for ever.
 *
 * <p>It is a fair {@link java.util.concurrent.Semaphore} in the form of a block, as in trio's
 * {@code CapacityLimiter}. Unlike with a semaphore, nobody gives up a place twice or without having
 * it, and to give up waiting costs the same however many wait.
 */
public final class ConcurrencyLimiter implements CallPolicy {
  private final int permits;
  private final Ticker ticker;
  private final ReentrantLock lock = new ReentrantLock();

  /** Guarded by the lock. More than 0 only while nobody waits: a place is handed on directly. */
  private int free;

  /** Guarded by the lock. */
  private final WaitQueue line = new WaitQueue();

  private ConcurrencyLimiter(int permits, Ticker ticker) {
    if (permits < 1) {
      throw new IllegalArgumentException("a limit must be at least 1 at once, got " + permits);
    }
    this.permits = permits;
    this.free = permits;
    this.ticker = ticker;
  }

  /** A new limit, for all calls made under this object. */
  public static ConcurrencyLimiter atMost(int permits) {
    return atMost(permits, Ticker.SYSTEM);
  }

  static ConcurrencyLimiter atMost(int permits, Ticker ticker) {
    return new ConcurrencyLimiter(permits, ticker);
  }

  /**
   * A limit for each key: at most so many at once for one key, such as the host of a URI or the
   * number of a customer. Nothing is kept for keys that are not in use.
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
   * Waits for a place, for a piece of code that is no single call. Close it where it is no longer
   * needed; any thread may do that, and more than once does no harm.
   *
   * {@snippet :
   * try (var place = limit.acquire()) {
   *   send(request);
   * }
   * }
   *
   * @throws InterruptedException if the calling thread was interrupted before it had a place
   */
  public Permit acquire() throws InterruptedException {
    enter();
    return new Permit(this);
  }

  /** A place, if there is one that nobody waits for; else null. Never waits. */
  public @Nullable Permit tryAcquire() {
    lock.lock();
    try {
      if (free == 0) {
        return null;
      }
      free--;
    } finally {
      lock.unlock();
    }
    return new Permit(this);
  }

  /**
   * Waits for a place, but no longer than that; null if there was none.
   *
   * @throws InterruptedException if the calling thread was interrupted before it had a place
   */
  public @Nullable Permit tryAcquire(Duration atMost) throws InterruptedException {
    return enter(Ticker.nanosOf(atMost)) ? new Permit(this) : null;
  }

  /** How many calls may be made at once. */
  public int permits() {
    return permits;
  }

  /** How many places are taken at this moment. */
  public int inUse() {
    lock.lock();
    try {
      return permits - free;
    } finally {
      lock.unlock();
    }
  }

  /** How many threads wait for a place at this moment. */
  public int waiting() {
    lock.lock();
    try {
      return line.size();
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
    // Nobody sees the end of a century.
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
      waiter = line.join();
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
          LockSupport.park(this);
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

  /** A place that came at the last moment goes to the next. */
  private void giveUp(WaitQueue.Waiter waiter) {
    boolean isServed;
    lock.lock();
    try {
      isServed = waiter.isServed;
      if (!isServed) {
        line.leave(waiter);
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
      next = line.first();
      if (next == null) {
        free++;
      } else {
        line.leave(next);
        next.isServed = true;
      }
    } finally {
      lock.unlock();
    }
    if (next != null) {
      LockSupport.unpark(next.thread);
    }
  }

  /** A place under a {@link ConcurrencyLimiter}, until it is closed. */
  public static final class Permit implements AutoCloseable {
    private final ConcurrencyLimiter limit;
    private final AtomicBoolean isClosed = new AtomicBoolean();

    private Permit(ConcurrencyLimiter limit) {
      this.limit = limit;
    }

    /** Gives up the place. Never waits; does nothing the second time. */
    @Override
    public void close() {
      if (isClosed.compareAndSet(false, true)) {
        limit.exit();
      }
    }
  }

  /**
   * A {@link ConcurrencyLimiter} for each key.
   *
   * <p>Keys need {@code equals} and {@code hashCode}, and must not change while they are in use. A
   * key is known from the moment of its first call until its last has ended and nobody waits.
   *
   * @param <K> the keys; null is none
   */
  public static final class ByKey<K> {
    /** One key's limit, and how many threads are in it or wait; the count by compute only. */
    private static final class Shared {
      final ConcurrencyLimiter limit;
      int users;

      Shared(ConcurrencyLimiter limit) {
        this.limit = limit;
      }
    }

    private final int permits;
    private final ConcurrentHashMap<K, Shared> limits = new ConcurrentHashMap<>();

    private ByKey(int permits) {
      this.permits = new ConcurrencyLimiter(permits, Ticker.SYSTEM).permits;
    }

    /**
     * Makes a call under the limit of that key.
     *
     * @throws InterruptedException if the calling thread was interrupted before it had a place
     * @throws Exception what the task throws
     */
    public <R extends @Nullable Object> R call(K key, Callable<? extends R> task) throws Exception {
      ConcurrencyLimiter limit = join(key);
      try {
        return limit.call(task);
      } finally {
        part(key);
      }
    }

    /** The policy for one key. */
    public CallPolicy at(K key) {
      Objects.requireNonNull(key, "key");
      return new CallPolicy() {
        @Override
        public <R extends @Nullable Object> R call(Callable<? extends R> task) throws Exception {
          return ByKey.this.call(key, task);
        }
      };
    }

    /** The function, each call under the limit of the key that belongs to its item. */
    public <T extends @Nullable Object, R extends @Nullable Object> TaskFunction<T, R> wrap(
        Function<? super T, ? extends K> key, TaskFunction<? super T, ? extends R> function) {
      return item -> call(key.apply(item), () -> function.apply(item));
    }

    /** How many calls may be made at once for one key. */
    public int permits() {
      return permits;
    }

    /** How many keys are in use at this moment. */
    public int keys() {
      return limits.size();
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
      return limits.compute(
              Objects.requireNonNull(key, "key"),
              (_, known) -> {
                Shared shared =
                    known == null
                        ? new Shared(new ConcurrencyLimiter(permits, Ticker.SYSTEM))
                        : known;
                shared.users++;
                return shared;
              })
          .limit;
    }

    private void part(K key) {
      limits.computeIfPresent(key, (_, shared) -> --shared.users == 0 ? null : shared);
    }
  }
}
