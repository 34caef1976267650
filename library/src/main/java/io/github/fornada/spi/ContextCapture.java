package io.github.fornada.spi;

import io.github.fornada.ContextCarrier;
import io.github.fornada.TaskFunction;
import java.lang.ref.WeakReference;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Captures the context with a pool's carriers when a call comes in.
 *
 * <p>Workers know functions by identity, so a function that is submitted again with captured values
 * of {@linkplain PlainEquality the same content} should be the same {@link ContextFunction} as
 * before. The latest ones are kept for that, weakly: a pool must not keep alive what a lambda
 * captures.
 */
final class ContextCapture {
  private static final int SLOTS = 64; // a power of two; as many functions as a worker keeps

  private final ContextCarrier<?>[] carriers;
  private final AtomicReferenceArray<@Nullable WeakReference<ContextFunction<?, ?>>> last =
      new AtomicReferenceArray<>(SLOTS);

  ContextCapture(List<ContextCarrier<?>> carriers) {
    this.carriers = carriers.toArray(ContextCarrier<?>[]::new);
  }

  /**
   * Returns the function with the context of the calling thread.
   *
   * @throws IllegalStateException if a carrier threw
   */
  @SuppressWarnings("unchecked")
  <T extends @Nullable Object, R extends @Nullable Object>
      TaskFunction<? super T, ? extends R> load(TaskFunction<? super T, ? extends R> function) {
    if (carriers.length == 0) {
      return function;
    }
    @Nullable Object[] captured = ContextFunction.capture(carriers);
    int hash = 31 * PlainEquality.hashOfAll(captured) + System.identityHashCode(function);
    int slot = (hash ^ (hash >>> 16)) & (SLOTS - 1);
    WeakReference<ContextFunction<?, ?>> kept = last.get(slot);
    ContextFunction<?, ?> before = kept == null ? null : kept.get();
    if (before != null && before.isFor(function, captured)) {
      return (ContextFunction<T, R>) before; // the same function, so the same types
    }
    var carried = new ContextFunction<T, R>(function, carriers, captured);
    last.set(slot, new WeakReference<>(carried));
    return carried;
  }
}
