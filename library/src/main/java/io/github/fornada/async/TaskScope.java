package io.github.fornada.async;

import io.github.fornada.jvm.StackRoom;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A block whose tasks all end before the block does. Each task has a virtual thread of its own.
 *
 * <p>The thread that opens a scope owns it: only this thread forks tasks, joins them once, and
 * closes the scope. A {@link Joiner} decides the result of the whole; without one, {@link #join}
 * returns when all tasks have succeeded, and the first failure cancels the others and is thrown.
 *
 * <p><b>Memory effects.</b> What the owner did before a fork happens-before the task; what a task
 * did happens-before its result or outcome is seen, and before {@code close} returns.
 *
 * <p><b>Interrupts.</b> Cancelling means interrupting: each task that has not ended is interrupted,
 * once, and a task that has not begun never does. An interrupt of the owner while it joins cancels
 * the scope. {@link #close} always waits for the last task, so a task that ignores interrupts holds
 * up the block; {@link #tree} and {@link #dump} show where it is. Uninterruptible are waits for
 * {@code synchronized} and in {@code Lock.lock}, and reads and writes of files: those of a {@code
 * FileInputStream} return normally, those of a {@code FileChannel} throw, but both only when the
 * operating system has finished. With regular files that is soon; with a named pipe, or a lock of
 * another process on a file, perhaps never.
 *
 * <p><b>Misuse is reported, not undefined.</b> A fork or join by another thread or at the wrong
 * time, scopes closed out of order, and tasks that leave a scope open, cause exceptions that say
 * what to do; the tasks are ended nevertheless. If a thread ends and leaves a scope open, the scope
 * is found within seconds, its tasks are cancelled, and that is logged.
 *
 * <p><b>Costs.</b> About 50 bytes for a task in addition to its virtual thread, and no
 * thread-locals. Any number of tasks may be forked; the memory of ended ones is released while
 * others are forked.
 *
 * {@snippet :
 * try (var scope = TaskScope.open(Joiner.<Quote>anySuccessfulOrThrow(),
 *     o -> o.withName("quotes").withTimeout(Duration.ofSeconds(2)))) {
 *   for (Server server : servers) {
 *     scope.fork(server.name(), server::quote);
 *   }
 *   return scope.join(); // the first one; the others are cancelled
 * }
 * }
 *
 * <p>The idea is that of trio's nurseries and of {@code StructuredTaskScope} in the JDK (JEP 505,
 * 525, 533), whose names these are.
 *
 * @param <T> the type of the tasks' results
 * @param <R> the type of the scope's result
 */
public final class TaskScope<T extends @Nullable Object, R extends @Nullable Object>
    extends ScopeTasks implements AutoCloseable {
  static final String BY_CALLER = "its scope was cancelled";
  static final String BY_JOINER = "its scope needed it no longer";
  static final String BY_FAILURE = "another task of its scope failed first";
  static final String BY_INTERRUPT = "the owner of its scope was interrupted";
  static final String BY_CLOSE = "its scope was closed before it was joined";
  static final String BY_DEADLINE = "its scope was over its timeout";
  static final String BY_LOSS = "the thread that owned its scope ended without closing it";

  private static final VarHandle FAILURES;

  static {
    try {
      FAILURES = MethodHandles.lookup().findVarHandle(TaskScope.class, "failures", Failures.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Joiner<? super T, ? extends R> joiner;
  private final ScopeOptions options;
  final InheritedContext context;

  /** The task that the owner's thread runs; null if none. */
  final @Nullable Child<?> home;

  /** The scope that the owner has open around this one; null if there is none. */
  final @Nullable TaskScope<?, ?> outer;

  final int openedAt = CoarseClock.now();

  // OPEN -> FORKED: the first fork. -> JOINED: join was called. -> CLOSED. Used by the owner only.
  private Phase phase = Phase.OPEN;

  private enum Phase {
    OPEN,
    FORKED,
    JOINED,
    CLOSED
  }

  /** Tasks that listeners observe. Used by the owner only. */
  private int observed;

  /** The failures. Set once, by compare-and-set, by the thread of the first task that fails. */
  private volatile @Nullable Failures failures;

  /** Written by the timer before {@link #reason}, read by the owner after it. */
  private @Nullable ScopeTimeoutException late;

  /** The exception for a fork that came too late. Used by the owner only. */
  private @Nullable ScopeTimeoutException lateFork;

  private @Nullable Future<?> timer;
  private @Nullable ScopeFailedException thrown;
  private final ScopeEvents.@Nullable Scope event = ScopeEvents.scope();
  private Thread.Builder.@Nullable OfVirtual builder;

  private TaskScope(Joiner<? super T, ? extends R> joiner, ScopeOptions options) {
    super(Thread.currentThread(), options.threadFactory() != null);
    this.joiner = joiner;
    this.options = options;
    this.home = Owners.homeOf(owner);
    this.outer = Owners.innermost(home, owner);
    TaskScope<?, ?> around = outer != null ? outer : home != null ? home.scope : null;
    this.context = InheritedContext.of(around == null ? null : around.context, options);
  }

  // ---- opening

  /**
   * Opens a scope for tasks that must all succeed: {@link #join} returns null then, or throws the
   * first failure.
   */
  public static <T extends @Nullable Object> TaskScope<T, @Nullable Void> open() {
    return open(new Joiners.AwaitAllSuccessful<>(), ScopeOptions.DEFAULT);
  }

  /**
   * Opens a scope for tasks that must all succeed, with options.
   *
   * @param options changes the default options
   */
  public static <T extends @Nullable Object> TaskScope<T, @Nullable Void> open(
      UnaryOperator<ScopeOptions> options) {
    return open(new Joiners.AwaitAllSuccessful<>(), options);
  }

  /**
   * Opens a scope with a joiner.
   *
   * @param joiner a new one, for this scope only
   */
  public static <T extends @Nullable Object, R extends @Nullable Object> TaskScope<T, R> open(
      Joiner<? super T, ? extends R> joiner) {
    return open(joiner, ScopeOptions.DEFAULT);
  }

  /**
   * Opens a scope with a joiner and options.
   *
   * @param joiner a new one, for this scope only
   * @param options changes the default options
   * @throws IllegalStateException if the joiner is one of {@link Joiner}'s own and has served
   *     another scope
   */
  public static <T extends @Nullable Object, R extends @Nullable Object> TaskScope<T, R> open(
      Joiner<? super T, ? extends R> joiner, UnaryOperator<ScopeOptions> options) {
    return open(joiner, Objects.requireNonNull(options.apply(ScopeOptions.DEFAULT), "options"));
  }

  static <T extends @Nullable Object, R extends @Nullable Object> TaskScope<T, R> open(
      Joiner<? super T, ? extends R> joiner, ScopeOptions options) {
    if (joiner instanceof Joiners.OneScope<?, ?> own) {
      own.begin();
    }
    var scope = new TaskScope<T, R>(Objects.requireNonNull(joiner, "joiner"), options);
    boolean opened = false;
    try {
      Owners.push(scope);
      if (options.timeout() != null || options.deadline() != null) {
        scope.timer = ScopeTimer.ofScope(scope, options);
      }
      opened = true;
    } finally {
      if (!opened) { // out of memory: nobody has it who could close it
        Owners.pop(scope);
      }
    }
    return scope;
  }

  // ---- forking

  /**
   * Starts a task on a thread of its own.
   *
   * @throws WrongThreadException if the calling thread is not the owner
   * @throws IllegalStateException after {@link #join} or {@link #close}, or if a carrier failed
   * @throws RejectedExecutionException if the thread factory returned null or a started thread
   */
  public <U extends T> Subtask<U> fork(Callable<? extends U> task) {
    return fork("", null, task);
  }

  /**
   * Starts a task on a thread of its own.
   *
   * @param purpose what it is for, in a few words; names the thread, and is in messages and trees
   * @throws WrongThreadException if the calling thread is not the owner
   * @throws IllegalStateException after {@link #join} or {@link #close}, or if a carrier failed
   * @throws RejectedExecutionException if the thread factory returned null or a started thread
   */
  public <U extends T> Subtask<U> fork(String purpose, Callable<? extends U> task) {
    return fork(Objects.requireNonNull(purpose, "purpose"), null, task);
  }

  /**
   * Starts a task with a timeout on a thread of its own. When the timeout is over, the task is
   * interrupted; its outcome is then {@link io.github.fornada.Outcome.TimedOut}, with the stack it
   * had, and it counts as failed.
   *
   * @param purpose what it is for, in a few words; names the thread, and is in messages and trees
   * @param timeout counted from the task's own start; null for none
   * @throws WrongThreadException if the calling thread is not the owner
   * @throws IllegalStateException after {@link #join} or {@link #close}, or if a carrier failed
   * @throws RejectedExecutionException if the thread factory returned null or a started thread
   */
  public <U extends T> Subtask<U> fork(
      String purpose, @Nullable Duration timeout, Callable<? extends U> task) {
    return forkChild(Objects.requireNonNull(purpose, "purpose"), timeout, task);
  }

  final <U extends T> Child<U> forkChild(
      String purpose, @Nullable Duration timeout, Callable<? extends U> task) {
    Objects.requireNonNull(task, "task");
    if (timeout != null && !timeout.isPositive()) {
      throw new IllegalArgumentException("timeout must be positive, got " + timeout);
    }
    checkOwner("fork");
    checkTakesTasks();
    StackRoom.require();
    Callable<? extends U> around = context == InheritedContext.NONE ? task : context.around(task);
    Child<U> child =
        timeout != null || ObservedChild.isWanted(context)
            ? new ObservedChild<>(this, purpose, around, task, timeout, context, observed++)
            : new Child<>(this, purpose, around);
    admit(child);
    if (!isCalledOff()) {
      launch(child);
    } else {
      child.stop();
      child.finished();
    }
    // Written only once, because tasks read fields in the same cache line. Not written for a
    // refused fork, after which the owner need not join.
    if (phase == Phase.OPEN) {
      phase = Phase.FORKED;
    }
    return child;
  }

  /** Shows the task to the joiner, which may cancel the scope or throw. */
  private void admit(Child<?> child) {
    boolean admitted = false;
    try {
      if (isEnoughAtFork(child)) {
        cancel(BY_JOINER);
      }
      checkTakesTasks(); // checked again: the joiner may have joined or closed the scope
      cancelIfOverdue(child);
      admitted = true;
    } finally {
      if (!admitted) {
        child.stop();
        child.finished();
      }
    }
  }

  private void checkTakesTasks() {
    if (phase.compareTo(Phase.FORKED) > 0) {
      throw new IllegalStateException(
          phase == Phase.CLOSED
              ? "scope \"" + name() + "\" is closed and takes no more tasks: open another one"
              : "scope \""
                  + name()
                  + "\" was joined and takes no more tasks: fork before join, or"
                  + " open another scope");
    }
  }

  /**
   * Starts a task without a result on a thread of its own; {@link Subtask#get} returns null.
   *
   * @throws WrongThreadException if the calling thread is not the owner
   * @throws IllegalStateException after {@link #join} or {@link #close}, or if a carrier failed
   * @throws RejectedExecutionException if the thread factory returned null or a started thread
   */
  public <U extends T> Subtask<U> fork(Runnable task) {
    return fork("", task);
  }

  /**
   * Starts a task without a result on a thread of its own; {@link Subtask#get} returns null.
   *
   * @param purpose what it is for, in a few words; names the thread, and is in messages and trees
   * @throws WrongThreadException if the calling thread is not the owner
   * @throws IllegalStateException after {@link #join} or {@link #close}, or if a carrier failed
   * @throws RejectedExecutionException if the thread factory returned null or a started thread
   */
  @SuppressWarnings({"unchecked", "NullAway"}) // null is a value of every nullable type
  public <U extends T> Subtask<U> fork(String purpose, Runnable task) {
    Objects.requireNonNull(task, "task");
    return fork(
        purpose,
        () -> {
          task.run();
          return (U) null;
        });
  }

  @SuppressWarnings("unchecked") // results are only read from a handle
  private boolean isEnoughAtFork(Child<?> child) {
    return ((Joiner<T, R>) joiner).onFork((Subtask<T>) child);
  }

  private void launch(Child<?> child) {
    boolean started = false;
    try {
      ThreadFactory factory = options.threadFactory();
      FactoryGate gate = null;
      Thread runner;
      if (factory == null) {
        runner = newThread(child);
      } else {
        gate = new FactoryGate(child);
        runner = made(factory, gate, child.purpose());
      }
      checkTakesTasks(); // checked again: the thread factory may have joined or closed the scope
      runner.setUncaughtExceptionHandler(child);
      started = start(child, runner, gate);
    } finally {
      if (!started) {
        child.thread = null;
        child.stop();
        child.finished();
        cancelIfOverdue(child);
      }
    }
  }

  /** Cancels the scope if its time was up when no task was left, and now one more is forked. */
  private void cancelIfOverdue(Child<?> child) {
    if (isOverdue() && !isCalledOff()) {
      lateFork =
          new ScopeTimeoutException(
              "scope \""
                  + name()
                  + "\" was over "
                  + ScopeTimer.inWords(options)
                  + " when "
                  + Child.subject(child.purpose())
                  + " was forked",
              tree());
      cancel(BY_DEADLINE);
    }
  }

  private Thread newThread(Child<?> child) {
    String purpose = child.purpose();
    Thread.Builder.OfVirtual b = builder;
    if (b == null) {
      b = Thread.ofVirtual().name(name());
      builder = b;
    }
    if (purpose.isEmpty()) {
      // all threads of tasks without a purpose share one string as their name
      return b.unstarted(child);
    }
    Thread runner = b.unstarted(child);
    runner.setName(name() + "/" + purpose);
    return runner;
  }

  private Thread made(ThreadFactory factory, FactoryGate gate, String purpose) {
    Thread made = factory.newThread(gate);
    if (made == null || made.getState() != Thread.State.NEW) {
      throw new RejectedExecutionException(
          "the thread factory of scope \""
              + name()
              + "\" returned "
              + (made == null ? "null" : "a thread that was started already")
              + " for "
              + Child.subject(purpose)
              + ": it must return a new thread");
    }
    if (!purpose.isEmpty()) {
      made.setName(name() + "/" + purpose);
    }
    return made;
  }

  // ---- joining

  /**
   * Waits until all tasks have ended, or the scope is cancelled, and returns the joiner's result.
   * Must be called once. If the scope was cancelled, some of its tasks may not have ended yet when
   * this returns or throws; {@link #close} waits for them.
   *
   * @return the joiner's result
   * @throws InterruptedException if the owner is interrupted before or while it waits; all tasks
   *     are then cancelled
   * @throws ScopeFailedException if the joiner has no result; the cause is the first failure,
   *     others are suppressed
   * @throws ScopeTimeoutException if the scope was over its timeout or deadline before all tasks
   *     had ended, unless the joiner has a result nevertheless. If all had ended in time, it does
   *     not matter how late this is called
   * @throws WrongThreadException if the calling thread is not the owner
   * @throws IllegalStateException if it was called before, or after {@link #close}
   */
  public R join() throws InterruptedException {
    checkOwner("join");
    if (phase.compareTo(Phase.FORKED) > 0) {
      throw new IllegalStateException(
          "scope \""
              + name()
              + "\" "
              + (phase == Phase.CLOSED ? "is closed" : "was joined before")
              + ": join once, before the scope is closed");
    }
    StackRoom.require();
    phase = Phase.JOINED;
    awaitResult();
    stopTimer();
    Throwable damage = failures == null ? null : failures.broken();
    if (damage != null) {
      throw failed(damage);
    }
    ScopeTimeoutException tooLate;
    try {
      tooLate = BY_DEADLINE.equals(reason()) ? tooLate() : null;
      if (tooLate == null) {
        return joiner.result();
      }
    } catch (Throwable e) {
      throw failed(e); // such as the ScopeTimeoutException of a task's own scope
    }
    throw tooLate;
  }

  /**
   * Returns the exception to throw because the time was up; null if the joiner has a result
   * nevertheless.
   */
  private @Nullable ScopeTimeoutException tooLate() {
    try {
      joiner.onTimeout();
      return null;
    } catch (ScopeTimeoutException e) {
      // If a fork came too late, the timer's exception may not exist yet, so the fork's is
      // preferred.
      ScopeTimeoutException known = lateFork != null ? lateFork : late;
      return known == null ? e : known; // there was no memory for an exception with a tree
    }
  }

  private void awaitResult() throws InterruptedException {
    if (!awaitEndOrCancel()) {
      cancel(BY_INTERRUPT);
      throw new InterruptedException("interrupted while joining scope \"" + name() + "\"");
    }
  }

  /** Called when a task has succeeded or failed, and not because the scope was cancelled. */
  @SuppressWarnings("unchecked") // results are only read from a handle
  final void completed(Child<?> child, @Nullable Throwable failure) {
    if (failure != null) {
      failures().add(child, failure);
    }
    boolean enough;
    try {
      enough = ((Joiner<T, R>) joiner).onComplete((Subtask<T>) child);
    } catch (Throwable e) {
      broken(e);
      return;
    }
    if (enough) {
      cancel(failure == null ? BY_JOINER : BY_FAILURE);
    }
  }

  /** Called when a joiner or the library's own code threw: the scope cannot have a result. */
  final void broken(Throwable e) {
    failures().setBroken(e);
    cancel(BY_FAILURE);
  }

  /** Called when a cancelled task threw something other than the interrupt. */
  final void failedLate(Throwable failure) {
    failures().addLate(failure);
  }

  private Failures failures() {
    Failures known = failures;
    if (known != null) {
      return known;
    }
    var made = new Failures();
    return FAILURES.compareAndSet(this, null, made) ? made : Objects.requireNonNull(failures);
  }

  private ScopeFailedException failed(Throwable cause) {
    Failures known = failures;
    String subject = joiner instanceof Joiners.AllItems<?, ?> items ? items.subjectOf(cause) : null;
    var failed = new ScopeFailedException(Failures.message(known, this, subject, cause), cause);
    if (known != null) {
      known.suppress(failed);
    }
    thrown = failed;
    return failed;
  }

  /**
   * Called by the timer when the time is up. The exception records where tasks are before they are
   * interrupted. If all tasks have ended, only a later fork is too late.
   */
  final void expire() {
    if (isCalledOff() || !becomeOverdue()) {
      return;
    }
    try {
      late = Tree.timeout(this, ScopeTimer.inWords(options));
    } finally {
      cancel(BY_DEADLINE);
    }
  }

  // ---- cancelling

  /**
   * Interrupts every task that has not ended, and lets no further task begin. May be called by any
   * thread, any number of times. Does not wait. How {@link #join} then ends depends on the joiner:
   * joiners that need the results of all tasks throw, others do not.
   */
  public void cancel() {
    cancel(BY_CALLER);
  }

  /**
   * Returns whether the scope was cancelled, by {@link #cancel}, its joiner, an interrupt, or
   * {@link #close} without a join, or was over its timeout or deadline; no task begins then. If all
   * tasks had ended when the time was up, {@link #join} has its result nevertheless.
   */
  public boolean isCancelled() {
    return isCalledOff() || isOverdue();
  }

  // ---- closing

  /**
   * Ends the scope: cancels it if it was not joined, and returns when every task has ended. An
   * interrupt does not end this wait; the thread's interrupt status is set after it. A second call
   * does nothing.
   *
   * @throws WrongThreadException if the calling thread is not the owner
   * @throws IllegalStateException after the scope has closed: if tasks were forked and neither
   *     joined nor cancelled, or if scopes that were opened within this one were still open, which
   *     are then closed too
   */
  @Override
  public void close() {
    checkOwner("close");
    if (phase == Phase.CLOSED) {
      return;
    }
    TaskScope<?, ?> within = Owners.innermost(home, owner);
    String left = within == this ? "" : closeWithin(within);
    boolean unjoined = phase == Phase.FORKED && !isCancelled();
    endAll();
    if (!left.isEmpty()) {
      throw new IllegalStateException(
          "scope \""
              + name()
              + "\" was closed before "
              + left
              + ", opened within it and closed"
              + " with it: use try-with-resources, so that scopes close in order");
    }
    if (unjoined) {
      throw new IllegalStateException(
          "scope \""
              + name()
              + "\" was closed without a join, and its tasks were cancelled: call"
              + " join after the last fork, or cancel if their end is all you want");
    }
  }

  /** Cancels the running tasks, waits for them, and removes the scope from its owner. */
  private void endAll() {
    boolean isUnused = phase == Phase.OPEN && reason() == null;
    if (phase.compareTo(Phase.JOINED) < 0) {
      cancel(BY_CLOSE);
    }
    boolean interrupted = awaitEnd();
    stopTimer();
    phase = Phase.CLOSED;
    letGo();
    Owners.pop(this);
    if (event != null) {
      event.scope = name();
      event.tasks = started();
      event.cancelled = isUnused ? null : reason();
      event.commit();
    }
    if (thrown != null && failures != null) {
      failures.suppressLate(thrown);
    }
    if (interrupted) {
      owner.interrupt();
    }
  }

  private String closeWithin(@Nullable TaskScope<?, ?> innermost) {
    return closeUpTo(this, innermost);
  }

  /**
   * Closes the scopes that a task has left open, from the innermost outwards, and returns their
   * names.
   */
  static String closeAll(@Nullable TaskScope<?, ?> innermost) {
    return closeUpTo(null, innermost);
  }

  /**
   * Closes the scopes within {@code outer}, from the innermost outwards, and returns their names;
   * all if {@code outer} is null.
   */
  @SuppressWarnings("ReferenceEquality") // a scope is equal to itself only
  static String closeUpTo(@Nullable TaskScope<?, ?> outer, @Nullable TaskScope<?, ?> innermost) {
    var names = new StringBuilder();
    for (TaskScope<?, ?> s = innermost; s != null && s != outer; s = s.outer) {
      names.append(names.isEmpty() ? "" : ", ").append("scope \"").append(s.name()).append('"');
      s.endAll();
    }
    return names.toString();
  }

  private void stopTimer() {
    if (timer != null) {
      timer.cancel(false);
    }
  }

  // ---- inspection

  /**
   * Returns a drawing of the tasks that run in this scope and in scopes within, one per line, with
   * how long each has run and where it is. May be called by any thread. Not an atomic snapshot.
   */
  public String tree() {
    return Tree.of(this);
  }

  /** Returns the {@linkplain #tree trees} of all scopes that are open in this JVM, by owner. */
  public static String dump() {
    return Tree.ofAll();
  }

  /** Returns the name, as given with the options. */
  String name() {
    return options.name();
  }

  @Override
  public String toString() {
    return "scope \"" + name() + "\" of " + owner.getName() + (isCancelled() ? " (cancelled)" : "");
  }

  // ---- confinement

  private void checkOwner(String what) {
    if (Thread.currentThread() != owner) {
      throw new WrongThreadException(
          what
              + " was called by "
              + Owners.describe(Thread.currentThread())
              + ", but scope \""
              + name()
              + "\" belongs to "
              + Owners.describe(owner)
              + ", which opened it: a task that wants tasks of its own opens a scope of its own");
    }
  }

  /** The owner may ask for results only after it has joined. */
  final void checkJoined(Child<?> child) {
    if (Thread.currentThread() == owner && phase.compareTo(Phase.JOINED) < 0) {
      throw new IllegalStateException(
          "scope \""
              + name()
              + "\" was not joined: call join before you ask for the results of "
              + Child.subject(child.purpose()));
    }
  }
}
