package io.github.fornada.process;

import io.github.fornada.Pool;
import java.util.function.UnaryOperator;

/** A pool of worker JVMs. Not written yet. */
public final class ProcessPool {
  private ProcessPool() {}

  /** Opens a pool with one worker for each processor. */
  public static Pool open() {
    return open(o -> o);
  }

  /** Opens a pool with changed options. */
  public static Pool open(UnaryOperator<ProcessOptions> change) {
    throw new UnsupportedOperationException(
        "not written yet: " + change.apply(ProcessOptions.defaults()));
  }
}
