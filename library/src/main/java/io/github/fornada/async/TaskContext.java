package io.github.fornada.async;

import io.github.fornada.ContextCarrier;
import io.github.fornada.TaskListener;
import java.util.concurrent.Callable;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Names what goes along with tasks, carriers and scoped values, for all scopes that a block opens:
 * for verbs that open their scopes themselves.
 *
 * {@snippet :
 * TaskContext.with(new MdcCarrier()).and(USER).call(() ->
 *     Async.gather(urls, Fetch::get)); // each fetch logs with the caller's MDC and has its USER
 * }
 *
 * <p>Immutable. Scopes within scopes inherit it all.
 */
public final class TaskContext {
  private final ScopeOptions options;

  private TaskContext(ScopeOptions options) {
    this.options = options;
  }

  /** With a carrier. */
  public static TaskContext with(ContextCarrier<?> carrier) {
    return new TaskContext(ScopeOptions.DEFAULT.withName("context").withCarrier(carrier));
  }

  /** With a scoped value, as the thread that opens a scope has it. */
  public static TaskContext with(ScopedValue<?> value) {
    return new TaskContext(ScopeOptions.DEFAULT.withName("context").withScopedValue(value));
  }

  /** With a listener, that is told of each task. */
  public static TaskContext with(TaskListener listener) {
    return new TaskContext(ScopeOptions.DEFAULT.withName("context").withListener(listener));
  }

  /** And with this carrier. */
  public TaskContext and(ContextCarrier<?> carrier) {
    return changed(o -> o.withCarrier(carrier));
  }

  /** And with this scoped value. */
  public TaskContext and(ScopedValue<?> value) {
    return changed(o -> o.withScopedValue(value));
  }

  /** And with this listener. */
  public TaskContext and(TaskListener listener) {
    return changed(o -> o.withListener(listener));
  }

  private TaskContext changed(UnaryOperator<ScopeOptions> change) {
    return new TaskContext(change.apply(options));
  }

  /** Runs the block, in the calling thread. */
  public void run(Runnable block) {
    try (var scope = TaskScope.open(Joiner.awaitAll(), options)) {
      assert scope != null;
      block.run();
    }
  }

  /**
   * Calls the block, in the calling thread.
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
