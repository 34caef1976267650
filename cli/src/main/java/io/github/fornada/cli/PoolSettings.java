package io.github.fornada.cli;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Pool;
import io.github.fornada.PoolOptions;
import io.github.fornada.TaskListener;
import io.github.fornada.TaskPolicy;
import io.github.fornada.advice.AutoOptions;
import io.github.fornada.advice.AutoPool;
import io.github.fornada.process.ProcessOptions;
import io.github.fornada.process.ProcessPool;
import io.github.fornada.threads.SequentialPool;
import io.github.fornada.threads.ThreadPool;
import io.github.fornada.threads.VirtualThreadPool;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The settings of pools from the command line.
 *
 * @param workers the number of tasks at once; null for each pool's own default
 * @param timeout longest time of one item; null for none
 * @param retries further attempts at an item without a result
 * @param backOff the pause before the first retry; null for the default
 * @param heap heap of each worker process; null for the pool's default
 */
record PoolSettings(
    @Nullable Integer workers,
    @Nullable Duration timeout,
    int retries,
    @Nullable Duration backOff,
    @Nullable String heap) {

  /**
   * Opens a pool.
   *
   * @throws Fault if an option is out of its bounds
   */
  Pool open(ExecutionModel model, List<TaskListener> listeners) {
    try {
      return switch (model) {
        case SEQUENTIAL -> SequentialPool.open(local(listeners));
        case VIRTUAL_THREADS -> VirtualThreadPool.open(local(listeners));
        case PLATFORM_THREADS -> ThreadPool.open(local(listeners));
        case PROCESSES -> ProcessPool.open(processes(listeners));
        case CLUSTER -> throw Fault.usage("the command has no clusters yet");
      };
    } catch (IllegalArgumentException e) {
      throw Fault.usage(OptionWording.withOptions(String.valueOf(e.getMessage())));
    }
  }

  /**
   * Opens a pool that chooses how to run.
   *
   * @throws Fault if an option is out of its bounds
   */
  AutoPool openAuto(List<TaskListener> listeners, UnaryOperator<AutoOptions> change) {
    try {
      return AutoPool.open(options -> {
        AutoOptions changed =
            options
                .withPolicy(policy(options.policy(), listeners))
                .withProcesses(o -> {
                  ProcessOptions headless = o.withJvmOptions("-Djava.awt.headless=true");
                  return heap == null ? headless : headless.withHeap(heap);
                });
        return change.apply(workers == null ? changed : changed.withMostInFlight(workers));
      });
    } catch (IllegalArgumentException e) {
      throw Fault.usage(OptionWording.withOptions(String.valueOf(e.getMessage())));
    }
  }

  private UnaryOperator<PoolOptions> local(List<TaskListener> listeners) {
    return options -> {
      PoolOptions changed = options.withPolicy(policy(options.policy(), listeners));
      return workers == null ? changed : changed.withWorkers(workers);
    };
  }

  private UnaryOperator<ProcessOptions> processes(List<TaskListener> listeners) {
    return options -> {
      ProcessOptions changed =
          options
              .withPolicy(policy(options.policy(), listeners))
              .withJvmOptions("-Djava.awt.headless=true");
      if (workers != null) {
        changed = changed.withWorkers(workers);
      }
      return heap == null ? changed : changed.withHeap(heap);
    };
  }

  private TaskPolicy policy(TaskPolicy policy, List<TaskListener> listeners) {
    TaskPolicy changed = policy.withRetries(retries);
    if (timeout != null) {
      changed = changed.withTimeout(timeout);
    }
    if (backOff != null) {
      changed = changed.withBackOff(backOff);
    }
    for (TaskListener listener : listeners) {
      changed = changed.withListener(listener);
    }
    return changed;
  }

  /** Returns the same settings without a number of workers, for the sequential model. */
  PoolSettings withoutWorkers() {
    return new PoolSettings(null, timeout, retries, backOff, heap);
  }
}
