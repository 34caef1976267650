package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Completion;
import io.github.fornada.Outcome;
import io.github.fornada.SharedBytes;
import io.github.fornada.SideBySide;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskException;
import io.github.fornada.Waiting;
import java.io.Serializable;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Items of another JVM's pool that run in threads of the agent's own. */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@SideBySide
final class RemoteInsideTest {
  private static final Duration LONG = Duration.ofSeconds(60);

  /** Goes up when a test has ended, for items that ignore interrupts until then. */
  private static final AtomicInteger ENDED = new AtomicInteger();

  private static final AtomicInteger INTERRUPTED = new AtomicInteger();
  private static final AtomicInteger RUNNING = new AtomicInteger();

  private static NearbyPool pool(UnaryOperator<ProcessOptions> change) {
    var pool = NearbyPool.withoutAgents(2, change.apply(ProcessOptions.defaults()), LONG);
    RemoteAgent _ = pool.agentInside("one", 2, pool::ask);
    return pool;
  }

  private static List<Integer> numbers(int count) {
    return IntStream.range(0, count).boxed().toList();
  }

  @Test
  void itemsRunInTheJvmOfTheAgentAndNoWorkerIsStarted() throws Exception {
    long here = ProcessHandle.current().pid();
    try (NearbyPool pool = pool(o -> o)) {
      assertThat(pool.map(numbers(500), _ -> ProcessHandle.current().pid())).containsOnly(here);
      assertThat(pool.map(numbers(500), i -> i + 1))
          .isEqualTo(IntStream.range(1, 501).boxed().toList());
    }
  }

  private record Point(int x, int y) implements Serializable {}

  @Test
  void whatAFunctionCapturesAndGetsIsACopy() throws Exception {
    int[] count = {0};
    var item = new int[] {1};
    try (NearbyPool pool = pool(o -> o)) {
      assertThat(
              pool.map(
                  List.of(item),
                  own -> {
                    own[0] += ++count[0];
                    return new Point(own[0], count[0]);
                  }))
          .containsExactly(new Point(2, 1));
    }
    assertThat(count[0]).isZero();
    assertThat(item[0]).isEqualTo(1);
  }

  @Test
  void aFailureIsThatOfItsItem() throws Exception {
    try (NearbyPool pool = pool(o -> o)) {
      assertThatThrownBy(() -> pool.map(List.of(1, 0, 2), i -> 10 / i))
          .isInstanceOf(TaskException.class)
          .hasMessageContaining("item 1 (0) failed")
          .hasCauseInstanceOf(ArithmeticException.class);
      Outcome<Object> unsent =
          pool.<Integer, Object>outcomes(List.of(1), _ -> new Object()).toList().getFirst();
      assertThat(((Outcome.Failed<Object>) unsent).cause())
          .hasMessageContaining("the result (java.lang.Object) is not serializable");
    }
  }

  private static int sleepsForEver(int i) throws InterruptedException {
    RUNNING.incrementAndGet();
    try {
      Thread.sleep(600_000);
      return i;
    } catch (InterruptedException e) {
      INTERRUPTED.incrementAndGet();
      throw e;
    }
  }

  private static int isDeaf(int i) {
    int before = ENDED.get();
    while (ENDED.get() == before) {
      Thread.onSpinWait();
    }
    return i;
  }

  @Test
  void anItemOverItsTimeoutIsInterruptedAndOneThatIgnoresThatIsLeftBehind() throws Exception {
    Waiting.inOneOfFewRuns(
        Duration.ofMillis(100), RemoteInsideTest::oneIsInterruptedAndOneIsLeftBehind);
  }

  private static void oneIsInterruptedAndOneIsLeftBehind(Duration limit) throws Exception {
    try (NearbyPool pool =
        pool(o -> {
          ProcessOptions limited = o.withTimeout(limit);
          return limited.withPolicy(limited.policy().withGrace(Duration.ofMillis(100)));
        })) {
      List<Outcome<Integer>> all =
          pool.outcomes(List.of(0, 1, 2), i -> i == 0 ? sleepsForEver(i) : i == 1 ? isDeaf(i) : i)
              .toList();
      assertThat(all.get(0)).isInstanceOf(Outcome.TimedOut.class);
      assertThat(((Outcome.TimedOut<Integer>) all.get(0)).stack())
          .anyMatch(frame -> frame.getMethodName().equals("sleepsForEver"));
      assertThat(all.get(1)).isInstanceOf(Outcome.TimedOut.class);
      assertThat(all.get(2)).isEqualTo(new Outcome.Done<>(2));
      assertThat(pool.map(numbers(100), i -> i)).isEqualTo(numbers(100));
    } finally {
      int _ = ENDED.incrementAndGet();
    }
  }

  @Test
  void aCancelInterruptsTheItemAndTheNextOneRuns() throws Exception {
    try (NearbyPool pool = pool(o -> o)) {
      int interrupted = INTERRUPTED.get();
      int running = RUNNING.get();
      CompletableFuture<Integer> future = pool.submit(7, RemoteInsideTest::sleepsForEver);
      Waiting.until("it runs", () -> RUNNING.get() > running);
      assertThat(future.cancel(true)).isTrue();
      Waiting.until("it was interrupted", () -> INTERRUPTED.get() > interrupted);
      assertThat(pool.map(List.of(1, 2), i -> i)).containsExactly(1, 2);
    }
  }

  @Test
  void sharedBytesOfAnotherMachineAreFound() throws Exception {
    try (NearbyPool pool = NearbyPool.withoutAgents(2, ProcessOptions.defaults(), LONG)) {
      RemoteAgent _ = pool.agentInside("far", 2, RemoteHomeTest.toAnotherMachine(pool));
      SharedBytes shared = pool.share(new byte[] {1, 2, 3});
      assertThat(pool.map(List.of(1), i -> shared.segment().get(ValueLayout.JAVA_BYTE, i)))
          .containsExactly((byte) 2);
    }
  }

  @Test
  void listenersHearOfEachItemWithTheThreadAsItsLane() throws Exception {
    var lanes = new ConcurrentLinkedQueue<String>();
    try (NearbyPool pool =
        pool(o ->
            o.withListener(event -> {
              if (event instanceof TaskEvent.Finished finished && finished.usage() != null) {
                lanes.add(finished.usage().worker());
              }
            }))) {
      List<Completion<Integer, Integer>> all;
      try (var completions = pool.completions(numbers(20), i -> i)) {
        all = completions.toList();
      }
      assertThat(all).hasSize(20);
    }
    assertThat(lanes).hasSize(20).allMatch(lane -> lane.startsWith("one/thread-"));
  }
}
