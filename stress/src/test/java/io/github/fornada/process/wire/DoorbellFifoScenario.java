package io.github.fornada.process.wire;

import io.github.fornada.stress.Explorer;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** A reader sleeps in a FIFO while a message arrives, and the other side goes away. */
public final class DoorbellFifoScenario implements Explorer.Scenario {
  private final ByteBuffer header = ByteBuffer.allocate(4096);
  private final ByteBuffer ring = ByteBuffer.allocate(64);
  private final BellFifo fifo = new BellFifo();
  private final Doorbell sleepers =
      Doorbell.ofWorker(
          header, () -> {}, Explorer.<io.github.fornada.process.wire.BellFifo>standIn(fifo));
  private final Doorbell ringers = Doorbell.ofParent(header, this::ringIt, null);
  private int seen;

  private void ringIt() {
    var _ = fifo.ring();
  }

  @Override
  public List<Runnable> threads() {
    return List.of(this::write, this::read);
  }

  private void write() {
    var writer = new RingWriter(header, ring, Segment.TO_WORKER_TAIL, Segment.TO_WORKER_HEAD);
    if (!writer.tryWrite(1, new byte[1], 1)) {
      throw new AssertionError("there is room");
    }
    writer.publish();
    ringers.ring();
    sleepers.close(); // as the control thread does at the end of the stream
  }

  private void read() {
    var reader = new RingReader(header, ring, Segment.TO_WORKER_TAIL, Segment.TO_WORKER_HEAD);
    try {
      boolean open = true;
      while (open) {
        open = sleepers.await(reader);
        reader.pollWritten(); // what came just before the end, too
        while (reader.next()) {
          seen++;
        }
      }
    } catch (CorruptFrameException e) {
      throw new AssertionError("corrupt frame: " + e.getMessage(), e);
    }
  }

  @Override
  public void check() {
    if (seen != 1) {
      throw new AssertionError("the reader saw " + seen);
    }
  }

  /** Bytes, and one thread that waits for one. */
  static final class BellFifo {
    private final AtomicInteger bytes = new AtomicInteger();
    private volatile @Nullable Thread reader;

    boolean ring() {
      bytes.incrementAndGet();
      LockSupport.unpark(reader);
      return true;
    }

    void await() {
      reader = Thread.currentThread();
      while (bytes.getAndSet(0) == 0) {
        LockSupport.park(this);
      }
    }
  }
}
