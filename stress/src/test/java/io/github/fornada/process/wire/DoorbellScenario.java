package io.github.fornada.process.wire;

import io.github.fornada.stress.Explorer;
import java.nio.ByteBuffer;
import java.util.List;

/** A reader goes to sleep while messages arrive. */
public final class DoorbellScenario implements Explorer.Scenario {
  private static final int MESSAGES = 2;

  private final ByteBuffer header = ByteBuffer.allocate(4096);
  private final ByteBuffer ring = ByteBuffer.allocate(64);
  private final Doorbell sleepers = Doorbell.ofWorker(header, () -> {}, null);
  private final Doorbell ringers = Doorbell.ofParent(header, sleepers::rang, null);

  @Override
  public List<Runnable> threads() {
    return List.of(this::write, this::read);
  }

  private void write() {
    var writer = new RingWriter(header, ring, Segment.TO_WORKER_TAIL, Segment.TO_WORKER_HEAD);
    for (int i = 0; i < MESSAGES; i++) {
      if (!writer.tryWrite(1, new byte[1], 1)) {
        throw new AssertionError("there is room");
      }
      writer.publish();
      ringers.ring();
    }
  }

  private void read() {
    var reader = new RingReader(header, ring, Segment.TO_WORKER_TAIL, Segment.TO_WORKER_HEAD);
    try {
      for (int seen = 0; seen < MESSAGES; ) {
        if (reader.next()) {
          seen++;
        } else if (!sleepers.await(reader)) {
          throw new AssertionError("nobody has closed it");
        }
      }
    } catch (CorruptFrameException e) {
      throw new AssertionError("corrupt frame: " + e.getMessage(), e);
    }
  }

  @Override
  public void check() {}
}
