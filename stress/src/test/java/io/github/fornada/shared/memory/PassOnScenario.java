package io.github.fornada.shared.memory;

import io.github.fornada.stress.Explorer;
import java.util.List;

/**
 * Two processes wait for an element each, and a third sends both at once, ringing one. It may ring
 * for one that then takes its element and leaves the other.
 */
public final class PassOnScenario implements Explorer.Scenario {
  private final Processes processes =
      new Processes(3, Region.PAGE + ElementRing.RESERVED + 4 * Long.BYTES);
  private final Object content = new Object();

  @Override
  public List<Runnable> threads() {
    return List.of(() -> take(0), () -> take(1), this::give);
  }

  private ElementRing ring(int seat) {
    Region region = processes.region(seat);
    region.shape(ElementRing.shape(2));
    return new ElementRing(region, Processes::noRoom);
  }

  private void take(int seat) {
    ElementRing ring = ring(seat);
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
    ElementRing ring = ring(2);
    Explorer.writes(content);
    var element = new ElementRing.Element(new byte[] {1}, 1);
    if (ring.sendUninterruptibly(List.of(element, element), 0) != 2) {
      throw new AssertionError("there is room for both");
    }
  }

  @Override
  public void check() {}
}
