package io.github.fornada.shared.memory;

/** The same within one process, where no byte is sent. */
public final class OwnRingScenario extends ListenersScenario {
  @Override
  void ring(long key) {
    ears.ring(key);
  }
}
