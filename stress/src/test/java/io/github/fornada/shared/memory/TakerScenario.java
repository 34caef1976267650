package io.github.fornada.shared.memory;

import io.github.fornada.stress.Explorer;
import java.util.ArrayList;
import java.util.List;

/**
 * A process receives from a ring with room for one element and dies at any step, while another
 * sends. Nothing is lost but what the dead one took, and nothing comes twice.
 */
public final class TakerScenario implements Explorer.Scenario {
  private static final int MORTAL = 0;
  private static final int PARENT = 1;
  private static final byte FIRST = 1;
  private static final byte SECOND = 2;

  private final Processes processes =
      new Processes(2, Region.PAGE + ElementRing.RESERVED + 2 * Long.BYTES);

  private final List<Byte> taken = new ArrayList<>();
  private final List<Byte> rest = new ArrayList<>();
  private boolean bothSent;

  @Override
  public List<Runnable> threads() {
    return List.of(this::die, this::sendAndRecover);
  }

  @Override
  public int mortal() {
    return MORTAL;
  }

  private void die() {
    var ring = new ElementRing(processes.region(MORTAL), Processes::noRoom);
    try {
      while (taken.isEmpty()) {
        receive(ring, taken);
        if (taken.isEmpty()) {
          boolean _ = ring.awaitElement(Mutex.FOR_EVER);
        }
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private void sendAndRecover() {
    Region region = processes.region(PARENT);
    region.shape(ElementRing.shape(1));
    var ring = new ElementRing(region, Processes::noRoom);
    if (!send(ring, FIRST)) {
      throw new AssertionError("it is empty");
    }
    bothSent = send(ring, SECOND);
    Explorer.awaitEnd(MORTAL);
    processes.recover(MORTAL, region, ElementRing.shape(1));
    receive(ring, rest);
    receive(ring, rest);
  }

  private static boolean send(ElementRing ring, byte value) {
    var bytes = new byte[Long.BYTES]; // more than fit into the unit of their length
    bytes[0] = value;
    var elements = List.of(new ElementRing.Element(bytes, bytes.length));
    return ring.sendUninterruptibly(elements, 0) == 1;
  }

  private static void receive(ElementRing ring, List<Byte> into) {
    List<ElementRing.Taken> some = ring.receiveUninterruptibly(1);
    if (some == null) {
      throw new AssertionError("nobody has closed it");
    }
    some.forEach(element -> into.add(element.bytes()[0]));
  }

  /** The dead one took the first or nothing; if it took it, it may not have got to use it. */
  @Override
  public void check() {
    boolean wasTaken = !rest.contains(FIRST);
    List<Byte> expected = new ArrayList<>();
    if (!wasTaken) {
      expected.add(FIRST);
    }
    if (bothSent) {
      expected.add(SECOND);
    }
    if (!rest.equals(expected) || (!taken.isEmpty() && !wasTaken) || (bothSent && !wasTaken)) {
      throw new AssertionError("the rest was " + rest + ", taken was " + taken);
    }
  }
}
