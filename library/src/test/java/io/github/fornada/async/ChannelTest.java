package io.github.fornada.async;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.fornada.Waiting;
import io.github.fornada.async.Waits.Running;
import io.github.fornada.jvm.BoundedText;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(240)
final class ChannelTest {
  private static final Duration SOON = Duration.ofMillis(5);

  private static Channel<Integer> channel(int capacity) {
    return capacity == 0 ? Channel.rendezvous() : Channel.bounded(capacity);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 16, 100})
  void elementsComeOutInTheOrderInWhichTheyWentIn(int capacity) throws Exception {
    Channel<Integer> channel = channel(capacity);
    Running<Void> sender =
        Waits.start(() -> {
          for (int i = 0; i < 10_000; i++) {
            channel.send(i);
          }
          channel.close();
          return null;
        });
    var received = new ArrayList<Integer>();
    for (Integer each : channel) {
      received.add(each);
    }
    sender.get();
    assertThat(received).hasSize(10_000).isSorted();
  }

  @Test
  void aFullChannelTakesNoMoreUntilOneIsReceived() throws Exception {
    Channel<Integer> channel = Channel.bounded(2);
    assertThat(channel.trySend(1)).isTrue();
    assertThat(channel.trySend(2)).isTrue();
    assertThat(channel.trySend(3)).isFalse();
    assertThat(channel.trySend(3, SOON)).isFalse();
    assertThat(channel.receive()).isEqualTo(1);
    assertThat(channel.trySend(3)).isTrue();
    assertThat(channel.receive()).isEqualTo(2);
    assertThat(channel.receive()).isEqualTo(3);
    assertThat(channel.tryReceive()).isNull();
    assertThat(channel.tryReceive(SOON)).isNull();
  }

  @Test
  void inARendezvousNothingIsSentBeforeItIsReceived() throws Exception {
    Channel<Integer> channel = Channel.rendezvous();
    assertThat(channel.trySend(1)).isFalse();
    Running<Void> sender = sending(channel, 7).untilItWaits();
    assertThat(channel.tryReceive()).isEqualTo(7);
    sender.get();
    Running<Integer> receiver = Waits.start(channel::receive).untilItWaits();
    assertThat(channel.trySend(8)).isTrue();
    assertThat(receiver.get()).isEqualTo(8);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 16})
  void receiversAreServedInTheOrderOfTheirComing(int capacity) throws Exception {
    Channel<Integer> channel = channel(capacity);
    var receivers = new ArrayList<Running<Integer>>();
    for (int i = 0; i < 5; i++) {
      receivers.add(Waits.start(channel::receive).untilItWaits());
    }
    for (int i = 0; i < 5; i++) {
      channel.send(i);
    }
    for (int i = 0; i < 5; i++) {
      assertThat(receivers.get(i).get()).isEqualTo(i);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3})
  void sendersAreServedInTheOrderOfTheirComing(int capacity) throws Exception {
    Channel<Integer> channel = channel(capacity);
    for (int i = 0; i < capacity; i++) {
      channel.send(i);
    }
    var senders = new ArrayList<Running<Void>>();
    for (int i = capacity; i < capacity + 5; i++) {
      senders.add(sending(channel, i).untilItWaits());
    }
    for (int i = 0; i < capacity + 5; i++) {
      assertThat(channel.receive()).isEqualTo(i);
    }
    for (Running<Void> each : senders) {
      each.get();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 16})
  void whatWasSentOrWaitsToBeSentBeforeCloseIsStillReceived(int capacity) throws Exception {
    Channel<Integer> channel = channel(capacity);
    for (int i = 0; i < capacity; i++) {
      channel.send(i);
    }
    Running<Void> late = sending(channel, capacity).untilItWaits();
    channel.close();
    assertThat(channel.isClosed()).isTrue();
    assertThatThrownBy(() -> channel.send(9)).isInstanceOf(ChannelClosedException.class);
    assertThatThrownBy(() -> channel.trySend(9)).isInstanceOf(ChannelClosedException.class);
    for (int i = 0; i <= capacity; i++) {
      assertThat(channel.receive()).isEqualTo(i);
    }
    late.get();
    assertThatThrownBy(channel::receive)
        .isInstanceOf(ChannelClosedException.class)
        .hasMessage("the channel is closed")
        .hasNoCause();
    assertThatThrownBy(channel::tryReceive).isInstanceOf(ChannelClosedException.class);
    assertThatThrownBy(() -> channel.tryReceive(SOON)).isInstanceOf(ChannelClosedException.class);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void closingEndsReceiversThatWait(int capacity) throws Exception {
    Channel<Integer> channel = channel(capacity);
    Running<Integer> one = Waits.start(channel::receive).untilItWaits();
    Running<List<Integer>> all = Waits.start(() -> channel.stream().toList()).untilItWaits();
    channel.close();
    channel.close();
    assertThatThrownBy(one::get).isInstanceOf(ChannelClosedException.class);
    assertThat(all.get()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void anErrorEndsBothSidesAndIsTheirCause(int capacity) throws Exception {
    var disk = new IllegalStateException("disk full");
    Channel<Integer> channel = channel(capacity);
    for (int i = 0; i < capacity; i++) {
      channel.send(i);
    }
    Running<Void> sender = sending(channel, 5).untilItWaits();
    assertThat(channel.closeWithError(disk)).isTrue();
    assertThat(channel.closeWithError(new Error("second"))).isFalse();
    assertThatThrownBy(sender::get).isInstanceOf(ChannelClosedException.class).hasCause(disk);
    assertThatThrownBy(channel::receive)
        .isInstanceOf(ChannelClosedException.class)
        .hasMessageContaining("disk full")
        .hasCause(disk);
    assertThatThrownBy(() -> channel.trySend(1)).hasCause(disk);
    assertThatThrownBy(() -> channel.stream().toList()).hasCause(disk);

    Channel<Integer> empty = channel(capacity);
    Running<Integer> receiver = Waits.start(empty::receive).untilItWaits();
    assertThat(empty.closeWithError(disk)).isTrue();
    assertThatThrownBy(receiver::get).hasCause(disk);
  }

  /** An error whose message uses channels, as user code may. */
  private static final class Curious extends Exception {
    private static final long serialVersionUID = 1;
    private final transient List<Channel<Integer>> channels;
    private final AtomicInteger asked = new AtomicInteger();

    Curious(List<Channel<Integer>> channels) {
      super("planted");
      this.channels = channels;
    }

    @Override
    public String getMessage() {
      asked.incrementAndGet();
      return "all answered: " + channels.stream().map(Channel::isClosed).toList();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void theTextOfAnErrorIsMadeOnceAndWithoutALock(int capacity) throws Exception {
    Channel<Integer> channel = channel(capacity);
    var curious = new Curious(List.of(channel));
    var receivers = new ArrayList<Running<Integer>>();
    for (int i = 0; i < 3; i++) {
      receivers.add(Waits.start(channel::receive).untilItWaits());
    }
    assertThat(channel.closeWithError(curious)).isTrue();
    for (Running<Integer> receiver : receivers) {
      assertThatThrownBy(receiver::get).hasMessageContaining("all answered").hasCause(curious);
    }
    assertThatThrownBy(channel::tryReceive).hasMessageContaining("all answered");
    assertThatThrownBy(() -> channel.trySend(1)).hasMessageContaining("all answered");
    assertThat(curious.asked).hasValue(1);
  }

  @Test
  void noTextIsMadeForWhoeverReadsNone() {
    Channel<Integer> channel = Channel.bounded(1);
    var curious = new Curious(List.of(channel));
    channel.closeWithError(curious);
    assertThatExceptionOfType(ChannelClosedException.class)
        .isThrownBy(() -> channel.trySend(1))
        .extracting(Throwable::getCause)
        .isSameAs(curious);
    assertThat(curious.asked).hasValue(0);
  }

  @Test
  void aSelectHoldsNoLockWhileTheTextOfAnErrorIsMade() {
    Channel<Integer> failed = Channel.bounded(1);
    Channel<Integer> healthy = Channel.bounded(1);
    failed.closeWithError(new Curious(List.of(failed, healthy)));
    assertThatThrownBy(
            () -> Select.<Integer>of().receive(failed, x -> x).receive(healthy, x -> x).await())
        .hasMessageContaining("all answered");
  }

  @Test
  void whatIsSentElsewhereHasTheTextOfTheError() throws Exception {
    Channel<Integer> channel = Channel.bounded(1);
    channel.closeWithError(new IllegalStateException("disk full"));
    ChannelClosedException thrown =
        catchThrowableOfType(ChannelClosedException.class, channel::tryReceive);
    var bytes = new ByteArrayOutputStream();
    try (var out = new ObjectOutputStream(bytes)) {
      out.writeObject(thrown);
    }
    try (var in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      assertThat(in.readObject())
          .isInstanceOf(ChannelClosedException.class)
          .asString()
          .endsWith(
              "the channel was closed with an error: " + new IllegalStateException("disk full"));
    }
  }

  @Test
  void anErrorWhoseTextHangsSaysNothingOfOtherChannels() {
    var release = new CountDownLatch(1);
    Channel<Integer> hangs = Channel.bounded(1);
    hangs.closeWithError(
        new Exception("planted") {
          private static final long serialVersionUID = 1;

          @Override
          public String getMessage() {
            try {
              release.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
            return "late";
          }
        });
    Channel<Integer> other = Channel.bounded(1);
    other.closeWithError(new IllegalStateException("disk full"));
    try {
      assertThatExceptionOfType(ChannelClosedException.class)
          .isThrownBy(hangs::receive)
          .satisfies(e -> assertThat(BoundedText.of(e)).endsWith("whose toString hangs"));
      assertThatExceptionOfType(ChannelClosedException.class)
          .isThrownBy(other::receive)
          .satisfies(e -> assertThat(BoundedText.of(e)).endsWith("disk full"));
    } finally {
      release.countDown();
    }
  }

  @Test
  void anErrorAfterCloseDropsWhatIsLeft() throws Exception {
    var giveUp = new IllegalStateException("reader gives up");
    Channel<Integer> channel = Channel.bounded(1);
    channel.send(1);
    Running<Void> sender = sending(channel, 2).untilItWaits();
    channel.close();
    assertThat(channel.closeWithError(giveUp)).isTrue();
    assertThatThrownBy(sender::get).hasCause(giveUp);
    assertThatThrownBy(channel::tryReceive).hasCause(giveUp);

    Channel<Integer> drained = Channel.bounded(1);
    drained.close();
    assertThat(drained.closeWithError(giveUp)).isFalse();
    assertThatThrownBy(drained::receive).hasNoCause();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void anInterruptedSendHasSentNothing(int capacity) throws Exception {
    Channel<Integer> channel = channel(capacity);
    for (int i = 0; i < capacity; i++) {
      channel.send(i);
    }
    Running<Void> first = sending(channel, 10).untilItWaits();
    Running<Void> second = sending(channel, 11).untilItWaits();
    first.thread.interrupt();
    assertThatThrownBy(first::get).isInstanceOf(InterruptedException.class);
    for (int i = 0; i < capacity; i++) {
      assertThat(channel.receive()).isEqualTo(i);
    }
    assertThat(channel.receive()).isEqualTo(11);
    second.get();
    assertThat(channel.tryReceive()).isNull();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void anInterruptedReceiveHasTakenNothing(int capacity) throws Exception {
    Channel<Integer> channel = channel(capacity);
    Running<Integer> first = Waits.start(channel::receive).untilItWaits();
    Running<Integer> second = Waits.start(channel::receive).untilItWaits();
    first.thread.interrupt();
    assertThatThrownBy(first::get).isInstanceOf(InterruptedException.class);
    channel.send(1);
    assertThat(second.get()).isEqualTo(1);
  }

  @Test
  void aThreadThatIsInterruptedAlreadyDoesNotBegin() throws Exception {
    Channel<Integer> channel = Channel.bounded(2);
    channel.send(1);
    Thread.currentThread().interrupt();
    assertThatThrownBy(channel::receive).isInstanceOf(InterruptedException.class);
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> channel.send(2)).isInstanceOf(InterruptedException.class);
    assertThat(channel.tryReceive()).isEqualTo(1);
    assertThat(channel.tryReceive()).isNull();
  }

  @Test
  void anInterruptEndsALoopOverAChannelWithACancellation() throws Exception {
    Channel<Integer> channel = Channel.bounded(2);
    var loop =
        Waits.start(
                () -> {
                  try {
                    return (int) channel.stream().count();
                  } catch (CancellationException e) {
                    return Thread.currentThread().isInterrupted() ? -1 : -2;
                  }
                })
            .untilItWaits();
    loop.thread.interrupt();
    assertThat(loop.get()).isEqualTo(-1);
  }

  @Test
  void aStreamTakesNoMoreThanItIsAskedFor() throws Exception {
    Channel<Integer> channel = Channel.bounded(5);
    for (int i = 0; i < 5; i++) {
      channel.send(i);
    }
    assertThat(channel.stream().limit(2).toList()).containsExactly(0, 1);
    assertThat(channel.receive()).isEqualTo(2);
  }

  @Test
  void aClosedChannelWithRoomTakesNoMore() throws Exception {
    Channel<Integer> channel = Channel.bounded(2);
    channel.send(1);
    channel.close();
    assertThatThrownBy(() -> channel.trySend(2)).isInstanceOf(ChannelClosedException.class);
    assertThatThrownBy(() -> channel.send(2)).isInstanceOf(ChannelClosedException.class);
    assertThat(channel.stream().toList()).containsExactly(1);
  }

  @Test
  void whatWasReceivedIsNotKept() throws Exception {
    Channel<Object> channel = Channel.bounded(4);
    var sent = new ArrayList<WeakReference<Object>>();
    for (int i = 0; i < 3; i++) {
      Object element = new byte[1 << 20];
      sent.add(new WeakReference<>(element));
      channel.send(element);
    }
    for (int i = 0; i < 3; i++) {
      assertThat(channel.receive()).isNotNull();
    }
    Waiting.untilCollected(
        "they are collected", () -> sent.stream().allMatch(each -> each.refersTo(null)));
    assertThat(channel.tryReceive()).isNull();
  }

  @Test
  void badArgumentsAreToldWithTheirValues() {
    assertThatThrownBy(() -> Channel.bounded(0))
        .hasMessageStartingWith("capacity must be at least 1, got 0");
    Channel<Integer> channel = Channel.bounded(1);
    assertThatThrownBy(() -> channel.send(null)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> channel.trySend(null)).isInstanceOf(NullPointerException.class);
  }

  private static Running<Void> sending(Channel<Integer> channel, int element) {
    return Waits.start(() -> {
      channel.send(element);
      return null;
    });
  }

  @Test
  void anyNegativeTimeIsNoTimeToWait() throws Exception {
    var ages = Duration.ofSeconds(Long.MIN_VALUE);
    Channel<String> channel = Channel.bounded(1);
    assertThat(channel.tryReceive(ages)).isNull();
    assertThat(channel.trySend("a", ages)).isTrue();
    assertThat(channel.trySend("b", ages)).isFalse();
    assertThat(channel.tryReceive(ages)).isEqualTo("a");
  }
}
