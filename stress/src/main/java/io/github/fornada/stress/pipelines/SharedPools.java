package io.github.fornada.stress.pipelines;

import io.github.fornada.Pool;
import io.github.fornada.process.ProcessPool;
import io.github.fornada.stress.pipelines.StagePlan.Limits;
import io.github.fornada.stress.pipelines.StagePlan.Model;
import io.github.fornada.threads.SequentialPool;
import io.github.fornada.threads.ThreadPool;
import io.github.fornada.threads.VirtualThreadPool;
import java.util.EnumMap;
import java.util.Map;

/**
 * The pools that all pipelines of a storm share, or those of one whose owner shuts them down. A
 * pool is opened when it is first asked for.
 */
final class SharedPools implements AutoCloseable {
  /** The limits of the pool of processes that tries again. */
  static final Limits STUBBORN = new Limits(2, 1, 0);

  private static final int THREADS = 3;
  private static final int VIRTUAL_THREADS = 10;

  private final Map<Model, Pool> pools = new EnumMap<>(Model.class);

  private static Pool open(Model model) {
    return switch (model) {
      case SHARED_THREADS -> ThreadPool.open(o -> o.withWorkers(THREADS).withName("shared"));
      case SHARED_VIRTUAL_THREADS ->
          VirtualThreadPool.open(o -> o.withWorkers(VIRTUAL_THREADS).withName("shared-virtual"));
      case SHARED_SEQUENTIAL -> SequentialPool.open(o -> o.withName("shared-sequential"));
      case SHARED_PROCESS -> ProcessPool.open(o -> o.withWorkers(1).withHeap("64m"));
      case SHARED_PROCESSES -> ProcessPool.open(o -> o.withWorkers(2).withHeap("64m"));
      case SHARED_STUBBORN_PROCESSES ->
          ProcessPool.open(o ->
              o.withWorkers(2).withHeap("64m").withPolicy(Execution.policy(o.policy(), STUBBORN)));
      default -> throw new IllegalArgumentException("no stages share a pool of " + model);
    };
  }

  synchronized Pool get(Model model) {
    return pools.computeIfAbsent(model, SharedPools::open);
  }

  @Override
  public synchronized void close() {
    pools.values().forEach(Pool::close);
  }
}
