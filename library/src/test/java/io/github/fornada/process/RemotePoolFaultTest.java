package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Completion;
import io.github.fornada.LeftOut;
import io.github.fornada.Outcome;
import io.github.fornada.SharedBytes;
import io.github.fornada.SideBySide;
import io.github.fornada.TaskException;
import io.github.fornada.Waiting;
import io.github.fornada.process.wire.MessageOutput;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What becomes of items when agents are lost, silent, broken or slow. */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@SideBySide
@LeftOut // some minutes on a busy machine
final class RemotePoolFaultTest {
  private static final Duration LONG = Duration.ofSeconds(60);

  private static NearbyPool pool(UnaryOperator<ProcessOptions> change, Duration silence) {
    return NearbyPool.withoutAgents(
        2, change.apply(ProcessOptions.defaults().withHeap("64m")), silence);
  }

  private static List<Integer> numbers(int count) {
    return IntStream.range(0, count).boxed().toList();
  }

  private static int slowly(int i) throws InterruptedException {
    Thread.sleep(10);
    return i;
  }

  @Test
  void twoAgentsShareTheItems() throws Exception {
    try (NearbyPool pool = pool(o -> o, LONG)) {
      RemoteAgent _ = pool.agent("one", 1, pool::ask);
      RemoteAgent _ = pool.agent("two", 1, pool::ask);
      List<Long> pids =
          pool.map(
              numbers(200),
              i -> {
                Thread.sleep(5);
                return ProcessHandle.current().pid();
              });
      assertThat(pids.stream().distinct().count()).isEqualTo(2);
    }
  }

  @Test
  void whatALostAgentHadIsLostAndThePoolGoesOn() throws Exception {
    try (NearbyPool pool = pool(o -> o, LONG)) {
      RemoteAgent agent = pool.agent("one", 1, pool::ask);
      CompletableFuture<Integer> future =
          pool.submit(
              7,
              i -> {
                Thread.sleep(600_000);
                return i;
              });
      Waiting.until("the agent has it", () -> pool.links.all().getFirst().sent.size() == 1);
      pool.lost("one", "was lost (as a test)");
      assertThatThrownBy(() -> future.get(60, TimeUnit.SECONDS))
          .cause()
          .isInstanceOf(TaskException.class)
          .hasMessageContaining("one was lost (as a test) while it had the task of 7")
          .hasMessageContaining("it was not retried");
      Waiting.until("the agent was told so, and has ended", agent::hasEnded);
      assertThat(agent.failure()).contains("given it up");
      RemoteAgent _ = pool.agent("two", 1, pool::ask);
      assertThat(pool.map(List.of(1, 2), i -> i + 1)).containsExactly(2, 3);
    }
  }

  @Test
  void withRetriesTheItemsOfALostAgentRunElsewhere() throws Exception {
    try (NearbyPool pool = pool(o -> o.withRetries(2), LONG)) {
      RemoteAgent _ = pool.agent("one", 1, pool::ask);
      RemoteAgent _ = pool.agent("two", 1, pool::ask);
      CompletableFuture<Void> loss =
          CompletableFuture.runAsync(() -> {
            Waiting.until(
                "the agent has some",
                () ->
                    pool.links.all().stream()
                        .anyMatch(a -> a.name.equals("one") && !a.sent.isEmpty()));
            pool.lost("one", "was lost");
          });
      assertThat(pool.map(numbers(300), RemotePoolFaultTest::slowly)).isEqualTo(numbers(300));
      loss.join();
    }
  }

  @Test
  void anAgentThatIsSilentIsGivenUpAndEndsWhenItComesBack() throws Exception {
    var silent = new AtomicBoolean();
    try (NearbyPool pool = pool(o -> o.withRetries(1), Duration.ofSeconds(8))) {
      RemoteAgent one =
          pool.agent(
              "one",
              1,
              question -> {
                while (silent.get()) {
                  Thread.sleep(20);
                }
                return pool.ask(question);
              });
      RemoteAgent _ = pool.agent("two", 1, pool::ask);
      assertThat(pool.map(numbers(20), RemotePoolFaultTest::slowly)).isEqualTo(numbers(20));
      silent.set(true);
      assertThat(pool.map(numbers(300), RemotePoolFaultTest::slowly)).isEqualTo(numbers(300));
      Waiting.until("it was given up", () -> pool.agents().equals(List.of("two")));
      silent.set(false);
      Waiting.until("it has ended", one::hasEnded);
    }
  }

  /** The thread that asks for items is the one that fetches, so nothing is heard of it. */
  @Test
  void anAgentThatFetchesSharedBytesForLongIsNotSilent() throws Exception {
    var silence = Duration.ofSeconds(6);
    var fetching = new AtomicBoolean();
    var signs = new AtomicInteger();
    try (NearbyPool pool = pool(o -> o, silence)) {
      pool.way = file -> new byte[] {1};
      RemoteAgent.Channel far = RemoteHomeTest.toAnotherMachine(pool);
      RemoteAgent.Channel slow =
          new RemoteAgent.Channel() {
            @Override
            public byte[] ask(byte[] question) throws IOException, InterruptedException {
              signs.addAndGet(fetching.get() && question[0] == RemoteWire.REPORT ? 1 : 0);
              return far.ask(question);
            }

            @Override
            public boolean fetch(byte[] way, Path to) {
              long begin = System.nanoTime();
              fetching.set(true);
              Waiting.until(
                  "it was heard of for longer than its silence may last, or given up",
                  () ->
                      (signs.get() > 2 && System.nanoTime() - begin > silence.toNanos() * 4 / 3)
                          || pool.agents().isEmpty());
              fetching.set(false);
              try {
                Files.write(to, new byte[] {1, 2, 3});
              } catch (IOException e) {
                throw new AssertionError(e);
              }
              return true;
            }
          };
      RemoteAgent _ = pool.agent("far", 1, slow);
      try (SharedBytes shared = pool.share(new byte[] {1, 2, 3})) {
        assertThat(pool.map(List.of(1), i -> shared.segment().get(ValueLayout.JAVA_BYTE, i)))
            .containsExactly((byte) 2);
      }
    }
  }

  @Test
  void anAgentThatCanStartNoWorkerLeavesTheItemsToOthers() throws Exception {
    try (NearbyPool pool = pool(o -> o, LONG)) {
      RemoteAgent _ = pool.agent("broken", 1, pool::ask, o -> o.withJvmOptions("-XX:+NoSuchFlag"));
      Waiting.until("it asks", () -> pool.workersThere() == 1);
      CompletableFuture<List<Completion<Integer, Integer>>> all =
          CompletableFuture.supplyAsync(
              () -> pool.completions(numbers(50), RemotePoolFaultTest::slowly).toList());
      Waiting.until("it is known to be broken", () -> pool.workersThere() == 0);
      RemoteAgent _ = pool.agent("whole", 1, pool::ask);
      long failed =
          all.get(60, TimeUnit.SECONDS).stream().filter(c -> !c.outcome().isDone()).count();
      assertThat(failed).as("what it had begun before it was known").isLessThanOrEqualTo(1);
    }
  }

  @Test
  void anIdleAgentGetsWhatWaitsAtABusyOne() throws Exception {
    try (NearbyPool pool = pool(o -> o, LONG)) {
      RemoteAgent _ = pool.agent("one", 1, pool::ask);
      // So that it takes many at once.
      assertThat(pool.map(numbers(500), i -> i)).isEqualTo(numbers(500));
      List<CompletableFuture<Long>> all =
          IntStream.range(0, 40)
              .mapToObj(i ->
                  pool.submit(
                      i,
                      n -> {
                        Thread.sleep(n == 0 ? 600_000 : 1);
                        return ProcessHandle.current().pid();
                      }))
              .toList();
      Waiting.until("it has several", () -> pool.links.all().getFirst().sent.size() > 10);
      RemoteAgent _ = pool.agent("two", 1, pool::ask);
      try {
        Waiting.until(
            "all but the first have ended",
            () -> all.stream().filter(CompletableFuture::isDone).count() == 39);
        assertThat(all.getFirst().isDone()).isFalse();
      } finally {
        all.forEach(future -> future.cancel(true));
      }
    }
  }

  @Test
  void withoutAnyAgentItemsFailWithTheReason() {
    try (NearbyPool pool = pool(o -> o, Duration.ofSeconds(1))) {
      assertThatThrownBy(() -> pool.map(List.of(1), i -> i))
          .isInstanceOf(TaskException.class)
          .hasMessageContaining("no machine of the cluster has taken it for 1 s");
    }
  }

  @Test
  void anAgentOfAnotherVersionIsRefusedWithTheReason() {
    try (NearbyPool pool = pool(o -> o, LONG)) {
      RemoteAgent.Channel old =
          question -> {
            MessageOutput.setInt(question, 9, 99);
            return pool.ask(question);
          };
      assertThatThrownBy(() -> RemoteAgent.open(old, "old", 1, o -> o))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("another version of this library");
      assertThat(pool.agents()).isEmpty();
    }
  }

  @Test
  void whatIsNoMessageIsRefused() throws Exception {
    try (NearbyPool pool = pool(o -> o, LONG)) {
      RemoteAgent _ = pool.agent("one", 1, pool::ask);
      assertThat(pool.ask(new byte[0])).containsExactly(RemoteWire.GONE);
      assertThat(pool.ask(new byte[] {RemoteWire.REPORT, 1, 2, 3}))
          .containsExactly(RemoteWire.GONE);
      assertThat(pool.map(List.of(1), i -> i + 1)).containsExactly(2);
    }
  }

  @Test
  void aPoolWhoseOptionsCannotTravelIsRefused() {
    assertThatThrownBy(() -> pool(o -> o.withInitializer(() -> {}), LONG))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("workers on other machines cannot have an initializer yet: leave it out");
  }

  @Test
  void manySmallItemsAndResultsArriveInOrder() throws Exception {
    try (NearbyPool pool = pool(o -> o, LONG)) {
      RemoteAgent _ = pool.agent("one", 1, pool::ask);
      RemoteAgent _ = pool.agent("two", 1, pool::ask);
      assertThat(pool.map(numbers(20_000), i -> i)).isEqualTo(numbers(20_000));
    }
  }

  @Test
  void largeArraysGoAndComeBack() throws Exception {
    try (NearbyPool pool = pool(o -> o.withHeap("256m"), LONG)) {
      RemoteAgent _ = pool.agent("one", 1, pool::ask);
      byte[] large = new byte[20_000_000];
      large[large.length - 1] = 7;
      assertThat(pool.submit(large, bytes -> bytes).get(60, TimeUnit.SECONDS)).isEqualTo(large);
      double[] numbers = IntStream.range(0, 1_000_000).mapToDouble(i -> i).toArray();
      assertThat(pool.submit(numbers, n -> n).get(60, TimeUnit.SECONDS)).isEqualTo(numbers);
    }
  }

  @Test
  void anItemThatEndsItsWorkerIsNamedAndQuarantined() throws Exception {
    try (NearbyPool pool = pool(o -> o.withRetries(1), LONG)) {
      RemoteAgent _ = pool.agent("one", 1, pool::ask);
      List<Outcome<Integer>> outcomes =
          pool.<Integer, Integer>outcomes(
                  List.of(1, 13, 2),
                  i -> {
                    if (i == 13) {
                      Runtime.getRuntime().halt(5);
                    }
                    return i;
                  })
              .toList();
      assertThat(outcomes.get(0)).isEqualTo(new Outcome.Done<>(1));
      assertThat(outcomes.get(2)).isEqualTo(new Outcome.Done<>(2));
      assertThat(outcomes.get(1)).isInstanceOf(Outcome.WorkerLost.class);
      var lost = (Outcome.WorkerLost<Integer>) outcomes.get(1);
      assertThat(lost.exitCode()).isEqualTo(5);
      assertThat(lost.certificate().worker()).startsWith("one/worker-");
      assertThat(pool.quarantined()).hasSize(1);
    }
  }
}
