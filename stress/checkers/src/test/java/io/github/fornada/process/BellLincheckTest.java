package io.github.fornada.process;

import io.github.fornada.checkers.Lincheck;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Whoever goes to sleep over a ring is woken by the message that comes meanwhile. */
class BellLincheckTest {
  @BeforeAll
  static void define() {
    Lincheck.shares(
        BellLincheckTest.class, "Bell", "HastySleeper", "RingWriter", "RingReader", "EarlyWriter");
  }

  @Test
  void noWakeUpIsLost() {
    Lincheck.ends(() -> new Scene().sleepWhileAMessageComes());
  }

  @Test
  void aSleeperThatLooksBeforeItSaysSoIsCaught() {
    Lincheck.hangs(() -> new HastyScene().sleepWhileAMessageComes());
  }

  private static class Scene {
    final MemorySegment header = MemorySegment.ofArray(new long[64]);
    private final MemorySegment ring = MemorySegment.ofArray(new long[8]);
    final RingReader reader =
        new RingReader(header, ring, Segment.TO_WORKER_TAIL, Segment.TO_WORKER_HEAD);
    private final RingWriter writer =
        new RingWriter(header, ring, Segment.TO_WORKER_TAIL, Segment.TO_WORKER_HEAD);
    private final Bell ringers = Bell.ofParent(header, this::rang);
    private final Bell sleepers = Bell.ofWorker(header, () -> {});

    void rang() {
      sleepers.rang();
    }

    void doze() {
      if (!sleepers.await(reader)) {
        throw new AssertionError("nobody has closed it");
      }
    }

    private void write() {
      if (writer.tryWrite(1, new byte[1], 1)) {
        writer.publish();
        ringers.ring();
      }
    }

    void sleepWhileAMessageComes() {
      // Of type Thread to the compiler too: a join of the anonymous class is not seen.
      Thread thread =
          new Thread() {
            @Override
            public void run() {
              doze();
            }
          };
      thread.start();
      write();
      try {
        thread.join();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }

  private static final class HastyScene extends Scene {
    private final HastySleeper hasty = new HastySleeper(header);

    @Override
    void rang() {
      hasty.rang();
    }

    @Override
    void doze() {
      hasty.await(reader);
    }
  }
}
