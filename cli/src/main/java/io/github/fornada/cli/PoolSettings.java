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
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The settings of pools from the command line.
 *
 * @param workers the number of tasks at once, by model
 * @param timeout longest time of one item; null for none
 * @param retries further attempts at an item without a result
 * @param backOff the pause before the first retry; null for the default
 * @param heap heap of each worker process; null for the pool's default
 * @param items how many items there are, so that no further worker process is of use; at least 1,
 *     and {@link #ANY_NUMBER} if that is not known
 */
record PoolSettings(
    Workers.ByModel workers,
    @Nullable Duration timeout,
    int retries,
    @Nullable Duration backOff,
    @Nullable String heap,
    int items) {
  /** There may be any number of items. */
  static final int ANY_NUMBER = Integer.MAX_VALUE;

  /** Returns the same settings for inputs; only a list of them has a number. */
  PoolSettings forItems(Inputs inputs) {
    return inputs instanceof Inputs.Known(var list)
        ? new PoolSettings(workers, timeout, retries, backOff, heap, Math.max(1, list.size()))
        : this;
  }

  /**
   * Opens a pool for a call, and does now what the command itself does for the first time with a
   * first item. In workers, that is part of their start.
   *
   * @throws Fault if an option is out of its bounds, or the pool cannot be opened
   */
  Pool open(ExecutionModel model, MethodCall call, List<TaskListener> listeners) {
    WarmUp warmUp = WarmUp.of(call);
    if (model != ExecutionModel.PROCESSES) {
      warmUp.initialize();
    }
    try {
      return switch (model) {
        case SEQUENTIAL -> SequentialPool.open(local(model, listeners));
        case VIRTUAL_THREADS -> VirtualThreadPool.open(local(model, listeners));
        case PLATFORM_THREADS -> ThreadPool.open(local(model, listeners));
        case PROCESSES -> ProcessPool.open(processes(warmUp, listeners));
        case CLUSTER -> throw new AssertionError("a cluster has an address");
      };
    } catch (IllegalArgumentException e) {
      throw Fault.usage(OptionWording.withOptions(String.valueOf(e.getMessage())));
    } catch (UncheckedIOException e) { // of a process pool: no room, or no descriptor is left
      throw Fault.failed(String.valueOf(e.getMessage()));
    }
  }

  /**
   * Opens a pool that chooses how to run; otherwise as {@link #open}.
   *
   * @throws Fault if an option is out of its bounds
   */
  AutoPool openAuto(
      MethodCall call, List<TaskListener> listeners, UnaryOperator<AutoOptions> change) {
    WarmUp warmUp = WarmUp.of(call);
    warmUp.initialize(); // the first items run in this JVM
    try {
      return AutoPool.open(options -> {
        AutoOptions changed =
            options
                .withPolicy(policy(options.policy(), listeners))
                .withProcesses(o -> {
                  ProcessOptions warm =
                      o.withJvmOptions("-Djava.awt.headless=true").withInitializer(warmUp);
                  return heap == null ? warm : warm.withHeap(heap);
                });
        if (workers.all() != null) {
          changed = changed.withMostInFlight(workers.all());
        }
        Integer processes = mostProcesses();
        if (processes == null && items < Runtime.getRuntime().availableProcessors()) {
          processes = Math.min(items, MemoryFit.mostProcesses(heap)); // its own default is higher
        }
        return change.apply(processes == null ? changed : changed.withMostProcesses(processes));
      });
    } catch (IllegalArgumentException e) {
      throw Fault.usage(OptionWording.withOptions(String.valueOf(e.getMessage())));
    }
  }

  private UnaryOperator<PoolOptions> local(ExecutionModel model, List<TaskListener> listeners) {
    Integer count = workers.of(model);
    return options -> {
      PoolOptions changed = options.withPolicy(policy(options.policy(), listeners));
      return count == null ? changed : changed.withWorkers(count);
    };
  }

  private UnaryOperator<ProcessOptions> processes(WarmUp warmUp, List<TaskListener> listeners) {
    Integer count = mostProcesses();
    UnaryOperator<ProcessOptions> each = workerJvms(listeners);
    return options -> {
      ProcessOptions changed = each.apply(options).withInitializer(warmUp);
      if (count != null) {
        return changed.withWorkers(count);
      }
      return items < options.workers() ? changed.withWorkers(items) : changed;
    };
  }

  /** Returns the options of worker JVMs, on whatever machine, without their number. */
  UnaryOperator<ProcessOptions> workerJvms(List<TaskListener> listeners) {
    return options -> {
      ProcessOptions changed =
          options
              .withPolicy(policy(options.policy(), listeners))
              .withJvmOptions("-Djava.awt.headless=true");
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

  /**
   * Returns the number of worker processes, no more than there are items, and as far as memory
   * allows; null for the default.
   */
  @Nullable Integer mostProcesses() {
    Integer wanted = wantedProcesses();
    return wanted == null ? null : Math.min(wanted, MemoryFit.mostProcesses(heap));
  }

  private @Nullable Integer wantedProcesses() {
    Integer wanted = workers.of(ExecutionModel.PROCESSES);
    return wanted == null ? null : Math.min(wanted, items);
  }

  /** Returns a message if there is less memory than for all worker processes that are wanted. */
  Optional<String> memoryMessage() {
    Integer wanted = wantedProcesses();
    Integer most = mostProcesses();
    return wanted == null || most == null || most.equals(wanted)
        ? Optional.empty()
        : Optional.of(
            "fornada: "
                + Words.count(most, "worker process", "worker processes")
                + " instead of "
                + wanted
                + ": that is what fits into the free memory, with "
                + Words.bytes(MemoryFit.bytesEach(heap))
                + " for each; --heap makes them smaller");
  }

  /**
   * Checks that numbers of workers are for a model that runs. Of several, those for other models
   * are left out: one list may do for all of a user's commands.
   *
   * @throws Fault if all are for other models, or the sequential model is given several
   */
  PoolSettings onlyFor(List<ExecutionModel> models) {
    Integer inSequence = workers.of(ExecutionModel.SEQUENTIAL);
    if (models.equals(List.of(ExecutionModel.SEQUENTIAL)) && inSequence != null && inSequence > 1) {
      throw Fault.usage(
          "--on sequential runs one task at a time, and --workers asks for "
              + inSequence
              + ": leave --workers out, or choose another model, such as --on threads");
    }
    if (workers.all() == null
        && !workers.some().isEmpty()
        && models.stream().noneMatch(workers.some()::containsKey)) {
      ExecutionModel other = workers.some().keySet().stream().sorted().findFirst().orElseThrow();
      String several =
          models.stream()
              .filter(ModelParser.MODELS::contains) // a cluster takes a number alone
              .filter(each -> each != ExecutionModel.SEQUENTIAL)
              .map(each -> each.label() + "=N")
              .collect(Collectors.joining(" or "));
      String alone = models.equals(List.of(ExecutionModel.SEQUENTIAL)) ? "none" : "N alone";
      throw Fault.usage(
          "--workers "
              + other.label()
              + "="
              + workers.some().get(other)
              + " is for "
              + other.label()
              + ", which does not run here: "
              + models.stream().map(ExecutionModel::label).collect(Collectors.joining(", "))
              + ". Give "
              + (several.isEmpty() ? alone : several + ", or " + alone));
    }
    return this;
  }

  /** Returns the same settings without a number of workers, for the sequential model. */
  PoolSettings withoutWorkers() {
    return new PoolSettings(Workers.ByModel.DEFAULT, timeout, retries, backOff, heap, items);
  }

  /** Returns the settings of a pool of one worker process. */
  PoolSettings withOneWorker() {
    return new PoolSettings(Workers.ByModel.DEFAULT, timeout, retries, backOff, heap, 1);
  }
}
