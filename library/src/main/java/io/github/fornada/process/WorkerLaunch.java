package io.github.fornada.process;

import io.github.fornada.process.launch.MemorySizes;
import io.github.fornada.process.worker.WorkerSetUp;
import io.github.fornada.spi.PayloadCodec;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How worker JVMs are started.
 *
 * @param heap the most heap of each worker, as {@code -Xmx} takes it; null for an equal share of a
 *     quarter of the machine's memory
 * @param jvmOptions further options of the workers' JVMs
 * @param environment variables set beside the parent's own
 * @param directory working directory; null for the parent's
 * @param startupLimit how long a worker may take until it is ready
 * @param initializer what each worker runs first; null for nothing
 * @param states what each worker makes once, for its tasks to use
 * @param classFiles gives the class file for the name of a class that was defined at run time; null
 *     for none
 * @param codec writes and reads the objects that have no encoding of Fornada's own; null for the
 *     JDK's serialization
 * @param aotCache whether workers start from an ahead-of-time cache, where the JDK has them
 */
public record WorkerLaunch(
    @Nullable String heap,
    List<String> jvmOptions,
    Map<String, String> environment,
    @Nullable Path directory,
    Duration startupLimit,
    @Nullable WorkerInitializer initializer,
    List<WorkerState<?>> states,
    @Nullable Function<String, byte @Nullable []> classFiles,
    @Nullable PayloadCodec codec,
    boolean aotCache) {
  static final WorkerLaunch DEFAULT =
      new WorkerLaunch(
          null,
          List.of(),
          Map.of(),
          null,
          Duration.ofSeconds(30),
          null,
          List.of(),
          null,
          null,
          true);

  public WorkerLaunch {
    if (heap != null) {
      long _ = MemorySizes.parse("heap", heap);
    }
    if (!startupLimit.isPositive()) {
      throw new IllegalArgumentException("start-up limit must be positive, got " + startupLimit);
    }
    startupLimit = WorkerLife.bounded(startupLimit);
    jvmOptions = List.copyOf(jvmOptions);
    environment = Map.copyOf(environment);
    states = List.copyOf(states);
  }

  /** With this much heap at most, such as {@code 512m}. */
  public WorkerLaunch withHeap(String size) {
    return new WorkerLaunch(
        size,
        jvmOptions,
        environment,
        directory,
        startupLimit,
        initializer,
        states,
        classFiles,
        codec,
        aotCache);
  }

  /** With these further JVM options. */
  public WorkerLaunch withJvmOptions(String... options) {
    return new WorkerLaunch(
        heap,
        List.of(options),
        environment,
        directory,
        startupLimit,
        initializer,
        states,
        classFiles,
        codec,
        aotCache);
  }

  /** With one more environment variable. */
  public WorkerLaunch withEnvironment(String name, String value) {
    var all = new TreeMap<>(environment);
    all.put(name, value);
    return new WorkerLaunch(
        heap,
        jvmOptions,
        all,
        directory,
        startupLimit,
        initializer,
        states,
        classFiles,
        codec,
        aotCache);
  }

  /** With this working directory. */
  public WorkerLaunch withDirectory(Path path) {
    return new WorkerLaunch(
        heap,
        jvmOptions,
        environment,
        path,
        startupLimit,
        initializer,
        states,
        classFiles,
        codec,
        aotCache);
  }

  /** With so much time to become ready. */
  public WorkerLaunch withStartupLimit(Duration limit) {
    return new WorkerLaunch(
        heap,
        jvmOptions,
        environment,
        directory,
        limit,
        initializer,
        states,
        classFiles,
        codec,
        aotCache);
  }

  /** With this to run first. */
  public WorkerLaunch withInitializer(WorkerInitializer first) {
    return new WorkerLaunch(
        heap,
        jvmOptions,
        environment,
        directory,
        startupLimit,
        first,
        states,
        classFiles,
        codec,
        aotCache);
  }

  /** With this made in each worker too, after the initializer and the states given before. */
  public WorkerLaunch withWorkerState(WorkerState<?> state) {
    var all = new ArrayList<>(states);
    all.add(state);
    return new WorkerLaunch(
        heap,
        jvmOptions,
        environment,
        directory,
        startupLimit,
        initializer,
        all,
        classFiles,
        codec,
        aotCache);
  }

  /** An initializer on its way to a worker. */
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

  /** What a worker does before its first task; null for nothing. */
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

  /**
   * With the class files of classes that were defined at run time by a loader whose {@code
   * getResourceAsStream} does not give them, as those of {@code MethodHandles.Lookup.defineClass}.
   *
   * @param find the class file for the name of a class; null if it does not know it. Called by
   *     several threads
   */
  public WorkerLaunch withClassFiles(Function<String, byte @Nullable []> find) {
    return new WorkerLaunch(
        heap,
        jvmOptions,
        environment,
        directory,
        startupLimit,
        initializer,
        states,
        find,
        codec,
        aotCache);
  }

  /** With this codec in the place of the JDK's serialization. */
  public WorkerLaunch withCodec(PayloadCodec chosen) {
    return new WorkerLaunch(
        heap,
        jvmOptions,
        environment,
        directory,
        startupLimit,
        initializer,
        states,
        classFiles,
        chosen,
        aotCache);
  }

  /** The codec's options, and the user's own. */
  List<String> allJvmOptions() {
    if (codec == null) {
      return jvmOptions;
    }
    return Stream.concat(codec.workerJvmOptions().stream(), jvmOptions.stream()).toList();
  }

  /** Without an ahead-of-time cache: none is used, and none is made. */
  public WorkerLaunch withoutAotCache() {
    return new WorkerLaunch(
        heap,
        jvmOptions,
        environment,
        directory,
        startupLimit,
        initializer,
        states,
        classFiles,
        codec,
        false);
  }
}
