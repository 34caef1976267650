package io.github.fornada.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskListener;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The events that a {@link TaskListener} gets. */
interface ListenerContract extends PoolUnderTest {

  /** Remembers everything. */
  final class Recorder implements TaskListener {
    private final List<TaskEvent> events = new ArrayList<>();

    @Override
    public synchronized void onEvent(TaskEvent event) {
      events.add(event);
    }

    synchronized Map<Long, List<TaskEvent.OfTask>> byTask() {
      var map = new TreeMap<Long, List<TaskEvent.OfTask>>();
      for (TaskEvent event : events) {
        if (event instanceof TaskEvent.OfTask of) {
          map.computeIfAbsent(of.task(), task -> new ArrayList<>()).add(of);
        }
      }
      return map;
    }
  }

  /**
   * Submitted, then attempts that each start (unless never begun) and finish, the last one marked
   * as last.
   */
  private static void assertOrderly(List<TaskEvent.OfTask> life) {
    assertThat(life.getFirst()).as("%s", life).isInstanceOf(TaskEvent.Submitted.class);
    assertThat(life.getLast()).as("%s", life).isInstanceOf(TaskEvent.Finished.class);
    int lasts = 0;
    boolean running = false;
    for (TaskEvent.OfTask event : life.subList(1, life.size())) {
      assertThat(lasts).as("after the last: %s", life).isZero();
      switch (event) {
        case TaskEvent.Submitted again -> throw new AssertionError("twice: " + life);
        case TaskEvent.Started started -> {
          assertThat(running).as("%s", life).isFalse();
          running = true;
        }
        case TaskEvent.Printed printed -> assertThat(running).as("%s", life).isTrue();
        case TaskEvent.Finished finished -> {
          assertThat(finished.usage() != null).as("usage, if it ran: %s", life).isEqualTo(running);
          running = false;
          lasts += finished.last() ? 1 : 0;
        }
      }
    }
    assertThat(lasts).as("%s", life).isEqualTo(1);
  }

  @Test
  default void everyTaskIsSubmittedStartedAndFinishedInThisOrder() throws Exception {
    var recorder = new Recorder();
    List<Integer> items = IntStream.range(1, 200).boxed().toList();
    try (Pool pool = open(2, policy -> policy.withListener(recorder))) {
      assertThat(pool.outcomes(items, Work::noTens).count()).isEqualTo(199);
      pool.map(items, Work::increment);
      for (int i : items) {
        PoolUnderTest.get(pool.submit(i, Work::increment));
      }
    }
    Map<Long, List<TaskEvent.OfTask>> lives = recorder.byTask();
    assertThat(lives).hasSize(3 * 199);
    for (List<TaskEvent.OfTask> life : lives.values()) {
      assertOrderly(life);
      assertThat(life).hasSize(3);
      assertThat(life.get(1)).isInstanceOf(TaskEvent.Started.class);
    }
    List<TaskEvent.OfTask> tenth = lives.get(9L);
    var finished = (TaskEvent.Finished) tenth.get(2);
    assertThat(finished.item()).isEqualTo(10);
    assertThat(finished.index()).isEqualTo(9);
    assertThat(finished.outcome()).isInstanceOf(Outcome.Failed.class);
    assertThat(finished.usage().worker()).isEqualTo(((TaskEvent.Started) tenth.get(1)).worker());
    assertThat(finished.usage().endedNanos())
        .isGreaterThanOrEqualTo(finished.usage().startedNanos());
  }

  @Test
  default void aRetriedTaskFinishesSeveralTimesAndOnceForGood() throws Exception {
    var recorder = new Recorder();
    Marks marks = marks();
    try (Pool pool =
        open(
            1,
            policy ->
                policy.withRetries(2).withBackOff(Duration.ofMillis(1)).withListener(recorder))) {
      PoolUnderTest.get(
          pool.submit(
              "a",
              item -> {
                marks.set(item);
                if (marks.times(item) < 3) {
                  throw new IOException("not yet");
                }
                return item;
              }));
    }
    assertThat(recorder.byTask()).hasSize(1);
    List<TaskEvent.OfTask> life = recorder.byTask().get(0L);
    assertOrderly(life);
    assertThat(life).hasSize(1 + 3 * 2);
    assertThat(((TaskEvent.Started) life.get(5)).attempt()).isEqualTo(3);
  }

  @Test
  default void aCancelledTaskIsFinishedToo() throws Exception {
    var recorder = new Recorder();
    Marks marks = marks();
    try (Pool pool = open(1, policy -> policy.withListener(recorder))) {
      var busy = PoolUnderTest.occupy(pool, marks);
      pool.submit(1, Work::increment).cancel(true);
      busy.cancel(true);
    }
    Map<Long, List<TaskEvent.OfTask>> lives = recorder.byTask();
    assertThat(lives).hasSize(2);
    lives.values().forEach(ListenerContract::assertOrderly);
    for (List<TaskEvent.OfTask> life : lives.values()) {
      assertThat(((TaskEvent.Finished) life.getLast()).outcome())
          .isInstanceOf(Outcome.Cancelled.class);
    }
  }

  @Test
  default void theOrderHoldsInAStormOfCancels() throws Exception {
    var recorder = new Recorder();
    try (Pool pool = open(2, policy -> policy.withListener(recorder))) {
      for (int round = 0; round < 50; round++) {
        try (var stream = pool.outcomes(new Work.Counting(), Work::increment)) {
          assertThat(stream.iterator().next()).isEqualTo(new Outcome.Done<>(1));
        }
        var future = pool.submit(1, Work::sleep);
        future.cancel(true);
      }
    }
    recorder.byTask().values().forEach(ListenerContract::assertOrderly);
  }

  @Test
  default void aListenerThatFailsHarmsNothing() throws Exception {
    TaskListener failing =
        event -> {
          throw new AssertionError("a listener that always fails: this log entry is expected");
        };
    try (Pool pool = open(2, policy -> policy.withListener(failing))) {
      assertThat(pool.map(List.of(1, 2, 3), Work::increment)).containsExactly(2, 3, 4);
    }
  }

  @Test
  default void aListenerMayCloseThePool() throws Exception {
    for (Class<?> when :
        List.of(TaskEvent.Submitted.class, TaskEvent.Started.class, TaskEvent.Finished.class)) {
      var pool = new AtomicReference<Pool>();
      var closed = new AtomicBoolean();
      pool.set(
          open(
              2,
              policy ->
                  policy.withListener(event -> {
                    if (when.isInstance(event) && closed.compareAndSet(false, true)) {
                      pool.get().close();
                    }
                  })));
      assertThat(PoolUnderTest.get(pool.get().submit(1, Work::increment))).isEqualTo(2);
      PoolUnderTest.awaitTermination(pool.get());
    }
  }
}
