package io.github.fornada.spi;

import io.github.fornada.ContextCarrier;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * What some carriers have captured of one thread, to be restored around a call in another: for
 * whoever starts threads of this JVM on behalf of a caller.
 *
 * <p>Immutable; one object may be used around several calls at once, as far as the carriers allow.
 *
 * @see ContextCarrier
 */
public final class CapturedContext {
  private final ContextCarrier<?>[] carriers;

  /** At the places of their carriers. */
  private final @Nullable Object[] values;

  private CapturedContext(ContextCarrier<?>[] carriers, @Nullable Object[] values) {
    this.carriers = carriers;
    this.values = values;
  }

  /**
   * Captures what the calling thread has, carrier by carrier.
   *
   * @throws IllegalStateException if a carrier threw, with its exception as the cause
   */
  public static CapturedContext capture(List<ContextCarrier<?>> carriers) {
    ContextCarrier<?>[] all = carriers.toArray(ContextCarrier<?>[]::new);
    return new CapturedContext(all, ContextFunction.capture(all));
  }

  /**
   * Calls the task with all of it restored in the calling thread, and undoes that, whether the task
   * returned or threw.
   *
   * @throws IllegalStateException if a carrier could not restore or undo
   * @throws Exception what the task throws
   */
  public <V extends @Nullable Object> V call(Callable<? extends V> task) throws Exception {
    return ContextFunction.applyWithin(carriers, values, 0, Callable<? extends V>::call, task);
  }
}
