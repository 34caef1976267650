package io.github.fornada.async;

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
 * A block whose tasks, each on a virtual thread of its own, all end before the block does.
 *
 * <p>The thread that opens a scope owns it: it forks tasks, joins them once, and closes the scope.
 * Nothing else may. What comes of it all is decided by a {@link Joiner}; without one, {@link #join}
 * returns when all tasks have succeeded, and the first failure cancels the others and is thrown.
 *
 * <p><b>Memory effects.</b> What the owner did before a fork happens-before the task; what a task
 * did happens-before its result or outcome is seen, and before {@code close} returns.
 *
 * <p><b>Interrupts.</b> To cancel is to interrupt: each task that has not ended is interrupted,
 * once, and one that has not begun never does. An interrupt of the owner while it joins cancels the
 * scope. {@link #close} waits for the last task whatever happens, so a task that heeds no interrupt
 * holds up the block; {@link #tree} and {@link #dump} show where. Such are waits for {@code
 * synchronized} and by {@code Lock.lock}, and reads and writes of files: of a {@code
 * FileInputStream} they end as if nothing had happened, of a {@code FileChannel} with an exception,
 * but both only when the system has done with them. With regular files that is soon; with a named
 * pipe, or a lock of another process on a file, perhaps never.
 *
 * <p><b>Misuse is told, not undefined.</b> A fork or join by another thread or at the wrong time,
 * scopes closed out of order, and tasks that leave a scope open, throw exceptions that say what to
 * do; the tasks are ended even so. A scope that its owner's thread left open when it ended is found
 * within seconds, its tasks are cancelled, and the log tells.
 *
 * <p><b>Costs.</b> Some 50 bytes for a task beside its virtual thread, and no thread-locals. Any
 * number of tasks may be forked; those that have ended are let go of while others are forked.
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

  /** The task whose thread the owner is; null if it is none. */
  final @Nullable Child<?> home;

  /** The scope that the owner has open around this one; null if there is none. */
  final @Nullable TaskScope<?, ?> outer;

  final int openedAt = CoarseClock.now();

  // OPEN -> FORKED: the first fork. -> JOINED: join was called. -> CLOSED. The owner's.
  private Phase phase = Phase.OPEN;

  private enum Phase {
    OPEN,
    FORKED,
    JOINED,
    CLOSED
  }

  /** Tasks that listeners were told of. The owner's. */
  private int observed;

  /** Set once, by compare-and-set, by the thread of the first task that fails. */
  private volatile @Nullable Failures failures;

  /** Written by the timer before {@link #reason}, read by the owner after it. */
  private @Nullable ScopeTimeoutException late;

  /** For a fork that came too late. The owner's. */
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
   * A scope for tasks that must all succeed: {@link #join} returns null then, or throws the first
   * failure.
   */
  public static <T extends @Nullable Object> TaskScope<T, @Nullable Void> open() {
    return open(new Joiners.AwaitAllSuccessful<>(), ScopeOptions.DEFAULT);
  }

  /** Such a scope, with options. */
  public static <T extends @Nullable Object> TaskScope<T, @Nullable Void> open(
      UnaryOperator<ScopeOptions> options) {
    return open(new Joiners.AwaitAllSuccessful<>(), options);
  }

  /**
   * A scope with this policy.
   *
   * @param joiner a new one, for this scope only
   */
  public static <T extends @Nullable Object, R extends @Nullable Object> TaskScope<T, R> open(
      Joiner<? super T, ? extends R> joiner) {
    return open(joiner, ScopeOptions.DEFAULT);
  }

  /**
   * A scope with this policy and options.
   *
   * @param joiner a new one, for this scope only
   * @param options changes the defaults
   */
  public static <T extends @Nullable Object, R extends @Nullable Object> TaskScope<T, R> open(
      Joiner<? super T, ? extends R> joiner, UnaryOperator<ScopeOptions> options) {
    return open(joiner, Objects.requireNonNull(options.apply(ScopeOptions.DEFAULT), "options"));
  }

  static <T extends @Nullable Object, R extends @Nullable Object> TaskScope<T, R> open(
      Joiner<? super T, ? extends R> joiner, ScopeOptions options) {
    var scope = new TaskScope<T, R>(Objects.requireNonNull(joiner, "joiner"), options);
    Owners.push(scope);
    if (options.timeout() != null || options.deadline() != null) {
      scope.timer = ScopeTimer.ofScope(scope, options);
    }
    return scope;
  }

  // ---- forking

  /**
   * Starts a task on a thread of its own.
   *
   * @throws WrongThreadException if the calling thread is not the owner
   * @throws IllegalStateException after {@link #join} or {@link #close}, or if a carrier failed
   * @throws RejectedExecutionException if the thread factory gave null
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
   * @throws RejectedExecutionException if the thread factory gave null
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
   * @throws RejectedExecutionException if the thread factory gave null
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
    if (phase == Phase.OPEN) { // only after a fork that was not refused: else there is no need to
      phase = Phase.FORKED; // join. Written once: tasks read what lies beside it.
    }
    return child;
  }

  /** The joiner hears of the task, and may cancel the scope or throw. */
  private void admit(Child<?> child) {
    boolean admitted = false;
    try {
      if (told(child)) {
        cancel(BY_JOINER);
      }
      checkTakesTasks(); // again: the joiner may have joined or closed it
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
   * @throws RejectedExecutionException if the thread factory returned null
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
   * @throws RejectedExecutionException if the thread factory returned null
   */
  @SuppressWarnings({"unchecked", "NullAway"}) // null is a result of every type that has one
  public <U extends T> Subtask<U> fork(String purpose, Runnable task) {
    Objects.requireNonNull(task, "task");
    return fork(
        purpose,
        () -> {
          task.run();
          return (U) null;
        });
  }

  @SuppressWarnings("unchecked") // a handle is only read from
  private boolean told(Child<?> child) {
    return ((Joiner<T, R>) joiner).onFork((Subtask<T>) child);
  }

  private void launch(Child<?> child) {
    boolean started = false;
    try {
      Thread runner = newThread(child);
      checkTakesTasks(); // again: the thread factory may have joined or closed it
      runner.setUncaughtExceptionHandler(child);
      started = start(child, runner);
    } finally {
      if (!started) {
        child.thread = null;
        child.stop();
        child.finished();
        cancelIfOverdue(child);
      }
    }
  }

  /** The time was up, no task was left, and yet there is one more. */
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
    ThreadFactory factory = options.threadFactory();
    if (factory == null) {
      Thread.Builder.OfVirtual b = builder;
      if (b == null) {
        b = Thread.ofVirtual().name(name());
        builder = b;
      }
      if (purpose.isEmpty()) {
        return b.unstarted(child); // they share one string for a name
      }
      Thread runner = b.unstarted(child);
      runner.setName(name() + "/" + purpose);
      return runner;
    }
    Thread made = factory.newThread(child);
    if (made == null) {
      throw new RejectedExecutionException(
          "the thread factory of scope \"" + name() + "\" gave null for " + Child.subject(purpose));
    }
    if (!purpose.isEmpty()) {
      made.setName(name() + "/" + purpose);
    }
    return made;
  }

  // ---- joining

  /**
   * Waits until all tasks have ended, or the scope is cancelled, and gives the joiner's result. To
   * be called once. After a scope was cancelled some of its tasks may still be on their way to
   * their end when this returns or throws; {@link #close} waits for them.
   *
   * @return what the joiner gives
   * @throws InterruptedException if the owner is interrupted before or while it waits; all tasks
   *     are then cancelled
   * @throws ScopeFailedException if there is no result; the cause is the first failure, others are
   *     suppressed
   * @throws ScopeTimeoutException if the time was up before all tasks had ended, unless the joiner
   *     has a result even so; where all had ended in time it does not matter how late this is
   *     called
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
      throw failed(e); // a task's own scope may have been over its limit: a failure like others
    }
    throw tooLate;
  }

  /** What to throw because the time was up; null if the joiner has a result even so. */
  private @Nullable ScopeTimeoutException tooLate() {
    try {
      joiner.onTimeout();
      return null;
    } catch (ScopeTimeoutException e) {
      // The timer's own may be on its way still where a fork has told of it: so that one goes
      // first.
      ScopeTimeoutException told = lateFork != null ? lateFork : late;
      return told == null ? e : told; // there was no memory to take down more
    }
  }

  private void awaitResult() throws InterruptedException {
    if (!awaitEndOrCancel()) {
      cancel(BY_INTERRUPT);
      throw new InterruptedException("interrupted while joining scope \"" + name() + "\"");
    }
  }

  /** A task has succeeded or failed, and not because the scope was cancelled. */
  @SuppressWarnings("unchecked") // a handle is only read from
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

  /** A joiner threw, or our own code did: the scope cannot have a result. */
  final void broken(Throwable e) {
    failures().setBroken(e);
    cancel(BY_FAILURE);
  }

  /** A task that was cancelled threw something of its own. */
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
   * The time is up. Called by the timer; what is told is taken down before the tasks hear of it. If
   * all have ended, it is the next fork that is too late.
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
   * Interrupts every task that has not ended and lets none begin any more. May be called by any
   * thread, any number of times. It does not wait; {@link #join} returns, with what the joiner
   * makes of it: those that need the results of all tasks throw, others do not.
   */
  public void cancel() {
    cancel(BY_CALLER);
  }

  /**
   * Whether {@link #cancel} was called, by whomever, or the time was up, so that no task can begin
   * any more. If all had ended when the time was up, {@link #join} has its result even so.
   */
  public boolean isCancelled() {
    return isCalledOff() || isOverdue();
  }

  // ---- closing

  /**
   * Ends the scope: returns when every task has ended. Cancels those that have not, if the scope
   * was not joined. An interrupt does not end this wait; the thread has its status after it.
   *
   * @throws WrongThreadException if the calling thread is not the owner
   * @throws IllegalStateException after the scope has closed: if tasks were forked and never
   *     joined, or if scopes that were opened within this one were still open, which are then
   *     closed too
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

  /** Cancels what runs, waits for all of it, and takes the scope off its owner. */
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
    var names = new StringBuilder();
    for (TaskScope<?, ?> s = innermost; s != null && s != this; s = s.outer) {
      names.append(names.isEmpty() ? "" : ", ").append("scope \"").append(s.name()).append('"');
      s.endAll();
    }
    return names.toString();
  }

  /** Closes what a task has left open, from the innermost outwards, and names it. */
  static String closeAll(@Nullable TaskScope<?, ?> innermost) {
    var names = new StringBuilder();
    for (TaskScope<?, ?> s = innermost; s != null; s = s.outer) {
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

  // ---- looking

  /**
   * The tasks that run in this scope and in those within, one a line, with how long each has run
   * and where it is. May be called by any thread; a snapshot, not taken all at one moment.
   */
  public String tree() {
    return Tree.of(this);
  }

  /** The {@linkplain #tree trees} of all scopes that are open in this JVM, by owner. */
  public static String dump() {
    return Tree.ofAll();
  }

  /** Its name, as given with the options. */
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
