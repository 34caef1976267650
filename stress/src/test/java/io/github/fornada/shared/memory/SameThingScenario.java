package io.github.fornada.shared.memory;

/** Both threads wait for the same thing, for which is rung once. */
public final class SameThingScenario extends ListenersScenario {
  @Override
  int[] awaited() {
    return new int[] {0, 0};
  }
}
