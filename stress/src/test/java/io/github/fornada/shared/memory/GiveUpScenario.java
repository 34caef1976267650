package io.github.fornada.shared.memory;

import io.github.fornada.stress.Explorer;
import java.util.List;

/**
 * Two processes wait for an element each, and a third sends both at once, ringing one, while it has
 * the receivers' lock. It may ring for one that gives up, because it may not wait for that lock.
 */
public final class GiveUpScenario implements Explorer.Scenario {
  private static final int RECEIVERS = 4;

  private final Processes processes =
      new Processes(3, Region.PAGE + ElementRing.RESERVED + 4 * Long.BYTES);
  private final Object content = new Object();

  @Override
  public List<Runnable> threads() {
    return List.of(this::takeOrGiveUp, this::take, this::give);
  }

  private static ElementRing ring(Region region) {
    region.shape(ElementRing.shape(2));
    return new ElementRing(region, Processes::noRoom);
  }

  private void takeOrGiveUp() {
    ElementRing ring = ring(processes.region(0));
    try {
      boolean _ = ring.awaitElement(Mutex.FOR_EVER);
      if (ring.receive(1, 0) == null) {
        throw new AssertionError("nobody has closed it");
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private void take() {
    ElementRing ring = ring(processes.region(1));
    try {
      while (true) {
        List<ElementRing.Taken> taken = ring.receive(1, Mutex.FOR_EVER);
        if (taken == null) {
          throw new AssertionError("nobody has closed it");
        }
        if (!taken.isEmpty()) {
          Explorer.reads(content);
          return;
        }
        boolean _ = ring.awaitElement(Mutex.FOR_EVER);
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private void give() {
    Region region = processes.region(2);
    ElementRing ring = ring(region);
    var receivers = new Mutex(region, RECEIVERS);
    receivers.acquireUninterruptibly();
    Explorer.writes(content);
    var element = new ElementRing.Element(new byte[] {1}, 1);
    if (ring.sendUninterruptibly(List.of(element, element), 0) != 2) {
      throw new AssertionError("there is room for both");
    }
    receivers.release();
  }

  @Override
  public void check() {}
}
