package io.github.fornada.process;

import io.github.fornada.process.host.Reaper;
import io.github.fornada.process.host.Secrets;
import io.github.fornada.process.worker.WorkerSetUp;
import java.io.Serial;
import java.io.Serializable;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Something that each worker JVM makes once, before its first task, and that its tasks then use: a
 * model loaded into native memory, an open database, a compiled grammar. What is costly to make and
 * cannot be sent, or should not be for each task.
 *
 * <p>This object is only the handle of it. A task captures the handle, which is sent as a few
 * bytes, and {@link #get} gives it what its own worker has made. Each worker has one of its own:
 * what a task changes in it, later tasks of the same worker see, others do not, and it is gone with
 * the worker. A worker runs one task at a time, so that it need not be thread-safe.
 *
 * <p>It counts for the worker's start: {@link WorkerLaunch#startupTimeout} includes it, and if it
 * fails, every task of the pool ends with what it threw. What has to be closed, a shutdown hook of
 * the worker may close; it does not run where a worker is killed.
 *
 * {@snippet :
 * WorkerState<Model> model = WorkerState.of(() -> Model.load(path));
 * try (var pool = ProcessPool.open(o -> o.withWorkerState(model))) {
 *   List<String> labels = pool.map(photos, photo -> model.get().label(photo));
 * }
 * }
 *
 * <p>The need is that of the {@code initializer} with a global variable in Python's {@code
 * multiprocessing}, and of mpire's worker state.
 *
 * @param <T> what is made
 */
public final class WorkerState<T> implements Serializable {
  @Serial private static final long serialVersionUID = 1L;

  /** What this worker has made, by id. Each is written once, before the first task. */
  private static final Map<String, Object> MADE = new ConcurrentHashMap<>();

  /** The same in all copies of one handle, and in no other. */
  private final String id;

  /** In the process that has made the handle only: tasks carry the handle alone. */
  private final transient @Nullable Maker<T> maker;

  /** Makes the state of a worker. What it captures must be serializable. */
  @FunctionalInterface
  public interface Maker<T> extends Serializable {
    /**
     * Makes the state; called once in each worker, by the thread that runs its tasks.
     *
     * @throws Exception if it cannot be made; the pool's tasks then end with this as their cause
     */
    T make() throws Exception;
  }

  private WorkerState(Maker<T> maker) {
    this.id = Secrets.hexadecimal(16);
    this.maker = Objects.requireNonNull(maker, "maker");
  }

  /**
   * Returns a handle of a state that each worker makes with {@code maker}; give it to the pool with
   * {@link ProcessOptions#withWorkerState}.
   */
  public static <T> WorkerState<T> of(Maker<T> maker) {
    return new WorkerState<>(maker);
  }

  /**
   * Returns this worker's instance; call it from within a task.
   *
   * @throws IllegalStateException if it is called anywhere but in a task of a pool that was opened
   *     with this state; the message says which of both is the matter
   */
  @SuppressWarnings("unchecked") // made by the maker of the same id
  public T get() {
    Object made = MADE.get(id);
    if (made == null) {
      throw new IllegalStateException(
          System.getenv(Reaper.MARK) == null
              ? "a worker's state is there in the workers of a process pool only, and this is none:"
                  + " call get in the task, not before it, and not in a pool of threads"
              : "this worker has no such state: give it to the pool, as in"
                  + " ProcessPool.open(o -> o.withWorkerState(state))");
    }
    return (T) made;
  }

  /** What a worker is sent of it to make it. */
  Recipe recipe() {
    if (maker == null) {
      throw new IllegalArgumentException(
          "this worker state came from another process: a pool takes one that was made here, by"
              + " WorkerState.of");
    }
    return new Recipe(id, maker);
  }

  record Recipe(String id, Maker<?> maker) implements WorkerSetUp.Step {
    @Override
    public String part() {
      return "state";
    }

    @Override
    public Object code() {
      return maker;
    }

    @Override
    public void run() throws Exception {
      Object made = maker.make();
      MADE.put(id, Objects.requireNonNull(made, "the maker of a worker's state gave null"));
    }
  }
}
