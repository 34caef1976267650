package io.github.fornada.async;

import io.github.fornada.Outcome;
import io.github.fornada.TaskException;
import io.github.fornada.jvm.BoundedText;
import io.github.fornada.jvm.Interrupts;
import io.github.fornada.jvm.StartedBy;
import io.github.fornada.jvm.Suppressed;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * A task of a scope. One object in four roles, because there may be a million of them: what the
 * task's thread runs, the handle that the owner has, a node in the scope's list, and the link from
 * a thread to the scope whose task it runs.
 *
 * <p>That link is the thread's handler for uncaught exceptions: a field that every thread has and
 * that costs nothing, where a thread-local would cost a map. It serves as a handler too: what
 * escapes the thread is the task's failure.
 */
sealed class Child<T extends @Nullable Object>
    implements Subtask<T>, Runnable, Thread.UncaughtExceptionHandler, StartedBy
    permits ObservedChild {

  /** Stands for a result of null; null itself means that there is no result yet. */
  private static final Object NULL = new Object();

  /** Stands for a task that was cancelled before it had ended. */
  private static final Object CANCELLED = new Object();

  /** Stands for a task that threw, or was over its timeout; in the second case with the outcome. */
  private record Failure(Throwable thrown, Outcome.@Nullable TimedOut<?> late) {
    /** Used if there is no memory for another. */
    static final Failure UNKNOWN =
        new Failure(new OutOfMemoryError("no memory to record how the task failed"), null);
  }

  private static final VarHandle RESULT;

  static {
    try {
      RESULT = MethodHandles.lookup().findVarHandle(Child.class, "result", Object.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  final TaskScope<?, ?> scope;
  private final String purpose;

  /** When it was forked, by {@link CoarseClock}. */
  final int forkedAt;

  /** Written by the owner before the thread starts, and by the thread: null when it has begun. */
  private @Nullable Callable<? extends T> task;

  // null -> a result, NULL, a Failure or CANCELLED, by compare-and-set, once: by the task's thread
  // when it ends, by the thread that cancels the scope, or by the timer.
  // The winner, unless it is the task's thread, interrupts that thread, so a task is interrupted
  // once at most.
  private volatile @Nullable Object result;

  /**
   * Written by the owner before the child is in the list, and by the thread: null when it has
   * ended. Read by any thread; an interrupt may come late and reach a thread that has ended its
   * task.
   */
  @Nullable Thread thread;

  /**
   * The next older task. Written by the owner; read by any thread that comes from {@link
   * ScopeTasksLayout.OfOwner#newest}.
   */
  @Nullable Child<?> next;

  /** The innermost scope that its thread has open. Written by that thread, read by any. */
  volatile @Nullable TaskScope<?, ?> innermost;

  /** Whether it was reported for holding a carrier. Guarded by {@code CarrierWatch.REPORTED}. */
  boolean isReported;

  Child(TaskScope<?, ?> scope, String purpose, Callable<? extends T> task) {
    this.scope = scope;
    this.purpose = purpose;
    this.task = task;
    this.forkedAt = CoarseClock.now();
  }

  // ---- running

  @Override
  public final void run() {
    Callable<? extends T> todo = Objects.requireNonNull(task); // FactoryGate lets none in twice
    task = null;
    try {
      if (result == null && !scope.isCalledOff()) {
        began();
        Object ended;
        try { // not in a separate method: each frame costs a waiting task about 80 bytes
          T value = todo.call();
          ended = value == null ? NULL : value;
        } catch (Throwable e) {
          ended = new Failure(e, null);
        }
        end(innermost == null ? ended : closeLeaked(ended));
      } else {
        stop();
        finished();
      }
    } catch (Throwable e) { // thrown by the library's own code: out of memory, stack overflow
      RESULT.compareAndSet(this, null, Failure.UNKNOWN);
      scope.broken(e);
    } finally {
      thread = null;
      scope.arrive();
    }
  }

  /**
   * Closes the scopes that the task has left open, with all their tasks; the task has then failed.
   */
  private Object closeLeaked(Object ended) {
    var leaked =
        new IllegalStateException(
            subject(purpose)
                + " has ended without closing "
                + TaskScope.closeAll(innermost)
                + ", which it opened: open scopes in try-with-resources");
    if (ended instanceof Failure(Throwable thrown, var _)) {
      Suppressed.add(thrown, leaked);
      return ended;
    }
    return new Failure(leaked, null);
  }

  @SuppressWarnings("ReferenceEquality") // compares identities
  private void end(Object ended) {
    boolean won = false;
    Object mine = scope.isCalledOff() ? CANCELLED : ended;
    if (RESULT.compareAndSet(this, null, mine)) {
      won = mine == ended;
    }
    Object settled = result;
    if (!won && ended instanceof Failure(Throwable thrown, var _) && !Causes.isInterrupt(thrown)) {
      if (settled instanceof Failure late) {
        Suppressed.add(late.thrown, thrown);
      } else {
        scope.failedLate(thrown);
      }
    }
    finished();
    if (settled != CANCELLED && (won || !scope.isCalledOff())) {
      scope.completed(this, settled instanceof Failure failure ? failure.thrown : null);
    }
  }

  /** Called by the task's thread before it calls the task. */
  void began() {}

  /** Called when the task's outcome is settled, or the task never began. */
  void finished() {}

  /**
   * Cancels the task, unless it has ended.
   *
   * @return whether this call has cancelled it
   */
  final boolean stop() {
    if (result != null || !RESULT.compareAndSet(this, null, CANCELLED)) {
      return false;
    }
    interrupt();
    return true;
  }

  /** The task's timeout is over. Called by the timer. */
  final void expire(Throwable thrown, Outcome.TimedOut<?> late) {
    if (RESULT.compareAndSet(this, null, new Failure(thrown, late))) {
      interrupt();
    }
  }

  private void interrupt() {
    Thread runner = thread;
    if (runner != null && runner != Thread.currentThread()) {
      Interrupts.send(runner);
    }
  }

  /** Returns whether the task was cancelled, has timed out or has ended. */
  final boolean isStopped() {
    return result != null;
  }

  final boolean hasEnded() {
    return thread == null;
  }

  @Override
  public final Thread startedBy() {
    return scope.owner;
  }

  /**
   * Called with what a thread factory's thread threw outside of the task, or instead of running it.
   */
  @Override
  public final void uncaughtException(Thread runner, Throwable thrown) {
    if (!wasNeverRun(thrown)) {
      // does what the JDK does without a handler
      runner.getThreadGroup().uncaughtException(runner, thrown);
    }
  }

  /**
   * Fails the task if its thread has ended, or is about to end, without running it.
   *
   * @return false if the task did run
   */
  final boolean wasNeverRun(@Nullable Throwable thrown) {
    if (task == null) {
      return false;
    }
    task =
        () -> {
          throw new IllegalStateException(
              "the thread made by the scope's thread factory ended without running the task",
              thrown);
        };
    run();
    return true;
  }

  // ---- queries

  @Override
  public final State state() {
    Object r = settled();
    if (r == null || r == CANCELLED) {
      return State.UNAVAILABLE;
    }
    return r instanceof Failure ? State.FAILED : State.SUCCESS;
  }

  @Override
  @SuppressWarnings({"unchecked", "NullAway"}) // a result is a T; null only where T is
  public final T get() {
    scope.checkJoined(this);
    Object r = settled();
    if (r == NULL) {
      return (T) null;
    }
    if (r != null && r != CANCELLED && !(r instanceof Failure)) {
      return (T) r;
    }
    if (r instanceof Failure failure) {
      throw new IllegalStateException(
          subject(purpose) + " failed and has no result: " + BoundedText.of(failure.thrown),
          failure.thrown);
    }
    throw new IllegalStateException(subject(purpose) + " has no result: " + whyNot(r));
  }

  @Override
  public final Throwable exception() {
    scope.checkJoined(this);
    Object r = settled();
    if (r instanceof Failure failure) {
      return failure.thrown;
    }
    throw new IllegalStateException(
        subject(purpose)
            + " has no exception: "
            + (r == null || r == CANCELLED ? whyNot(r) : "it succeeded"));
  }

  /** Returns the result, or throws what the task threw, as if the caller had called it. */
  @SuppressWarnings({"unchecked", "NullAway"}) // a result is a T; null only where T is
  final T resultOrThrow() throws Exception {
    Object r = settled();
    if (r instanceof Failure(Throwable thrown, var late)) {
      if (late != null) {
        var _ = late.get(); // throws an exception that says which task and where it was
      }
      switch (thrown) {
        case Exception e -> throw e;
        case Error e -> throw e;
        default -> throw new TaskException("the task failed: " + BoundedText.of(thrown), thrown);
      }
    }
    if (r == null || r == CANCELLED) {
      throw new CancellationException(whyNot(r));
    }
    return r == NULL ? (T) null : (T) r;
  }

  @Override
  public final Outcome<T> outcome() {
    scope.checkJoined(this);
    return settledOutcome();
  }

  /** Returns the outcome, without the check that the owner has joined. */
  @SuppressWarnings({"unchecked", "NullAway"}) // a result is a T; null only where T is
  final Outcome<T> settledOutcome() {
    Object r = settled();
    if (r == null) {
      throw new IllegalStateException(subject(purpose) + " has no outcome: " + whyNot(r));
    }
    if (r == CANCELLED) {
      return new Outcome.Cancelled<>(scope.whyCancelled());
    }
    if (r instanceof Failure(Throwable thrown, Outcome.@Nullable TimedOut<?> late)) {
      return late == null ? Causes.outcome(thrown) : (Outcome<T>) late;
    }
    return new Outcome.Done<>(r == NULL ? (T) null : (T) r);
  }

  /**
   * Returns the final result; null if the task has none yet. In a cancelled scope, a task without a
   * result becomes cancelled, because an outcome that was returned must not change later.
   */
  private @Nullable Object settled() {
    if (result == null && scope.isCalledOff()) {
      stop();
    }
    return result;
  }

  private String whyNot(@Nullable Object r) {
    return r == CANCELLED ? scope.whyCancelled() : "it has not ended; call join first";
  }

  @Override
  public final String purpose() {
    return purpose;
  }

  /** Returns a name for the task that can be the subject of a sentence. */
  static String subject(String purpose) {
    return purpose.isEmpty() ? "a task" : "the task \"" + purpose + "\"";
  }

  @Override
  public String toString() {
    Object r = result;
    String state =
        r == null
            ? "running"
            : r == CANCELLED
                ? "cancelled"
                : r instanceof Failure f ? "failed: " + BoundedText.of(f.thrown) : "done";
    return subject(purpose) + " of scope \"" + scope.name() + "\" (" + state + ")";
  }
}
