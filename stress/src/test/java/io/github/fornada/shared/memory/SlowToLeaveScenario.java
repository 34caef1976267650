package io.github.fornada.shared.memory;

import io.github.fornada.stress.Explorer;

/** The first thread has been woken, and does something else for as long as the second waits. */
public final class SlowToLeaveScenario extends ListenersScenario {
  @Override
  void beforeItLeaves(Thing thing) {
    if (thing == things[0]) {
      Explorer.await(things[1].taken::get);
    }
  }
}
