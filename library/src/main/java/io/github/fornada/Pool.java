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
 * Runs plain functions over many items, and answers for every item with exactly one {@link
 * Outcome}.
 *
 * <p>A pool is an {@link ExecutorService} and keeps its whole contract; the methods here are what
 * people want beside it. Open one in a try-with-resources: {@link #close} returns only when every
 * task has ended and every worker is gone.
 *
 * {@snippet :
 * try (var pool = ThreadPool.open(o -> o.withWorkers(4))) {
 *   List<Path> thumbs = pool.map(photos, Thumbnail::shrink);
 * }
 * }
 *
 * <p><b>Memory effects.</b> What a thread did before it handed an item to a pool happens-before the
 * task; what the task did happens-before its outcome is seen. A task in another process sees a copy
 * of its item, never later changes to it.
 *
 * <p><b>Order and waiting.</b> Items of one call are handed to workers in their order, tiny ones
 * several at a time. All methods may be called from several threads at once; calls that run at the
 * same time share the workers fairly. A task of a pool within this JVM may use its own pool and
 * wait for what it gets: it then does items itself that no other worker has begun.
 *
 * <p>The shape comes from Python's {@code concurrent.futures} and {@code multiprocessing.Pool}, put
 * on {@link ExecutorService} and {@link java.util.stream.Stream}.
 */
public interface Pool extends ExecutorService {

  /** Returns how this pool runs its tasks. */
  ExecutionModel model();

  /** Returns the most tasks that this pool has in progress at once. */
  int workers();

  /** Returns what this pool promises about its tasks: timeout, retries, window, and so on. */
  TaskPolicy policy();

  /**
   * Applies the function to every item and returns the results in the order of the items.
   *
   * <p>The first failure cancels the items not yet ended and is thrown, with the item's place and
   * text in its message. An interrupt of the caller cancels likewise. Tasks that were running may
   * still be ending when this method throws; {@link #close} waits for them.
   *
   * @throws TaskException if an item failed, timed out or lost its worker
   * @throws InterruptedException if the caller was interrupted while waiting
   * @throws java.util.concurrent.RejectedExecutionException if the pool was shut down
   */
  <T extends @Nullable Object, R extends @Nullable Object> List<R> map(
      Iterable<? extends T> items, TaskFunction<? super T, ? extends R> function)
      throws InterruptedException;

  /**
   * The outcomes of all items, in the order of the items, as a lazy stream.
   *
   * <p>Work starts with the terminal operation. No more than {@link TaskPolicy#window} items are
   * taken from the source ahead of what was consumed, so endless input is fine; a slow first item
   * does not stop the others from running within that window. A source that is not a {@link
   * java.util.Collection} is read on a thread of its own, so that a slow source does not hold back
   * outcomes already there. If the source throws, the stream throws that after the outcomes already
   * due.
   *
   * <p>Closing the stream cancels what has not ended. A consumer that stops early without closing
   * leaves at most one window of work behind.
   *
   * <p>If the consuming thread is interrupted while it waits, the work is cancelled and {@link
   * java.util.concurrent.CancellationException} is thrown with the interrupt still set.
   */
  <T extends @Nullable Object, R extends @Nullable Object> Stream<Outcome<R>> outcomes(
      Iterable<? extends T> items, TaskFunction<? super T, ? extends R> function);

  /**
   * The items with their outcomes, in order of completion; otherwise as {@link #outcomes}. The
   * fastest form for long streams: no outcome waits for a slower one before it.
   */
  <T extends @Nullable Object, R extends @Nullable Object> Stream<Completion<T, R>> completions(
      Iterable<? extends T> items, TaskFunction<? super T, ? extends R> function);

  /**
   * A gatherer for {@link Stream#gather} that maps each element on this pool, in order.
   *
   * <p>The first failure cancels the rest and is thrown from the terminal operation, as by {@link
   * #map}. At most {@link TaskPolicy#window} elements are in progress or waiting to be passed on.
   */
  <T extends @Nullable Object, R extends @Nullable Object> Gatherer<T, ?, R> mapping(
      TaskFunction<? super T, ? extends R> function);

  /**
   * Submits one item. The future ends with the result, or exceptionally with what the task threw, a
   * {@link TaskTimeoutException} or a {@link WorkerLostException}. Cancelling the future stops the
   * task: by interrupt, and in a worker process, if it will not listen, by ending the process.
   *
   * @throws java.util.concurrent.RejectedExecutionException if the pool was shut down
   */
  <T extends @Nullable Object, R extends @Nullable Object> CompletableFuture<R> submit(
      T item, TaskFunction<? super T, ? extends R> function);

  /**
   * Shares bytes with all tasks of this pool; an array of any primitive type comes as {@link
   * MemorySegment#ofArray}. A pool of processes copies them once, into memory that its workers map.
   * Any other pool gives its tasks the very segment, which must then be one that every thread may
   * use.
   *
   * @throws java.util.concurrent.RejectedExecutionException if the pool was shut down
   * @throws java.io.UncheckedIOException if a pool of processes has no room for the copy, or the
   *     caller was interrupted while it was made
   */
  SharedBytes share(MemorySegment bytes);

  /** As above, the bytes of an array. */
  default SharedBytes share(byte[] bytes) {
    return share(MemorySegment.ofArray(bytes));
  }

  /**
   * Shares the content of a file with all tasks of this pool, without a copy: it is mapped.
   *
   * @throws java.util.concurrent.RejectedExecutionException if the pool was shut down
   * @throws java.io.UncheckedIOException if the file cannot be opened or mapped
   */
  SharedBytes share(Path file);

  /**
   * {@inheritDoc}
   *
   * @throws java.util.concurrent.RejectedExecutionException if the pool was shut down, or if it
   *     sends tasks to other processes and {@code task} is not serializable; the message says what
   *     to do
   */
  @Override
  <T extends @Nullable Object> CompletableFuture<T> submit(Callable<T> task);

  /**
   * Submits a task that may be sent to another process: the form that Java chooses for lambdas.
   * Otherwise as {@link #submit(Callable)}.
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
   * Submits a task that may be sent to another process: the form that Java chooses for lambdas.
   * Otherwise as {@link #submit(Runnable)}.
   */
  default CompletableFuture<?> submit(RunnableTask task) {
    return submit((Runnable) task);
  }

  /**
   * {@inheritDoc}
   *
   * @param result stays in this process; only {@code task} is sent
   * @throws java.util.concurrent.RejectedExecutionException as by {@link #submit(Callable)}
   */
  @Override
  <T extends @Nullable Object> CompletableFuture<T> submit(Runnable task, T result);

  /**
   * Submits a task that may be sent to another process: the form that Java chooses for lambdas.
   * Otherwise as {@link #submit(Runnable, Object)}.
   */
  default <T extends @Nullable Object> CompletableFuture<T> submit(RunnableTask task, T result) {
    return submit((Runnable) task, result);
  }

  /**
   * {@inheritDoc}
   *
   * <p>What the task throws goes to the uncaught-exception handler of the thread that learns of it.
   *
   * @throws java.util.concurrent.RejectedExecutionException as by {@link #submit(Callable)}. A pool
   *     of processes refuses the tasks that {@link java.util.concurrent.ExecutorCompletionService}
   *     and {@code CompletableFuture.supplyAsync} hand over: a copy of such a task in another
   *     process could not complete the future in this one
   */
  @Override
  void execute(Runnable task);

  /**
   * Executes a task that may be sent to another process: the form that Java chooses for lambdas.
   * Otherwise as {@link #execute(Runnable)}.
   */
  default void execute(RunnableTask task) {
    execute((Runnable) task);
  }

  /**
   * Waits for all tasks and for every worker to be gone. An interrupt cancels what is running, and
   * the wait goes on. Called from one of the pool's own tasks or listeners it only starts the
   * shutdown, for it would wait for itself.
   */
  @Override
  void close();
}
