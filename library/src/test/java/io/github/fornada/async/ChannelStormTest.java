package io.github.fornada.async;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.async.Waits.Running;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Many threads at once, interrupted at random: each element that was sent is received, once. */
@Timeout(240)
final class ChannelStormTest {
  private static final int THREADS = 8;

  /** Elements that each sends: {@code -Dfornada.storm.each=30000} for a long storm. */
  private static final int EACH = Integer.getInteger("fornada.storm.each", 1_000);

  @ParameterizedTest
  @CsvSource({"0, true", "1, true", "2, true", "16, true", "0, false", "1, false", "16, false"})
  void noElementIsLostOrDoubledUnderInterrupts(int capacity, boolean virtual) throws Exception {
    Channel<Long> channel = capacity == 0 ? Channel.rendezvous() : Channel.bounded(capacity);
    storm(List.of(channel), virtual);
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "1, 0", "1, 1", "16, 2"})
  void noElementIsLostOrDoubledByManySelects(int first, int second) throws Exception {
    storm(
        List.of(
            first == 0 ? Channel.rendezvous() : Channel.bounded(first),
            second == 0 ? Channel.rendezvous() : Channel.bounded(second)),
        true);
  }

  private static final int ROUNDS = 20_000;

  /** A thread that sends without the lock checks afterwards whether another has begun to wait. */
  @Test
  void aReceiverThatBeginsToWaitAsAnElementComesIsServed() throws Exception {
    meet(channel -> {}, channel -> channel.send(1L), Channel::receive);
  }

  /** The same for a thread that receives. */
  @Test
  void aSenderThatBeginsToWaitAsRoomComesIsServed() throws Exception {
    meet(channel -> channel.send(0L), Channel::receive, channel -> channel.send(1L));
  }

  private interface Use {
    void of(Channel<Long> channel) throws InterruptedException;
  }

  /** Two threads use each of very many channels at the same moment, and both get through. */
  private static void meet(Use before, Use one, Use other) throws Exception {
    List<Channel<Long>> channels = new ArrayList<>();
    for (int i = 0; i < ROUNDS; i++) {
      Channel<Long> channel = Channel.bounded(1);
      before.of(channel);
      channels.add(channel);
    }
    var comers = new AtomicInteger();
    Running<Void> first = Waits.startPlatform(() -> useAll(channels, one, comers));
    Running<Void> second = Waits.startPlatform(() -> useAll(channels, other, comers));
    first.get();
    second.get();
  }

  private static Void useAll(List<Channel<Long>> channels, Use use, AtomicInteger comers)
      throws InterruptedException {
    int all = 0;
    for (Channel<Long> channel : channels) {
      comers.incrementAndGet();
      all += 2;
      while (comers.get() < all) {
        Thread.onSpinWait();
      }
      use.of(channel);
    }
    return null;
  }

  private static void storm(List<Channel<Long>> channels, boolean virtual) throws Exception {
    var over = new AtomicBoolean();
    var senders = new ArrayList<Running<List<Long>>>();
    var receivers = new ArrayList<Running<List<Long>>>();
    for (int t = 0; t < THREADS; t++) {
      long base = (long) t * EACH;
      boolean selects = t % 2 == 0 && channels.size() > 1;
      senders.add(start(virtual, () -> send(channels, base, selects)));
      receivers.add(start(virtual, () -> receive(channels, selects)));
    }
    Running<Void> interrupter =
        Waits.startPlatform(() -> {
          while (!over.get()) {
            var all = ThreadLocalRandom.current().nextBoolean() ? senders : receivers;
            all.get(ThreadLocalRandom.current().nextInt(THREADS)).thread.interrupt();
            Thread.sleep(0, 50_000);
          }
          return null;
        });
    var sent = new ArrayList<Long>();
    try {
      for (Running<List<Long>> each : senders) {
        sent.addAll(each.get());
      }
    } finally {
      over.set(true);
    }
    interrupter.get();
    channels.forEach(Channel::close);
    var received = new ArrayList<Long>();
    Map<Long, Long> last = new HashMap<>();
    for (Running<List<Long>> each : receivers) {
      List<Long> here = each.get();
      received.addAll(here);
      if (channels.size() == 1) {
        last.clear();
        for (long element : here) {
          Long before = last.put(element / EACH, element);
          assertThat(before == null || before < element)
              .as("one sender's elements, in one receiver: %s, %s", before, element)
              .isTrue();
        }
      }
    }
    assertThat(sent.size()).isGreaterThan(THREADS * EACH / 2);
    assertThat(received).containsExactlyInAnyOrderElementsOf(sent);
  }

  private static <T> Running<T> start(boolean virtual, Callable<T> body) {
    return virtual ? Waits.start(body) : Waits.startPlatform(body);
  }

  private static List<Long> send(List<Channel<Long>> channels, long base, boolean selects) {
    var sent = new ArrayList<Long>();
    for (long element = base; element < base + EACH; element++) {
      try {
        if (sendOne(channels, element, selects)) {
          sent.add(element);
        }
      } catch (InterruptedException e) {
        // It was not sent, and is not tried again.
      }
    }
    return sent;
  }

  private static boolean sendOne(List<Channel<Long>> channels, long element, boolean selects)
      throws InterruptedException {
    if (selects) {
      return Select.<Boolean>of()
          .send(channels.getFirst(), element, () -> true)
          .send(channels.getLast(), element, () -> true)
          .await();
    }
    Channel<Long> channel = channels.get((int) (element % channels.size()));
    switch ((int) (element % 7)) {
      case 0 -> {
        return channel.trySend(element);
      }
      case 1 -> {
        return channel.trySend(element, Duration.ofNanos(element % 50_000));
      }
      default -> channel.send(element);
    }
    return true;
  }

  private static List<Long> receive(List<Channel<Long>> channels, boolean selects) {
    var received = new ArrayList<Long>();
    for (int i = 0; ; i++) {
      try {
        Long element;
        if (selects) {
          element =
              Select.<Long>of()
                  .receive(channels.getFirst(), e -> e)
                  .receive(channels.getLast(), e -> e)
                  .await();
        } else if (channels.size() > 1) {
          element = channels.get(i % channels.size()).tryReceive(Duration.ofNanos(i % 50_000));
        } else {
          element = i % 7 == 0 ? channels.getFirst().tryReceive() : channels.getFirst().receive();
        }
        if (element != null) {
          received.add(element);
        }
      } catch (InterruptedException e) {
        // Nothing was taken.
      } catch (ChannelClosedException e) {
        if (selects || channels.stream().allMatch(Channel::isOver)) {
          return received;
        }
      }
    }
  }
}
