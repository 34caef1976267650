package io.github.fornada.spring;

import io.github.fornada.ContextCarrier;
import io.github.fornada.ExecutionModel;
import io.github.fornada.Pool;
import io.github.fornada.PoolOptions;
import io.github.fornada.TaskListener;
import io.github.fornada.TaskPolicy;
import io.github.fornada.process.ProcessOptions;
import io.github.fornada.process.ProcessPool;
import io.github.fornada.threads.SequentialPool;
import io.github.fornada.threads.ThreadPool;
import io.github.fornada.threads.VirtualThreadPool;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The properties of one pool. What is absent stays as the pool has it by default.
 *
 * @param model {@code sequential}, {@code virtual}, {@code threads} or {@code processes}
 * @param workers the maximum number of tasks at once
 * @param timeout the time that one item may take
 * @param grace the time that an item over its timeout gets to end
 * @param retries how often a failed item is tried again
 * @param backOff the pause before the first retry
 * @param window how many items of a stream are taken ahead of its consumer
 * @param heap the maximum heap of a worker JVM, such as {@code 512m}
 * @param jvmOptions more options of the worker JVMs
 * @param minWorkers how many worker JVMs stay when there is no work
 * @param maxTasks after how many tasks a worker JVM is replaced
 * @param residentLimit the memory over which a worker JVM is replaced, such as {@code 1g}
 * @param startupTimeout the time that a worker JVM may take to start
 * @param exitGrace the time that the pool goes on after SIGTERM, until Spring closes it; 30 s
 */
record PoolSettings(
    @Nullable String model,
    @Nullable Integer workers,
    @Nullable Duration timeout,
    @Nullable Duration grace,
    @Nullable Integer retries,
    @Nullable Duration backOff,
    @Nullable Integer window,
    @Nullable String heap,
    @Nullable List<String> jvmOptions,
    @Nullable Integer minWorkers,
    @Nullable Integer maxTasks,
    @Nullable String residentLimit,
    @Nullable Duration startupTimeout,
    @Nullable Duration exitGrace) {

  /** Spring's default for spring.lifecycle.timeout-per-shutdown-phase. */
  private static final Duration SPRING_PHASE = Duration.ofSeconds(30);

  /** Opens the pool that these settings describe. */
  Pool open(String name, List<TaskListener> listeners, List<ContextCarrier<?>> carriers) {
    try {
      ExecutionModel wanted = modelNamed(name);
      if (wanted != ExecutionModel.PROCESSES) {
        refuseWhatIsForProcesses(name, wanted);
      }
      return switch (wanted) {
        case SEQUENTIAL -> SequentialPool.open(o -> changed(name, o, listeners, carriers));
        case VIRTUAL_THREADS -> VirtualThreadPool.open(o -> changed(name, o, listeners, carriers));
        case PLATFORM_THREADS -> ThreadPool.open(o -> changed(name, o, listeners, carriers));
        case PROCESSES -> ProcessPool.open(o -> changed(o, listeners, carriers));
        case CLUSTER -> throw unknownModel(name);
      };
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "the pool " + FornadaAutoConfiguration.POOLS + "." + name + ": " + e.getMessage(), e);
    }
  }

  private ExecutionModel modelNamed(String name) {
    for (ExecutionModel known : ExecutionModel.values()) {
      if (known.label().equals(model) && known != ExecutionModel.CLUSTER) {
        return known;
      }
    }
    throw unknownModel(name);
  }

  private IllegalArgumentException unknownModel(String name) {
    String known =
        Arrays.stream(ExecutionModel.values())
            .filter(one -> one != ExecutionModel.CLUSTER)
            .map(ExecutionModel::label)
            .collect(Collectors.joining(", "));
    return new IllegalArgumentException(
        (model == null ? "it has no model" : "there is no model \"" + model + "\"")
            + "; set "
            + FornadaAutoConfiguration.POOLS
            + "."
            + name
            + ".model to one of "
            + known);
  }

  private void refuseWhatIsForProcesses(String name, ExecutionModel wanted) {
    var given = new LinkedHashMap<String, @Nullable Object>();
    given.put("heap", heap);
    given.put("jvm-options", jvmOptions);
    given.put("min-workers", minWorkers);
    given.put("max-tasks", maxTasks);
    given.put("resident-limit", residentLimit);
    given.put("startup-timeout", startupTimeout);
    given.put("exit-grace", exitGrace);
    for (Map.Entry<String, @Nullable Object> one : given.entrySet()) {
      if (one.getValue() != null) {
        throw new IllegalArgumentException(
            one.getKey()
                + " is for worker JVMs, and the model is "
                + wanted.label()
                + ": remove it, or set "
                + FornadaAutoConfiguration.POOLS
                + "."
                + name
                + ".model to processes");
      }
    }
  }

  private TaskPolicy changed(
      TaskPolicy policy, List<TaskListener> listeners, List<ContextCarrier<?>> carriers) {
    TaskPolicy changed = policy;
    if (timeout != null) {
      changed = changed.withTimeout(timeout);
    }
    if (grace != null) {
      changed = changed.withGrace(grace);
    }
    if (retries != null) {
      changed = changed.withRetries(retries);
    }
    if (backOff != null) {
      changed = changed.withBackOff(backOff);
    }
    if (window != null) {
      changed = changed.withWindow(window);
    }
    for (TaskListener listener : listeners) {
      changed = changed.withListener(listener);
    }
    for (ContextCarrier<?> carrier : carriers) {
      changed = changed.withCarrier(carrier);
    }
    return changed;
  }

  private PoolOptions changed(
      String name,
      PoolOptions options,
      List<TaskListener> listeners,
      List<ContextCarrier<?>> carriers) {
    PoolOptions changed =
        options.withName(name).withPolicy(changed(options.policy(), listeners, carriers));
    return workers == null ? changed : changed.withWorkers(workers);
  }

  private ProcessOptions changed(
      ProcessOptions options, List<TaskListener> listeners, List<ContextCarrier<?>> carriers) {
    ProcessOptions changed = options.withPolicy(changed(options.policy(), listeners, carriers));
    if (workers != null) {
      changed = changed.withWorkers(workers);
    }
    if (heap != null) {
      changed = changed.withHeap(heap);
    }
    if (jvmOptions != null) {
      changed = changed.withJvmOptions(jvmOptions.toArray(new String[0]));
    }
    if (minWorkers != null) {
      changed = changed.withMinWorkers(minWorkers);
    }
    if (maxTasks != null) {
      changed = changed.withMaxTasks(maxTasks);
    }
    if (residentLimit != null) {
      changed = changed.withResidentLimit(residentLimit);
    }
    if (startupTimeout != null) {
      changed = changed.withStartupTimeout(startupTimeout);
    }
    // Else its workers would be killed while Spring still lets requests end.
    return changed.withExitGraceUntilClosed(exitGrace == null ? SPRING_PHASE : exitGrace);
  }
}
