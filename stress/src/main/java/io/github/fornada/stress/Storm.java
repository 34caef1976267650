package io.github.fornada.stress;

import java.time.Duration;

/** One storm: runs, records faults, and reports what it did in a few words. */
interface Storm {
  /** Returns the name, as given with {@code --only=}. */
  String name();

  /**
   * Returns the time after which the storm counts as hanging, and the run ends with a thread dump.
   */
  Duration deadline();

  /** Returns what it did, in one line. */
  String run(Findings findings) throws Exception;
}
