package io.github.fornada;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.stream.Gatherer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Runs plain functions over many items. Every item ends with exactly one {@link Outcome}.
 *
 * <p>A pool is an {@link ExecutorService} and keeps its whole contract. The methods declared here
 * are additions. Open a pool in a try-with-resources statement: {@link #close} returns only when
 * every task has ended and every worker is gone.
 *
 * {@snippet :
 * try (var pool = ThreadPool.open(o -> o.withWorkers(4))) {
 *   List<Path> thumbs = pool.map(photos, Thumbnail::shrink);
 * }
 * }
 *
 * <p><b>Memory effects.</b> Actions in a thread before it hands an item to a pool happen-before the
 * task. Actions of the task happen-before another thread sees its outcome. A task in another
 * process sees a copy of its item and of its function, and never later changes to the originals:
 * they are as they were when {@code submit} was called, or when a stream took the item from its
 * source. Retries see the same copy. Within a worker process all items of one call share one copy
 * of the function; what they change in it, no other call sees.
 *
 * <p><b>Order.</b> Items of one call are handed to workers in their order, tiny ones several at a
 * time. All methods may be called from several threads at once; calls that run at the same time
 * share the workers fairly.
 *
 * <p><b>Tasks that use their own pool.</b> A task of a pool within this JVM may submit items to its
 * own pool and wait for them. While it waits, its thread runs those of the items that no other
 * worker has begun. An item that runs this way shares the thread, and so its thread-locals, with
 * the task that waits. It has no timeout of its own: what stops the waiting task stops the item
 * too, which is then cancelled and not tried again. Where a task waits in another way, such as in
 * {@code get} with a timeout or for a latch, and items wait while every worker of the pool waits in
 * such a task, a spare worker is started after 50 ms. It runs one item after the other, looks
 * before each whether the others still wait, and ends when no such task is left. A pool has at most
 * 256 of them at a time. Items that another thread submits for the task, such as one of a parallel
 * stream, are not known to be its own: submit them in the task itself, or give the pool more
 * workers. A task of a process pool runs in another JVM and cannot use the pool that runs it.
 *
 * <p><b>What a task finds in its thread.</b> In a pool within this JVM a task runs with the context
 * class loader of the thread that made the call. Nothing else is inherited, no {@link
 * InheritableThreadLocal} either: use a {@link ContextCarrier}. What a task changes in its thread,
 * such as the loader, the name, the priority or the interrupt status, is undone when it ends;
 * thread-locals are not.
 *
 * <p><b>Dependents of futures.</b> A dependent added without an executor, such as the function of
 * {@code thenApply}, runs on a thread called {@code fornada-callback}, of which the JVM starts as
 * many as are needed, or, if the future is complete already, on the thread that adds the dependent.
 * It may block and use its own pool: it delays neither a worker nor other outcomes. A future that
 * its user completes or cancels runs its dependents on that thread, as every {@link
 * CompletableFuture} does. {@link #close} waits for dependents that have begun, but for no longer
 * than the {@linkplain TaskPolicy#grace grace}.
 *
 * <p>The design follows Python's {@code concurrent.futures} and {@code multiprocessing.Pool}, on
 * top of {@link ExecutorService} and {@link java.util.stream.Stream}.
 */
public interface Pool extends ExecutorService {

  /** Returns how this pool runs its tasks. */
  ExecutionModel model();

  /** Returns the maximum number of tasks that this pool has in progress at once. */
  int workers();

  /** Returns the policy of this pool's tasks: timeout, retries, window, and so on. */
  TaskPolicy policy();

  /**
   * Applies {@code function} to every item of {@code items} and returns the results in the order of
   * the items.
   *
   * <p>The first failure cancels the items that have not ended and is thrown, with the item's index
   * and text in its message. An interrupt of the caller also cancels them. Tasks that were running
   * may still be ending when this method throws; {@link #close} waits for them.
   *
   * @throws TaskException if an item failed, timed out or lost its worker
   * @throws InterruptedException if the caller was interrupted while waiting
   * @throws java.util.concurrent.RejectedExecutionException if the pool was shut down
   */
  <T extends @Nullable Object, R extends @Nullable Object> List<R> map(
      Iterable<? extends T> items, TaskFunction<? super T, ? extends R> function)
      throws InterruptedException;

  /**
   * Returns a lazy stream of the outcomes of all items, in the order of the items.
   *
   * <p>Work starts with the terminal operation. At most {@link TaskPolicy#window} items are taken
   * from the source ahead of the consumer, so the input may be endless. A slow first item does not
   * stop the others from running within that window; where {@code items} is one of the JDK's own
   * collections, such as an {@code ArrayList} or {@code List.of}, results that wait for an earlier
   * slow item do not count against the window, so a slow item stops no others at all. Any other
   * source is read on a thread of its own, so a slow source does not delay outcomes that are ready,
   * and one that never returns delays nothing but this stream. If the source throws, the stream
   * first delivers the outcomes already due and then throws the source's exception.
   *
   * <p>Closing the stream cancels the items that have not ended. A consumer that stops early
   * without closing the stream leaves at most one window of work behind. The thread that reads the
   * source ends when the collector has found that nobody holds the stream, nor its iterator or
   * spliterator; if it waits in the source, it is interrupted.
   *
   * <p>If the consuming thread is interrupted while it waits, the work is cancelled and {@link
   * java.util.concurrent.CancellationException} is thrown with the interrupt still set.
   */
  <T extends @Nullable Object, R extends @Nullable Object> Stream<Outcome<R>> outcomes(
      Iterable<? extends T> items, TaskFunction<? super T, ? extends R> function);

  /**
   * Returns a lazy stream of the items with their outcomes, in order of completion. Otherwise it is
   * as {@link #outcomes}. This is the fastest form for long streams: no outcome waits for a slower
   * one before it.
   */
  <T extends @Nullable Object, R extends @Nullable Object> Stream<Completion<T, R>> completions(
      Iterable<? extends T> items, TaskFunction<? super T, ? extends R> function);

  /**
   * Returns a gatherer for {@link Stream#gather} that maps each element on this pool, in order.
   *
   * <p>The first failure cancels the rest and is thrown from the terminal operation, as by {@link
   * #map}. At most {@link TaskPolicy#window} elements are in progress or waiting to be passed on. A
   * later stage that throws or wants no more cancels the rest too.
   */
  <T extends @Nullable Object, R extends @Nullable Object> Gatherer<T, ?, R> mapping(
      TaskFunction<? super T, ? extends R> function);

  /**
   * Submits one item. The future completes with the result, or exceptionally with the exception
   * that the task threw, a {@link TaskTimeoutException} or a {@link WorkerLostException}.
   * Cancelling the future interrupts the task. If a task in a worker process ignores the interrupt,
   * the process is killed. Only a cancel does: a future that {@code complete} or {@code orTimeout}
   * ends leaves the task running, as with every {@link CompletableFuture}; a limit for the task is
   * {@link TaskPolicy#withTimeout}.
   *
   * @throws java.util.concurrent.RejectedExecutionException if the pool was shut down
   */
  <T extends @Nullable Object, R extends @Nullable Object> CompletableFuture<R> submit(
      T item, TaskFunction<? super T, ? extends R> function);

  /**
   * Shares {@code bytes} with all tasks of this pool. Pass an array of any primitive type as {@link
   * MemorySegment#ofArray}. A process pool copies the bytes once, into memory that its workers map.
   * Any other pool gives its tasks the same segment, which must then be accessible from every
   * thread.
   *
   * @throws java.util.concurrent.RejectedExecutionException if the pool was shut down
   * @throws java.io.UncheckedIOException if a process pool has no room for the copy, or the caller
   *     was interrupted while it was made
   */
  SharedBytes share(MemorySegment bytes);

  /**
   * Shares {@code bytes} with all tasks of this pool, as {@link #share(MemorySegment)} does.
   *
   * @throws java.util.concurrent.RejectedExecutionException if the pool was shut down
   * @throws java.io.UncheckedIOException if a process pool has no room for the copy, or the caller
   *     was interrupted while it was made
   */
  default SharedBytes share(byte[] bytes) {
    return share(MemorySegment.ofArray(bytes));
  }

  /**
   * Shares the content of {@code file} with all tasks of this pool. The file is mapped, not copied.
   *
   * @throws java.util.concurrent.RejectedExecutionException if the pool was shut down
   * @throws java.io.UncheckedIOException if the file cannot be opened or mapped, or is a folder or
   *     no regular file
   */
  SharedBytes share(Path file);

  /**
   * {@inheritDoc}
   *
   * @throws java.util.concurrent.RejectedExecutionException if the pool was shut down, or if it
   *     sends tasks to other processes and {@code task} is not serializable; the message says what
   *     to change
   */
  @Override
  <T extends @Nullable Object> CompletableFuture<T> submit(Callable<T> task);

  /**
   * Submits a task that may be sent to another process. Java selects this overload for lambdas and
   * method references. Otherwise it is as {@link #submit(Callable)}.
   */
  default <T extends @Nullable Object> CompletableFuture<T> submit(Task<T> task) {
    return submit((Callable<T>) task);
  }

  /**
   * {@inheritDoc}
   *
   * @throws java.util.concurrent.RejectedExecutionException as by {@link #submit(Callable)}
   */
  @Override
  CompletableFuture<?> submit(Runnable task);

  /**
   * Submits a task that may be sent to another process. Java selects this overload for lambdas and
   * method references. Otherwise it is as {@link #submit(Runnable)}.
   */
  default CompletableFuture<?> submit(RunnableTask task) {
    return submit((Runnable) task);
  }

  /**
   * {@inheritDoc}
   *
   * @param result the value that the future completes with; it stays in this process, and only
   *     {@code task} is sent
   * @throws java.util.concurrent.RejectedExecutionException as by {@link #submit(Callable)}
   */
  @Override
  <T extends @Nullable Object> CompletableFuture<T> submit(Runnable task, T result);

  /**
   * Submits a task that may be sent to another process. Java selects this overload for lambdas and
   * method references. Otherwise it is as {@link #submit(Runnable, Object)}.
   */
  default <T extends @Nullable Object> CompletableFuture<T> submit(RunnableTask task, T result) {
    return submit((Runnable) task, result);
  }

  /**
   * {@inheritDoc}
   *
   * <p>An exception that the task throws goes to the uncaught-exception handler of the thread that
   * receives the outcome.
   *
   * @throws java.util.concurrent.RejectedExecutionException as by {@link #submit(Callable)}. A
   *     process pool also rejects the tasks that {@link
   *     java.util.concurrent.ExecutorCompletionService} and {@code CompletableFuture.supplyAsync}
   *     submit: a copy of such a task in another process could not complete the future in this one
   */
  @Override
  void execute(Runnable task);

  /**
   * Executes a task that may be sent to another process. Java selects this overload for lambdas and
   * method references. Otherwise it is as {@link #execute(Runnable)}.
   */
  default void execute(RunnableTask task) {
    execute((Runnable) task);
  }

  /**
   * Takes no more tasks; those accepted before are run. Returns at once. Until they have ended, the
   * JVM stays up after the end of {@code main}, as with the JDK's pools, unless it is told to exit.
   * A pool that is never shut down does not keep the JVM up: work that it has not done by then is
   * lost.
   */
  @Override
  void shutdown();

  /**
   * Shuts the pool down and waits until all tasks have ended and every worker is gone. An interrupt
   * of the caller cancels the running tasks, and the wait goes on. When called from one of the
   * pool's own tasks or listeners, it only starts the shutdown, because it would wait for itself.
   * It waits for dependents of futures no longer than the {@linkplain TaskPolicy#grace grace}, and
   * for the source of a stream not at all.
   */
  @Override
  void close();
}
