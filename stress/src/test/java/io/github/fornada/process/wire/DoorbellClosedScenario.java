package io.github.fornada.process.wire;

import io.github.fornada.stress.Explorer;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** A reader goes to sleep over an empty ring while the other side goes away. */
public final class DoorbellClosedScenario implements Explorer.Scenario {
  private final MemorySegment header = MemorySegment.ofArray(new long[512]);
  private final MemorySegment ring = MemorySegment.ofArray(new long[8]);
  private final Doorbell sleepers = Doorbell.ofWorker(header, () -> {});

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
