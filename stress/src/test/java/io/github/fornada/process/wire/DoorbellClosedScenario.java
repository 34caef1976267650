package io.github.fornada.process.wire;

import io.github.fornada.stress.Explorer;
import java.nio.ByteBuffer;
import java.util.List;

/** A reader goes to sleep over an empty ring while the other side goes away. */
public final class DoorbellClosedScenario implements Explorer.Scenario {
  private final ByteBuffer header = ByteBuffer.allocate(4096);
  private final ByteBuffer ring = ByteBuffer.allocate(64);
  private final Doorbell sleepers = Doorbell.ofWorker(header, () -> {}, null);

  @Override
  public List<Runnable> threads() {
    return List.of(sleepers::close, this::read);
  }

  private void read() {
    var reader = new RingReader(header, ring, Segment.TO_WORKER_TAIL, Segment.TO_WORKER_HEAD);
    if (sleepers.await(reader)) {
      throw new AssertionError("nobody has written anything");
    }
  }

  @Override
  public void check() {}
}
