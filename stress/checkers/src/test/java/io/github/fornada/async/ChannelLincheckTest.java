package io.github.fornada.async;

import io.github.fornada.checkers.Lincheck;
import java.time.Duration;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.junit.jupiter.api.Test;

/**
 * The results of concurrent sends, receives, waits, give-ups and closes are those of some order of
 * them. Operations with a timeout of zero begin to wait and give up, by the same code as all that
 * wait.
 */
class ChannelLincheckTest {
  @Test
  void aRingHasAnOrder() {
    Lincheck.holds(RingOperations.class);
  }

  @Test
  void aRingThatLooksAndThenSetsIsCaught() {
    Lincheck.caught(LookingRingOperations.class);
  }

  @Test
  void aChannelOfOneHasAnOrder() {
    Lincheck.holds(ChannelOfOne.class);
  }

  @Test
  void aChannelOfTwoHasAnOrder() {
    Lincheck.holds(ChannelOfTwo.class);
  }

  @Test
  void aWaitingReceiverIsServedOrLeaves() {
    Lincheck.ends(ChannelLincheckTest::receiveWhileAnElementComes);
  }

  private static void receiveWhileAnElementComes() {
    Channel<Integer> channel = Channel.bounded(1);
    // Of type Thread to the compiler too: a join of the anonymous class is not seen.
    Thread receiver =
        new Thread() {
          @Override
          public void run() {
            try {
              if (channel.receive() != 1) {
                throw new AssertionError("another element");
              }
            } catch (InterruptedException e) {
              throw new AssertionError(e);
            }
          }
        };
    receiver.start();
    if (!channel.trySend(1)) {
      throw new AssertionError("no room");
    }
    try {
      receiver.join();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aWaitingSenderIsServedOrLeaves() {
    Lincheck.ends(ChannelLincheckTest::sendWhileRoomComes);
  }

  private static void sendWhileRoomComes() {
    Channel<Integer> channel = Channel.bounded(1);
    if (!channel.trySend(1)) {
      throw new AssertionError("no room");
    }
    Thread sender =
        new Thread() {
          @Override
          public void run() {
            try {
              channel.send(2);
            } catch (InterruptedException e) {
              throw new AssertionError(e);
            }
          }
        };
    sender.start();
    Integer first = channel.tryReceive();
    if (first == null || first != 1) {
      throw new AssertionError("another element");
    }
    try {
      sender.join();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    Integer second = channel.tryReceive();
    if (second == null || second != 2) {
      throw new AssertionError("another element");
    }
  }

  @Param(name = "element", gen = IntGen.class, conf = "0:3")
  public static final class RingOperations {
    private final Ring ring = new Ring(2);

    @Operation
    public boolean offer(@Param(name = "element") int element) {
      return ring.offer(element);
    }

    @Operation
    public Object poll() {
      return ring.poll();
    }

    @Operation
    public void close() {
      ring.close();
    }
  }

  @Param(name = "element", gen = IntGen.class, conf = "0:3")
  public static final class LookingRingOperations {
    private final LookingRing ring = new LookingRing(2);

    @Operation
    public boolean offer(@Param(name = "element") int element) {
      return ring.offer(element);
    }

    @Operation
    public Object poll() {
      return ring.poll();
    }
  }

  /** A waiting send is not one step relative to a close: it may begin before and end after. */
  @Param(name = "element", gen = IntGen.class, conf = "0:3")
  public static final class ChannelOfOne extends Operations {
    public ChannelOfOne() {
      super(1);
    }

    @Operation
    public String sendAndGiveUp(@Param(name = "element") int element) throws InterruptedException {
      try {
        return channel.trySend(element, Duration.ZERO) ? "sent" : "full";
      } catch (ChannelClosedException e) {
        return "closed";
      }
    }
  }

  @Param(name = "element", gen = IntGen.class, conf = "0:3")
  public static final class ChannelOfTwo extends Operations {
    public ChannelOfTwo() {
      super(2);
    }

    @Operation
    public void close() {
      channel.close();
    }
  }

  @Param(name = "element", gen = IntGen.class, conf = "0:3")
  public abstract static class Operations {
    final Channel<Integer> channel;

    Operations(int capacity) {
      channel = Channel.bounded(capacity);
    }

    @Operation
    public String trySend(@Param(name = "element") int element) {
      try {
        return channel.trySend(element) ? "sent" : "full";
      } catch (ChannelClosedException e) {
        return "closed";
      }
    }

    @Operation
    public String tryReceive() {
      try {
        return "" + channel.tryReceive();
      } catch (ChannelClosedException e) {
        return e.getCause() == null ? "closed" : "failed";
      }
    }

    @Operation
    public String receiveAndGiveUp() throws InterruptedException {
      try {
        return "" + channel.tryReceive(Duration.ZERO);
      } catch (ChannelClosedException e) {
        return e.getCause() == null ? "closed" : "failed";
      }
    }
  }
}
