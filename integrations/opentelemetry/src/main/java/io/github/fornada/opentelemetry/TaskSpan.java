package io.github.fornada.opentelemetry;

import io.github.fornada.TaskFunction;
import io.opentelemetry.api.GlobalOpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.context.Scope;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Spans for tasks. With a {@link TraceCarrier} on the pool's options, the spans of a call's tasks
 * are children of the span that was current where the call was made, so that parent and workers are
 * in one trace.
 *
 * <p>Spans are made by {@link GlobalOpenTelemetry} of the JVM that runs the task; {@link
 * TraceCarrier} says how to set it up in a worker. Where it is not set up, there are none, and the
 * task runs all the same.
 */
public final class TaskSpan {
  private static final String SCOPE = "io.github.fornada";

  private TaskSpan() {}

  /**
   * Returns a function that runs {@code function} within a span. The span has the id of the process
   * as {@code process.pid}. An exception is recorded in the span, whose status is then an error,
   * and thrown. Each attempt at an item has a span of its own. A task whose worker dies has none:
   * nobody is left to end it.
   *
   * @param name the name of the spans; the same for all items, as OpenTelemetry asks for
   */
  public static <T extends @Nullable Object, R extends @Nullable Object> TaskFunction<T, R> around(
      String name, TaskFunction<? super T, ? extends R> function) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(function, "function");
    return item -> run(name, function, item);
  }

  private static <T extends @Nullable Object, R extends @Nullable Object> R run(
      String name, TaskFunction<? super T, ? extends R> function, T item) throws Exception {
    Span span =
        GlobalOpenTelemetry.getTracer(SCOPE)
            .spanBuilder(name)
            .setAttribute("process.pid", ProcessHandle.current().pid())
            .startSpan();
    try (Scope _ = span.makeCurrent()) {
      return function.apply(item);
    } catch (Throwable e) {
      record(span, e);
      throw e;
    } finally {
      span.end();
    }
  }

  /** Asks the user's exception for its texts: what that throws must not take its place. */
  @SuppressWarnings("ReferenceEquality") // its equals is the user's too
  private static void record(Span span, Throwable thrown) {
    span.setStatus(StatusCode.ERROR);
    try {
      span.recordException(thrown);
    } catch (Throwable e) {
      if (e != thrown) { // which its own code may throw again
        thrown.addSuppressed(e);
      }
    }
  }
}
