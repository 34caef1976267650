package io.github.fornada.advice;

import io.github.fornada.Completion;
import io.github.fornada.ExecutionModel;
import io.github.fornada.Outcome;
import io.github.fornada.SharedBytes;
import io.github.fornada.TaskFunction;
import io.github.fornada.TaskPolicy;
import io.github.fornada.advice.decide.Setting;
import io.github.fornada.elastic.Sides;
import io.github.fornada.spi.AbstractPool;
import io.github.fornada.spi.PoolHandle;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
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
 * A pool that chooses how to run its tasks by measuring them: one after the other, on threads, on
 * virtual threads, or in worker JVMs, and how many at once.
 *
 * <p>The first item runs alone. What it and the next ones spend their time with, computing, waiting
 * or standing in a queue for a lock, decides what is tried; whether more is done in the same time
 * decides what is kept. All this is part of the work: no item runs twice, and each has its one
 * outcome. The pool keeps looking, and chooses again when the work changes. {@link #choice} says
 * what it has chosen last and why, and a {@linkplain AutoOptions#withChoiceListener listener} is
 * told of each choice.
 *
 * <p>What was learned of a function is kept in the user's cache folder, and the next run begins
 * there: see {@link AutoOptions#withoutMemory} and {@link Advisor#forget}.
 *
 * <p><b>What the functions must allow.</b> A function may run on several threads at once. Where its
 * classes show that this may be wrong, such as by a static field that it changes, the pool does not
 * use threads, unless it is told that {@linkplain AutoOptions#withThreadsAreSafe they are safe}. A
 * function may also run on a copy of its item, in a worker JVM, as in a {@link
 * io.github.fornada.process.ProcessPool}: what it changes in static fields is then seen by later
 * items of the same worker only. {@link AutoOptions#withMostProcesses} with 0 rules that out.
 * Functions, items and tasks that cannot be sent stay in this JVM. Of results one of the first is
 * looked at: where most can be sent and some cannot, those fail that a worker JVM has.
 *
 * <p><b>Copies.</b> Unlike a process pool, this pool copies an item when it is sent, not when it is
 * submitted. So do not change an item before its task has ended.
 *
 * <p><b>Shared objects.</b> {@link io.github.fornada.shared.SharedSpace} refuses this pool: its
 * tasks may run here and in the workers of several pools, and only the one that has opened a pool
 * sees who of its workers has died.
 *
 * <p><b>Different functions.</b> The choice is made for one function. If items of several functions
 * run at the same time, the pool chooses for the one that it sees for longest. Use a pool for each
 * if they differ much.
 *
 * {@snippet :
 * try (var pool = AutoPool.open()) {
 *   List<Page> pages = pool.map(addresses, Pages::fetch);
 *   System.err.println(pool.choice()); // virtual, 64 at once: ...
 * }
 * }
 *
 * <p>Close the pool: until then its worker JVMs, if it has any, end only when they have had nothing
 * to do for a while.
 */
public final class AutoPool extends PoolHandle {
  /** How long the end waits at most for what was learned to be written: some milliseconds. */
  private static final Duration KEPT = Duration.ofSeconds(2); // Guess: a slow disk

  private final Controller controller;
  private final AbstractPool pool;

  private AutoPool(Controller controller) {
    this.controller = controller;
    this.pool = controller.threads().pool();
  }

  /** Opens a pool with at most 1,000 tasks in progress at once. */
  public static AutoPool open() {
    return open(o -> o);
  }

  /**
   * Opens a pool with changed options.
   *
   * @throws IllegalArgumentException if an option is out of its bounds, or the options of its
   *     worker JVMs have a {@link io.github.fornada.process.WorkerState}; the message names it
   */
  public static AutoPool open(UnaryOperator<AutoOptions> change) {
    AutoOptions options = change.apply(AutoOptions.defaults());
    return open(
        options.changesProcesses() // else their classes need not be loaded yet
            ? options.withFixedProcesses(Sides.processes().check(options.processes()))
            : options,
        Choosers.DEFAULT,
        null);
  }

  /**
   * Opens a pool with a chooser of its own, for tests.
   *
   * @param first the setting to use from the start; null for the usual start
   */
  static AutoPool open(AutoOptions options, Chooser.Maker choosers, @Nullable Setting first) {
    Path folder = options.remembers() ? Memory.folder() : null;
    Memory memory = folder == null ? null : new Memory(folder, options.recalls());
    var controller = new Controller(options, choosers, Choosers.senses(), memory);
    if (first != null) {
      controller.force(first);
    }
    return new AutoPool(controller);
  }

  @Override
  protected AbstractPool target() {
    return pool;
  }

  /**
   * Returns how it has chosen to run items, and why; at the beginning, one after the other. Worker
   * processes that were chosen are named once they are ready. What is only tried for a moment was
   * not chosen yet: a {@linkplain AutoOptions#withChoiceListener listener} is told of that too.
   */
  public Choice choice() {
    return controller.choice();
  }

  /**
   * Returns what can be said of the work so far; null if that is nothing yet. Right after the last
   * item of a job this waits for a look at it: mostly for some milliseconds, for a second at most,
   * and not while the calling thread is interrupted.
   */
  public @Nullable Advice advice() {
    return controller.advice();
  }

  /**
   * Returns the advice once the work has ended.
   *
   * @param function what has run
   * @param item one of its items
   */
  Advice finalAdvice(Object function, @Nullable Object item) throws InterruptedException {
    return controller.finalAdvice(function, item);
  }

  /** Returns how the next items will run; this changes while the pool works. */
  @Override
  public ExecutionModel model() {
    return pool.model();
  }

  /** Returns the maximum number of tasks in progress at once, whatever the model. */
  @Override
  public int workers() {
    return pool.workers();
  }

  @Override
  public TaskPolicy policy() {
    return pool.policy();
  }

  @Override
  public <T extends @Nullable Object, R extends @Nullable Object> List<R> map(
      Iterable<? extends T> items, TaskFunction<? super T, ? extends R> function)
      throws InterruptedException {
    return pool.<T, R>map(items, function);
  }

  @Override
  public <T extends @Nullable Object, R extends @Nullable Object> Stream<Outcome<R>> outcomes(
      Iterable<? extends T> items, TaskFunction<? super T, ? extends R> function) {
    return pool.<T, R>outcomes(items, function);
  }

  @Override
  public <T extends @Nullable Object, R extends @Nullable Object>
      Stream<Completion<T, R>> completions(
          Iterable<? extends T> items, TaskFunction<? super T, ? extends R> function) {
    return pool.<T, R>completions(items, function);
  }

  @Override
  public <T extends @Nullable Object, R extends @Nullable Object> Gatherer<T, ?, R> mapping(
      TaskFunction<? super T, ? extends R> function) {
    return pool.<T, R>mapping(function);
  }

  @Override
  public <T extends @Nullable Object, R extends @Nullable Object> CompletableFuture<R> submit(
      T item, TaskFunction<? super T, ? extends R> function) {
    return pool.<T, R>submit(item, function);
  }

  @Override
  public <T extends @Nullable Object> CompletableFuture<T> submit(Callable<T> task) {
    return pool.submit(task);
  }

  @Override
  public CompletableFuture<?> submit(Runnable task) {
    return pool.submit(task);
  }

  @Override
  public <T extends @Nullable Object> CompletableFuture<T> submit(Runnable task, T result) {
    return pool.submit(task, result);
  }

  @Override
  public void execute(Runnable task) {
    pool.execute(task);
  }

  @Override
  public SharedBytes share(MemorySegment bytes) {
    return pool.share(bytes);
  }

  @Override
  public SharedBytes share(Path file) {
    return pool.share(file);
  }

  @Override
  public <T extends @Nullable Object> List<Future<T>> invokeAll(
      Collection<? extends Callable<T>> tasks) throws InterruptedException {
    return pool.invokeAll(tasks);
  }

  @Override
  public <T extends @Nullable Object> List<Future<T>> invokeAll(
      Collection<? extends Callable<T>> tasks, long timeout, TimeUnit unit)
      throws InterruptedException {
    return pool.invokeAll(tasks, timeout, unit);
  }

  @Override
  public <T extends @Nullable Object> T invokeAny(Collection<? extends Callable<T>> tasks)
      throws InterruptedException, ExecutionException {
    return pool.invokeAny(tasks);
  }

  @Override
  public <T extends @Nullable Object> T invokeAny(
      Collection<? extends Callable<T>> tasks, long timeout, TimeUnit unit)
      throws InterruptedException, ExecutionException, TimeoutException {
    return pool.invokeAny(tasks, timeout, unit);
  }

  @Override
  public void shutdown() {
    pool.shutdown();
  }

  /**
   * Stops at once: running tasks are cancelled as by {@link Future#cancel}, and waiting tasks never
   * start. Unlike in the JDK's executors, the futures of the returned tasks are cancelled, so no
   * thread waits for them forever.
   */
  @Override
  public List<Runnable> shutdownNow() {
    return pool.shutdownNow();
  }

  @Override
  public boolean isShutdown() {
    return pool.isShutdown();
  }

  @Override
  public boolean isTerminated() {
    return pool.isTerminated();
  }

  @Override
  public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
    long began = System.nanoTime();
    boolean ended = pool.awaitTermination(timeout, unit);
    if (ended) {
      long left = unit.toNanos(timeout) - (System.nanoTime() - began);
      controller.awaitKept(Duration.ofNanos(Math.clamp(left, 0, KEPT.toNanos())));
    }
    return ended;
  }

  @Override
  public void close() {
    if (controller.isOwnThread()) {
      pool.shutdown(); // within a listener of choices: until it returns nothing is shared out
      return;
    }
    pool.close();
    if (pool.isTerminated()) { // it has not waited within a task or a listener
      controller.awaitKept(KEPT);
    }
  }
}
