package io.github.fornada.process;

import io.github.fornada.Completion;
import io.github.fornada.DeathCertificate;
import io.github.fornada.ExecutionModel;
import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.SharedBytes;
import io.github.fornada.TaskFunction;
import io.github.fornada.TaskPolicy;
import io.github.fornada.process.host.PrivateDirectory;
import io.github.fornada.process.launch.Launcher;
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
 * A pool of worker JVMs: for tasks that crash, leak, hang deaf to interrupts, or hold a lock that
 * lets one thread in at a time.
 *
 * <p>Each worker has a heap, static fields and native libraries of its own. A function and its
 * items are copied to it, so what a lambda captures, items and results must be serializable. A
 * worker that dies costs the item it was running, which ends as {@link Outcome.WorkerLost}; it is
 * replaced, and the pool goes on. A task over its timeout is interrupted, and if it will not listen
 * its worker is killed. No worker outlives this JVM, even if that is killed.
 *
 * <p><b>Output.</b> What a task prints arrives on this JVM's {@code System.out} and {@code
 * System.err} in whole lines. A task that reads its standard input finds it empty.
 *
 * <p><b>Large data.</b> Arrays of primitives, a {@link java.nio.ByteBuffer} from its position to
 * its limit, and a {@link MemorySegment} are sent as their bytes through mapped memory; what
 * arrives is on the heap. What many tasks read is better {@linkplain #share(MemorySegment) shared}:
 * then no task costs a copy. Shared memory takes no heap, and does not count for a resident limit.
 *
 * <p><b>State of a worker.</b> What is costly to make and cannot be sent, such as a model loaded
 * into native memory, is made once in each worker: see {@link WorkerState}.
 *
 * <p><b>Items that kill.</b> Where {@linkplain ProcessOptions#withRetries retries} are asked for,
 * an item that has cost its last try a worker too, and another one before, is in quarantine: the
 * same function and an equal item handed to this pool again end at once as {@link
 * Outcome.WorkerLost} with the certificate of that death, and cost no further worker. See {@link
 * #quarantined}.
 *
 * <p><b>Forgotten pools.</b> A pool should be closed. One that is not reachable any more is shut
 * down when the garbage collector finds it: what was handed to it is still done, then its workers
 * leave. Streams of its outcomes and the pool itself keep it open; futures, and bytes that it
 * shares, do not.
 *
 * <p>Workers run the same JDK with the same class path, {@code -D} properties and module options as
 * this JVM. Classes that they lack, compiled in memory for instance, are fetched from here.
 *
 * {@snippet :
 * try (var pool = ProcessPool.open(o -> o.withWorkers(4).withHeap("512m"))) {
 *   List<Path> thumbs = pool.map(photos, Thumbnail::shrink);
 * } // returns only after every worker JVM has exited
 * }
 *
 * <p>The idea is that of Python's {@code ProcessPoolExecutor}; that a crash costs one named item
 * only is ours.
 */
public final class ProcessPool implements Pool {
  /** All that works. Nothing that it refers to may refer to this handle. */
  final Engine engine;

  private ProcessPool(Engine engine) {
    this.engine = engine;
    AbandonedPools.watch(this, engine);
  }

  /** Opens a pool with one worker for each processor. */
  public static ProcessPool open() {
    return open(o -> o);
  }

  /**
   * Opens a pool with changed options. The workers start in the background; the first tasks wait
   * for them.
   *
   * @throws IllegalArgumentException if an option is out of its bounds; the message names it
   * @throws UncheckedIOException if the pool's private folder or socket cannot be made
   */
  public static ProcessPool open(UnaryOperator<ProcessOptions> change) {
    return open(change, PrivateDirectory.bases());
  }

  /** With the places where its private folder may be, best first. */
  static ProcessPool open(UnaryOperator<ProcessOptions> change, List<Path> bases) {
    return new ProcessPool(Engine.open(change.apply(ProcessOptions.defaults()), bases, null));
  }

  /**
   * Opens a pool whose workers come from a reserve, with the options that this was opened with,
   * changed.
   *
   * @throws IllegalArgumentException if an option is out of its bounds, or is one that the
   *     reserve's workers were started with, and is another here: heap, JVM options, environment,
   *     working directory, ahead-of-time cache, and the number of workers if the heap is shared
   *     among them
   * @throws UncheckedIOException if the pool's private folder or socket cannot be made
   */
  public static ProcessPool open(WorkerReserve reserve, UnaryOperator<ProcessOptions> change) {
    ProcessOptions options = change.apply(reserve.options());
    reserve.requireFit(options);
    return new ProcessPool(Engine.open(options, PrivateDirectory.bases(), reserve));
  }

  /**
   * Makes the ahead-of-time cache that workers with these options start from, if it is not there,
   * and waits for it: when a machine or a container's image is set up, say, or before measuring.
   * Without this a program's first pool has it made in the background, for the programs after it.
   * It takes some seconds, and is of use to every program of this user with this JDK and library.
   *
   * @return whether there is a cache now; false also where there can be none, as beside options
   *     that choose a shared archive
   * @throws InterruptedException if the thread was interrupted; the making is given up
   */
  public static boolean makeAotCache(UnaryOperator<ProcessOptions> change)
      throws InterruptedException {
    return Launcher.makeCache(change.apply(ProcessOptions.defaults()).launchSettings());
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
   * The certificates of the items in quarantine, oldest first: what each was, how many workers it
   * cost, and how the last of them died.
   */
  public List<DeathCertificate> quarantined() {
    return engine.quarantine().list();
  }

  /** Lets all items out of quarantine: who hands one over again has it run again. */
  public void clearQuarantine() {
    engine.quarantine().clear();
  }

  // ---- Pool. Whoever is in a call, or holds a stream, keeps the pool open.

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
      Reference.reachabilityFence(this); // before it is queued it would be refused
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
   * Stops at once: what runs is cancelled as by {@link Future#cancel}, what waits never starts.
   * Unlike the JDK's executors, the futures of the tasks returned are cancelled, so that nobody
   * waits for them for ever.
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
