package io.github.fornada.process;

import io.github.fornada.process.launch.MemorySizes;
import io.github.fornada.process.worker.WorkerSetUp;
import io.github.fornada.spi.PayloadCodec;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** How worker JVMs are started. Immutable: each {@code with} method returns a changed copy. */
public final class WorkerLaunch {
  static final WorkerLaunch DEFAULT = new WorkerLaunch(new Draft());

  private final @Nullable String heap;
  private final List<String> jvmOptions;
  private final Map<String, String> environment;
  private final @Nullable Path directory;
  private final Duration startupTimeout;
  private final @Nullable WorkerInitializer initializer;
  private final List<WorkerState<?>> states;
  private final @Nullable Function<String, byte @Nullable []> classFiles;
  private final @Nullable PayloadCodec codec;
  private final boolean aotCache;

  /** Collects the values of new options. Used by one thread, and not kept. */
  private static final class Draft {
    private @Nullable String heap;
    private List<String> jvmOptions = List.of();
    private Map<String, String> environment = Map.of();
    private @Nullable Path directory;
    private Duration startupTimeout = Duration.ofSeconds(30);
    private @Nullable WorkerInitializer initializer;
    private List<WorkerState<?>> states = List.of();
    private @Nullable Function<String, byte @Nullable []> classFiles;
    private @Nullable PayloadCodec codec;
    private boolean aotCache = true;
  }

  private WorkerLaunch(Draft draft) {
    if (draft.heap != null) {
      long _ = MemorySizes.ofWorker("heap", draft.heap);
    }
    if (!draft.startupTimeout.isPositive()) {
      throw new IllegalArgumentException(
          "start-up timeout must be positive, got " + draft.startupTimeout);
    }
    heap = draft.heap;
    jvmOptions = List.copyOf(draft.jvmOptions);
    environment = Map.copyOf(draft.environment);
    directory = draft.directory;
    startupTimeout = WorkerLife.bounded(draft.startupTimeout);
    initializer = draft.initializer;
    states = List.copyOf(draft.states);
    classFiles = draft.classFiles;
    codec = draft.codec;
    aotCache = draft.aotCache;
  }

  private WorkerLaunch changed(Consumer<Draft> change) {
    var draft = new Draft();
    draft.heap = heap;
    draft.jvmOptions = jvmOptions;
    draft.environment = environment;
    draft.directory = directory;
    draft.startupTimeout = startupTimeout;
    draft.initializer = initializer;
    draft.states = states;
    draft.classFiles = classFiles;
    draft.codec = codec;
    draft.aotCache = aotCache;
    change.accept(draft);
    return new WorkerLaunch(draft);
  }

  /** Returns a launch with a heap of at most {@code size} for each worker, such as {@code 512m}. */
  public WorkerLaunch withHeap(String size) {
    return changed(draft -> draft.heap = size);
  }

  /**
   * Returns a launch with {@code options} as further JVM options. They replace those given before.
   */
  public WorkerLaunch withJvmOptions(String... options) {
    return changed(draft -> draft.jvmOptions = List.of(options));
  }

  /**
   * Returns a launch in which the environment variable {@code name} has the value {@code value}.
   */
  public WorkerLaunch withEnvironment(String name, String value) {
    var all = new TreeMap<>(environment);
    all.put(name, value);
    return changed(draft -> draft.environment = all);
  }

  /** Returns a launch with {@code path} as the workers' working directory. */
  public WorkerLaunch withDirectory(Path path) {
    return changed(draft -> draft.directory = path);
  }

  /**
   * Returns a launch in which a worker must become ready within {@code limit}, which must be
   * positive.
   */
  public WorkerLaunch withStartupTimeout(Duration limit) {
    return changed(draft -> draft.startupTimeout = limit);
  }

  /** Returns a launch in which each worker runs {@code first} before anything else. */
  public WorkerLaunch withInitializer(WorkerInitializer first) {
    return changed(draft -> draft.initializer = first);
  }

  /**
   * Returns a launch in which each worker also creates {@code state}, after the initializer and the
   * states given before.
   */
  public WorkerLaunch withWorkerState(WorkerState<?> state) {
    var all = new ArrayList<>(states);
    all.add(state);
    return changed(draft -> draft.states = all);
  }

  /**
   * Returns a launch in which {@code find} supplies the class files of classes that were defined at
   * run time and that the {@code getResourceAsStream} of their loader does not supply, such as
   * classes of {@code MethodHandles.Lookup.defineClass}.
   *
   * @param find returns the class file for the name of a class, or null if it does not know the
   *     class; called by several threads
   */
  public WorkerLaunch withClassFiles(Function<String, byte @Nullable []> find) {
    return changed(draft -> draft.classFiles = find);
  }

  /**
   * Returns a launch that uses {@code chosen} instead of the JDK's serialization for items and
   * results that Fornada does not encode itself.
   */
  public WorkerLaunch withCodec(PayloadCodec chosen) {
    return changed(draft -> draft.codec = chosen);
  }

  /** Returns a launch without an ahead-of-time cache: none is used, and none is created. */
  public WorkerLaunch withoutAotCache() {
    return changed(draft -> draft.aotCache = false);
  }

  /** An initializer as it is sent to a worker. */
  private record InitializerStep(WorkerInitializer initializer) implements WorkerSetUp.Step {
    @Override
    public String part() {
      return "initializer";
    }

    @Override
    public Object code() {
      return initializer;
    }

    @Override
    public void run() throws Exception {
      initializer.initialize();
    }
  }

  /** Returns what a worker does before its first task; null for nothing. */
  @Nullable WorkerSetUp setUp() {
    if (initializer == null && states.isEmpty()) {
      return null;
    }
    var steps = new ArrayList<WorkerSetUp.Step>();
    if (initializer != null) {
      steps.add(new InitializerStep(initializer));
    }
    for (WorkerState<?> state : states) {
      steps.add(state.recipe());
    }
    return new WorkerSetUp(steps);
  }

  /** Returns the JVM options of the codec, followed by those of the user. */
  List<String> allJvmOptions() {
    if (codec == null) {
      return jvmOptions;
    }
    return Stream.concat(codec.workerJvmOptions().stream(), jvmOptions.stream()).toList();
  }

  /**
   * Returns the maximum heap of each worker, in the form of {@code -Xmx}; null for an equal share
   * of a quarter of the machine's memory.
   */
  public @Nullable String heap() {
    return heap;
  }

  /** Returns further options of the workers' JVMs. */
  public List<String> jvmOptions() {
    return jvmOptions;
  }

  /** Returns the environment variables set in addition to those of the parent. */
  public Map<String, String> environment() {
    return environment;
  }

  /** Returns the working directory; null for the parent's. */
  public @Nullable Path directory() {
    return directory;
  }

  /** Returns how long a worker may take until it is ready. */
  public Duration startupTimeout() {
    return startupTimeout;
  }

  /** Returns what each worker runs first; null for nothing. */
  public @Nullable WorkerInitializer initializer() {
    return initializer;
  }

  /** Returns the states that each worker creates once, for its tasks to use. */
  public List<WorkerState<?>> states() {
    return states;
  }

  /**
   * Returns the function that supplies the class file for the name of a class that was defined at
   * run time; null for none.
   */
  public @Nullable Function<String, byte @Nullable []> classFiles() {
    return classFiles;
  }

  /**
   * Returns the codec of items and results that Fornada does not encode itself; null for the JDK's
   * serialization.
   */
  public @Nullable PayloadCodec codec() {
    return codec;
  }

  /** Returns whether workers start from an ahead-of-time cache, if the JDK supports it. */
  public boolean aotCache() {
    return aotCache;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof WorkerLaunch that
        && Objects.equals(heap, that.heap)
        && jvmOptions.equals(that.jvmOptions)
        && environment.equals(that.environment)
        && Objects.equals(directory, that.directory)
        && startupTimeout.equals(that.startupTimeout)
        && Objects.equals(initializer, that.initializer)
        && states.equals(that.states)
        && Objects.equals(classFiles, that.classFiles)
        && Objects.equals(codec, that.codec)
        && aotCache == that.aotCache;
  }

  @Override
  public int hashCode() {
    return Objects.hash(
        heap,
        jvmOptions,
        environment,
        directory,
        startupTimeout,
        initializer,
        states,
        classFiles,
        codec,
        aotCache);
  }

  @Override
  public String toString() {
    return "WorkerLaunch[heap="
        + heap
        + ", jvmOptions="
        + jvmOptions
        + ", environment="
        + environment
        + ", directory="
        + directory
        + ", startupTimeout="
        + startupTimeout
        + ", initializer="
        + initializer
        + ", states="
        + states
        + ", classFiles="
        + classFiles
        + ", codec="
        + codec
        + ", aotCache="
        + aotCache
        + "]";
  }
}
