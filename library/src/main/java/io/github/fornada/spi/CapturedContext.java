package io.github.fornada.spi;

import io.github.fornada.ContextCarrier;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * The values that carriers have captured in one thread, to be restored around a call in another
 * thread. For code that starts threads of this JVM on behalf of a caller.
 *
 * <p>Immutable; one object may be used around several calls at once, if the carriers allow that.
 *
 * @see ContextCarrier
 */
public final class CapturedContext {
  private final ContextCarrier<?>[] carriers;

  /** The captured values, each at the index of its carrier. */
  private final @Nullable Object[] values;

  private CapturedContext(ContextCarrier<?>[] carriers, @Nullable Object[] values) {
    this.carriers = carriers;
    this.values = values;
  }

  /**
   * Captures the context of the calling thread with each of {@code carriers}, in their order.
   *
   * @throws IllegalStateException if a carrier threw, with its exception as the cause
   */
  public static CapturedContext capture(List<ContextCarrier<?>> carriers) {
    ContextCarrier<?>[] all = carriers.toArray(ContextCarrier<?>[]::new);
    return new CapturedContext(all, ContextFunction.capture(all));
  }

  /**
   * Calls {@code task} with the captured context restored in the calling thread, and undoes that
   * afterwards, whether the task returned or threw.
   *
   * @throws IllegalStateException if a carrier could not restore or undo
   * @throws Exception any exception of the task
   */
  public <V extends @Nullable Object> V call(Callable<? extends V> task) throws Exception {
    return ContextFunction.applyWithin(carriers, values, 0, Callable<? extends V>::call, task);
  }
}
