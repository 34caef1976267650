package io.github.fornada.async;

import io.github.fornada.ContextCarrier;
import io.github.fornada.TaskListener;
import io.github.fornada.spi.CapturedContext;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * The context that the tasks of a scope inherit: carriers, scoped values with their bindings as of
 * the scope's opening, and listeners. Scopes within inherit it too.
 */
final class InheritedContext {
  static final InheritedContext NONE = new InheritedContext(List.of(), List.of(), List.of(), null);

  final List<ContextCarrier<?>> carriers;
  final List<ScopedValue<?>> scopedValues;
  final List<TaskListener> listeners;

  /** Timeline lanes for the listeners, shared with scopes within; null if there is no listener. */
  final @Nullable TimelineLanes lanes;

  /** The bindings of those scoped values that the opening thread has bound; null if it has none. */
  private final ScopedValue.@Nullable Carrier bindings;

  /**
   * The value of each scoped value, in their order; {@link #UNBOUND} for one that was not bound.
   */
  private final @Nullable Object[] bound;

  private static final Object UNBOUND = new Object();

  private InheritedContext(
      List<ContextCarrier<?>> carriers,
      List<ScopedValue<?>> scopedValues,
      List<TaskListener> listeners,
      @Nullable TimelineLanes known) {
    this.carriers = carriers;
    this.scopedValues = scopedValues;
    this.listeners = listeners;
    this.lanes = known == null && !listeners.isEmpty() ? new TimelineLanes() : known;
    this.bound = new @Nullable Object[scopedValues.size()];
    ScopedValue.Carrier all = null;
    for (int k = 0; k < bound.length; k++) {
      ScopedValue<?> name = scopedValues.get(k);
      bound[k] = valueOf(name);
      if (bound[k] != UNBOUND) {
        all = bind(all, name);
      }
    }
    this.bindings = all;
  }

  /**
   * Returns the context of a scope that the calling thread opens, within {@code around}'s scope.
   */
  static InheritedContext of(@Nullable InheritedContext around, ScopeOptions options) {
    InheritedContext outer = around == null ? NONE : around;
    if (outer == NONE
        && options.carriers().isEmpty()
        && options.scopedValues().isEmpty()
        && options.listeners().isEmpty()) {
      return NONE;
    }
    return new InheritedContext(
        union(outer.carriers, options.carriers()),
        union(outer.scopedValues, options.scopedValues()),
        union(outer.listeners, options.listeners()),
        outer.lanes);
  }

  /** Returns the context that the scope around the calling thread gives to its tasks. */
  static InheritedContext here() {
    Thread self = Thread.currentThread();
    Child<?> home = Owners.homeOf(self);
    TaskScope<?, ?> around = Owners.innermost(home, self);
    if (around == null && home != null) {
      around = home.scope;
    }
    return of(around == null ? null : around.context, ScopeOptions.DEFAULT);
  }

  private static <E> List<E> union(List<E> outer, List<E> own) {
    List<E> all = outer;
    for (E element : own) {
      all = ScopeOptions.plus(all, element);
    }
    return all;
  }

  private static @Nullable Object valueOf(ScopedValue<?> name) {
    return name.isBound() ? name.get() : UNBOUND;
  }

  private static <V> ScopedValue.Carrier bind(
      ScopedValue.@Nullable Carrier before, ScopedValue<V> name) {
    V value = name.get();
    return before == null ? ScopedValue.where(name, value) : before.where(name, value);
  }

  /**
   * Returns the task in this context, with the carriers' values captured from the calling thread.
   *
   * @throws IllegalStateException if a carrier fails, or if a scoped value is bound otherwise than
   *     at the scope's opening
   */
  @SuppressWarnings("ReferenceEquality") // the same object that was bound
  <V extends @Nullable Object> Callable<? extends V> around(Callable<? extends V> task) {
    if (carriers.isEmpty() && scopedValues.isEmpty()) {
      return task;
    }
    for (int k = 0; k < bound.length; k++) {
      if (valueOf(scopedValues.get(k)) != bound[k]) {
        throw new IllegalStateException(
            "a scoped value was bound again after the scope was opened, and tasks would see the"
                + " binding before that: open the scope within the binding");
      }
    }
    CapturedContext captured = carriers.isEmpty() ? null : CapturedContext.capture(carriers);
    return new Wrapped<V>(task, bindings, captured);
  }

  private record Wrapped<V extends @Nullable Object>(
      Callable<? extends V> task,
      ScopedValue.@Nullable Carrier bindings,
      @Nullable CapturedContext captured)
      implements Callable<V> {
    @Override
    public V call() throws Exception {
      return bindings == null ? inner() : bindings.<V, Exception>call(this::inner);
    }

    private V inner() throws Exception {
      return captured == null ? task.call() : captured.<V>call(task);
    }
  }
}
