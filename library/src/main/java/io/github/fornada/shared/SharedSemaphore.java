package io.github.fornada.shared;

import io.github.fornada.shared.memory.Permits;
import io.github.fornada.shared.memory.Region;
import java.io.Serial;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A number of permits, which at most so many threads of all processes of a pool have at once.
 *
 * <p><b>If a process dies</b>, its permits are free again before its death is reported.
 *
 * <p>Threads are not served in order. A permit belongs to the process that has acquired it; any
 * thread of it may give it back.
 *
 * <p><b>Memory effects.</b> What a thread did before it gave a permit back is visible to the thread
 * that acquires that permit next, in another process too.
 *
 * {@snippet :
 * SharedSemaphore connections = SharedSpace.of(pool).semaphore(4);
 * pool.map(queries, query -> {
 *   try (var permit = connections.acquire()) {
 *     return Database.run(query);
 *   }
 * });
 * }
 *
 * <p>The idea comes from Python's {@code multiprocessing.BoundedSemaphore}; unlike there, a process
 * that dies takes no permit with it.
 */
public final class SharedSemaphore extends SharedObject {
  @Serial private static final long serialVersionUID = 1L;

  /** Each acquire looks through them. */
  static final int MAX_PERMITS = 4096;

  private final transient Permits permits;

  SharedSemaphore(Region region) {
    super(region);
    this.permits = new Permits(region);
  }

  /** A permit, until this is closed. */
  public static final class Permit implements AutoCloseable {
    private final Permits of;
    private final AtomicBoolean closed = new AtomicBoolean();

    private Permit(Permits of) {
      this.of = of;
    }

    /** Gives the permit back. Closing it twice has no effect. */
    @Override
    public void close() {
      if (closed.compareAndSet(false, true)) {
        boolean _ = of.release();
      }
    }
  }

  /**
   * Acquires a permit; waits while none is free.
   *
   * @throws InterruptedException if the thread was interrupted while it waited; it then has none
   * @throws IllegalStateException if the semaphore was freed, or its pool has ended
   */
  public Permit acquire() throws InterruptedException {
    boolean _ = permits.acquire(Limits.NONE);
    return new Permit(permits);
  }

  /** Acquires a permit if one is free; null if none is. Never waits. */
  public @Nullable Permit tryAcquire() {
    return permits.tryAcquire() ? new Permit(permits) : null;
  }

  /**
   * Acquires a permit; waits at most {@code limit} while none is free.
   *
   * @return null if none was acquired in that time
   * @throws InterruptedException as {@link #acquire()}
   * @throws IllegalStateException as {@link #acquire()}
   */
  public @Nullable Permit tryAcquire(Duration limit) throws InterruptedException {
    return permits.acquire(Limits.nanos(limit)) ? new Permit(permits) : null;
  }

  /** Returns how many permits are free now. */
  public int available() {
    return permits.available();
  }

  @Override
  public String toString() {
    return "SharedSemaphore";
  }
}
