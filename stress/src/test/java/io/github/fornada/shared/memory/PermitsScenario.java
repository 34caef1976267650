package io.github.fornada.shared.memory;

import io.github.fornada.stress.Explorer;
import java.util.List;

/**
 * Two processes need the only permit; the first dies at any step, and a third takes back what it
 * had. The second must get it all the same.
 */
public final class PermitsScenario implements Explorer.Scenario {
  private static final int MORTAL = 0;
  private static final int OTHER = 1;
  private static final int PARENT = 2;

  private final Processes processes = new Processes(3, Region.PAGE + Permits.sizeFor(1));
  private final Object content = new Object();

  @Override
  public List<Runnable> threads() {
    return List.of(() -> use(MORTAL), () -> use(OTHER), this::recover);
  }

  @Override
  public int mortal() {
    return MORTAL;
  }

  private void use(int seat) {
    Region region = processes.region(seat);
    region.shape(Permits.shape(1));
    var permits = new Permits(region);
    try {
      if (!permits.acquire(Mutex.FOR_EVER)) {
        throw new AssertionError("the wait has no limit");
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    Explorer.writes(content);
    if (!permits.release()) {
      throw new AssertionError("it has a permit");
    }
  }

  private void recover() {
    Region region = processes.region(PARENT);
    Explorer.awaitEnd(MORTAL);
    processes.recover(MORTAL, region, Permits.shape(1));
  }

  @Override
  public void check() {}
}
