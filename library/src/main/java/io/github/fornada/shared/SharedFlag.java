package io.github.fornada.shared;

import io.github.fornada.shared.memory.Region;
import io.github.fornada.shared.memory.WaitPoint;
import java.io.Serial;
import java.time.Duration;

/**
 * A flag that tasks of a pool set, clear and wait for. It starts clear.
 *
 * <p><b>Memory effects.</b> What a thread did before it set the flag is visible to a thread that
 * has seen it set, in another process too.
 *
 * {@snippet :
 * SharedFlag stop = SharedSpace.of(pool).flag();
 * var crawl = pool.submit(start, page -> Crawler.run(page, stop::isSet));
 * stop.set();
 * }
 *
 * <p>The idea comes from Python's {@code multiprocessing.Event}; unlike there, a process that dies
 * while it sets the flag blocks nobody.
 */
public final class SharedFlag extends SharedObject {
  @Serial private static final long serialVersionUID = 1L;

  private final transient WaitPoint flag;

  SharedFlag(Region region) {
    super(region);
    this.flag = new WaitPoint(region, 1);
  }

  /** Sets the flag and wakes all threads that wait for it. */
  public void set() {
    flag.set(1);
    flag.ringAll();
  }

  /** Clears the flag. Threads that were waiting when it was set may still have to see it set. */
  public void clear() {
    flag.set(0);
  }

  /** Returns whether the flag is set. */
  public boolean isSet() {
    return flag.get() != 0;
  }

  /**
   * Waits until the flag is set. May miss a flag that is set and cleared at once.
   *
   * @throws InterruptedException if the thread was interrupted
   * @throws IllegalStateException if the flag is freed, or its pool ends
   */
  public void await() throws InterruptedException {
    boolean _ = flag.await(Limits.NONE, this::isSet);
  }

  /**
   * Waits until the flag is set, for at most {@code limit}.
   *
   * @return whether it is set
   * @throws InterruptedException if the thread was interrupted
   * @throws IllegalStateException if the flag is freed, or its pool ends
   */
  public boolean await(Duration limit) throws InterruptedException {
    return flag.await(Limits.nanos(limit), this::isSet);
  }

  @Override
  public String toString() {
    return "SharedFlag";
  }
}
