package io.github.fornada.stress;

import java.time.Duration;

/** One storm: runs, notes what is wrong, and tells what it did in a few words. */
interface Storm {
  /** As in {@code --only=}. */
  String name();

  /** After this it hangs, and the run ends with a thread dump. */
  Duration deadline();

  /** Returns what it did, in one line. */
  String run(Findings findings) throws Exception;
}
