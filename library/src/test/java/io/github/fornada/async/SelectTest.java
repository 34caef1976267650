package io.github.fornada.async;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.async.Waits.Running;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(240)
final class SelectTest {
  private final Channel<Integer> one = Channel.bounded(1);
  private final Channel<Integer> two = Channel.bounded(1);
  private final Channel<Integer> meeting = Channel.rendezvous();

  private Select<String> ofBoth() {
    return Select.<String>of().receive(one, e -> "one " + e).receive(two, e -> "two " + e);
  }

  @Test
  void whatIsThereIsReceivedAndNothingElse() throws Exception {
    two.send(2);
    assertThat(ofBoth().await()).isEqualTo("two 2");
    one.send(1);
    two.send(2);
    assertThat(ofBoth().await()).isIn("one 1", "two 2");
    assertThat((one.tryReceive() == null) != (two.tryReceive() == null)).isTrue();
  }

  @Test
  void aSelectThatWaitsIsServedByTheFirstThatComes() throws Exception {
    Running<String> waiting = Waits.start(() -> ofBoth().await()).untilItWaits();
    one.send(5);
    assertThat(waiting.get()).isEqualTo("one 5");
    one.send(6);
    assertThat(one.tryReceive()).as("nobody waits here any more").isEqualTo(6);
    two.send(7);
    assertThat(two.tryReceive()).isEqualTo(7);
  }

  @Test
  void aSendAndAReceiveCanBeWaitedForTogether() throws Exception {
    one.send(1);
    var select =
        Select.<String>of().send(one, 9, () -> "sent").receive(meeting, e -> "received " + e);
    Running<String> waiting = Waits.start(select::await).untilItWaits();
    assertThat(one.receive()).isEqualTo(1);
    assertThat(waiting.get()).isEqualTo("sent");
    assertThat(one.receive()).isEqualTo(9);
    one.send(1);
    waiting = Waits.start(select::await).untilItWaits();
    meeting.send(4);
    assertThat(waiting.get()).isEqualTo("received 4");
    assertThat(one.receive()).isEqualTo(1);
    assertThat(one.tryReceive()).as("what was not sent").isNull();
  }

  @Test
  void twoSelectsMeetInARendezvous() throws Exception {
    Channel<Integer> other = Channel.rendezvous();
    for (int i = 0; i < 2_000; i++) {
      Running<String> sender =
          Waits.start(() ->
              Select.<String>of()
                  .send(meeting, 1, () -> "meeting")
                  .send(other, 2, () -> "other")
                  .await());
      Running<String> receiver =
          Waits.start(() ->
              Select.<String>of()
                  .receive(other, e -> "other")
                  .receive(meeting, e -> "meeting")
                  .await());
      assertThat(sender.get()).isEqualTo(receiver.get());
    }
  }

  @Test
  void aSelectDoesNotMeetItself() throws Exception {
    var self =
        Select.<String>of()
            .send(meeting, 1, () -> "sent")
            .receive(meeting, e -> "received")
            .after(Duration.ofMillis(5), () -> "late");
    assertThat(self.await()).isEqualTo("late");
  }

  @Test
  void noClauseStarves() throws Exception {
    int[] count = new int[2];
    for (int i = 0; i < 1_000; i++) {
      boolean _ = one.trySend(0);
      boolean _ = two.trySend(1);
      count[Select.<Integer>of().receive(one, e -> e).receive(two, e -> e).await()]++;
    }
    assertThat(count[0]).isBetween(200, 800);
  }

  @Test
  void orElseWaitsForNothing() throws Exception {
    assertThat(ofBoth().orElse(() -> "none").await()).isEqualTo("none");
    one.send(1);
    assertThat(ofBoth().orElse(() -> "none").await()).isEqualTo("one 1");
  }

  @Test
  void afterItsTimeASelectHasDoneNothing() throws Exception {
    assertThat(ofBoth().after(Duration.ofMillis(5), () -> "late").await()).isEqualTo("late");
    assertThat(ofBoth().after(Duration.ZERO, () -> "late").await()).isEqualTo("late");
    one.send(1);
    assertThat(ofBoth().after(Duration.ZERO, () -> "late").await()).isEqualTo("one 1");
    assertThat(one.trySend(3)).isTrue();
  }

  @Test
  void anInterruptedSelectHasDoneNothing() throws Exception {
    Running<String> waiting = Waits.start(() -> ofBoth().await()).untilItWaits();
    waiting.thread.interrupt();
    assertThatThrownBy(waiting::get).isInstanceOf(InterruptedException.class);
    one.send(1);
    assertThat(one.tryReceive()).isEqualTo(1);
    one.send(1);
    Thread.currentThread().interrupt();
    assertThatThrownBy(ofBoth()::await).isInstanceOf(InterruptedException.class);
    assertThat(one.tryReceive()).isEqualTo(1);
  }

  @Test
  void aClosedChannelIsLeftOutUntilAllAre() throws Exception {
    one.send(1);
    one.close();
    assertThat(ofBoth().await()).isEqualTo("one 1");
    Running<String> waiting = Waits.start(() -> ofBoth().await()).untilItWaits();
    two.send(2);
    assertThat(waiting.get()).isEqualTo("two 2");
    waiting = Waits.start(() -> ofBoth().await()).untilItWaits();
    two.close();
    assertThatThrownBy(waiting::get)
        .isInstanceOf(ChannelClosedException.class)
        .hasMessage("all channels of the select are closed and empty")
        .hasNoCause();
  }

  @Test
  void aSelectTakesWhatWaitedToBeSentWhenItsChannelWasClosed() throws Exception {
    Running<Void> sender =
        Waits.<Void>start(
                () -> {
                  meeting.send(4);
                  return null;
                })
            .untilItWaits();
    meeting.close();
    assertThat(Select.<Integer>of().receive(meeting, e -> e).await()).isEqualTo(4);
    sender.get();
  }

  @Test
  void anErrorEndsASelectAndASendToAClosedChannelDoes() throws Exception {
    var boom = new IllegalStateException("boom");
    Running<String> waiting = Waits.start(() -> ofBoth().await()).untilItWaits();
    two.closeWithError(boom);
    assertThatThrownBy(waiting::get).isInstanceOf(ChannelClosedException.class).hasCause(boom);
    one.close();
    assertThatThrownBy(() -> Select.<String>of().send(one, 1, () -> "sent").await())
        .isInstanceOf(ChannelClosedException.class);
    Running<String> sender =
        Waits.start(() -> Select.<String>of().send(meeting, 1, () -> "sent").await())
            .untilItWaits();
    meeting.closeWithError(boom);
    assertThatThrownBy(sender::get).hasCause(boom);
  }

  @Test
  void aSelectLeavesNothingBehindInQuietChannels() throws Exception {
    Running<Integer> sender =
        Waits.start(() -> {
          for (int i = 0; i < 100; i++) {
            meeting.send(i);
          }
          return 0;
        });
    for (int i = 0; i < 100; i++) {
      int expected = i;
      assertThat(
              Select.<Integer>of()
                  .receive(one, e -> -1)
                  .send(Channel.<Integer>rendezvous(), 1, () -> -2)
                  .receive(meeting, e -> e)
                  .await())
          .isEqualTo(expected);
      assertThat(one.receivers().first).isNull();
    }
    sender.get();
    assertThat(ofBoth().after(Duration.ZERO, () -> "late").await()).isEqualTo("late");
    assertThat(one.receivers().first).isNull();
  }

  @Test
  void aSelectWithoutClausesIsRefused() {
    assertThatThrownBy(() -> Select.<String>of().orElse(() -> "").await())
        .hasMessage("a select needs a receive or a send; there is none");
  }

  /** All have to be locked in one order, or this ends in a deadlock. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void selectsOverTheSameChannelsInAnyOrderDoNotLockEachOtherOut(int capacity) throws Exception {
    var channels = new ArrayList<Channel<Integer>>();
    for (int i = 0; i < 4; i++) {
      channels.add(capacity == 0 ? Channel.rendezvous() : Channel.bounded(capacity));
    }
    var threads = new ArrayList<Running<Integer>>();
    for (int t = 0; t < 8; t++) {
      boolean sends = t % 2 == 0;
      threads.add(
          Waits.startPlatform(() -> {
            int sum = 0;
            for (int i = 0; i < 2_000; i++) {
              int from = ThreadLocalRandom.current().nextInt(4);
              Select<Integer> select = Select.of();
              // A receiver checks all channels: the last element may be in any of them.
              for (int k = 0; k < (sends ? 3 : 4); k++) {
                Channel<Integer> channel = channels.get((from + k) % 4);
                if (sends) {
                  select.send(channel, 1, () -> 1);
                } else {
                  select.receive(channel, e -> e);
                }
              }
              sum += select.await();
            }
            return sum;
          }));
    }
    int all = 0;
    for (Running<Integer> each : threads) {
      try {
        all += each.get();
      } catch (ChannelClosedException e) {
        throw new AssertionError(e);
      }
    }
    assertThat(all).isEqualTo(8 * 2_000);
  }

  @Test
  void threadsThatAreBeingServedLetTheOneThatServesThemHaveTheirCarriers() throws Exception {
    int carriers =
        Integer.getInteger(
            "jdk.virtualThreadScheduler.parallelism", Runtime.getRuntime().availableProcessors());
    var waiters = new ArrayList<ChannelWaiter>();
    var selections = new ArrayList<Selection>();
    var running = new ArrayList<Waits.Running<ChannelWaiter>>();
    var looking = new CountDownLatch(carriers);
    for (int i = 0; i < carriers; i++) {
      var selection = new Selection();
      assertThat(selection.claim()).isTrue();
      selections.add(selection);
      waiters.add(new ChannelWaiter(null, selection, 0));
      running.add(
          Waits.start(() -> {
            looking.countDown();
            return selection.await(this, Deadline.NONE);
          }));
    }
    looking.await();
    Runnable serve =
        () -> {
          for (int i = 0; i < carriers; i++) {
            selections.get(i).won(waiters.get(i));
          }
        };
    try {
      Waits.start(Executors.callable(serve)).get();
    } finally {
      serve.run(); // no virtual thread could, if this fails
    }
    for (int i = 0; i < carriers; i++) {
      assertThat(running.get(i).get()).isSameAs(waiters.get(i));
    }
  }
}
