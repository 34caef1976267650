package io.github.fornada.spring;

import io.github.fornada.TaskListener;
import io.github.fornada.micrometer.TaskMeters;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.springframework.beans.factory.ObjectProvider;

/**
 * The meters of all pools. It is made before the first pool, so Spring closes it after the last.
 */
final class PoolMeters implements AutoCloseable {
  private final ObjectProvider<MeterRegistry> registry;
  private final List<TaskMeters> open = new CopyOnWriteArrayList<>();

  PoolMeters(ObjectProvider<MeterRegistry> registry) {
    this.registry = registry;
  }

  /**
   * Returns the listeners that keep the meters of the pool with this name; none without registry.
   */
  List<TaskListener> of(String name) {
    MeterRegistry present = registry.getIfUnique();
    if (present == null) {
      return List.of();
    }
    TaskMeters meters = TaskMeters.of(present, name);
    open.add(meters);
    return List.of(meters);
  }

  @Override
  public void close() {
    open.forEach(TaskMeters::close);
  }
}
