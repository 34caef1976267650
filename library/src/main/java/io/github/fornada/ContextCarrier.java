package io.github.fornada;

import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/**
 * Carries context of the calling thread, such as a logging context or the current trace, to the
 * threads that run the call's items, in this JVM or in a worker JVM.
 *
 * <p>A pool with a carrier {@linkplain #capture captures} once for each call of {@code map}, {@code
 * outcomes}, {@code completions} and {@code mapping}, and for each single task, in the calling
 * thread and before the method returns; with streams, that is before they are consumed. Around each
 * item, and each retry of it, the captured value is {@linkplain #restore restored} in the thread
 * that runs the item. It is undone afterwards, whether the item returned a result, threw, or was
 * interrupted. The time for both counts towards the item's timeout. Dependents of a future run
 * after the context was undone.
 *
 * <p>Several carriers restore in the order in which they were registered and are undone in the
 * reverse order. A carrier that throws in {@code capture} fails the call, which throws {@link
 * IllegalStateException} with that exception as the cause. A carrier that throws later fails the
 * item it was called for. Carriers are not called in any other place, and a pool without carriers
 * does no work for them.
 *
 * <p>A carrier is called by several threads at once. For a process pool the carrier and what it
 * captures must be serializable. A process pool sends the function of a call to a worker again
 * whenever the captured value differs. A call over many items therefore costs no more than without
 * a carrier; items submitted one by one, each with its own trace, cost more than items that share
 * one.
 *
 * <p>Example: SLF4J's mapped diagnostic context, for every line that a task logs:
 *
 * {@snippet :
 * final class MdcCarrier implements ContextCarrier<@Nullable Map<String, String>> {
 *   @Override
 *   public @Nullable Map<String, String> capture() {
 *     return MDC.getCopyOfContextMap();
 *   }
 *
 *   @Override
 *   public Scope restore(@Nullable Map<String, String> captured) {
 *     Map<String, String> before = MDC.getCopyOfContextMap();
 *     set(captured);
 *     return () -> set(before);
 *   }
 *
 *   private static void set(@Nullable Map<String, String> context) {
 *     if (context == null) {
 *       MDC.clear();
 *     } else {
 *       MDC.setContextMap(context);
 *     }
 *   }
 * }
 *
 * try (var pool = ProcessPool.open(o -> o.withCarrier(new MdcCarrier()))) {
 *   pool.map(photos, Thumbnail::shrink);
 * }
 * }
 *
 * <p>Example: OpenTelemetry. Its propagator writes the current span as a {@code traceparent} of
 * W3C's Trace Context, so a span begun in a worker JVM is a child of the caller's span:
 *
 * {@snippet :
 * final class TraceCarrier implements ContextCarrier<Map<String, String>> {
 *   @Override
 *   public Map<String, String> capture() {
 *     var headers = new HashMap<String, String>();
 *     propagator().inject(Context.current(), headers, Map::put);
 *     return headers;
 *   }
 *
 *   @Override
 *   public Scope restore(Map<String, String> headers) {
 *     return propagator().extract(Context.root(), headers, GETTER).makeCurrent()::close;
 *   }
 * }
 * }
 *
 * <p>The idea comes from Micrometer's context propagation; here the values can leave the process.
 *
 * @param <C> the type of the captured value; nullable if the carrier captures null
 */
public interface ContextCarrier<C extends @Nullable Object> extends Serializable {
  /**
   * Returns the context of the calling thread. The value must not change after this method returns:
   * return a copy, not a view. Calls share what is sent to workers if their values have the same
   * content: strings, numbers, and lists and maps of them. An object of any other class has the
   * same content as itself only, because its {@code equals} may leave something out.
   */
  C capture();

  /**
   * Sets {@code captured} as the context of the calling thread, which is about to run an item. Also
   * called with null if null was captured. The thread may have a context already, from an item that
   * waits for this one; the returned scope must bring that back.
   *
   * @return the scope; the same thread closes it when the item has ended
   */
  Scope restore(C captured);

  /** The period during which a thread has the restored context. */
  @FunctionalInterface
  interface Scope extends AutoCloseable {
    /**
     * Brings back the context that the thread had before. Should not wait: an interrupt may be
     * pending.
     */
    @Override
    void close();
  }
}
