package io.github.fornada.async;

import io.github.fornada.ContextCarrier;
import io.github.fornada.TaskListener;
import java.util.concurrent.Callable;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Gives carriers, scoped values and listeners to all scopes that a block opens: for verbs, which
 * open their scopes themselves.
 *
 * {@snippet :
 * TaskContext.with(new MdcCarrier()).and(USER).call(() ->
 *     Async.gather(urls, Fetch::get)); // each fetch has the caller's MDC and USER
 * }
 *
 * <p>Immutable. Scopes within those scopes inherit it too.
 */
public final class TaskContext {
  private final ScopeOptions options;

  private TaskContext(ScopeOptions options) {
    this.options = options;
  }

  /** Returns a context with a carrier. */
  public static TaskContext with(ContextCarrier<?> carrier) {
    return new TaskContext(ScopeOptions.DEFAULT.withName("context").withCarrier(carrier));
  }

  /**
   * Returns a context with a scoped value, bound in tasks as in the thread that opens their scope.
   */
  public static TaskContext with(ScopedValue<?> value) {
    return new TaskContext(ScopeOptions.DEFAULT.withName("context").withScopedValue(value));
  }

  /** Returns a context with a listener, which is called for each task. */
  public static TaskContext with(TaskListener listener) {
    return new TaskContext(ScopeOptions.DEFAULT.withName("context").withListener(listener));
  }

  /** Returns this context with one more carrier. */
  public TaskContext and(ContextCarrier<?> carrier) {
    return changed(o -> o.withCarrier(carrier));
  }

  /** Returns this context with one more scoped value. */
  public TaskContext and(ScopedValue<?> value) {
    return changed(o -> o.withScopedValue(value));
  }

  /** Returns this context with one more listener. */
  public TaskContext and(TaskListener listener) {
    return changed(o -> o.withListener(listener));
  }

  private TaskContext changed(UnaryOperator<ScopeOptions> change) {
    return new TaskContext(change.apply(options));
  }

  /** Runs a block in this context, in the calling thread. */
  public void run(Runnable block) {
    try (var scope = TaskScope.open(Joiner.awaitAll(), options)) {
      assert scope != null;
      block.run();
    }
  }

  /**
   * Calls a block in this context, in the calling thread, and returns its result.
   *
   * @throws Exception what the block throws
   */
  public <V extends @Nullable Object> V call(Callable<? extends V> block) throws Exception {
    try (var scope = TaskScope.open(Joiner.awaitAll(), options)) {
      assert scope != null;
      return block.call();
    }
  }
}
