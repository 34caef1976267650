package io.github.fornada.process;

import java.util.List;

/**
 * A pool of processes at one moment.
 *
 * @param workers one for each place for a worker
 * @param spares warm workers ready to step in
 * @param hasQueued whether items wait for a worker
 */
public record PoolStats(List<WorkerStats> workers, int spares, boolean hasQueued) {
  public PoolStats {
    workers = List.copyOf(workers);
  }
}
