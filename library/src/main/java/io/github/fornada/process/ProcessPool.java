package io.github.fornada.process;

import io.github.fornada.Completion;
import io.github.fornada.DeathCertificate;
import io.github.fornada.ExecutionModel;
import io.github.fornada.Outcome;
import io.github.fornada.SharedBytes;
import io.github.fornada.TaskFunction;
import io.github.fornada.TaskPolicy;
import io.github.fornada.process.host.PrivateDirectory;
import io.github.fornada.process.launch.Launcher;
import io.github.fornada.shared.memory.Spaces;
import io.github.fornada.spi.AbstractPool;
import io.github.fornada.spi.PoolHandle;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.UnaryOperator;
import java.util.stream.Gatherer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A pool of worker JVMs: for tasks that crash, leak memory, hang and ignore interrupts, or run in a
 * library that allows only one thread at a time.
 *
 * <p>Each worker has its own heap, static fields and native libraries. A function and its items are
 * copied to the worker, so items, results and what a lambda captures must be {@link
 * java.io.Serializable}, or records, which travel by their components; in a named module, their
 * package must be open to this library's module for that. When a worker dies, the item it was
 * running ends as {@link Outcome.WorkerLost}, the worker is replaced, and the pool goes on. A task
 * over its timeout is interrupted; if it ignores the interrupt, its worker is killed. No worker
 * outlives this JVM, even if this JVM is killed.
 *
 * <p><b>Classes</b> that a worker lacks, such as classes compiled in memory, are fetched from this
 * JVM, once for each worker. A class that is redefined afterwards, by a debugger, an agent or
 * JShell, stays in that worker as it was; and a variable of JShell is a static field, which a
 * worker has without its value.
 *
 * <p><b>Output.</b> Output of a task is written to this JVM's {@code System.out} and {@code
 * System.err} in whole lines. A task that reads its standard input finds it empty.
 *
 * <p><b>Large data.</b> Arrays of primitives, a {@link java.nio.ByteBuffer} from its position to
 * its limit, and a {@link MemorySegment} are sent as bytes through mapped memory; the worker
 * receives them on its heap. Buffers and segments may also be parts of other objects. Data that
 * many tasks read should be {@linkplain #share(MemorySegment) shared}: then no task costs a copy.
 * Shared memory takes no heap and does not count towards a resident limit.
 *
 * <p><b>Copies.</b> {@code submit} copies an item before it returns, unless the item is known to be
 * immutable. A stream copies it when it takes it from its source, or, if that is a {@link
 * java.util.Collection}, when the item is sent. If copying runs a {@code writeObject} method of the
 * user's classes, {@code submit} waits for it, but for at most one second, and not after an
 * interrupt. An item that takes longer is copied when it is sent; its timeout applies to that, and
 * it can be cancelled.
 *
 * <p><b>State of a worker.</b> An object that is costly to create and cannot be sent, such as a
 * model loaded into native memory, is created once in each worker: see {@link WorkerState}.
 *
 * <p><b>Items that kill.</b> If the pool has {@linkplain ProcessOptions#withRetries retries}, an
 * item that has cost a worker in its last attempt and another one before is put in quarantine. If
 * the same function and an equal item are submitted to this pool again, they end at once as {@link
 * Outcome.WorkerLost} with the certificate of that death, and cost no further worker. Where one of
 * them can change, as an array can, what was sent is compared: one that is used again with other
 * content is run. See {@link #quarantined}.
 *
 * <p><b>Abandoned pools.</b> A pool should be closed. A pool that is no longer reachable is shut
 * down when the garbage collector finds it: submitted tasks still run, then its workers exit.
 * References to the pool itself or to streams of its outcomes keep it open; references to futures,
 * and to bytes that it shares, do not.
 *
 * <p><b>Pools in workers.</b> A task may open a pool of its own, in its method. A class must not
 * open one in a static field or a static initializer if tasks use the class, or their lambdas are
 * written in it: each worker initializes that class, and would open a pool too, whose workers do
 * the same. In a worker that is refused, and the item fails. Open the pool in {@code main} or
 * another method, or keep it in a static field of a class of its own that no task uses. Workers of
 * workers may be four levels deep.
 *
 * <p><b>What a worker inherits.</b> A worker is started with what this JVM was started with, not
 * with later changes:
 *
 * <ul>
 *   <li>It runs the same JDK, with the same class path, module path, modules and module options
 *       ({@code --add-opens}, {@code --add-exports}, {@code --add-reads}, {@code --patch-module},
 *       {@code --enable-native-access} and so on), {@code --enable-preview}, {@code -Xss}, {@code
 *       -Xbootclasspath/a} and assertion options. Classes that a worker lacks, such as classes
 *       compiled in memory, are fetched from this JVM.
 *   <li>It has the system properties that were given to this JVM as {@code -D} options, except
 *       those of JMX ({@code com.sun.management}), RMI ({@code java.rmi.}) and the attach mechanism
 *       ({@code jdk.attach}). It does not see properties that this JVM set later by {@link
 *       System#setProperty}.
 *   <li>It has the environment variables of this JVM, plus those of {@link
 *       ProcessOptions#withEnvironment}. {@code JAVA_TOOL_OPTIONS}, {@code JDK_JAVA_OPTIONS},
 *       {@code _JAVA_OPTIONS} and {@code CLASSPATH} are removed; the options in them count as
 *       options of this JVM.
 *   <li>Its default time zone and locale follow from these properties and variables. It does not
 *       see {@link java.util.TimeZone#setDefault} or {@link java.util.Locale#setDefault} of this
 *       JVM; set them in a {@linkplain ProcessOptions#withInitializer worker initializer}.
 *   <li>Its working directory is that of this JVM's process, unless {@link
 *       ProcessOptions#withDirectory} sets another.
 *   <li>It does not inherit agents ({@code -javaagent}, {@code -agentlib}, {@code -agentpath}),
 *       debuggers, or other {@code -X} and {@code -XX} options, such as those of the heap and the
 *       garbage collector. Give these with {@link ProcessOptions#withHeap} and {@link
 *       ProcessOptions#withJvmOptions}.
 * </ul>
 *
 * <p>After each task a worker restores its {@code System.out} and {@code System.err}, context class
 * loader, default locales and default time zone. Other changes that a task makes, such as to system
 * properties or static fields, stay in that worker.
 *
 * {@snippet :
 * try (var pool = ProcessPool.open(o -> o.withWorkers(4).withHeap("512m"))) {
 *   List<Path> thumbs = pool.map(photos, Thumbnail::shrink);
 * } // returns only after every worker JVM has exited
 * }
 *
 * <p>The idea comes from Python's {@code ProcessPoolExecutor}; unlike there, a crash costs only the
 * one item that was running, which is named.
 */
public final class ProcessPool extends PoolHandle {
  /**
   * Does all the work. Nothing that it refers to may refer to this handle, or the pool would never
   * become unreachable.
   */
  final Engine engine;

  private ProcessPool(Engine engine) {
    this.engine = engine;
    AbandonedPools.watch(this, engine);
    Spaces.add(this, engine.space());
  }

  /**
   * Opens a pool with one worker for each processor, or fewer if the memory is small: see {@link
   * ProcessOptions#workers}.
   */
  public static ProcessPool open() {
    return open(o -> o);
  }

  /**
   * Opens a pool with changed options. The workers start in the background; the first tasks wait
   * for them.
   *
   * @throws IllegalArgumentException if an option is out of its bounds; the message names it
   * @throws IllegalStateException if a worker opens it while a class is initialized, or there are
   *     too many levels of workers in workers: see above; or if this JVM is shutting down
   * @throws UncheckedIOException if the pool's private folder or socket cannot be created
   */
  public static ProcessPool open(UnaryOperator<ProcessOptions> change) {
    return open(change, PrivateDirectory.bases());
  }

  /** Opens a pool whose private folder is in the first of {@code bases} that can be used. */
  static ProcessPool open(UnaryOperator<ProcessOptions> change, List<Path> bases) {
    return new ProcessPool(Engine.open(change.apply(ProcessOptions.defaults()), bases, null));
  }

  /**
   * Opens a pool that takes its workers from {@code reserve}, with changes to the options that the
   * reserve was opened with.
   *
   * @throws IllegalArgumentException if an option is out of its bounds, or differs from what the
   *     reserve's workers were started with: heap, JVM options (a codec may have some),
   *     environment, working directory, ahead-of-time cache, and the number of workers if the heap
   *     is the default, an equal share for each worker
   * @throws UncheckedIOException if the pool's private folder or socket cannot be created
   */
  public static ProcessPool open(WorkerReserve reserve, UnaryOperator<ProcessOptions> change) {
    ProcessOptions options = change.apply(reserve.options());
    reserve.requireFit(options);
    return new ProcessPool(Engine.open(options, PrivateDirectory.bases(), reserve));
  }

  /**
   * Creates the ahead-of-time cache that workers with these options start from, if there is none,
   * and waits until it is complete. Use it when a machine or a container image is set up, for
   * example, or before measuring. Otherwise a program's first pool creates the cache in the
   * background, for later programs. Creating it takes some seconds. Every program of this user with
   * this JDK and library can use it.
   *
   * @return whether there is a cache now; also false if there can be none, as with options that
   *     select a shared archive
   * @throws InterruptedException if the thread was interrupted; the cache is then not created
   */
  public static boolean makeAotCache(UnaryOperator<ProcessOptions> change)
      throws InterruptedException {
    return Launcher.makeCache(change.apply(ProcessOptions.defaults()).launchSettings());
  }

  @Override
  protected AbstractPool target() {
    return engine;
  }

  /** Returns what the pool's workers are doing and have done. */
  public PoolStats stats() {
    return engine.stats();
  }

  @Override
  public TaskPolicy policy() {
    return engine.policy();
  }

  /**
   * Returns the certificates of the items in quarantine, oldest first. Each says what the item was,
   * how many workers it cost, and how the last of them died.
   */
  public List<DeathCertificate> quarantined() {
    return engine.quarantine().list();
  }

  /** Removes all items from quarantine: an item that is submitted again runs again. */
  public void clearQuarantine() {
    engine.quarantine().clear();
  }

  // ---- Pool. A thread that is in a call, or holds a stream, keeps the pool open.

  @Override
  public ExecutionModel model() {
    return engine.model();
  }

  @Override
  public int workers() {
    return engine.workers();
  }

  @Override
  public <T extends @Nullable Object, R extends @Nullable Object> List<R> map(
      Iterable<? extends T> items, TaskFunction<? super T, ? extends R> function)
      throws InterruptedException {
    try {
      return engine.<T, R>map(items, function);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  @Override
  public <T extends @Nullable Object, R extends @Nullable Object> Stream<Outcome<R>> outcomes(
      Iterable<? extends T> items, TaskFunction<? super T, ? extends R> function) {
    return AbandonedPools.not(this, engine.<T, R>outcomes(items, function));
  }

  @Override
  public <T extends @Nullable Object, R extends @Nullable Object>
      Stream<Completion<T, R>> completions(
          Iterable<? extends T> items, TaskFunction<? super T, ? extends R> function) {
    return AbandonedPools.not(this, engine.<T, R>completions(items, function));
  }

  @Override
  public <T extends @Nullable Object, R extends @Nullable Object> Gatherer<T, ?, R> mapping(
      TaskFunction<? super T, ? extends R> function) {
    return AbandonedPools.not(this, engine.<T, R>mapping(function));
  }

  @Override
  public <T extends @Nullable Object, R extends @Nullable Object> CompletableFuture<R> submit(
      T item, TaskFunction<? super T, ? extends R> function) {
    try {
      return engine.<T, R>submit(item, function);
    } finally {
      Reference.reachabilityFence(this); // a pool collected before this would reject the item
    }
  }

  @Override
  public <T extends @Nullable Object> CompletableFuture<T> submit(Callable<T> task) {
    try {
      return engine.submit(task);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  @Override
  public CompletableFuture<?> submit(Runnable task) {
    try {
      return engine.submit(task);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  @Override
  public <T extends @Nullable Object> CompletableFuture<T> submit(Runnable task, T result) {
    try {
      return engine.submit(task, result);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  @Override
  public void execute(Runnable task) {
    try {
      engine.execute(task);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  @Override
  public SharedBytes share(MemorySegment bytes) {
    try {
      return engine.share(bytes);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  @Override
  public SharedBytes share(Path file) {
    try {
      return engine.share(file);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  @Override
  public <T extends @Nullable Object> List<Future<T>> invokeAll(
      Collection<? extends Callable<T>> tasks) throws InterruptedException {
    try {
      return engine.invokeAll(tasks);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  @Override
  public <T extends @Nullable Object> List<Future<T>> invokeAll(
      Collection<? extends Callable<T>> tasks, long timeout, TimeUnit unit)
      throws InterruptedException {
    try {
      return engine.invokeAll(tasks, timeout, unit);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  @Override
  public <T extends @Nullable Object> T invokeAny(Collection<? extends Callable<T>> tasks)
      throws InterruptedException, ExecutionException {
    try {
      return engine.invokeAny(tasks);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  @Override
  public <T extends @Nullable Object> T invokeAny(
      Collection<? extends Callable<T>> tasks, long timeout, TimeUnit unit)
      throws InterruptedException, ExecutionException, TimeoutException {
    try {
      return engine.invokeAny(tasks, timeout, unit);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  @Override
  public void shutdown() {
    engine.shutdown();
  }

  /**
   * Stops at once: running tasks are cancelled as by {@link Future#cancel}, and waiting tasks never
   * start. Unlike in the JDK's executors, the futures of the returned tasks are cancelled, so no
   * thread waits for them forever.
   */
  @Override
  public List<Runnable> shutdownNow() {
    return engine.shutdownNow();
  }

  @Override
  public boolean isShutdown() {
    return engine.isShutdown();
  }

  @Override
  public boolean isTerminated() {
    return engine.isTerminated();
  }

  @Override
  public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
    return engine.awaitTermination(timeout, unit);
  }

  @Override
  public void close() {
    engine.close();
  }
}
