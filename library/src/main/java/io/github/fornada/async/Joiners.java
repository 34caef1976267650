package io.github.fornada.async;

import io.github.fornada.Completion;
import io.github.fornada.Outcome;
import io.github.fornada.TaskFunction;
import io.github.fornada.jvm.BoundedText;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The joiners of the library. */
final class Joiners {
  private Joiners() {}

  /** Has what it knows of one scope's tasks, so that a second scope would get those too. */
  abstract static class OneScope<T extends @Nullable Object, R extends @Nullable Object>
      implements Joiner<T, R> {
    private static final VarHandle USED = handle(OneScope.class, "used");

    /** Set once, by compare-and-set, by the owner of the first scope. */
    @SuppressWarnings("unused") // by its handle
    private volatile boolean used;

    /**
     * Called when a scope is opened with it.
     *
     * @throws IllegalStateException if another one was
     */
    final void begin() {
      if (!USED.compareAndSet(this, false, true)) {
        throw new IllegalStateException(
            "a joiner serves one scope, and this one has served another: make a new one for each");
      }
    }
  }

  /** Cancels the scope with the first failure, and throws it. */
  abstract static sealed class FirstFailure<T extends @Nullable Object, R extends @Nullable Object>
      extends OneScope<T, R> {
    private static final VarHandle FAILURE = handle(FirstFailure.class, "failure");

    /** Set once, by compare-and-set, by the thread of the task that failed first. */
    private volatile @Nullable Throwable failure;

    @Override
    public boolean onComplete(Subtask<T> task) {
      return task.state() == Subtask.State.FAILED
          && FAILURE.compareAndSet(this, null, task.exception());
    }

    final boolean hasFailure() {
      return failure != null;
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

  static sealed class AllSuccessful<T extends @Nullable Object> extends FirstFailure<T, List<T>>
      permits AllItems {
    /** Used by the owner only. */
    private final List<Subtask<T>> tasks = new ArrayList<>();

    @Override
    public boolean onFork(Subtask<T> task) {
      tasks.add(task);
      return false;
    }

    @Override
    public final List<T> result() throws Throwable {
      throwFailure();
      var results = new ArrayList<T>(tasks.size());
      for (Subtask<T> task : tasks) {
        if (task.state() != Subtask.State.SUCCESS) {
          throw new CancellationException(
              "the scope was cancelled before " + Child.subject(task.purpose()) + " had a result");
        }
        results.add(task.get());
      }
      return Collections.unmodifiableList(results);
    }
  }

  /** The joiner of verbs that apply one function to many items: a failure names its item. */
  static final class AllItems<T extends @Nullable Object, R extends @Nullable Object>
      extends AllSuccessful<R> {
    private record Failed<T extends @Nullable Object>(int index, T item, Throwable thrown) {}

    private final TaskFunction<? super T, ? extends R> function;

    /** Whether messages contain the texts of items; false for tasks, which have none. */
    private final boolean haveTexts;

    /** Failures up to the first that reached the joiner. Guarded by itself. */
    private final List<Failed<T>> failed = new ArrayList<>();

    /** The scope of the tasks. Written by its owner before it starts the first. */
    private @Nullable TaskScope<?, ?> scope;

    AllItems(TaskFunction<? super T, ? extends R> function, boolean haveTexts) {
      this.function = function;
      this.haveTexts = haveTexts;
    }

    Callable<R> task(int index, T item) {
      return new ItemTask<>(this, index, item);
    }

    @Override
    public boolean onFork(Subtask<R> task) {
      if (scope == null) {
        scope = ((Child<?>) task).scope;
      }
      return super.onFork(task);
    }

    private void failed(ItemTask<T, R> task, Throwable thrown) {
      // What tasks of a cancelled scope throw is no failure, and there may be a million of them.
      if (hasFailure() || (scope != null && scope.isCalledOff())) {
        return;
      }
      synchronized (failed) {
        failed.add(new Failed<>(task.index, task.item, thrown));
      }
    }

    /**
     * Returns the item that failed with {@code thrown} as the subject of a sentence; null if none
     * did.
     */
    @SuppressWarnings("ReferenceEquality") // compares identities
    @Nullable String subjectOf(Throwable cause) {
      Failed<T> found = null;
      synchronized (failed) {
        for (Failed<T> one : failed) {
          if (one.thrown == cause) {
            found = one;
            break;
          }
        }
      }
      if (found == null) {
        return null;
      }
      return haveTexts // made without the lock: tasks that fail take it, and a text may hang
          ? "item " + found.index + " (" + BoundedText.ofItem(found.item) + ")"
          : "task " + found.index;
    }
  }

  /** The task of one item. Small, because there may be a million. */
  abstract static sealed class OfItem<T extends @Nullable Object, R extends @Nullable Object>
      implements Callable<R> {
    final int index;
    final T item;

    OfItem(int index, T item) {
      this.index = index;
      this.item = item;
    }

    @Override
    public final String toString() {
      return "item " + index; // for listeners, because the task has no purpose; runs no user code
    }
  }

  /** Applies a function to an item. */
  static final class Applied<T extends @Nullable Object, R extends @Nullable Object>
      extends OfItem<T, R> {
    private final TaskFunction<? super T, ? extends R> function;

    Applied(TaskFunction<? super T, ? extends R> function, int index, T item) {
      super(index, item);
      this.function = function;
    }

    @Override
    public R call() throws Exception {
      return function.apply(item);
    }
  }

  private static final class ItemTask<T extends @Nullable Object, R extends @Nullable Object>
      extends OfItem<T, R> {
    private final AllItems<T, R> all;

    ItemTask(AllItems<T, R> all, int index, T item) {
      super(index, item);
      this.all = all;
    }

    @Override
    public R call() throws Exception {
      try {
        return all.function.apply(item);
      } catch (Throwable e) {
        all.failed(this, e);
        throw e;
      }
    }
  }

  /** Collects outcomes with their items, in the order in which the tasks ended. */
  static final class InOrderOfCompletion<T extends @Nullable Object, R extends @Nullable Object>
      implements Joiner<R, List<Completion<T, R>>> {
    /**
     * The index of each task's item in {@link #items}. Used by the owner only; tasks are compared
     * by identity.
     */
    private final Map<Subtask<R>, Integer> indexes = new HashMap<>();

    /** Used by the owner only. */
    private final List<T> items = new ArrayList<>();

    /** The tasks that have ended; the tasks' threads add to it. */
    private final Queue<Subtask<R>> ended = new ConcurrentLinkedQueue<>();

    /** Sets the item of the task that is forked next. */
    void next(T item) {
      items.add(item);
    }

    @Override
    public boolean onFork(Subtask<R> task) {
      indexes.put(task, items.size() - 1);
      return false;
    }

    @Override
    public boolean onComplete(Subtask<R> task) {
      ended.add(task);
      return false;
    }

    @Override
    public List<Completion<T, R>> result() {
      var completions = new ArrayList<Completion<T, R>>(items.size());
      for (Subtask<R> task : ended) {
        int index = Objects.requireNonNull(indexes.remove(task));
        completions.add(new Completion<>(index, items.get(index), task.outcome()));
      }
      assert indexes
          .isEmpty(); // only an interrupt or a failure of the library cancels, and join throws then
      return Collections.unmodifiableList(completions);
    }
  }

  static final class AnySuccessful<T extends @Nullable Object> extends OneScope<T, T> {
    private static final VarHandle BEST = handle(AnySuccessful.class, "best");

    /**
     * The first task that failed, until one succeeds. Set by compare-and-set, by the tasks'
     * threads.
     */
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

  static final class Outcomes<T extends @Nullable Object> extends OneScope<T, List<Outcome<T>>> {
    /** Used by the owner only. */
    private final List<Subtask<T>> tasks = new ArrayList<>();

    @Override
    public boolean onFork(Subtask<T> task) {
      tasks.add(task);
      return false;
    }

    @Override
    public void onTimeout() {} // tasks that have not ended are cancelled

    @Override
    public List<Outcome<T>> result() {
      var outcomes = new ArrayList<Outcome<T>>(tasks.size());
      for (Subtask<T> task : tasks) {
        outcomes.add(task.outcome());
      }
      return Collections.unmodifiableList(outcomes);
    }
  }

  static final class AllUntil<T extends @Nullable Object> extends OneScope<T, List<Subtask<T>>> {
    private final Predicate<Subtask<T>> isEnough;

    /** Used by the owner only. */
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
    public void onTimeout() {} // the tasks have their states

    @Override
    public List<Subtask<T>> result() {
      return Collections.unmodifiableList(tasks);
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
