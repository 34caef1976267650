package io.github.fornada.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskListener;
import io.github.fornada.threads.ThreadPool;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

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
}
