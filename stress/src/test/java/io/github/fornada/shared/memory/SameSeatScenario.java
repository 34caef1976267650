package io.github.fornada.shared.memory;

import io.github.fornada.stress.Explorer;
import java.util.List;

/**
 * Two processes use a lock, and the second dies at any step, also where the first is about to hand
 * the lock over to it. What it had is taken back, and a third one takes its seat. That one must get
 * the lock.
 */
public final class SameSeatScenario implements Explorer.Scenario {
  private static final int OWNER = 0;
  private static final int MORTAL = 1;
  private static final int PARENT = 2;
  private static final long SUCCESSOR_ID = 9;

  private final Processes processes = new Processes(3, Region.PAGE).reusing(MORTAL);
  private final Object content = new Object();

  @Override
  public List<Runnable> threads() {
    return List.of(() -> use(processes.region(OWNER)), this::die, this::recoverAndUse);
  }

  @Override
  public int mortal() {
    return MORTAL;
  }

  private void use(Region region) {
    var mutex = new Mutex(region, 1);
    try {
      long _ = mutex.acquire(Mutex.FOR_EVER);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    Explorer.writes(content);
    mutex.release();
  }

  private void die() {
    use(processes.region(MORTAL));
  }

  private void recoverAndUse() {
    Region region = processes.region(PARENT);
    Explorer.awaitEnd(MORTAL);
    processes.recover(MORTAL, region, new Region.Shape(1, 0, 0, Region.ClaimedBy.NUMBER, 0));
    use(processes.successor(MORTAL, SUCCESSOR_ID));
  }

  @Override
  public void check() {}
}
