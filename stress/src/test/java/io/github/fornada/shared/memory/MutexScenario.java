package io.github.fornada.shared.memory;

import io.github.fornada.stress.Explorer;
import java.util.List;

/**
 * Two processes use a lock; the first dies at any step, and a third takes back what it had. The
 * second must get the lock all the same, and be told if the first may have left a job half done.
 */
public final class MutexScenario implements Explorer.Scenario {
  private static final int MORTAL = 0;
  private static final int OTHER = 1;
  private static final int PARENT = 2;

  private final Processes processes = new Processes(3, Region.PAGE);
  private final Object content = new Object();
  private boolean half;

  @Override
  public List<Runnable> threads() {
    return List.of(this::die, this::use, this::recover);
  }

  @Override
  public int mortal() {
    return MORTAL;
  }

  private void die() {
    var mutex = new Mutex(processes.region(MORTAL), 1);
    acquire(mutex);
    half = true;
    Explorer.writes(content);
    half = false;
    mutex.release();
  }

  private void use() {
    var mutex = new Mutex(processes.region(OTHER), 1);
    long died = acquire(mutex);
    if (half && died != Processes.idOf(MORTAL)) {
      throw new AssertionError("it is half done, and the next owner was not told");
    }
    half = false;
    Explorer.writes(content);
    mutex.release();
  }

  private void recover() {
    Region region = processes.region(PARENT);
    Explorer.awaitEnd(MORTAL);
    processes.recover(MORTAL, region, new Region.Shape(1, 0, 0, Region.ClaimedBy.NUMBER, 0));
  }

  private static long acquire(Mutex mutex) {
    try {
      return mutex.acquire(Mutex.FOR_EVER);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void check() {}
}
