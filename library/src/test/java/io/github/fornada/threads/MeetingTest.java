package io.github.fornada.threads;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Pool;
import io.github.fornada.TaskFunction;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Two tasks that wait for each other, on a pool of two or more, whatever came right before them.
 * Each round is another chance for a wake-up to get lost; {@code RosterScenario} in stress/
 * explores all orders.
 */
final class MeetingTest {
  private static final int ROUNDS = 2_000;
  private static final long PATIENCE_SECONDS = 60;

  private static Pool threads() {
    return ThreadPool.open(o -> o.withWorkers(2));
  }

  private static Pool virtualThreads() {
    return VirtualThreadPool.open(UnaryOperator.identity());
  }

  private static TaskFunction<Integer, Integer> meetingFrom(int first) {
    var barrier = new CyclicBarrier(2);
    return i -> i < first ? 0 : barrier.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  private static void meetsRightAfterAnotherCall(Pool opened) throws InterruptedException {
    try (Pool pool = opened) {
      for (int round = 0; round < ROUNDS; round++) {
        pool.map(List.of("one", "two"), String::length);
        assertThat(pool.map(List.of(0, 1), meetingFrom(0))).containsOnly(0, 1);
      }
    }
  }

  private static void meetsInOneBatch(Pool opened) throws InterruptedException {
    List<Integer> items = IntStream.range(0, 40).boxed().toList();
    try (Pool pool = opened) {
      for (int round = 0; round < ROUNDS; round++) {
        assertThat(pool.map(items, meetingFrom(38))).containsOnly(0, 1);
      }
    }
  }

  @Test
  void twoTasksMeetOnThreadsRightAfterAnotherCall() throws Exception {
    meetsRightAfterAnotherCall(threads());
  }

  @Test
  void twoTasksMeetOnVirtualThreadsRightAfterAnotherCall() throws Exception {
    meetsRightAfterAnotherCall(virtualThreads());
  }

  @Test
  void twoTasksMeetOnThreadsThoughTheyAreInOneBatch() throws Exception {
    meetsInOneBatch(threads());
  }

  @Test
  void twoTasksMeetOnVirtualThreadsThoughTheyAreInOneBatch() throws Exception {
    meetsInOneBatch(virtualThreads());
  }
}
