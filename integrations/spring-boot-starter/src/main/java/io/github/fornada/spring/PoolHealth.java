package io.github.fornada.spring;

import io.github.fornada.Pool;
import io.github.fornada.process.ProcessPool;
import io.github.fornada.process.WorkerStats;
import java.util.LinkedHashMap;
import java.util.Map;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;

/** The health of all pools: down if one of them takes no more tasks. */
final class PoolHealth implements HealthIndicator {
  private final ListableBeanFactory beans;

  PoolHealth(ListableBeanFactory beans) {
    this.beans = beans;
  }

  @Override
  public Health health() {
    Health.Builder health = Health.up();
    beans
        .getBeansOfType(Pool.class, false, false)
        .forEach((name, pool) -> {
          if (pool.isShutdown()) {
            health.down();
          }
          health.withDetail(name, details(pool));
        });
    return health.build();
  }

  private static Map<String, Object> details(Pool pool) {
    var details = new LinkedHashMap<String, Object>();
    details.put("model", pool.model().label());
    details.put("workers", pool.workers());
    if (pool.isShutdown()) {
      details.put("shutdown", true);
    }
    if (pool instanceof ProcessPool processes) {
      var workers = processes.stats().workers();
      details.put("running", workers.stream().filter(worker -> worker.pid() > 0).count());
      details.put("lost", workers.stream().mapToInt(WorkerStats::lost).sum());
    }
    return details;
  }
}
