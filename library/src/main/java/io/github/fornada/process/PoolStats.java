package io.github.fornada.process;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The state of a process pool at one moment. Immutable. */
public final class PoolStats {
  private final List<WorkerStats> workers;
  private final int spares;
  private final boolean hasQueued;

  PoolStats(List<WorkerStats> workers, int spares, boolean hasQueued) {
    this.workers = List.copyOf(workers);
    this.spares = spares;
    this.hasQueued = hasQueued;
  }

  /** Returns the statistics of each worker slot. */
  public List<WorkerStats> workers() {
    return workers;
  }

  /** Returns how many spare workers are ready to replace others. */
  public int spares() {
    return spares;
  }

  /** Returns whether items are waiting for a worker. */
  public boolean hasQueued() {
    return hasQueued;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof PoolStats that
        && workers.equals(that.workers)
        && spares == that.spares
        && hasQueued == that.hasQueued;
  }

  @Override
  public int hashCode() {
    return Objects.hash(workers, spares, hasQueued);
  }

  @Override
  public String toString() {
    return "PoolStats[workers=" + workers + ", spares=" + spares + ", hasQueued=" + hasQueued + "]";
  }
}
