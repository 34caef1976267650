package io.github.fornada.shared;

import io.github.fornada.shared.memory.Region;
import io.github.fornada.shared.memory.WaitPoint;
import java.io.Serial;
import java.time.Duration;

/**
 * A count that tasks of a pool count down, and wait for until it is 0. It is never counted up.
 *
 * <p>A task that dies before it counts down has not counted: wait with a limit, or count down where
 * the outcomes of the tasks arrive, if tasks may die.
 *
 * <p><b>Memory effects.</b> What a thread did before it counted down is visible to a thread that
 * has waited for 0, in another process too.
 *
 * {@snippet :
 * SharedLatch ready = SharedSpace.of(pool).latch(pool.workers());
 * pool.submit(part, p -> {
 *   Table table = Table.load(p);
 *   ready.countDown();
 *   ready.await(); // until all have loaded theirs
 *   return table.join();
 * });
 * }
 *
 * <p>The idea comes from {@link java.util.concurrent.CountDownLatch}.
 */
public final class SharedLatch extends SharedObject {
  @Serial private static final long serialVersionUID = 1L;

  private final transient WaitPoint count;

  SharedLatch(Region region) {
    super(region);
    this.count = new WaitPoint(region, 1);
  }

  /** Returns how often it must still be counted down. */
  public long count() {
    return count.get();
  }

  /** Subtracts one, unless the count is 0; then wakes all threads that wait, if it is 0 now. */
  public void countDown() {
    while (true) {
      long before = count.get();
      if (before == 0) {
        return;
      }
      if (count.compareAndSet(before, before - 1)) {
        if (before == 1) {
          count.ringAll();
        }
        return;
      }
    }
  }

  /**
   * Waits until the count is 0.
   *
   * @throws InterruptedException if the thread was interrupted
   * @throws IllegalStateException if the latch is freed, or its pool ends
   */
  public void await() throws InterruptedException {
    boolean _ = count.await(Limits.NONE, () -> count.get() == 0);
  }

  /**
   * Waits until the count is 0, for at most {@code limit}.
   *
   * @return whether it is 0
   * @throws InterruptedException if the thread was interrupted
   * @throws IllegalStateException if the latch is freed, or its pool ends
   */
  public boolean await(Duration limit) throws InterruptedException {
    return count.await(Limits.nanos(limit), () -> count.get() == 0);
  }

  @Override
  public String toString() {
    return "SharedLatch";
  }
}
