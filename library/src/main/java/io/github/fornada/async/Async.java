package io.github.fornada.async;

import io.github.fornada.Completion;
import io.github.fornada.Outcome;
import io.github.fornada.TaskFunction;
import io.github.fornada.jvm.Sources;
import io.github.fornada.jvm.Suppressed;
import java.time.Duration;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * The everyday operations of code that waits for many things at once, one line each. This package
 * calls them verbs.
 *
 * {@snippet :
 * TaskFunction<URI, Page> fetch =
 *     ConcurrencyLimiter.atMost(20).wrap(Retry.times(2).wrap(Timeout.ofSeconds(2).wrap(Pages::get)));
 *
 * for (Completion<URI, Page> each : Async.completions(uris, fetch)) {
 *   switch (each.outcome()) {
 *     case Outcome.Done<Page>(var page) -> index.add(page);
 *     case Outcome.Failed<Page>(var cause) -> log.warn("{}: {}", each.item(), cause);
 *     default -> throw new AssertionError(each);
 *   }
 * }
 * }
 *
 * <p><b>Every verb is a block.</b> It opens a {@link TaskScope}, runs each of its tasks on a
 * virtual thread in that scope, and returns or throws only after all of them have ended. A task
 * that is no longer needed is interrupted and waited for: a task that ignores interrupts holds up
 * the verb. Verbs may be called from virtual and from platform threads, and within each other.
 *
 * <p><b>Memory effects.</b> What the caller did before a verb happens-before its tasks; what the
 * tasks did happens-before the verb returns or throws.
 *
 * <p><b>Interrupts.</b> An interrupt of the caller interrupts all tasks; {@link
 * InterruptedException} is thrown when they have ended.
 *
 * <p><b>Context.</b> The tasks inherit carriers, scoped values and listeners of the scopes around
 * the verb; {@link TaskContext} gives them to a verb that has no scope around it.
 *
 * <p>Most names are those of Python's asyncio; the idea that verbs are blocks comes from trio.
 */
public final class Async {
  private static final ScopeOptions GATHER = ScopeOptions.DEFAULT.withName("gather");
  private static final ScopeOptions OUTCOMES = ScopeOptions.DEFAULT.withName("outcomes");
  private static final ScopeOptions COMPLETIONS = ScopeOptions.DEFAULT.withName("completions");
  private static final ScopeOptions RACE = ScopeOptions.DEFAULT.withName("race");
  private static final ScopeOptions FIRST_SUCCESS = ScopeOptions.DEFAULT.withName("firstSuccess");
  private static final ScopeOptions EVERY = ScopeOptions.DEFAULT.withName("every");

  private Async() {}

  // ---- all

  /**
   * Runs two tasks at the same time and returns both results. The first failure cancels the other
   * task and is thrown.
   *
   * {@snippet :
   * var found = Async.gather(() -> users.find(id), () -> shop.ordersOf(id));
   * Page page = new Page(found.first(), found.second());
   * }
   *
   * @throws ScopeFailedException if a task failed; what it threw is the cause, and what others
   *     threw is suppressed
   * @throws InterruptedException if the calling thread was interrupted; the tasks are then too
   */
  public static <A extends @Nullable Object, B extends @Nullable Object> Gathered2<A, B> gather(
      Callable<? extends A> first, Callable<? extends B> second) throws InterruptedException {
    try (var scope = TaskScope.<@Nullable Object>open(_ -> GATHER)) {
      Subtask<A> a = scope.fork(first);
      Subtask<B> b = scope.fork(second);
      scope.join();
      return new Gathered2<>(a.get(), b.get());
    }
  }

  /**
   * Runs three tasks at the same time, otherwise like {@link #gather(Callable, Callable)}.
   *
   * @throws ScopeFailedException if a task failed
   * @throws InterruptedException if the calling thread was interrupted; the tasks are then too
   */
  public static <A extends @Nullable Object, B extends @Nullable Object, C extends @Nullable Object>
      Gathered3<A, B, C> gather(
          Callable<? extends A> first, Callable<? extends B> second, Callable<? extends C> third)
          throws InterruptedException {
    try (var scope = TaskScope.<@Nullable Object>open(_ -> GATHER)) {
      Subtask<A> a = scope.fork(first);
      Subtask<B> b = scope.fork(second);
      Subtask<C> c = scope.fork(third);
      scope.join();
      return new Gathered3<>(a.get(), b.get(), c.get());
    }
  }

  /**
   * Runs four tasks at the same time, otherwise like {@link #gather(Callable, Callable)}.
   *
   * @throws ScopeFailedException if a task failed
   * @throws InterruptedException if the calling thread was interrupted; the tasks are then too
   */
  public static <
          A extends @Nullable Object,
          B extends @Nullable Object,
          C extends @Nullable Object,
          D extends @Nullable Object>
      Gathered4<A, B, C, D> gather(
          Callable<? extends A> first,
          Callable<? extends B> second,
          Callable<? extends C> third,
          Callable<? extends D> fourth)
          throws InterruptedException {
    try (var scope = TaskScope.<@Nullable Object>open(_ -> GATHER)) {
      Subtask<A> a = scope.fork(first);
      Subtask<B> b = scope.fork(second);
      Subtask<C> c = scope.fork(third);
      Subtask<D> d = scope.fork(fourth);
      scope.join();
      return new Gathered4<>(a.get(), b.get(), c.get(), d.get());
    }
  }

  /**
   * Runs five tasks at the same time, otherwise like {@link #gather(Callable, Callable)}.
   *
   * @throws ScopeFailedException if a task failed
   * @throws InterruptedException if the calling thread was interrupted; the tasks are then too
   */
  public static <
          A extends @Nullable Object,
          B extends @Nullable Object,
          C extends @Nullable Object,
          D extends @Nullable Object,
          E extends @Nullable Object>
      Gathered5<A, B, C, D, E> gather(
          Callable<? extends A> first,
          Callable<? extends B> second,
          Callable<? extends C> third,
          Callable<? extends D> fourth,
          Callable<? extends E> fifth)
          throws InterruptedException {
    try (var scope = TaskScope.<@Nullable Object>open(_ -> GATHER)) {
      Subtask<A> a = scope.fork(first);
      Subtask<B> b = scope.fork(second);
      Subtask<C> c = scope.fork(third);
      Subtask<D> d = scope.fork(fourth);
      Subtask<E> e = scope.fork(fifth);
      scope.join();
      return new Gathered5<>(a.get(), b.get(), c.get(), d.get(), e.get());
    }
  }

  /**
   * Runs all tasks at the same time and returns their results, in the order of the tasks, as a list
   * that cannot be changed. The first failure cancels the others and is thrown.
   *
   * {@snippet :
   * List<Quote> quotes = Async.gather(List.of(bank::quote, broker::quote, exchange::quote));
   * }
   *
   * @throws ScopeFailedException if a task failed; its message names the task by its index, and
   *     what it threw is the cause
   * @throws InterruptedException if the calling thread was interrupted; the tasks are then too
   */
  public static <R extends @Nullable Object> List<R> gather(
      Collection<? extends Callable<? extends R>> tasks) throws InterruptedException {
    var joiner =
        new Joiners.AllItems<Callable<? extends R>, R>(task -> task.call(), /* haveTexts= */ false);
    return gather(tasks, joiner);
  }

  /**
   * Applies a function to all items at the same time and returns the results, in the order of the
   * items, as a list that cannot be changed. The first failure cancels the others and is thrown.
   *
   * {@snippet :
   * List<Page> pages = Async.gather(uris, Pages::get);
   * List<Page> gently = Async.gather(uris, ConcurrencyLimiter.atMost(20).wrap(Pages::get));
   * }
   *
   * <p>Each item gets a virtual thread at once; a million of them is fine. What they use is often
   * limited: to limit calls, see {@link ConcurrencyLimiter} and {@link RateLimiter}.
   *
   * @throws ScopeFailedException if the function failed; its message names the item with its index,
   *     and what the function threw is the cause
   * @throws InterruptedException if the calling thread was interrupted; the tasks are then too
   */
  public static <T extends @Nullable Object, R extends @Nullable Object> List<R> gather(
      Iterable<? extends T> items, TaskFunction<? super T, ? extends R> function)
      throws InterruptedException {
    return gather(items, new Joiners.AllItems<T, R>(function, /* haveTexts= */ true));
  }

  /**
   * Applies a function to all items at the same time and returns an outcome for each, in the order
   * of the items, as a list that cannot be changed. Failures are outcomes: none is thrown, and none
   * cancels another item. Where a {@link Timeout} ended the function, the outcome is {@link
   * io.github.fornada.Outcome.TimedOut}.
   *
   * {@snippet :
   * long broken = Async.outcomes(links, Pages::get).stream().filter(o -> !o.isDone()).count();
   * }
   *
   * @throws InterruptedException if the calling thread was interrupted; the tasks are then too
   */
  public static <T extends @Nullable Object, R extends @Nullable Object> List<Outcome<R>> outcomes(
      Iterable<? extends T> items, TaskFunction<? super T, ? extends R> function)
      throws InterruptedException {
    try (var scope = TaskScope.open(new Joiners.Outcomes<R>(), OUTCOMES)) {
      forkAll(scope, items, (index, item) -> new Joiners.Applied<T, R>(function, index, item));
      return scope.join();
    }
  }

  /**
   * Applies a function to all items at the same time and returns an outcome for each, with its
   * item, in order of completion, as a list that cannot be changed. Otherwise like {@link
   * #outcomes}. The list is returned when all have ended; {@link AsyncStreams#completions} passes
   * each on at once.
   *
   * {@snippet :
   * for (var each : Async.completions(uris, Pages::get)) {
   *   System.out.println(each.item() + ": " + each.outcome());
   * }
   * }
   *
   * @throws InterruptedException if the calling thread was interrupted; the tasks are then too
   */
  public static <T extends @Nullable Object, R extends @Nullable Object>
      List<Completion<T, R>> completions(
          Iterable<? extends T> items, TaskFunction<? super T, ? extends R> function)
          throws InterruptedException {
    var joiner = new Joiners.InOrderOfCompletion<T, R>();
    try (var scope = TaskScope.open(joiner, COMPLETIONS)) {
      forkAll(
          scope,
          items,
          (index, item) -> {
            joiner.next(item);
            return new Joiners.Applied<T, R>(function, index, item);
          });
      return scope.join();
    }
  }

  // ---- one of many

  /**
   * Runs all tasks at the same time and ends with the first task that ends: returns its result, or
   * throws what it threw. The others are cancelled.
   *
   * {@snippet :
   * Status status = Async.race(server::awaitReady, server::awaitFailure);
   * }
   *
   * @throws ScopeFailedException if the first to end failed; what it threw is the cause
   * @throws InterruptedException if the calling thread was interrupted; the tasks are then too
   * @throws IllegalArgumentException if there is no task
   */
  @SafeVarargs
  @SuppressWarnings("varargs") // only read
  public static <R extends @Nullable Object> R race(Callable<? extends R>... tasks)
      throws InterruptedException {
    return race(List.of(tasks));
  }

  /**
   * Like {@link #race(Callable...)}, with the tasks of a collection.
   *
   * @throws ScopeFailedException if the first to end failed; what it threw is the cause
   * @throws InterruptedException if the calling thread was interrupted; the tasks are then too
   * @throws IllegalArgumentException if there is no task
   */
  public static <R extends @Nullable Object> R race(
      Collection<? extends Callable<? extends R>> tasks) throws InterruptedException {
    return one(tasks, new FirstToEnd<R>(), RACE);
  }

  /**
   * Runs all tasks at the same time and returns the first result. The other tasks are cancelled.
   * Throws only if all tasks failed.
   *
   * {@snippet :
   * Quote quote = Async.firstSuccess(bank::quote, broker::quote, exchange::quote);
   * }
   *
   * @throws ScopeFailedException if all failed; what the first threw is the cause, what the others
   *     threw is suppressed
   * @throws InterruptedException if the calling thread was interrupted; the tasks are then too
   * @throws IllegalArgumentException if there is no task
   */
  @SafeVarargs
  @SuppressWarnings("varargs") // only read
  public static <R extends @Nullable Object> R firstSuccess(Callable<? extends R>... tasks)
      throws InterruptedException {
    return firstSuccess(List.of(tasks));
  }

  /**
   * Like {@link #firstSuccess(Callable...)}, with the tasks of a collection.
   *
   * @throws ScopeFailedException if all failed
   * @throws InterruptedException if the calling thread was interrupted; the tasks are then too
   * @throws IllegalArgumentException if there is no task
   */
  public static <R extends @Nullable Object> R firstSuccess(
      Collection<? extends Callable<? extends R>> tasks) throws InterruptedException {
    return one(tasks, new Joiners.AnySuccessful<R>(), FIRST_SUCCESS);
  }

  // ---- one, differently

  /**
   * Calls {@code task}, and interrupts it when it takes longer than {@code timeout}. {@link
   * Timeout} does the same for a function.
   *
   * {@snippet :
   * Page page = Async.withTimeout(Duration.ofSeconds(2), () -> Pages.get(uri));
   * }
   *
   * @throws io.github.fornada.TaskTimeoutException if the task was over its timeout; the cause
   *     shows where it was
   * @throws InterruptedException if the calling thread was interrupted; the task is then too
   * @throws Exception what the task throws
   */
  public static <R extends @Nullable Object> R withTimeout(
      Duration timeout, Callable<? extends R> task) throws Exception {
    return Timeout.of(timeout).call(task);
  }

  /**
   * Calls {@code task}, and repeats it after a failure as {@code policy} says.
   *
   * {@snippet :
   * Page page = Async.retry(Retry.times(2).on(IOException.class), () -> Pages.get(uri));
   * }
   *
   * @throws InterruptedException if the calling thread was interrupted
   * @throws Exception what the last attempt threw
   */
  public static <R extends @Nullable Object> R retry(Retry policy, Callable<? extends R> task)
      throws Exception {
    return policy.call(task);
  }

  /**
   * Calls {@code task}, and a second time if there is no result after {@code delay}. The first
   * result is returned, the other call is cancelled. {@link Hedge} does the same for a function,
   * with counts and a budget.
   *
   * {@snippet :
   * Page page = Async.hedge(Duration.ofMillis(80), () -> replicas.any().get(key));
   * }
   *
   * @throws InterruptedException if the calling thread was interrupted; the tasks are then too
   * @throws Exception what the call threw, if there is no result
   */
  public static <R extends @Nullable Object> R hedge(Duration delay, Callable<? extends R> task)
      throws Exception {
    return Hedge.after(delay).call(task);
  }

  // ---- again and again

  /** Something to do, without a result. */
  @FunctionalInterface
  public interface Action {
    /**
     * Performs the action.
     *
     * @throws Exception if it fails
     */
    void run() throws Exception;
  }

  /**
   * Runs {@code action} at once and then at the end of each period, in the calling thread, until it
   * fails or the thread is interrupted. Never returns.
   *
   * {@snippet :
   * Async.every(Duration.ofMinutes(5), cache::refresh);
   * }
   *
   * <p>The times are fixed from the first one on and do not drift. Times that pass while an action
   * runs are skipped and not made up for, so nothing piles up.
   *
   * @throws InterruptedException if the calling thread was interrupted
   * @throws Exception what the action throws
   */
  public static void every(Duration period, Action action) throws Exception {
    every(period, action, Ticker.SYSTEM);
  }

  static void every(Duration period, Action action, Ticker ticker) throws Exception {
    if (!period.isPositive()) {
      throw new IllegalArgumentException("period must be positive, got " + period);
    }
    long step = Ticker.nanosOf(period);
    for (long due = ticker.nanos(); ; ) {
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      action.run();
      due += step;
      long late = ticker.nanos() - due;
      if (late > 0) {
        due += Math.ceilDiv(late, step) * step;
      }
      ticker.sleep(action, due - ticker.nanos());
    }
  }

  /**
   * Runs {@code action} at once and then at the end of each period for as long as {@code body}
   * runs, and returns what the body returns. A failure of either cancels the other and is thrown.
   *
   * {@snippet :
   * Report report = Async.every(Duration.ofSeconds(1), () -> log.info("{} done", count), this::work);
   * }
   *
   * @throws InterruptedException if the calling thread was interrupted; both are then too
   * @throws Exception what the body or the action throws
   */
  public static <R extends @Nullable Object> R every(
      Duration period, Action action, Callable<? extends R> body) throws Exception {
    try (var scope = TaskScope.open(new FirstToEnd<R>(), EVERY)) {
      scope.fork(
          "every " + period,
          () -> {
            every(period, action);
            throw new AssertionError("it never ends");
          });
      scope.fork("body", body);
      return scope.join();
    } catch (ScopeFailedException e) {
      throw unwrapped(e);
    }
  }

  // ----

  private static <R extends @Nullable Object> R one(
      Collection<? extends Callable<? extends R>> tasks, Joiner<R, R> joiner, ScopeOptions options)
      throws InterruptedException {
    if (tasks.isEmpty()) {
      throw new IllegalArgumentException(options.name() + " needs at least one task, got none");
    }
    try (var scope = TaskScope.open(joiner, options)) {
      forkAll(scope, tasks);
      return scope.join();
    }
  }

  private static <R extends @Nullable Object> void forkAll(
      TaskScope<R, ?> scope, Collection<? extends Callable<? extends R>> tasks) {
    for (Callable<? extends R> task : tasks) {
      if (isOver(scope)) {
        return;
      }
      scope.fork(task);
    }
  }

  private static <T extends @Nullable Object, R extends @Nullable Object> List<R> gather(
      Iterable<? extends T> items, Joiners.AllItems<T, R> joiner) throws InterruptedException {
    try (var scope = TaskScope.open(joiner, GATHER)) {
      forkAll(scope, items, joiner::task);
      return scope.join();
    }
  }

  /** Creates an item's task. */
  private interface TaskOf<T extends @Nullable Object, R extends @Nullable Object> {
    Callable<? extends R> make(int index, T item);
  }

  private static <T extends @Nullable Object, R extends @Nullable Object> void forkAll(
      TaskScope<R, ?> scope, Iterable<? extends T> items, TaskOf<T, R> taskOf) {
    try {
      int index = 0;
      for (Iterator<? extends T> it = Sources.iterator(items); it.hasNext(); ) {
        T item = it.next();
        if (isOver(scope)) {
          return;
        }
        scope.fork(taskOf.make(index++, item));
      }
      // thrown by the source of the tasks: there is no result to join for
    } catch (RuntimeException | Error e) {
      scope.cancel();
      throw e;
    }
  }

  /** Returns whether further tasks are pointless because the scope is cancelled. Join says why. */
  private static boolean isOver(TaskScope<?, ?> scope) {
    return scope.isCancelled() || Thread.currentThread().isInterrupted();
  }

  /**
   * Returns what a task threw, as if the caller had called it directly; what others threw is
   * suppressed. Throws it if it is an error.
   */
  static Exception unwrapped(ScopeFailedException failed) {
    Throwable cause = failed.getCause();
    if (!(cause instanceof Error) && !(cause instanceof Exception)) {
      return failed;
    }
    for (Throwable other : failed.getSuppressed()) {
      Suppressed.add(cause, other);
    }
    if (cause instanceof Error error) {
      throw error;
    }
    return (Exception) cause;
  }
}
