package io.github.fornada.spring;

import io.github.fornada.ContextCarrier;
import io.github.fornada.Pool;
import io.github.fornada.TaskListener;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.springframework.beans.factory.BeanRegistrar;
import org.springframework.beans.factory.BeanRegistry;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.Environment;

/**
 * Registers a bean for each pool of the properties. A pool opens with the application; its context
 * closes it, as it closes every bean that is {@code AutoCloseable}, after the beans that use it.
 */
final class PoolRegistrar implements BeanRegistrar {
  private static final Bindable<Map<String, PoolSettings>> SETTINGS =
      Bindable.mapOf(String.class, PoolSettings.class);

  @Override
  public void register(BeanRegistry registry, Environment environment) {
    Map<String, PoolSettings> pools =
        Binder.get(environment).bind(FornadaAutoConfiguration.POOLS, SETTINGS).orElse(Map.of());
    pools.forEach((name, settings) ->
        registry.registerBean(
            name,
            Pool.class,
            bean ->
                bean.description("The pool " + FornadaAutoConfiguration.POOLS + "." + name)
                    .supplier(context -> open(name, settings, context))));
  }

  private static Pool open(
      String name, PoolSettings settings, BeanRegistry.SupplierContext context) {
    List<TaskListener> listeners =
        new ArrayList<>(context.beanProvider(TaskListener.class).orderedStream().toList());
    // Made before the pool, so closed after it.
    listeners.addAll(context.bean(PoolMeters.class).of(name));
    List<ContextCarrier<?>> carriers = new ArrayList<>();
    context.beanProvider(ContextCarrier.class).orderedStream().forEach(carriers::add);
    return settings.open(name, listeners, carriers);
  }
}
