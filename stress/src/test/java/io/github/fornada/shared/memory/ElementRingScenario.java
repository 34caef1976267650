package io.github.fornada.shared.memory;

import io.github.fornada.stress.Explorer;
import java.util.ArrayList;
import java.util.List;

/**
 * A process sends an element and dies at any step; when that was cleared up, another sends one
 * more. The receiver gets what was sent before the death, whole and in order, and then the last.
 */
public final class ElementRingScenario implements Explorer.Scenario {
  private static final int MORTAL = 0;
  private static final int RECEIVER = 1;
  private static final int PARENT = 2;
  private static final byte LAST = 9;

  /** Room for two elements. */
  private final Processes processes =
      new Processes(3, Region.PAGE + ElementRing.RESERVED + 4 * Long.BYTES);

  private final List<Byte> sent = new ArrayList<>();
  private final List<Byte> received = new ArrayList<>();

  @Override
  public List<Runnable> threads() {
    return List.of(this::die, this::receive, this::recover);
  }

  @Override
  public int mortal() {
    return MORTAL;
  }

  private static ElementRing ring(Region region) {
    return new ElementRing(region, Processes::noRoom);
  }

  private void die() {
    Region region = processes.region(MORTAL);
    region.shape(ElementRing.shape(2));
    ElementRing ring = ring(region);
    send(ring, (byte) 1);
  }

  private void send(ElementRing ring, byte value) {
    var elements = List.of(new ElementRing.Element(new byte[] {value}, 1));
    sent.add(value);
    try {
      while (ring.send(elements, 0, Mutex.FOR_EVER) == 0) {
        boolean _ = ring.awaitRoom(1, Mutex.FOR_EVER);
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private void receive() {
    ElementRing ring = ring(processes.region(RECEIVER));
    try {
      while (received.isEmpty() || received.getLast() != LAST) {
        List<ElementRing.Taken> taken = ring.receive(1, Mutex.FOR_EVER);
        if (taken == null) {
          throw new AssertionError("nobody has closed it");
        }
        if (taken.isEmpty()) {
          boolean _ = ring.awaitElement(Mutex.FOR_EVER);
        } else {
          received.add(taken.getFirst().bytes()[0]);
        }
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private void recover() {
    Region region = processes.region(PARENT);
    Explorer.awaitEnd(MORTAL);
    processes.recover(MORTAL, region, ElementRing.shape(2));
    send(ring(region), LAST);
  }

  /** All that was begun arrived, but the one that was being sent by the dead may be missing. */
  @Override
  public void check() {
    var without = new ArrayList<>(sent);
    if (sent.size() > 1) {
      without.remove(sent.size() - 2);
    }
    if (!received.equals(sent) && !received.equals(without)) {
      throw new AssertionError(received + " came of " + sent);
    }
  }
}
