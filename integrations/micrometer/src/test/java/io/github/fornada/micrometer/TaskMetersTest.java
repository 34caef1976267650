package io.github.fornada.micrometer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.DeathCertificate;
import io.github.fornada.Outcome;
import io.github.fornada.TaskEvent;
import io.github.fornada.async.Async;
import io.github.fornada.async.TaskContext;
import io.github.fornada.process.ProcessPool;
import io.github.fornada.threads.ThreadPool;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class TaskMetersTest {
  /** Generous: a machine that is busy with other things. */
  private static final long DEADLINE_SECONDS = 60;

  private final MeterRegistry registry = new SimpleMeterRegistry();

  private double tasks(String outcome) {
    return registry.get("fornada.tasks").tag("outcome", outcome).counter().count();
  }

  private double gauge(String name) {
    return registry.get(name).gauge().value();
  }

  private void nothingIsLeft() {
    assertThat(gauge("fornada.tasks.active")).isZero();
    assertThat(gauge("fornada.tasks.queued")).isZero();
    assertThat(gauge("fornada.workers")).isZero();
  }

  @Test
  void tasksAreActiveWhileTheyRunAndQueuedBefore() throws Exception {
    var running = new CountDownLatch(2);
    var goOn = new CountDownLatch(1);
    try (var meters = TaskMeters.of(registry, "letters");
        var pool = ThreadPool.open(o -> o.withWorkers(2).withListener(meters))) {
      var futures =
          Stream.of("a", "b")
              .map(letter ->
                  pool.submit(
                      letter,
                      item -> {
                        running.countDown();
                        return goOn.await(DEADLINE_SECONDS, TimeUnit.SECONDS);
                      }))
              .toList();
      assertThat(running.await(DEADLINE_SECONDS, TimeUnit.SECONDS)).isTrue();
      assertThat(gauge("fornada.tasks.active")).isEqualTo(2);
      assertThat(gauge("fornada.tasks.queued")).isZero();
      goOn.countDown();
      futures.forEach(future -> assertThat(future.join()).isTrue());
      pool.close();
      nothingIsLeft();
      assertThat(tasks("done")).isEqualTo(2);
      var timer = registry.get("fornada.task").tag("outcome", "done").timer();
      assertThat(timer.count()).isEqualTo(2);
      assertThat(timer.totalTime(TimeUnit.NANOSECONDS)).isPositive();
      assertThat(timer.getId().getTag("name")).isEqualTo("letters");
    }
    assertThat(registry.getMeters()).isEmpty();
  }

  @Test
  void everyOutcomeIsCountedOnceAndNothingIsLeftInTheGauges() throws Exception {
    try (var meters = TaskMeters.of(registry, "numbers")) {
      try (var pool =
          ThreadPool.open(o ->
              o.withWorkers(1)
                  .withTimeout(Duration.ofMillis(200))
                  .withRetries(1)
                  .withListener(meters))) {
        List<Outcome<Integer>> outcomes =
            pool.outcomes(
                    List.of("1", "x", "wait"),
                    text -> {
                      if (text.equals("wait")) {
                        new CountDownLatch(1).await();
                      }
                      return Integer.parseInt(text);
                    })
                .toList();
        assertThat(outcomes).hasSize(3);
      }
      // Without a limit, which a task that waits for its cancel may reach on a busy machine.
      try (var pool = ThreadPool.open(o -> o.withWorkers(1).withRetries(1).withListener(meters))) {
        var blocked = new CountDownLatch(1);
        var first = pool.submit(1, item -> blocked.await(DEADLINE_SECONDS, TimeUnit.SECONDS));
        var never = pool.submit(2, item -> item);
        never.cancel(true);
        first.cancel(true);
      }
      nothingIsLeft();
      assertThat(tasks("done")).isEqualTo(1);
      assertThat(tasks("failed") + tasks("timed_out") + tasks("cancelled")).isEqualTo(4);
      assertThat(tasks("timed_out")).isEqualTo(1);
      assertThat(registry.get("fornada.task.retries").counter().count()).isPositive();
      assertThat(registry.get("fornada.task.cpu").functionCounter().count()).isPositive();
    }
  }

  @Test
  void workerJvmsAreCountedAndThoseThatDiedApart() throws Exception {
    var prometheus = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    try (var meters = TaskMeters.of(prometheus, "photos")) {
      try (var pool = ProcessPool.open(o -> o.withWorkers(1).withListener(meters))) {
        List<Outcome<Integer>> outcomes =
            pool.outcomes(
                    List.of(1, 2, 3),
                    item -> {
                      if (item == 2) {
                        Runtime.getRuntime().halt(3);
                      }
                      return item;
                    })
                .toList();
        assertThat(outcomes.get(1)).isInstanceOf(Outcome.WorkerLost.class);
        assertThat(prometheus.scrape()).contains("fornada_workers{name=\"photos\"} 1.0");
      }
      assertThat(prometheus.scrape())
          .contains("fornada_tasks_total{name=\"photos\",outcome=\"done\"} 2.0")
          .contains("fornada_tasks_total{name=\"photos\",outcome=\"worker_lost\"} 1.0")
          .contains("fornada_task_seconds_count{name=\"photos\",outcome=\"done\"} 2")
          .contains("fornada_worker_ends_total{expected=\"false\",name=\"photos\"} 1.0")
          .contains("fornada_worker_ends_total{expected=\"true\",name=\"photos\"} 1.0")
          .contains("fornada_worker_start_seconds_count{name=\"photos\"} 2")
          .contains("fornada_workers{name=\"photos\"} 0.0")
          .contains("fornada_tasks_active{name=\"photos\"} 0.0")
          .contains("fornada_tasks_queued{name=\"photos\"} 0.0")
          .contains("fornada_task_cpu_seconds_total{name=\"photos\"}");
    }
  }

  @Test
  void tasksOfScopesAreCountedToo() throws Exception {
    try (var meters = TaskMeters.of(registry, "pages")) {
      TaskContext.with(meters).call(() -> Async.gather(List.of(1, 2, 3), item -> item));
      assertThat(tasks("done")).isEqualTo(3);
      nothingIsLeft();
    }
  }

  private static TaskEvent ready(String worker, long pid) {
    return TaskEvent.WorkerReady.of(worker, pid, 1, 2);
  }

  private static TaskEvent ended(String worker, long pid) {
    return TaskEvent.WorkerEnded.of(DeathCertificate.of(worker, pid, 0, "ended"), true, 3);
  }

  @Test
  void workersOfDifferentMachinesAreCountedThoughTheyHaveTheSameProcessNumber() {
    long here = ProcessHandle.current().pid();
    try (var meters = TaskMeters.of(registry, "far")) {
      meters.onEvent(ready("executor-0/worker-1", 42));
      meters.onEvent(ready("executor-0/worker-2", 43));
      meters.onEvent(ready("executor-1/worker-1", 42));
      meters.onEvent(ready("executor-1/worker-2", here));
      meters.onEvent(ready("thread-1", here)); // a thread of this JVM
      assertThat(gauge("fornada.workers")).isEqualTo(4);
      meters.onEvent(ended("executor-0/worker-1", 42));
      assertThat(gauge("fornada.workers")).isEqualTo(3);
      meters.onEvent(ended("executor-1/worker-1", 42));
      meters.onEvent(ended("executor-1/worker-2", here));
      meters.onEvent(ended("executor-0/worker-2", 43));
      nothingIsLeft();
    }
  }

  @Test
  void aNameIsNeeded() {
    assertThatThrownBy(() -> TaskMeters.of(registry, " ")).hasMessageContaining("name must not be");
  }
}
