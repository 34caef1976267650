package io.github.fornada.process.wire;

import io.github.fornada.stress.Explorer;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * A worker keeps a result in its ring without publishing it, and goes on to an item that never
 * ends: the reader must get the result nevertheless.
 */
public final class KeptScenario implements Explorer.Scenario {
  private final ByteBuffer header = ByteBuffer.allocate(4096);
  private final ByteBuffer ring = ByteBuffer.allocate(64);
  private final Doorbell sleepers = Doorbell.ofParent(header, () -> {}, null);
  private final Doorbell ringers = Doorbell.ofWorker(header, sleepers::rang, null);

  @Override
  public List<Runnable> threads() {
    return List.of(this::work, this::read);
  }

  private void work() {
    var writer =
        new RingWriter(
            header,
            ring,
            Segment.TO_PARENT_TAIL,
            Segment.TO_PARENT_WRITTEN,
            Segment.TO_PARENT_HEAD);
    if (!writer.tryWrite(1, new byte[1], 1)) {
      throw new AssertionError("there is room");
    }
    writer.keep();
    if (!new ClaimWord(header).claim(0)) {
      throw new AssertionError("nobody takes it back");
    }
    if (ringers.isAwaited()) {
      writer.publish();
      ringers.ring();
    }
  }

  private void read() {
    var reader =
        new RingReader(
            header,
            ring,
            Segment.TO_PARENT_TAIL,
            Segment.TO_PARENT_WRITTEN,
            Segment.TO_PARENT_HEAD);
    try {
      do {
        if (!sleepers.await(reader)) {
          throw new AssertionError("nobody has closed it");
        }
        reader.pollWritten();
      } while (!reader.next());
    } catch (CorruptFrameException e) {
      throw new AssertionError("corrupt frame: " + e.getMessage(), e);
    }
  }

  @Override
  public void check() {}
}
