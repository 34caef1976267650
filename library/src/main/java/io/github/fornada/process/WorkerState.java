package io.github.fornada.process;

import io.github.fornada.process.host.Reaper;
import io.github.fornada.process.host.Secrets;
import io.github.fornada.process.worker.WorkerSetUp;
import java.io.Serial;
import java.io.Serializable;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * An object that each worker JVM creates once, before its first task, for its tasks to use: a model
 * loaded into native memory, an open database, a compiled grammar. For objects that are costly to
 * create and cannot be sent, or should not be sent with each task.
 *
 * <p>A {@code WorkerState} is only a handle. A task captures the handle, which is sent as a few
 * bytes, or finds it in a static final field, and {@link #get} returns the instance of the worker
 * that runs the task. Each worker has its own instance: later tasks of the same worker see what a
 * task changes in it, tasks of other workers do not, and it ends with the worker. A worker runs one
 * task at a time, so the instance need not be thread-safe.
 *
 * <p>Creating the instance is part of the worker's start: {@link WorkerLaunch#startupTimeout}
 * includes it, and if it throws, every task of the pool ends with that exception. An instance that
 * must be closed can be closed by a shutdown hook of the worker; the hook does not run if the
 * worker is killed.
 *
 * {@snippet :
 * WorkerState<Model> model = WorkerState.of(() -> Model.load(path));
 * try (var pool = ProcessPool.open(o -> o.withWorkerState(model))) {
 *   List<String> labels = pool.map(photos, photo -> model.get().label(photo));
 * }
 * }
 *
 * <p>The idea comes from the {@code initializer} with a global variable in Python's {@code
 * multiprocessing}, and from mpire's worker state.
 *
 * @param <T> the type of the instances
 */
public final class WorkerState<T> implements Serializable {
  @Serial private static final long serialVersionUID = 1L;

  /** The instances of this worker, by id. Each is written once, before the first task. */
  private static final Map<String, Object> MADE = new ConcurrentHashMap<>();

  private static final StackWalker CALLERS =
      StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE);

  /** How many handles the initialization of a class has made. */
  private static final ClassValue<AtomicInteger> STATIC =
      new ClassValue<>() {
        @Override
        protected AtomicInteger computeValue(Class<?> type) {
          return new AtomicInteger();
        }
      };

  /**
   * The same in all copies of one handle, and different in other handles. A handle in a static
   * field is no copy in a worker, which initializes that class anew: there it must be the same,
   * too.
   */
  private final String id;

  /** Present only in the process that created the handle: tasks are sent the handle without it. */
  private final transient @Nullable Maker<T> maker;

  /** Creates the instance of a worker. What it captures must be serializable. */
  @FunctionalInterface
  public interface Maker<T> extends Serializable {
    /**
     * Creates the instance. Called once in each worker, by the thread that runs its tasks.
     *
     * @throws Exception if the instance cannot be created; the pool's tasks then end with this as
     *     their cause
     */
    T make() throws Exception;
  }

  private WorkerState(Maker<T> maker) {
    this.maker = Objects.requireNonNull(maker, "maker");
    Class<?> initialized = initializedClass();
    this.id =
        initialized == null
            ? Secrets.hexadecimal(16)
            : initialized.getName() + " " + STATIC.get(initialized).incrementAndGet();
  }

  /** Returns the class whose static initializer is running; null if none is. */
  private static @Nullable Class<?> initializedClass() {
    return CALLERS.walk(frames ->
        frames
            .filter(frame -> frame.getMethodName().equals("<clinit>"))
            .<@Nullable Class<?>>map(StackWalker.StackFrame::getDeclaringClass)
            .findFirst()
            .orElse(null));
  }

  /**
   * Returns a handle of instances that {@code maker} creates. Give it to the pool with {@link
   * ProcessOptions#withWorkerState}.
   */
  public static <T> WorkerState<T> of(Maker<T> maker) {
    return new WorkerState<>(maker);
  }

  /**
   * Returns this worker's instance. Call it from within a task.
   *
   * @throws IllegalStateException if it is not called in a worker, or the worker's pool was not
   *     opened with this state; the message says which
   */
  @SuppressWarnings("unchecked") // made by the maker of the same id
  public T get() {
    Object made = MADE.get(id);
    if (made == null) {
      throw new IllegalStateException(
          System.getenv(Reaper.MARK) == null
              ? "a worker state can be used in the workers of a process pool only; this is not one:"
                  + " call get in the task, not before it, and not in a pool of threads"
              : "this worker has no such state: give it to the pool, as in"
                  + " ProcessPool.open(o -> o.withWorkerState(state))");
    }
    return (T) made;
  }

  /** Returns what a worker is sent to create its instance. */
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
