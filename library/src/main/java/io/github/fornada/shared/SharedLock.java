package io.github.fornada.shared;

import io.github.fornada.DeathCertificate;
import io.github.fornada.shared.memory.Mutex;
import io.github.fornada.shared.memory.Region;
import java.io.Serial;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A lock that one thread at a time has, of all threads in all processes of a pool. Reentrant.
 *
 * <p><b>If its owner dies</b>, the lock is free again, and whoever acquires it next is told, once:
 * {@link Hold#died} has the owner's death certificate. What the lock protects may then be half
 * changed. Or give {@link #acquire(Consumer)} a function that repairs it.
 *
 * <p>A process that waits for more than a millisecond is handed the lock by its next owner to
 * release it, so that no process is passed over for long; otherwise the order is not specified.
 *
 * <p><b>Memory effects.</b> What a thread did before it released the lock is visible to the threads
 * that acquire it later, in other processes too.
 *
 * {@snippet :
 * SharedLock lock = SharedSpace.of(pool).lock();
 * pool.map(files, file -> {
 *   try (var hold = lock.acquire()) {
 *     return Report.append(file);
 *   }
 * });
 * }
 *
 * <p>The idea comes from Python's {@code multiprocessing.RLock}; unlike there, an owner that dies
 * does not lock all others out. There are no conditions: see {@link SharedFlag} and {@link
 * SharedQueue} for waiting. Handing over after a millisecond is as in Go's {@code sync.Mutex}.
 */
public final class SharedLock extends SharedObject {
  @Serial private static final long serialVersionUID = 1L;

  private final transient Mutex mutex;

  SharedLock(Region region) {
    super(region);
    this.mutex = new Mutex(region, 1);
  }

  /** A lock that is held, until this is closed. */
  public static final class Hold implements AutoCloseable {
    private final SharedLock lock;
    private final @Nullable DeathCertificate died;

    /** Used by the thread that has the lock. */
    private boolean closed;

    private Hold(SharedLock lock, @Nullable DeathCertificate died) {
      this.lock = lock;
      this.died = died;
    }

    /**
     * Returns the certificate of the owner that died with the lock before; null if it was released,
     * or somebody was told already.
     */
    public @Nullable DeathCertificate died() {
      return died;
    }

    /**
     * Releases the lock once. Each hold must be closed once, by the thread that acquired it.
     *
     * @throws IllegalMonitorStateException if the thread does not hold the lock, or this hold was
     *     closed before
     */
    @Override
    public void close() {
      if (closed) { // the thread may have the lock by another hold, which this must not end
        throw new IllegalMonitorStateException(
            "this thread does not hold the shared lock by this: it was closed before");
      }
      lock.mutex.release();
      closed = true;
    }
  }

  /**
   * Acquires the lock; waits while another thread has it.
   *
   * @throws InterruptedException if the thread was interrupted, before it waited or meanwhile; it
   *     then has not acquired it
   * @throws IllegalStateException if the lock was freed, or its pool has ended
   */
  public Hold acquire() throws InterruptedException {
    return hold(mutex.acquire(Limits.NONE));
  }

  /**
   * Acquires the lock as {@link #acquire()} does, and if its owner has died with it, calls {@code
   * repair} first, with the owner's death certificate. If {@code repair} throws, the lock is
   * released and its next owner is told of the death again.
   */
  public Hold acquire(Consumer<? super DeathCertificate> repair) throws InterruptedException {
    long died = mutex.acquire(Limits.NONE);
    if (died == 0) {
      return new Hold(this, null);
    }
    boolean repaired = false;
    try {
      repair.accept(region.space().certificate(died));
      repaired = true;
    } finally {
      if (!repaired) {
        mutex.release(died);
      }
    }
    return new Hold(this, null);
  }

  /** Acquires the lock if no thread has it; null if one has. Never waits. */
  public @Nullable Hold tryAcquire() {
    long died = mutex.tryAcquire();
    return died == Mutex.NOT_ACQUIRED ? null : hold(died);
  }

  /**
   * Acquires the lock; waits for at most {@code limit} while another thread has it.
   *
   * @return null if it was not acquired in that time
   * @throws InterruptedException as {@link #acquire()}
   * @throws IllegalStateException as {@link #acquire()}
   */
  public @Nullable Hold tryAcquire(Duration limit) throws InterruptedException {
    long died = mutex.acquire(Limits.nanos(limit));
    return died == Mutex.NOT_ACQUIRED ? null : hold(died);
  }

  /** Returns whether the calling thread has the lock. */
  public boolean isHeld() {
    return mutex.isHeld();
  }

  private Hold hold(long died) {
    return new Hold(this, died == 0 ? null : region.space().certificate(died));
  }

  @Override
  public String toString() {
    return "SharedLock";
  }
}
