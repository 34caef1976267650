package io.github.fornada.opentelemetry;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Outcome;
import io.github.fornada.process.ProcessPool;
import io.github.fornada.threads.ThreadPool;
import io.opentelemetry.api.GlobalOpenTelemetry;
import io.opentelemetry.api.baggage.Baggage;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.ContextKey;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** OpenTelemetry's own SDK, in this JVM and in worker JVMs. */
final class TraceCarrierTest {
  /** In this JVM; in a worker JVM, that of the worker. */
  private static final InMemorySpanExporter SPANS = InMemorySpanExporter.create();

  @BeforeAll
  static void setUp() {
    GlobalOpenTelemetry.set(
        OpenTelemetrySdk.builder()
            .setTracerProvider(
                SdkTracerProvider.builder()
                    .addSpanProcessor(SimpleSpanProcessor.create(SPANS))
                    .build())
            .build());
  }

  @AfterEach
  void reset() {
    SPANS.reset();
  }

  private static Span begin() {
    return GlobalOpenTelemetry.getTracer("test").spanBuilder("request").startSpan();
  }

  @Test
  void aTaskInThisJvmHasTheContextItself() throws Exception {
    ContextKey<String> key = ContextKey.named("key");
    try (var pool = ThreadPool.open(o -> o.withCarrier(TraceCarrier.instance()));
        var _ = Context.current().with(key, "value").makeCurrent()) {
      assertThat(pool.map(List.of(1), item -> Context.current().get(key))).containsExactly("value");
    }
  }

  @Test
  void aThreadHasNoContextAfterItsTask() throws Exception {
    try (var pool = ThreadPool.open(o -> o.withWorkers(1).withCarrier(TraceCarrier.instance()))) {
      Span span = begin();
      try (var _ = span.makeCurrent()) {
        assertThat(pool.map(List.of(1), i -> Span.current().getSpanContext().getTraceId()))
            .containsExactly(span.getSpanContext().getTraceId());
      }
      assertThat(pool.map(List.of(1), item -> Span.current().getSpanContext().isValid()))
          .containsExactly(false);
    }
  }

  @Test
  void spansOfWorkerJvmsAreChildrenOfTheCallersSpan() throws Exception {
    Span span = begin();
    try (var pool =
        ProcessPool.open(o ->
            o.withWorkers(1)
                .withCarrier(TraceCarrier.instance())
                .withInitializer(TraceCarrierTest::setUp))) {
      List<String> baggage;
      try (var _ = span.makeCurrent();
          var _ = Baggage.builder().put("tenant", "acme").build().makeCurrent()) {
        baggage =
            pool.map(
                List.of(1, 2),
                TaskSpan.around("shrink", i -> Baggage.current().getEntryValue("tenant")));
      }
      assertThat(baggage).containsExactly("acme", "acme");
      List<String> spans =
          pool.map(
                  List.of(1),
                  item ->
                      SPANS.getFinishedSpanItems().stream()
                          .map(s -> s.getName() + " " + s.getTraceId() + " " + s.getParentSpanId())
                          .toList())
              .getFirst();
      String expected =
          "shrink " + span.getSpanContext().getTraceId() + " " + span.getSpanContext().getSpanId();
      assertThat(spans).containsExactly(expected, expected);
    }
  }

  @Test
  void aFailureIsRecordedInTheSpanOfItsTask() throws Exception {
    try (var pool = ThreadPool.open(o -> o.withCarrier(TraceCarrier.instance()))) {
      List<Outcome<Integer>> outcomes =
          pool.outcomes(List.of("x"), TaskSpan.around("parse", Integer::parseInt)).toList();
      assertThat(outcomes.getFirst()).isInstanceOf(Outcome.Failed.class);
    }
    SpanData span = SPANS.getFinishedSpanItems().getFirst();
    assertThat(span.getName()).isEqualTo("parse");
    assertThat(span.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
    assertThat(span.getEvents()).hasSize(1);
    assertThat(span.getAttributes().get(AttributeKey.longKey("process.pid")))
        .isEqualTo(ProcessHandle.current().pid());
  }

  private static final class Mute extends Exception {
    private static final long serialVersionUID = 1L;

    @Override
    public String getMessage() {
      throw new IllegalStateException("no text");
    }
  }

  @Test
  void aFailureThatHasNoTextIsThrownAllTheSame() throws Exception {
    try (var pool = ThreadPool.open(o -> o.withCarrier(TraceCarrier.instance()))) {
      var thrown = new Mute();
      List<Outcome<Integer>> outcomes =
          pool.<String, Integer>outcomes(
                  List.of("x"),
                  TaskSpan.around(
                      "parse",
                      text -> {
                        throw thrown;
                      }))
              .toList();
      assertThat(((Outcome.Failed<Integer>) outcomes.getFirst()).cause() == thrown).isTrue();
    }
    SpanData span = SPANS.getFinishedSpanItems().getFirst();
    assertThat(span.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
  }
}
