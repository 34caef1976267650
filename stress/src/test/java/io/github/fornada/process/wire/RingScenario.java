package io.github.fornada.process.wire;

import io.github.fornada.stress.Explorer;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Messages go through a ring so small that it wraps, with padding, and fills up. */
public final class RingScenario implements Explorer.Scenario {
  private static final int SMALL_RING = 64;
  private static final int[] LENGTHS = {16, 12, 16};

  private final ByteBuffer header = ByteBuffer.allocate(4096);
  private final ByteBuffer ring = ByteBuffer.allocate(SMALL_RING);
  private final List<Integer> seen = new ArrayList<>();

  @Override
  public List<Runnable> threads() {
    return List.of(this::write, this::read);
  }

  private void write() {
    var writer = new RingWriter(header, ring, Segment.TO_WORKER_TAIL, Segment.TO_WORKER_HEAD);
    for (int i = 0; i < LENGTHS.length; i++) {
      byte[] body = new byte[RingWriter.FEW]; // so that it goes word by word
      java.util.Arrays.fill(body, (byte) (i + 1));
      while (!writer.tryWrite(i + 1, body, LENGTHS[i])) {
        Thread.onSpinWait();
      }
      writer.publish();
    }
  }

  private void read() {
    var reader = new RingReader(header, ring, Segment.TO_WORKER_TAIL, Segment.TO_WORKER_HEAD);
    try {
      while (seen.size() < LENGTHS.length) {
        if (reader.next()) {
          int i = seen.size();
          MessageInput body = reader.body();
          boolean right = reader.type() == i + 1;
          for (int k = 0; k < LENGTHS[i]; k++) {
            right &= body.getByte() == i + 1;
          }
          seen.add(right ? i + 1 : -1);
        } else {
          Thread.onSpinWait();
        }
      }
    } catch (CorruptFrameException e) {
      throw new AssertionError("corrupt frame: " + e.getMessage(), e);
    }
  }

  @Override
  public void check() {
    if (!seen.equals(List.of(1, 2, 3))) {
      throw new AssertionError("the reader saw " + seen);
    }
  }
}
