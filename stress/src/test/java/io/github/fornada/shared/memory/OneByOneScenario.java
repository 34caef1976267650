package io.github.fornada.shared.memory;

import io.github.fornada.stress.Explorer;

/** Each thing comes after the one before was taken, so nobody is woken by a ring for another. */
public final class OneByOneScenario extends ListenersScenario {
  @Override
  void afterItRang(Thing thing) {
    Explorer.await(thing.taken::get);
  }
}
