package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Outcome;
import io.github.fornada.SideBySide;
import io.github.fornada.TaskEvent;
import io.github.fornada.Waiting;
import io.github.fornada.process.wire.MessageOutput;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What becomes of items whose agent reports what nobody expects, or nothing more. */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@SideBySide
final class RemoteReportsTest {
  private static NearbyPool pool(UnaryOperator<ProcessOptions> change) {
    return NearbyPool.withoutAgents(
        2, change.apply(ProcessOptions.defaults()), Duration.ofSeconds(200));
  }

  private static CompletableFuture<List<Outcome<Integer>>> run(NearbyPool pool, int count) {
    List<Integer> items = IntStream.range(0, count).boxed().toList();
    return CompletableFuture.supplyAsync(() -> pool.outcomes(items, item -> item).toList());
  }

  private static List<Long> take(HandMadeAgent agent, int count) {
    var all = new ArrayList<Long>();
    while (all.size() < count) {
      all.addAll(HandMadeAgent.items(HandMadeAgent.got(agent.poll(count))));
    }
    return all;
  }

  /** The first item fails with what was thrown; the agent is lost, and the second with it. */
  private static void eachItemEnds(BiConsumer<Long, MessageOutput> entry) throws Exception {
    try (NearbyPool pool = pool(o -> o)) {
      var agent = new HandMadeAgent(pool, "one", 1);
      CompletableFuture<List<Outcome<Integer>>> all = run(pool, 2);
      List<Long> items = take(agent, 2);
      agent.report(report -> entry.accept(items.getFirst(), report));
      List<Outcome<Integer>> outcomes = all.get(60, TimeUnit.SECONDS);
      assertThat(outcomes.get(0)).isInstanceOf(Outcome.Failed.class);
      assertThat(outcomes.get(1)).isInstanceOf(Outcome.WorkerLost.class);
      assertThat(((Outcome.WorkerLost<Integer>) outcomes.get(1)).message())
          .startsWith("one sent a ");
      assertThat(pool.agents()).isEmpty();
    }
  }

  @Test
  void anEntryThatBreaksOffCostsTheItemsOfItsAgentAndNoneIsWaitedForInVain() throws Exception {
    eachItemEnds(
        (number, report) -> HandMadeAgent.end(RemoteWire.DONE, number, report).putInt(1000));
  }

  @Test
  void anErrorWhileAReportIsReadEndsTheItemAndTheOthersAreReadOn() throws Exception {
    eachItemEnds(
        (number, report) -> // without a limit no item can be over it
        HandMadeAgent.end(RemoteWire.TIMED_OUT, number, report).putInt(0));
  }

  @Test
  void anItemThatWasBegunAndIsLostWithItsAgentHasUsage() throws Exception {
    var ended = new ConcurrentLinkedQueue<TaskEvent.Finished>();
    var begun = new ConcurrentLinkedQueue<TaskEvent.Started>();
    try (NearbyPool pool =
        pool(o ->
            o.withListener(event -> {
              switch (event) {
                case TaskEvent.Started started -> begun.add(started);
                case TaskEvent.Finished finished -> ended.add(finished);
                default -> {}
              }
            }))) {
      var agent = new HandMadeAgent(pool, "one", 1);
      CompletableFuture<List<Outcome<Integer>>> all = run(pool, 2);
      List<Long> items = take(agent, 2);
      agent.report(report ->
          report
              .putByte(RemoteWire.STARTED)
              .putLong(items.getFirst())
              .putString("worker-3")
              .putLong(System.nanoTime()));
      Waiting.until("it was begun", () -> begun.size() == 1);
      pool.lost("one", "was lost (as a test)");
      assertThat(all.get(60, TimeUnit.SECONDS)).hasSize(2);
      Waiting.until("both are told of", () -> ended.size() == 2);
    }
    for (TaskEvent.Finished each : ended) {
      if (Objects.equals(each.item(), begun.element().item())) {
        assertThat(each.usage()).isNotNull();
        assertThat(each.usage().worker()).isEqualTo("one/worker-3");
      } else {
        assertThat(each.usage()).as("it was not begun").isNull();
      }
    }
  }

  @Test
  void anOutcomeInTheNextReportWaitsForTheLinesOfTheLastOne() throws Exception {
    try (NearbyPool pool = pool(o -> o)) {
      var agent = new HandMadeAgent(pool, "one", 1);
      AgentLink link = pool.links.all().getFirst();
      byte[] line = "\n".getBytes(StandardCharsets.UTF_8);
      agent.report(report ->
          report.putByte(RemoteWire.PRINTED).putByte(0).putLong(-1).putString("").putBytes(line));
      Waiting.until("it was read, and its thread has ended", () -> !link.isBeingRead);
      assertThat(link.lastLine).isNotNegative();
      pool.lost("one", "is no longer needed");
    }
  }
}
