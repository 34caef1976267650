package io.github.fornada.shared.memory;

import io.github.fornada.stress.Explorer;
import java.util.ArrayList;
import java.util.List;

/**
 * A process takes an element on lease and dies at any step, while another sends. The element comes
 * back, once, unless its lease was ended; and nothing else is lost.
 */
public final class LeaseScenario implements Explorer.Scenario {
  private static final int MORTAL = 0;
  private static final int PARENT = 1;
  private static final byte FIRST = 1;
  private static final byte SECOND = 2;
  private static final int BYTES = 4 * Long.BYTES;

  private final Processes processes = new Processes(2, Region.PAGE + ElementRing.RESERVED + BYTES);
  private final Processes leased = new Processes(2, Region.PAGE + BYTES);

  private final List<Byte> rest = new ArrayList<>();
  private boolean ends;
  private boolean ended;

  @Override
  public List<Runnable> threads() {
    return List.of(this::die, this::sendAndRecover);
  }

  @Override
  public int mortal() {
    return MORTAL;
  }

  private ElementRing ring(int seat) {
    Region region = processes.region(seat);
    region.shape(ElementRing.shape(2));
    return new ElementRing(region, Processes::noRoom, bytes -> leased.region(seat));
  }

  private void die() {
    ElementRing ring = ring(MORTAL);
    try {
      while (true) {
        ElementRing.Attempt attempt = ring.lease(Mutex.FOR_EVER);
        if (attempt == null) {
          throw new AssertionError("nobody has closed it");
        }
        if (attempt.lease() != null) {
          ends = true;
          ring.endLease(attempt.lease().slot());
          ended = true;
          return;
        }
        boolean _ = ring.awaitLease(attempt, Mutex.FOR_EVER);
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private void sendAndRecover() {
    ElementRing ring = ring(PARENT);
    send(ring, FIRST);
    send(ring, SECOND);
    Explorer.awaitEnd(MORTAL);
    processes.recover(MORTAL, ring.region(), ElementRing.shape(2));
    for (int i = 0; i < 3; i++) {
      List<ElementRing.Taken> some = ring.receiveUninterruptibly(1);
      if (some == null) {
        throw new AssertionError("nobody has closed it");
      }
      some.forEach(element -> rest.add(element.bytes()[0]));
    }
  }

  private static void send(ElementRing ring, byte value) {
    var elements = List.of(new ElementRing.Element(new byte[] {value}, 1));
    if (ring.sendUninterruptibly(elements, 0) != 1) {
      throw new AssertionError("there is room for both");
    }
  }

  @Override
  public void check() {
    boolean isDone = rest.equals(List.of(SECOND));
    boolean isBack = rest.equals(List.of(FIRST, SECOND));
    if (!(isDone && ends) && !(isBack && !ended)) {
      throw new AssertionError("the rest was " + rest + (ended ? " after the end" : ""));
    }
  }
}
