package io.github.fornada.process.wire;

import io.github.fornada.checkers.Lincheck;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * A message arrives while the reader goes to sleep: the reader is woken, or sees the message.
 * {@link Doorbell#resume} is what a sleeper does before it parks. The parking itself is for the
 * Explorer, because Lincheck lets it return for no reason.
 */
class DoorbellLincheckTest {
  private static final String ASLEEP = "the reader sleeps over a message";

  @BeforeAll
  static void define() {
    Lincheck.shares(
        DoorbellLincheckTest.class,
        "Doorbell",
        "HastySleeper",
        "RingWriter",
        "RingReader",
        "EarlyWriter");
  }

  @Test
  void noWakeUpIsLost() {
    Lincheck.ends(() -> new Scene().sleepWhileAMessageComes());
  }

  @Test
  void aSleeperThatLooksBeforeItSaysSoIsCaught() {
    Lincheck.fails(ASLEEP, () -> new HastyScene().sleepWhileAMessageComes());
  }

  private static class Scene {
    final ByteBuffer header = Memory.piece();
    private final ByteBuffer ring = Memory.piece();
    final RingReader reader =
        new RingReader(header, ring, Segment.TO_WORKER_TAIL, Segment.TO_WORKER_HEAD);
    private final RingWriter writer =
        new RingWriter(header, ring, Segment.TO_WORKER_TAIL, Segment.TO_WORKER_HEAD);
    private final Doorbell ringers = Doorbell.ofParent(header, () -> this.rung = true, null);
    private final Doorbell sleepers = Doorbell.ofWorker(header, () -> {}, null);
    private boolean rung; // writer's thread
    private boolean seen; // sleeper's thread

    boolean look() {
      return sleepers.resume(reader);
    }

    void sleepWhileAMessageComes() {
      // Of type Thread to the compiler too: a join of the anonymous class is not seen.
      Thread thread =
          new Thread() {
            @Override
            public void run() {
              seen = look();
            }
          };
      thread.start();
      if (writer.tryWrite(1, new byte[1], 1)) {
        writer.publish();
      }
      ringers.ring();
      try {
        thread.join();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      if (!rung && !seen) {
        throw new AssertionError(ASLEEP);
      }
    }
  }

  private static final class HastyScene extends Scene {
    private final HastySleeper hasty = new HastySleeper(header);

    @Override
    boolean look() {
      return hasty.resume(reader);
    }
  }
}
