package io.github.fornada.async;

import io.github.fornada.Outcome;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The policies that come with the library. */
final class Joiners {
  private Joiners() {}

  /** Remembers the first failure, and makes it the end of the scope. */
  abstract static sealed class FirstFailure<T extends @Nullable Object, R extends @Nullable Object>
      implements Joiner<T, R> {
    private static final VarHandle FAILURE = handle(FirstFailure.class, "failure");

    /** Set once, by compare-and-set, by the thread of the task that failed first. */
    private volatile @Nullable Throwable failure;

    @Override
    public boolean onComplete(Subtask<T> task) {
      return task.state() == Subtask.State.FAILED
          && FAILURE.compareAndSet(this, null, task.exception());
    }

    final void throwFailure() throws Throwable {
      Throwable first = failure;
      if (first != null) {
        throw first;
      }
    }
  }

  static final class AwaitAllSuccessful<T extends @Nullable Object>
      extends FirstFailure<T, @Nullable Void> {
    @Override
    public @Nullable Void result() throws Throwable {
      throwFailure();
      return null;
    }
  }

  static final class AllSuccessful<T extends @Nullable Object> extends FirstFailure<T, List<T>> {
    /** The owner's. */
    private final List<Subtask<T>> tasks = new ArrayList<>();

    @Override
    public boolean onFork(Subtask<T> task) {
      tasks.add(task);
      return false;
    }

    @Override
    public List<T> result() throws Throwable {
      throwFailure();
      var results = new ArrayList<T>(tasks.size());
      for (Subtask<T> task : tasks) {
        if (task.state() != Subtask.State.SUCCESS) {
          throw new CancellationException(
              "the scope was cancelled before " + Child.subject(task.purpose()) + " had a result");
        }
        results.add(task.get());
      }
      return results;
    }
  }

  static final class AnySuccessful<T extends @Nullable Object> implements Joiner<T, T> {
    private static final VarHandle BEST = handle(AnySuccessful.class, "best");

    /** The first that failed, until one succeeds. By compare-and-set, by the tasks' threads. */
    private volatile @Nullable Subtask<T> best;

    @Override
    public boolean onComplete(Subtask<T> task) {
      boolean success = task.state() == Subtask.State.SUCCESS;
      Subtask<T> seen = best;
      while (seen == null || (success && seen.state() == Subtask.State.FAILED)) {
        if (BEST.compareAndSet(this, seen, task)) {
          return success;
        }
        seen = best;
      }
      return false;
    }

    @Override
    public T result() throws Throwable {
      Subtask<T> found = best;
      if (found == null) {
        throw new NoSuchElementException("no task of the scope has ended with a result");
      }
      if (found.state() == Subtask.State.SUCCESS) {
        return found.get();
      }
      throw found.exception();
    }
  }

  static final class AwaitAll<T extends @Nullable Object> implements Joiner<T, @Nullable Void> {
    @Override
    public @Nullable Void result() {
      return null;
    }
  }

  static final class Outcomes<T extends @Nullable Object> implements Joiner<T, List<Outcome<T>>> {
    /** The owner's. */
    private final List<Subtask<T>> tasks = new ArrayList<>();

    @Override
    public boolean onFork(Subtask<T> task) {
      tasks.add(task);
      return false;
    }

    @Override
    public void onTimeout() {} // those that have not ended are told as cancelled

    @Override
    public List<Outcome<T>> result() {
      var outcomes = new ArrayList<Outcome<T>>(tasks.size());
      for (Subtask<T> task : tasks) {
        outcomes.add(task.outcome());
      }
      return outcomes;
    }
  }

  static final class AllUntil<T extends @Nullable Object> implements Joiner<T, List<Subtask<T>>> {
    private final Predicate<Subtask<T>> isEnough;

    /** The owner's. */
    private final List<Subtask<T>> tasks = new ArrayList<>();

    AllUntil(Predicate<Subtask<T>> isEnough) {
      this.isEnough = Objects.requireNonNull(isEnough, "isEnough");
    }

    @Override
    public boolean onFork(Subtask<T> task) {
      tasks.add(task);
      return false;
    }

    @Override
    public boolean onComplete(Subtask<T> task) {
      return isEnough.test(task);
    }

    @Override
    public void onTimeout() {} // the tasks tell how far they got

    @Override
    public List<Subtask<T>> result() {
      return tasks;
    }
  }

  private static VarHandle handle(Class<?> type, String field) {
    try {
      var lookup = MethodHandles.privateLookupIn(type, MethodHandles.lookup());
      return lookup.findVarHandle(type, field, type.getDeclaredField(field).getType());
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }
}
