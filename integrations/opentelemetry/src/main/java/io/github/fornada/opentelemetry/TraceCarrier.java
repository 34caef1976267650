package io.github.fornada.opentelemetry;

import io.github.fornada.ContextCarrier;
import io.opentelemetry.api.baggage.propagation.W3CBaggagePropagator;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.opentelemetry.context.propagation.TextMapPropagator;
import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Carries OpenTelemetry's current context to the tasks of a call: a span that a task begins is a
 * child of the span that was current where the call was made, in worker JVMs too.
 *
 * {@snippet :
 * try (var pool = ProcessPool.open(o -> o.withCarrier(TraceCarrier.instance()))) {
 *   pool.map(photos, TaskSpan.around("shrink", Thumbnail::shrink));
 * }
 * }
 *
 * <p>Within this JVM a task has the context itself, with all that is in it. A worker JVM gets what
 * W3C's headers {@code traceparent}, {@code tracestate} and {@code baggage} can tell: the span's
 * ids and the baggage.
 *
 * <p>This class needs OpenTelemetry's API only. For spans to be exported from a worker, the SDK
 * must be set up there as in every JVM: by {@code -Dotel.java.global-autoconfigure.enabled=true},
 * which workers inherit, or in {@code withInitializer}. Agents are not inherited: {@code
 * withJvmOptions("-javaagent:...")} gives one to the workers.
 *
 * <p>Immutable; may be used by several threads at once.
 */
public final class TraceCarrier implements ContextCarrier<TraceCarrier.Captured> {
  private static final long serialVersionUID = 1;

  private static final TraceCarrier INSTANCE = new TraceCarrier();

  private static final TextMapPropagator HEADERS =
      TextMapPropagator.composite(
          W3CTraceContextPropagator.getInstance(), W3CBaggagePropagator.getInstance());

  private TraceCarrier() {}

  /** Returns the carrier. */
  public static TraceCarrier instance() {
    return INSTANCE;
  }

  /** What was captured: in this JVM the context, in another its headers. Immutable. */
  public static final class Captured implements Serializable {
    private static final long serialVersionUID = 1;

    /** Null in a JVM other than that of the caller. */
    private final transient @Nullable Context context;

    private final HashMap<String, String> headers;

    private Captured(Context context, Map<String, String> headers) {
      this.context = context;
      this.headers = new HashMap<>(headers);
    }

    private Context context() {
      return context != null ? context : HEADERS.extract(Context.root(), headers, GETTER);
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Captured that
          && Objects.equals(context, that.context)
          && headers.equals(that.headers);
    }

    @Override
    public int hashCode() {
      return headers.hashCode();
    }

    @Override
    public String toString() {
      return "Captured" + headers;
    }
  }

  @Override
  public Captured capture() {
    Context context = Context.current();
    var headers = new HashMap<String, String>();
    HEADERS.inject(
        context,
        headers,
        (into, key, value) -> {
          if (into != null) {
            into.put(key, value);
          }
        });
    return new Captured(context, headers);
  }

  @Override
  @SuppressWarnings("MustBeClosedChecker") // whoever closes the scope returned here closes it
  public Scope restore(Captured captured) {
    return captured.context().makeCurrent()::close;
  }

  /** All carriers of this class are the same. */
  private Object readResolve() {
    return INSTANCE;
  }

  private static final TextMapGetter<Map<String, String>> GETTER =
      (headers, key) -> headers == null ? null : headers.get(key);
}
