package io.github.fornada.spring;

import io.micrometer.core.instrument.MeterRegistry;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/**
 * Makes a bean of each pool under {@code fornada.pools}, with the name that it has there:
 *
 * <pre>{@code
 * fornada:
 *   pools:
 *     thumbnails:
 *       model: processes
 *       workers: 4
 *       heap: 256m
 *       timeout: 30s
 *     fetches:
 *       model: virtual
 *       workers: 200
 * }</pre>
 *
 * <p>Beans of type {@link io.github.fornada.TaskListener} and {@link
 * io.github.fornada.ContextCarrier} are added to every pool. If there is one {@link MeterRegistry},
 * each pool has the meters of {@link io.github.fornada.micrometer.TaskMeters}. With Boot's health
 * module there is a health contributor {@code fornada}.
 *
 * <p>It comes after Boot's own executor, which gives way to any other executor: every pool is one.
 */
@AutoConfiguration(
    afterName = "org.springframework.boot.autoconfigure.task.TaskExecutionAutoConfiguration")
@Import(PoolRegistrar.class)
public class FornadaAutoConfiguration {
  /** The prefix of the properties. */
  static final String POOLS = "fornada.pools";

  /** Creates the configuration. Called by Spring. */
  public FornadaAutoConfiguration() {}

  @Bean
  PoolMeters fornadaMeters(ObjectProvider<MeterRegistry> registry) {
    return new PoolMeters(registry);
  }

  /** Health, if Boot's module is there. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(HealthIndicator.class)
  static class HealthConfiguration {
    @Bean
    @ConditionalOnMissingBean(name = "fornadaHealthIndicator")
    HealthIndicator fornadaHealthIndicator(ListableBeanFactory beans) {
      return new PoolHealth(beans);
    }
  }
}
