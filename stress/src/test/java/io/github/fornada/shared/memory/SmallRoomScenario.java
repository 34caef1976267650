package io.github.fornada.shared.memory;

import io.github.fornada.stress.Explorer;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Two processes wait for room in a full ring, the first for more than there is when an element was
 * received; and the receiver goes on only when the second has sent its own.
 */
public final class SmallRoomScenario implements Explorer.Scenario {
  private static final int UNITS = 2;
  private static final int SMALL = 1;
  private static final int LARGE = Long.BYTES; // takes all units

  private final Processes processes =
      new Processes(3, Region.PAGE + ElementRing.RESERVED + UNITS * Long.BYTES);

  private final AtomicBoolean full = new AtomicBoolean();
  private final AtomicBoolean sent = new AtomicBoolean();

  @Override
  public List<Runnable> threads() {
    return List.of(this::sendLarge, this::sendSmall, this::receive);
  }

  private ElementRing ring(int seat) {
    Region region = processes.region(seat);
    region.shape(ElementRing.shape(UNITS));
    return new ElementRing(region, Processes::noRoom);
  }

  private static List<ElementRing.Element> element(int length) {
    return List.of(new ElementRing.Element(new byte[length], length));
  }

  private static void send(ElementRing ring, int length) {
    try {
      while (ring.send(element(length), 0, Mutex.FOR_EVER) == 0) {
        boolean _ = ring.awaitRoom(length, Mutex.FOR_EVER);
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private void sendLarge() {
    ElementRing ring = ring(0);
    Explorer.await(full::get);
    send(ring, LARGE);
  }

  private void sendSmall() {
    ElementRing ring = ring(1);
    Explorer.await(full::get);
    send(ring, SMALL);
    sent.set(true);
  }

  private static void receive(ElementRing ring) {
    if (ring.receiveUninterruptibly(1) == null) {
      throw new AssertionError("nobody has closed it");
    }
  }

  private void receive() {
    ElementRing ring = ring(2);
    send(ring, SMALL);
    send(ring, SMALL);
    full.set(true);
    receive(ring);
    Explorer.await(sent::get);
    receive(ring);
    receive(ring); // now there is room for the large one
  }

  @Override
  public void check() {}
}
