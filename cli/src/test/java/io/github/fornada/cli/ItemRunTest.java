package io.github.fornada.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskListener;
import io.github.fornada.threads.ThreadPool;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A pass over the items, with a function of this JVM. */
@Timeout(240)
class ItemRunTest {
  @Test
  void aRunThatATaskHasEndedCountsTheResultsThatWaitedForASlowerItem() {
    var written = new ArrayList<@Nullable String>();
    var receiver =
        new ItemRun.Receiver() {
          @Override
          public boolean result(Ended item, @Nullable String text) {
            return written.add(text);
          }

          @Override
          public void failure(Ended item, Outcome<?> outcome) {}
        };
    var never = new CountDownLatch(1);
    var items = new OpenItems(new Inputs.Known(List.of("slow", "a", "b", "c")), i -> i + 1);
    var run =
        ItemRun.forResults(
            item -> {
              if (item.equals("slow")) {
                never.await(); // until it is cancelled
              }
              return item;
            },
            items,
            true,
            false,
            receiver);
    Thread consumer = Thread.currentThread();
    var ended = new AtomicInteger();
    TaskListener interrupter =
        event -> {
          if (event instanceof TaskEvent.Finished && ended.incrementAndGet() == 3) {
            consumer.interrupt();
          }
        };
    try (Pool pool =
        ThreadPool.open(o -> o.withWorkers(2).withListener(run).withListener(interrupter))) {
      assertThatThrownBy(() -> run.on(pool))
          .isInstanceOf(Fault.class)
          .hasMessageContaining("before that, 3 done");
    } finally {
      var _ = Thread.interrupted(); // for whatever runs next on this thread
    }
    assertThat(written).containsExactly("a", "b", "c");
  }

  /** Hears nothing of failures: where the heap is full, a pool misses events, but no outcome. */
  private static TaskListener missingFailures(ItemRun run) {
    return event -> {
      if (!(event instanceof TaskEvent.Finished finished) || finished.outcome().isDone()) {
        run.onEvent(event);
      }
    };
  }

  /** Counts what it receives. */
  private static final class Counts implements ItemRun.Receiver {
    final List<@Nullable String> results = new ArrayList<>();
    final List<String> failures = new ArrayList<>();

    @Override
    public boolean result(Ended item, @Nullable String text) {
      return results.add(text);
    }

    @Override
    public void failure(Ended item, Outcome<?> outcome) {
      failures.add(item.input());
    }
  }

  private static String failAtBoom(String item) {
    if (item.equals("boom")) {
      throw new IllegalStateException("boom");
    }
    return item;
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aFailureCountsAndIsToldThoughItsEventWasMissed(boolean ordered) {
    var counts = new Counts();
    var items = new OpenItems(new Inputs.Known(List.of("a", "boom", "b")), i -> i + 1);
    var run = ItemRun.forResults(ItemRunTest::failAtBoom, items, ordered, false, counts);
    try (Pool pool = ThreadPool.open(o -> o.withWorkers(2).withListener(missingFailures(run)))) {
      assertThat(run.on(pool)).isEqualTo(ItemRun.End.COMPLETE);
    }
    assertThat(counts.failures).containsExactly("boom");
    assertThat(counts.results).containsExactlyInAnyOrder("a", "b");
    assertThat(run.failed()).isEqualTo(1);
    assertThat(items.countLeft()).as("items without an outcome").isZero();
  }

  @Test
  void theFirstFailureEndsTheRunThoughItsEventWasMissed() {
    var counts = new Counts();
    var items = new OpenItems(new Inputs.Known(Collections.nCopies(1_000, "boom")), i -> i + 1);
    var run = ItemRun.forResults(ItemRunTest::failAtBoom, items, true, true, counts);
    try (Pool pool = ThreadPool.open(o -> o.withWorkers(1).withListener(missingFailures(run)))) {
      assertThat(run.on(pool)).isEqualTo(ItemRun.End.STOPPED);
    }
    assertThat(counts.failures).containsExactly("boom");
    assertThat(run.failed()).isEqualTo(1);
    assertThat(items.countLeft()).as("items without an outcome").isEqualTo(999);
  }
}
