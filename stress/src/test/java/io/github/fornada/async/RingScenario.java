package io.github.fornada.async;

import io.github.fornada.stress.Explorer;
import java.util.List;

/**
 * Elements go through a ring with room for one: what was written to each is seen by who takes it.
 */
public final class RingScenario implements Explorer.Scenario {
  private static final int ELEMENTS = 2;

  private final Ring ring = new Ring(1);
  private int sent;

  @Override
  public List<Runnable> threads() {
    return List.of(this::send, this::receive);
  }

  private void send() {
    for (int i = 0; i < ELEMENTS; i++) {
      var element = new Object();
      Explorer.writes(element);
      while (!ring.offer(element)) {
        Thread.onSpinWait();
      }
      sent++;
    }
  }

  private void receive() {
    for (int i = 0; i < ELEMENTS; i++) {
      Object element = ring.poll();
      while (element == null) {
        Thread.onSpinWait();
        element = ring.poll();
      }
      Explorer.reads(element);
    }
  }

  @Override
  public void check() {
    if (sent != ELEMENTS || !ring.isEmpty()) {
      throw new AssertionError(sent + " sent");
    }
  }
}
