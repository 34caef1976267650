package io.github.fornada.shared.memory;

/** One of three that wait may be the next to listen, and find that it need not wait. */
public final class ThreeThingsScenario extends ListenersScenario {
  @Override
  int[] awaited() {
    return new int[] {0, 1, 2};
  }
}
