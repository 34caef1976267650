package io.github.fornada.micrometer;

import io.github.fornada.Outcome;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskListener;
import io.github.fornada.TaskUsage;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * Meters of a pool, or of scopes, in a registry of Micrometer.
 *
 * {@snippet :
 * try (var meters = TaskMeters.of(registry, "thumbnails");
 *     var pool = ProcessPool.open(o -> o.withListener(meters))) {
 *   pool.map(photos, Thumbnail::shrink);
 * }
 * }
 *
 * <p>Each has the tag {@code name}. The names below are Micrometer's; Prometheus has {@code
 * fornada_task_seconds_count} for the count of {@code fornada.task}.
 *
 * <table>
 *   <caption>Meters</caption>
 *   <tr><th>meter</th><th>kind</th><th>tells</th></tr>
 *   <tr><td>{@code fornada.tasks.active}</td><td>gauge</td>
 *     <td>tasks in progress; its mean over time is what Fornada calls in flight</td></tr>
 *   <tr><td>{@code fornada.tasks.queued}</td><td>gauge</td>
 *     <td>tasks that were taken from their source and wait for a worker, or to be retried</td></tr>
 *   <tr><td>{@code fornada.tasks}</td><td>counter, by {@code outcome}</td>
 *     <td>tasks that have ended, each once: {@code done}, {@code failed}, {@code timed_out},
 *     {@code cancelled}, {@code worker_lost}</td></tr>
 *   <tr><td>{@code fornada.task}</td><td>timer, by {@code outcome}</td>
 *     <td>time that attempts took, without those that never started</td></tr>
 *   <tr><td>{@code fornada.task.retries}</td><td>counter</td>
 *     <td>attempts that were followed by another</td></tr>
 *   <tr><td>{@code fornada.task.cpu}</td><td>counter, in seconds</td>
 *     <td>processor time of attempts, where it is known (not on virtual threads); its rate is the
 *     number of busy cores</td></tr>
 *   <tr><td>{@code fornada.workers}</td><td>gauge</td><td>worker JVMs that are up</td></tr>
 *   <tr><td>{@code fornada.worker.start}</td><td>timer</td>
 *     <td>time from the decision to start a worker JVM until it was ready</td></tr>
 *   <tr><td>{@code fornada.worker.ends}</td><td>counter, by {@code expected}</td>
 *     <td>worker JVMs that have ended; {@code false} for those that died</td></tr>
 * </table>
 *
 * <p>A listener of one pool; scopes may share one, by {@code TaskContext.with(meters)} or {@code
 * ScopeOptions.withListener}. Close it after the pool: its meters are then removed from the
 * registry, and another of the same name can begin. Two of the same name at once would not both be
 * seen, because a registry has one meter for each name and tags.
 *
 * <p>May be used by several threads at once.
 */
public final class TaskMeters implements TaskListener, AutoCloseable {
  private static final long OWN_PID = ProcessHandle.current().pid();

  /** The kinds of outcomes; {@code kind(Outcome)} has them all. */
  private enum Kind {
    DONE,
    FAILED,
    TIMED_OUT,
    CANCELLED,
    WORKER_LOST;

    Tag tag() {
      return Tag.of("outcome", name().toLowerCase(Locale.ROOT));
    }
  }

  private final MeterRegistry registry;
  private final List<Meter> meters = new ArrayList<>();

  private final AtomicLong active = new AtomicLong();
  private final AtomicLong queued = new AtomicLong();
  private final LongAdder cpuNanos = new LongAdder();

  /** Worker JVMs that are up: their machine, as far as it has a name, and their process. */
  private final Set<String> workers = ConcurrentHashMap.newKeySet();

  private final Map<Kind, Counter> ended = new EnumMap<>(Kind.class);
  private final Map<Kind, Timer> attempts = new EnumMap<>(Kind.class);
  private final Counter retries;
  private final Timer workerStart;
  private final Counter workersEnded;
  private final Counter workersLost;

  private TaskMeters(MeterRegistry registry, Tags tags) {
    this.registry = registry;
    add(
        Gauge.builder("fornada.tasks.active", active, AtomicLong::get)
            .description("Tasks in progress")
            .tags(tags)
            .register(registry));
    add(
        Gauge.builder("fornada.tasks.queued", queued, AtomicLong::get)
            .description("Tasks that wait for a worker")
            .tags(tags)
            .register(registry));
    for (Kind kind : Kind.values()) {
      ended.put(
          kind,
          add(
              Counter.builder("fornada.tasks")
                  .description("Tasks that have ended")
                  .tags(tags.and(kind.tag()))
                  .register(registry)));
      attempts.put(
          kind,
          add(
              Timer.builder("fornada.task")
                  .description("Time that attempts at tasks took")
                  .tags(tags.and(kind.tag()))
                  .register(registry)));
    }
    retries =
        add(
            Counter.builder("fornada.task.retries")
                .description("Attempts that were followed by another")
                .tags(tags)
                .register(registry));
    add(
        FunctionCounter.builder("fornada.task.cpu", cpuNanos, nanos -> nanos.sum() / 1e9)
            .description("Processor time of attempts at tasks")
            .baseUnit("seconds")
            .tags(tags)
            .register(registry));
    add(
        Gauge.builder("fornada.workers", workers, Set::size)
            .description("Worker JVMs that are up")
            .tags(tags)
            .register(registry));
    workerStart =
        add(
            Timer.builder("fornada.worker.start")
                .description("Time until a worker JVM was ready")
                .tags(tags)
                .register(registry));
    workersEnded = workerEnds(tags, "true");
    workersLost = workerEnds(tags, "false");
  }

  /** Returns meters with the tag {@code name}, registered with {@code registry}. */
  public static TaskMeters of(MeterRegistry registry, String name) {
    return of(registry, name, Tags.empty());
  }

  /**
   * Returns meters with the tag {@code name} and {@code tags}, registered with {@code registry}.
   *
   * @throws IllegalArgumentException if {@code name} is blank
   */
  public static TaskMeters of(MeterRegistry registry, String name, Iterable<Tag> tags) {
    if (name.isBlank()) {
      throw new IllegalArgumentException("name must not be blank, got \"" + name + "\"");
    }
    return new TaskMeters(registry, Tags.of(tags).and("name", name));
  }

  private Counter workerEnds(Tags tags, String expected) {
    return add(
        Counter.builder("fornada.worker.ends")
            .description("Worker JVMs that have ended")
            .tags(tags.and("expected", expected))
            .register(registry));
  }

  private <M extends Meter> M add(M meter) {
    meters.add(meter);
    return meter;
  }

  @Override
  public void onEvent(TaskEvent event) {
    switch (event) {
      case TaskEvent.Submitted _ -> queued.incrementAndGet();
      case TaskEvent.Started _ -> {
        queued.decrementAndGet();
        active.incrementAndGet();
      }
      case TaskEvent.Finished finished -> finished(finished);
      // In a pool of threads a worker is a thread of this process, and nothing tells of its end.
      case TaskEvent.WorkerReady ready when !isHere(ready) -> {
        workers.add(jvm(ready.worker(), ready.pid()));
        workerStart.record(ready.startupNanos(), TimeUnit.NANOSECONDS);
      }
      case TaskEvent.WorkerEnded end -> {
        workers.remove(jvm(end.certificate().worker(), end.certificate().pid()));
        (end.expected() ? workersEnded : workersLost).increment();
      }
      default -> {}
    }
  }

  private static boolean isHere(TaskEvent.WorkerReady ready) {
    return ready.pid() == OWN_PID && machine(ready.worker()).isEmpty();
  }

  /** Processes of different machines may have the same number. */
  private static String jvm(String worker, long pid) {
    return machine(worker) + pid;
  }

  /** What a worker's name begins with in a pool on other machines: its agent and a slash. */
  private static String machine(String worker) {
    return worker.substring(0, worker.lastIndexOf('/') + 1);
  }

  private void finished(TaskEvent.Finished event) {
    Kind kind = kind(event.outcome());
    TaskUsage usage = event.usage();
    // An attempt that has started has usage, and one that has not has none.
    (usage == null ? queued : active).decrementAndGet();
    if (usage != null) {
      Timer timer = attempts.get(kind);
      if (timer != null) {
        timer.record(usage.endedNanos() - usage.startedNanos(), TimeUnit.NANOSECONDS);
      }
      if (usage.cpuNanos() != TaskUsage.UNKNOWN) {
        cpuNanos.add(usage.cpuNanos());
      }
    }
    if (event.last()) {
      Counter counter = ended.get(kind);
      if (counter != null) {
        counter.increment();
      }
    } else {
      queued.incrementAndGet();
      retries.increment();
    }
  }

  private static Kind kind(Outcome<?> outcome) {
    return switch (outcome) {
      case Outcome.Done<?> _ -> Kind.DONE;
      case Outcome.Failed<?> _ -> Kind.FAILED;
      case Outcome.TimedOut<?> _ -> Kind.TIMED_OUT;
      case Outcome.Cancelled<?> _ -> Kind.CANCELLED;
      case Outcome.WorkerLost<?> _ -> Kind.WORKER_LOST;
    };
  }

  /** Removes the meters from the registry. Events that come later are counted nowhere. */
  @Override
  public void close() {
    meters.forEach(registry::remove);
  }
}
