package io.github.fornada.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskListener;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.task.TaskExecutionAutoConfiguration;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;

/** Pools from properties. */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class FornadaAutoConfigurationTest {
  private final ApplicationContextRunner runner =
      new ApplicationContextRunner()
          .withConfiguration(
              AutoConfigurations.of(
                  FornadaAutoConfiguration.class, TaskExecutionAutoConfiguration.class));

  @Test
  void aPoolHasTheSettingsOfItsProperties() {
    runner
        .withPropertyValues(
            "fornada.pools.images.model=threads",
            "fornada.pools.images.workers=3",
            "fornada.pools.images.timeout=2s",
            "fornada.pools.images.retries=2",
            "fornada.pools.images.back-off=10ms")
        .run(context -> {
          Pool pool = context.getBean("images", Pool.class);
          assertThat(pool.model()).isEqualTo(ExecutionModel.PLATFORM_THREADS);
          assertThat(pool.workers()).isEqualTo(3);
          assertThat(pool.policy().timeout()).isEqualTo(Duration.ofSeconds(2));
          assertThat(pool.policy().retries()).isEqualTo(2);
          assertThat(pool.policy().backOff()).isEqualTo(Duration.ofMillis(10));
        });
  }

  @Test
  void eachModelHasItsPool() {
    runner
        .withPropertyValues(
            "fornada.pools.one.model=sequential",
            "fornada.pools.two.model=virtual",
            "fornada.pools.three.model=threads",
            "fornada.pools.four.model=processes",
            "fornada.pools.four.workers=1",
            "fornada.pools.four.heap=64m")
        .run(context -> {
          var models = new ArrayList<ExecutionModel>();
          context.getBeansOfType(Pool.class).values().forEach(pool -> models.add(pool.model()));
          assertThat(models)
              .containsExactly(
                  ExecutionModel.SEQUENTIAL,
                  ExecutionModel.VIRTUAL_THREADS,
                  ExecutionModel.PLATFORM_THREADS,
                  ExecutionModel.PROCESSES);
          long worker =
              context
                  .getBean("four", Pool.class)
                  .map(List.of(1), x -> ProcessHandle.current().pid())
                  .getFirst();
          assertThat(worker).isNotEqualTo(ProcessHandle.current().pid());
        });
  }

  @Test
  void poolsAreClosedAfterTheBeansThatUseThem() {
    var seen = new AtomicReference<List<Outcome<Integer>>>();
    var pool = new AtomicReference<Pool>();
    runner
        .withUserConfiguration(LastWork.class)
        .withBean("seen", AtomicReference.class, () -> seen)
        .withPropertyValues("fornada.pools.work.model=threads")
        .run(context -> pool.set(context.getBean(Pool.class)));
    assertThat(seen.get()).containsExactly(new Outcome.Done<>(2));
    assertThat(pool.get().isTerminated()).isTrue();
  }

  /** Uses its pool when it is destroyed. */
  @Configuration(proxyBeanMethods = false)
  static class LastWork {
    @Bean
    AutoCloseable lastWork(Pool work, AtomicReference<List<Outcome<Integer>>> seen) {
      return () -> seen.set(work.outcomes(List.of(1), x -> x + 1).toList());
    }
  }

  @Test
  void workInProgressIsDoneBeforeTheApplicationEnds() {
    var done = new AtomicReference<Integer>();
    var began = new CountDownLatch(1);
    runner
        .withPropertyValues("fornada.pools.work.model=threads")
        .run(context -> {
          var _ =
              context
                  .getBean(Pool.class)
                  .submit(
                      7,
                      x -> {
                        began.countDown();
                        Thread.sleep(300);
                        done.set(x);
                        return x;
                      });
          assertThat(began.await(60, TimeUnit.SECONDS)).isTrue();
        });
    assertThat(done.get()).isEqualTo(7);
  }

  @Test
  void listenersOfTheApplicationSeeEveryPool() {
    var events = new CopyOnWriteArrayList<TaskEvent>();
    runner
        .withBean(TaskListener.class, () -> events::add)
        .withPropertyValues("fornada.pools.a.model=threads", "fornada.pools.b.model=virtual")
        .run(context -> {
          for (Pool pool : context.getBeansOfType(Pool.class).values()) {
            pool.map(List.of(1), x -> x);
          }
        });
    assertThat(events.stream().filter(TaskEvent.Finished.class::isInstance)).hasSize(2);
  }

  @Test
  void metersCountTasksByPool() {
    runner
        .withBean(MeterRegistry.class, SimpleMeterRegistry::new)
        .withPropertyValues("fornada.pools.work.model=threads")
        .run(context -> {
          context.getBean(Pool.class).map(List.of(1, 2, 3), x -> x);
          assertThat(
                  context
                      .getBean(MeterRegistry.class)
                      .get("fornada.tasks")
                      .tags("name", "work", "outcome", "done")
                      .counter()
                      .count())
              .isEqualTo(3);
        });
  }

  @Test
  void healthIsDownWhenAPoolIsShutDown() {
    runner
        .withPropertyValues(
            "fornada.pools.work.model=processes",
            "fornada.pools.work.workers=1",
            "fornada.pools.other.model=virtual")
        .run(context -> {
          HealthIndicator indicator = context.getBean(HealthIndicator.class);
          Health health = indicator.health();
          assertThat(health.getStatus()).isEqualTo(Status.UP);
          assertThat(health.getDetails()).containsOnlyKeys("work", "other");
          assertThat(health.getDetails().get("work"))
              .asInstanceOf(InstanceOfAssertFactories.MAP)
              .containsEntry("model", "processes")
              .containsEntry("workers", 1)
              .containsEntry("lost", 0);
          context.getBean("other", Pool.class).shutdown();
          assertThat(indicator.health().getStatus()).isEqualTo(Status.DOWN);
        });
  }

  @Test
  void bootsOwnExecutorStays() {
    runner
        .withPropertyValues("fornada.pools.work.model=threads")
        .run(context -> assertThat(context).hasBean("applicationTaskExecutor"));
  }

  @Test
  void asyncMethodsRunOnThePoolThatTheyName() {
    runner
        .withUserConfiguration(AsyncMethods.class)
        .withPropertyValues("fornada.pools.mails.model=threads")
        .run(context ->
            assertThat(context.getBean(Mails.class).send().get(60, TimeUnit.SECONDS))
                .startsWith("mails-"));
  }

  @EnableAsync
  @Configuration(proxyBeanMethods = false)
  static class AsyncMethods {
    @Bean
    Mails mails2(@Qualifier("mails") Executor executor) {
      assertThat(executor).isInstanceOf(Pool.class);
      return new Mails();
    }
  }

  static class Mails {
    @Async("mails")
    CompletableFuture<String> send() {
      return CompletableFuture.completedFuture(Thread.currentThread().getName());
    }
  }

  @Test
  void anUnknownModelSaysWhichThereAre() {
    runner
        .withPropertyValues("fornada.pools.work.model=thread")
        .run(context ->
            assertThat(context.getStartupFailure())
                .rootCause()
                .hasMessage(
                    "there is no model \"thread\"; set fornada.pools.work.model to one of"
                        + " sequential, virtual, threads, processes"));
  }

  @Test
  void aSettingOfProcessesOnThreadsSaysWhatToDo() {
    runner
        .withPropertyValues("fornada.pools.work.model=threads", "fornada.pools.work.heap=1g")
        .run(context ->
            assertThat(context.getStartupFailure())
                .rootCause()
                .hasMessage(
                    "heap is for worker JVMs, and the model is threads: remove it, or set"
                        + " fornada.pools.work.model to processes"));
  }

  @Test
  void aTimeoutEndsASlowItem() {
    runner
        .withPropertyValues("fornada.pools.work.model=virtual", "fornada.pools.work.timeout=50ms")
        .run(context -> {
          var never = new CountDownLatch(1);
          Outcome<Boolean> outcome =
              context
                  .getBean(Pool.class)
                  .outcomes(List.of(1), x -> never.await(60, TimeUnit.SECONDS))
                  .toList()
                  .getFirst();
          assertThat(outcome).isInstanceOf(Outcome.TimedOut.class);
        });
  }
}
