package io.github.fornada.spi;

import io.github.fornada.TaskEvent;
import io.github.fornada.TaskListener;
import io.github.fornada.jvm.BoundedText;
import io.github.fornada.jvm.Log;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** The listeners of a pool; also knows which threads are calling them at the moment. */
final class Listeners {
  /** The pool whose listener this thread is calling; the thread must not wait for that pool. */
  private static final ThreadLocal<@Nullable AbstractPool> CALLING = new ThreadLocal<>();

  private final AbstractPool pool;
  private final List<TaskListener> listeners;
  private final AtomicBoolean failed = new AtomicBoolean();

  Listeners(AbstractPool pool, List<TaskListener> listeners) {
    this.pool = pool;
    this.listeners = listeners;
  }

  void tell(TaskEvent event) {
    if (listeners.isEmpty()) {
      return;
    }
    AbstractPool outer = CALLING.get();
    CALLING.set(pool);
    try {
      listeners.forEach(listener -> tell(listener, event));
    } finally {
      if (outer == null) {
        CALLING.remove();
      } else {
        CALLING.set(outer);
      }
    }
  }

  /** Returns whether this thread is calling one of them. */
  @SuppressWarnings("ReferenceEquality") // a pool is equal to itself only
  boolean areBeingCalled() {
    return CALLING.get() == pool;
  }

  private void tell(TaskListener listener, TaskEvent event) {
    try {
      listener.onEvent(event);
    } catch (Throwable e) { // checked ones too: other languages do not check
      if (failed.compareAndSet(false, true)) {
        Log.get()
            .log(
                System.Logger.Level.WARNING,
                "a task listener failed and is ignored from here on, where it fails: "
                    + BoundedText.of(listener),
                e);
      }
    }
  }
}
