package io.github.fornada.propagation;

import io.github.fornada.ContextCarrier;
import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ThreadLocalAccessor;
import java.io.Serializable;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Carries every thread-local that Micrometer's context propagation knows of to the tasks of a call:
 * all for which the {@linkplain ContextRegistry#getInstance() registry} has a {@link
 * ThreadLocalAccessor}. A thread-local without a value in the caller has none in the task.
 *
 * {@snippet :
 * ContextRegistry.getInstance().registerThreadLocalAccessor("tenant", Tenant.CURRENT);
 * try (var pool = ProcessPool.open(o -> o.withCarrier(PropagationCarrier.instance()))) {
 *   pool.map(photos, Thumbnail::shrink);
 * }
 * }
 *
 * <p><b>Worker JVMs</b> get the values that are {@link Serializable}, under keys that are; others,
 * such as Micrometer's current observation, stay behind. A worker restores those for which its own
 * registry has an accessor: one that {@link java.util.ServiceLoader} finds, or that {@code
 * withInitializer} registers there.
 *
 * <p>Immutable; may be used by several threads at once.
 */
public final class PropagationCarrier implements ContextCarrier<PropagationCarrier.Captured> {
  private static final long serialVersionUID = 1;

  /** As the library has it for what users' exceptions suppress. */
  private static final int MOST_SUPPRESSED = 8;

  private static final PropagationCarrier INSTANCE = new PropagationCarrier();

  private PropagationCarrier() {}

  /** Returns the carrier. */
  public static PropagationCarrier instance() {
    return INSTANCE;
  }

  /** The values that were captured, by the keys of their accessors. Immutable. */
  public static final class Captured implements Serializable {
    private static final long serialVersionUID = 1;

    /** What is not serializable is left out where this is written. */
    private final HashMap<Object, Object> values;

    private Captured(Map<Object, Object> values) {
      this.values = new HashMap<>(values);
    }

    /** Written in its place is one that can be. */
    private Object writeReplace() {
      var sendable = new HashMap<Object, Object>();
      values.forEach((key, value) -> {
        if (key instanceof Serializable && value instanceof Serializable) {
          sendable.put(key, value);
        }
      });
      return sendable.size() == values.size() ? this : new Captured(sendable);
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Captured that && values.equals(that.values);
    }

    @Override
    public int hashCode() {
      return values.hashCode();
    }

    @Override
    public String toString() {
      return "Captured" + values.keySet();
    }
  }

  @Override
  public Captured capture() {
    var values = new HashMap<Object, Object>();
    for (ThreadLocalAccessor<?> accessor :
        ContextRegistry.getInstance().getThreadLocalAccessors()) {
      Object value = accessor.getValue();
      if (value != null) {
        values.put(accessor.key(), value);
      }
    }
    return new Captured(values);
  }

  @Override
  public Scope restore(Captured captured) {
    var undo = new ArrayDeque<Runnable>();
    try {
      for (ThreadLocalAccessor<?> accessor :
          ContextRegistry.getInstance().getThreadLocalAccessors()) {
        set(accessor, captured.values, undo);
      }
    } catch (Throwable e) {
      undo(undo);
      throw e;
    }
    return () -> undo(undo);
  }

  @SuppressWarnings("unchecked") // the value was that of an accessor with the same key
  private static <V> void set(
      ThreadLocalAccessor<V> accessor, Map<Object, Object> values, Deque<Runnable> undo) {
    V before = accessor.getValue();
    V value = (V) values.get(accessor.key());
    if (value == null) {
      if (before == null) {
        return;
      }
      accessor.setValue();
    } else {
      accessor.setValue(value);
    }
    undo.push(before == null ? accessor::restore : () -> accessor.restore(before));
  }

  /**
   * Undoes in the reverse order; one that throws does not keep the others from it. Several may
   * throw the same object, and again for each task.
   */
  @SuppressWarnings("ReferenceEquality") // an exception cannot be suppressed by itself
  private static void undo(Deque<Runnable> undo) {
    RuntimeException failure = null;
    while (!undo.isEmpty()) {
      try {
        undo.pop().run();
      } catch (RuntimeException e) {
        if (failure == null) {
          failure = e;
        } else if (e != failure && failure.getSuppressed().length < MOST_SUPPRESSED) {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  /** All carriers of this class are the same. */
  private Object readResolve() {
    return INSTANCE;
  }
}
