package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Outcome;
import io.github.fornada.SideBySide;
import io.github.fornada.Waiting;
import io.github.fornada.spi.Batch;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.io.Serial;
import java.io.Serializable;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What agents are answered, question by question. */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@SideBySide
final class RemoteAnswerTest {
  private static final Duration LONG = Duration.ofSeconds(200);

  private static final Duration SHORT = Duration.ofSeconds(8);

  private static NearbyPool pool() {
    return NearbyPool.withoutAgents(2, ProcessOptions.defaults(), LONG);
  }

  /** While it is written, every agent that waits is answered that there is nothing to do. */
  private static final class Slow implements Serializable {
    @Serial private static final long serialVersionUID = 1L;

    private final transient RemoteLinks links;

    Slow(RemoteLinks links) {
      this.links = links;
    }

    @Serial
    private void writeObject(ObjectOutputStream out) throws IOException {
      links.answerOld(Duration.ZERO);
      out.defaultWriteObject();
    }
  }

  @Test
  void itemsThatAreWrittenTooLateForAnAnswerComeWithTheNext() throws Exception {
    try (NearbyPool pool = pool()) {
      var one = new HandMadeAgent(pool, "one", 1);
      var two = new HandMadeAgent(pool, "two", 2);
      CompletableFuture<byte[]> first = one.poll(1);
      CompletableFuture<List<Outcome<String>>> all =
          CompletableFuture.supplyAsync(
              () -> pool.outcomes(List.of(new Slow(pool.links)), item -> "ran").toList());
      assertThat(HandMadeAgent.items(HandMadeAgent.got(first))).isEmpty();
      // The thread that writes answers the other one when it is through with the item.
      CompletableFuture<byte[]> other = two.poll(0);
      pool.links.share("/nowhere/fornada-1/shared-1", 1);
      pool.wakeFeeder();
      assertThat(HandMadeAgent.items(HandMadeAgent.got(other))).isEmpty();

      List<Long> items = HandMadeAgent.items(HandMadeAgent.got(one.poll(1)));
      assertThat(items).hasSize(1);
      one.report(report ->
          HandMadeAgent.end(RemoteWire.CANCELLED, items.getFirst(), report).putString("as a test"));
      assertThat(all.get(60, TimeUnit.SECONDS))
          .containsExactly(new Outcome.Cancelled<>("as a test"));
      pool.lost("one", "is no longer needed");
      pool.lost("two", "is no longer needed");
    }
  }

  @Test
  void whatAnAgentWouldHaveGotIsTakenBackWithTheFunctionsThatItDoesNotKnowThen() throws Exception {
    try (NearbyPool pool = pool()) {
      var _ = new HandMadeAgent(pool, "one", 1);
      AgentLink agent = pool.links.all().getFirst();
      CompletableFuture<List<Outcome<Integer>>> all =
          CompletableFuture.supplyAsync(() -> pool.outcomes(List.of(1, 2), item -> item).toList());
      Waiting.until("there are items", pool::isAnyWork);
      Batch<?, ?> batch = Objects.requireNonNull(pool.take(2));
      assertThat(batch.size()).isEqualTo(2);
      assertThat(pool.links.teaches(agent, 5)).isTrue();
      for (int i = batch.claim(); i >= 0; i = batch.claim()) {
        assertThat(pool.links.place(agent, batch, i)).isNotNull();
      }
      var lack = new OutOfMemoryError("as a test");
      for (AgentLink.Sent back = pool.links.takeBack(agent);
          back != null;
          back = pool.links.takeBack(agent)) {
        back.batch().fail(back.i(), lack, "");
      }
      assertThat(all.get(60, TimeUnit.SECONDS))
          .containsExactly(new Outcome.Failed<>(lack), new Outcome.Failed<>(lack));
      assertThat(agent.sent).isEmpty();
      assertThat(pool.links.teaches(agent, 5)).as("it was told of nothing").isTrue();
      pool.lost("one", "is no longer needed");
    }
  }

  @Test
  void anAgentThatCannotBeAnsweredKeepsNoneFromBeingLookedAfter() throws Exception {
    try (NearbyPool pool = NearbyPool.withoutAgents(2, ProcessOptions.defaults(), SHORT)) {
      var broken = new HandMadeAgent(pool, "broken", 1);
      var whole = new HandMadeAgent(pool, "whole", 2);
      pool.serve(
          broken.pollOf(0),
          answer -> {
            throw new IllegalStateException("as a test");
          });
      CompletableFuture<byte[]> waits = whole.poll(0);
      assertThat(HandMadeAgent.got(waits)).as("after some seconds").containsExactly(RemoteWire.OK);
      Waiting.until("both are found to be silent", () -> pool.agents().isEmpty());
    }
  }
}
