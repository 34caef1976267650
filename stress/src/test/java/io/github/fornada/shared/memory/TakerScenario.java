package io.github.fornada.shared.memory;

import io.github.fornada.stress.Explorer;
import java.util.ArrayList;
import java.util.List;

/**
 * A process receives from a ring with room for one element and dies at any step; another receives
 * the rest when that was cleared up. Nothing is lost but what the dead one took, nothing comes
 * twice.
 */
public final class TakerScenario implements Explorer.Scenario {
  private static final int MORTAL = 0;
  private static final int SENDER = 1;
  private static final int PARENT = 2;
  private static final int COUNT = 2;

  private final Processes processes =
      new Processes(3, Region.PAGE + ElementRing.RESERVED + 2 * Long.BYTES);

  private final List<Byte> first = new ArrayList<>();
  private final List<Byte> rest = new ArrayList<>();

  @Override
  public List<Runnable> threads() {
    return List.of(this::die, this::send, this::recover);
  }

  @Override
  public int mortal() {
    return MORTAL;
  }

  private void die() {
    receive(new ElementRing(processes.region(MORTAL)), first, 1);
  }

  private void send() {
    Region region = processes.region(SENDER);
    region.shape(ElementRing.shape(1));
    var ring = new ElementRing(region);
    try {
      for (byte i = 1; i <= COUNT; i++) {
        var elements = List.of(new ElementRing.Element(new byte[] {i}, 1));
        while (ring.send(elements, 0, Mutex.FOR_EVER) == 0) {
          boolean _ = ring.awaitRoom(1, Mutex.FOR_EVER);
        }
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private void recover() {
    Region region = processes.region(PARENT);
    Explorer.awaitEnd(MORTAL);
    processes.recover(MORTAL, region, ElementRing.shape(1));
    receive(new ElementRing(region), rest, COUNT);
  }

  private static void receive(ElementRing ring, List<Byte> into, byte until) {
    try {
      while (into.isEmpty() || into.getLast() < until) {
        List<byte[]> taken = ring.receive(1, Mutex.FOR_EVER);
        if (taken == null) {
          throw new AssertionError("nobody has closed it");
        }
        if (taken.isEmpty()) {
          boolean _ = ring.awaitElement(Mutex.FOR_EVER);
        } else {
          into.add(taken.getFirst()[0]);
        }
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static void receive(ElementRing ring, List<Byte> into, int until) {
    receive(ring, into, (byte) until);
  }

  /** The dead one took the first or nothing; if it took it, it may not have got to use it. */
  @Override
  public void check() {
    boolean whole = rest.equals(List.of((byte) 1, (byte) 2)) && first.isEmpty();
    boolean without = rest.equals(List.of((byte) 2));
    if (!whole && !without) {
      throw new AssertionError("the rest was " + rest + ", the first " + first);
    }
  }
}
