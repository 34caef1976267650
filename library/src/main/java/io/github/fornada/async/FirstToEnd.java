package io.github.fornada.async;

import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Ends the scope with the first task that ends, by a result or by a failure. */
final class FirstToEnd<T extends @Nullable Object> implements Joiner<T, T> {
  /** Set once, by the thread of that task. */
  private final AtomicReference<@Nullable Subtask<T>> first = new AtomicReference<>();

  @Override
  public boolean onComplete(Subtask<T> task) {
    return first.compareAndSet(null, task);
  }

  @Override
  public T result() throws Throwable {
    Subtask<T> ended = first.get();
    if (ended == null) {
      throw new CancellationException("the scope was cancelled before any of its tasks had ended");
    }
    if (ended.state() == Subtask.State.FAILED) {
      throw ended.exception();
    }
    return ended.get();
  }
}
