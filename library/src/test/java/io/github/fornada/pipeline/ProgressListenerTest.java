package io.github.fornada.pipeline;

import static io.github.fornada.pipeline.StageModel.threads;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Waiting;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Listeners of a pipeline that block. */
@Timeout(value = 240, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class ProgressListenerTest {
  private static final Duration OFTEN = Duration.ofMillis(1);

  private final Logger logger = Logger.getLogger("io.github.fornada");
  private final List<String> logged = new CopyOnWriteArrayList<>();
  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord entry) {
          logged.add(entry.getMessage());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  @BeforeEach
  void listen() {
    logger.addHandler(handler);
  }

  @AfterEach
  void listenNoMore() {
    logger.removeHandler(handler);
  }

  /** Runs a pipeline until the listener was called, takes all, and closes it. */
  private static void runWith(CountDownLatch called, Consumer<PipelineSummary> listener) {
    run(called, o -> o.withProgress(OFTEN, listener));
  }

  private static void run(CountDownLatch called, UnaryOperator<PipelineOptions> change) {
    run(called, change, () -> {});
  }

  /** The same, which does {@code atEnd} before it closes it. */
  private static void run(
      CountDownLatch called, UnaryOperator<PipelineOptions> change, Runnable atEnd) {
    try (var run =
        Pipeline.from(List.of(1, 2, 3))
            .stage(
                "a",
                threads(1),
                x -> {
                  called.await();
                  return x;
                })
            .run(change)) {
      assertThat(run.outcomes()).hasSize(3);
      atEnd.run();
    }
  }

  @Test
  void oneThatBlocksIsInterruptedByTheCloseAndItsThreadEnds() throws Exception {
    // The close waits for a second at most, and a busy machine may give its thread nothing so long.
    Waiting.inOneOfFewRuns(this::oneThatBlocksIsInterrupted);
  }

  private void oneThatBlocksIsInterrupted() throws Exception {
    logged.clear();
    var called = new CountDownLatch(1);
    var thread = new AtomicReference<Thread>();
    var calls = new AtomicInteger();
    var interrupts = new AtomicInteger();
    runWith(
        called,
        summary -> {
          thread.set(Thread.currentThread());
          calls.incrementAndGet();
          called.countDown();
          try {
            new CountDownLatch(1).await();
          } catch (InterruptedException e) {
            interrupts.incrementAndGet();
            Thread.currentThread().interrupt(); // as is good custom
          }
        });
    assertThat(thread.get().join(Waiting.DEADLINE)).as("its thread has ended").isTrue();
    assertThat(calls).as("one call, and the one at the end").hasValue(2);
    assertThat(interrupts).hasValue(2);
    assertThat(logged).noneMatch(text -> text.contains("has not returned"));
  }

  @Test
  void oneThatIgnoresItsInterruptIsToldOfAndHearsNoMore() throws Exception {
    // It is told of once, and a stack that a busy machine does not give in time is left out.
    String told =
        Waiting.oneOfFew(
            this::whatIsToldOfOneThatIgnoresItsInterrupt,
            text -> text.contains("ProgressListenerTest"));
    assertThat(told).as("with its stack").contains("ProgressListenerTest");
  }

  private String whatIsToldOfOneThatIgnoresItsInterrupt() throws Exception {
    logged.clear();
    var called = new CountDownLatch(1);
    var over = new AtomicBoolean();
    var thread = new AtomicReference<Thread>();
    var calls = new AtomicInteger();
    runWith(
        called,
        summary -> {
          thread.set(Thread.currentThread());
          calls.incrementAndGet();
          called.countDown();
          Waiting.until("the test is over", over::get); // deaf to interrupts
        });
    try {
      Waiting.until("it is told of", () -> toldOf().isPresent());
    } finally {
      over.set(true);
    }
    assertThat(thread.get().join(Waiting.DEADLINE)).as("its thread has ended").isTrue();
    assertThat(calls).hasValue(1);
    return toldOf().orElseThrow();
  }

  private Optional<String> toldOf() {
    return logged.stream()
        .filter(text -> text.contains("a listener of a pipeline has not returned"))
        .findFirst();
  }

  @Test
  void anInterruptThatAListenerLeavesBehindHasNoEffect() {
    var called = new CountDownLatch(3);
    var seen = new CopyOnWriteArrayList<PipelineSummary>();
    run(
        called,
        o ->
            o.withProgress(
                OFTEN,
                summary -> {
                  seen.add(summary);
                  called.countDown();
                  Thread.currentThread().interrupt();
                }),
        // The close waits for its thread for a second at most.
        () -> Waiting.until("the end is told", () -> seen.getLast().outcomes() == 3));
    assertThat(seen).hasSizeGreaterThan(3);
    assertThat(seen.getLast().outcomes()).isEqualTo(3);
  }

  @Test
  void aStallListenerThatBlocksIsInterruptedToo() throws Exception {
    var called = new CountDownLatch(1);
    var thread = new AtomicReference<Thread>();
    var stall = Duration.ofMillis(50);
    run(
        called,
        o ->
            o.withStallTimeout(stall)
                .withStallListener(s -> {
                  thread.set(Thread.currentThread());
                  called.countDown();
                  try {
                    new CountDownLatch(1).await();
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                }));
    assertThat(thread.get().join(Waiting.DEADLINE)).as("its thread has ended").isTrue();
  }
}
