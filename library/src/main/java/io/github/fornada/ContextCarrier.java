package io.github.fornada;

import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/**
 * Brings something of the thread that makes a call, such as a logging context or the current trace,
 * to the threads that run the call's items, in this JVM or in a worker's.
 *
 * <p>A pool with a carrier {@linkplain #capture captures} once for each call of {@code map}, {@code
 * outcomes}, {@code completions} and {@code mapping}, and for each single task, in the calling
 * thread and before the method returns; with streams, that is before they are consumed. Around each
 * item, and each further try of it, what was captured is {@linkplain #restore restored} in the
 * thread that runs the item, and undone after it, whether the item gave a result, threw, or was
 * interrupted. That time counts for the item's timeout. Dependents of a future run after it.
 *
 * <p>Several carriers restore in the order in which they were registered and are undone in the
 * other. A carrier that throws in {@code capture} fails the call, which throws {@link
 * IllegalStateException} with its exception as the cause; one that throws later fails the item it
 * was called for. None is called in a pool's own threads beside that, and a pool without carriers
 * does nothing at all for them.
 *
 * <p>A carrier is called by several threads at once. For a process pool it must be serializable
 * with what it captures. There the function of a call travels anew to a worker whenever what was
 * captured differs: a call over many items costs as before, items submitted one by one, each with a
 * trace of its own, cost more than those that share one.
 *
 * <p>SLF4J's mapped diagnostic context, for every line that a task logs:
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
 * <p>OpenTelemetry, whose propagator writes the current span as a {@code traceparent} of W3C's
 * Trace Context, so that a span begun in a worker JVM is a child of the caller's:
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
 * <p>The idea is that of Micrometer's context propagation, with values that can leave the process.
 *
 * @param <C> what is carried; null if the carrier says so
 */
public interface ContextCarrier<C extends @Nullable Object> extends Serializable {
  /**
   * What the calling thread has. Must not change any more after this returns: a copy, not a view.
   * Calls with equal values share what is sent to workers, so give it {@code equals}.
   */
  C capture();

  /**
   * Gives the calling thread, which is about to run an item, what was captured; null too, if that
   * is what was captured. The thread may have something of its own, from an item that waits for
   * this one: the scope brings that back.
   *
   * @return closed by the same thread when the item has ended
   */
  Scope restore(C captured);

  /** The time during which a thread has what a carrier has brought. */
  @FunctionalInterface
  interface Scope extends AutoCloseable {
    /** Brings back what the thread had before. Should not wait: an interrupt may be pending. */
    @Override
    void close();
  }
}
