package io.github.fornada.spi;

import io.github.fornada.ContextCarrier;
import io.github.fornada.TaskFunction;
import io.github.fornada.jvm.Suppressed;
import java.io.Serial;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A user's function with what the carriers of its pool captured when the function was submitted.
 */
final class ContextFunction<T extends @Nullable Object, R extends @Nullable Object>
    implements TaskFunction<T, R> {
  @Serial private static final long serialVersionUID = 1L;

  private final TaskFunction<? super T, ? extends R> function;
  private final ContextCarrier<?>[] carriers;

  /** The captured values, each at the index of its carrier. */
  @SuppressWarnings("serial") // they need to be serializable only if they are sent
  private final @Nullable Object[] values;

  ContextFunction(
      TaskFunction<? super T, ? extends R> function,
      ContextCarrier<?>[] carriers,
      @Nullable Object[] values) {
    this.function = function;
    this.carriers = carriers;
    this.values = values;
  }

  TaskFunction<? super T, ? extends R> function() {
    return function;
  }

  @SuppressWarnings("ReferenceEquality") // functions are compared by identity
  boolean isFor(TaskFunction<?, ?> other, @Nullable Object[] captured) {
    return function == other && PlainEquality.ofAll(values, captured);
  }

  /** Returns the carriers and what they captured, by their names in messages. */
  Map<String, @Nullable Object> parts() {
    var parts = new LinkedHashMap<String, @Nullable Object>();
    for (int k = 0; k < carriers.length; k++) {
      String name = name(carriers[k]);
      if (parts.containsKey(name)) {
        name += ", number " + (k + 1); // two carriers of one class
      }
      parts.put(name, carriers[k]);
      parts.put("what " + name + " captured", values[k]);
    }
    return parts;
  }

  /**
   * Returns what a function consists of: itself, or one with its carriers and what they captured.
   */
  static List<? extends @Nullable Object> partsOf(TaskFunction<?, ?> function) {
    return function instanceof ContextFunction<?, ?> with
        ? with.all()
        : Collections.singletonList(function);
  }

  /** Returns everything that this function consists of. */
  List<@Nullable Object> all() {
    var all = new ArrayList<@Nullable Object>();
    all.add(function);
    all.addAll(Arrays.asList(carriers));
    all.addAll(Arrays.asList(values));
    return all;
  }

  static String name(ContextCarrier<?> carrier) {
    return "the context carrier " + carrier.getClass().getName();
  }

  @Override
  public R apply(T item) throws Exception {
    return ContextFunction.<T, R>applyWithin(carriers, values, 0, function, item);
  }

  /**
   * Captures the context of the calling thread; each value is at the index of its carrier.
   *
   * @throws IllegalStateException if a carrier threw
   */
  static @Nullable Object[] capture(ContextCarrier<?>[] carriers) {
    var captured = new @Nullable Object[carriers.length];
    for (int k = 0; k < carriers.length; k++) {
      captured[k] = capture(carriers[k]);
    }
    return captured;
  }

  private static @Nullable Object capture(ContextCarrier<?> carrier) {
    try {
      return carrier.capture();
    } catch (Exception e) { // checked ones too: other languages do not check
      throw new IllegalStateException(
          name(carrier) + " failed to capture what the calling thread has: " + e, e);
    }
  }

  /** Applies the function within the scopes of the carriers from index {@code k} on. */
  static <T extends @Nullable Object, R extends @Nullable Object> R applyWithin(
      ContextCarrier<?>[] carriers,
      @Nullable Object[] values,
      int k,
      TaskFunction<? super T, ? extends R> function,
      T item)
      throws Exception {
    if (k == carriers.length) {
      return function.apply(item);
    }
    ContextCarrier.Scope scope = restore(carriers[k], values[k]);
    R result;
    try {
      result = ContextFunction.<T, R>applyWithin(carriers, values, k + 1, function, item);
    } catch (Throwable e) {
      try {
        close(scope, carriers[k]);
      } catch (Throwable also) {
        Suppressed.add(e, also);
      }
      throw e;
    }
    close(scope, carriers[k]);
    return result;
  }

  @SuppressWarnings({"unchecked", "NullAway"}) // null only where C is nullable
  private static <C extends @Nullable Object> ContextCarrier.Scope restore(
      ContextCarrier<C> carrier, @Nullable Object captured) {
    ContextCarrier.Scope scope;
    try {
      scope = carrier.restore((C) captured); // it comes from the same carrier
    } catch (Exception e) { // checked ones too: other languages do not check
      throw new IllegalStateException(
          name(carrier) + " could not restore what it had captured: " + e, e);
    }
    if (scope == null) {
      throw new IllegalStateException(name(carrier) + " gave null for a scope");
    }
    return scope;
  }

  private static void close(ContextCarrier.Scope scope, ContextCarrier<?> carrier) {
    try {
      scope.close();
    } catch (Exception e) {
      throw new IllegalStateException(
          name(carrier) + " could not undo what it had restored: " + e, e);
    }
  }
}
