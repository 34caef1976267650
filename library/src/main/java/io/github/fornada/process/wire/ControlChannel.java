package io.github.fornada.process.wire;

import io.github.fornada.jvm.OwnThreads;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The channel for messages that must arrive even while a task runs: set-up, cancels, classes, the
 * stack of a stuck task, and wake-ups where there is no {@linkplain BellFifo FIFO} for them. A
 * frame has a length, a type and a body; the length is checked before anything is allocated.
 *
 * <p>One thread reads, and a thread of this class writes what others add to a queue. An interrupt
 * of a thread closes the channel that the thread uses, so threads that user code can reach must not
 * use the channel themselves.
 */
public final class ControlChannel implements AutoCloseable {
  /** The longest frame, in bytes: more than the largest class file. */
  public static final int LONGEST = 64 << 20;

  private final Connection connection;
  private final ConcurrentLinkedQueue<ByteBuffer> queue = new ConcurrentLinkedQueue<>();
  private final AtomicInteger unsent = new AtomicInteger();
  private final Thread writer;
  private final Runnable onEnd;

  /** Between two looks for data, or for room, once {@link #stepAside} was called. */
  private static final long POLL_NANOS = 1_000_000; // Guess

  /** Whether the reader has stepped aside. Written by the reader. */
  private volatile boolean aside;

  /** Whether writing has ended. Set by close, or by the writer when the other side is gone. */
  private volatile boolean closed;

  public ControlChannel(Connection connection) {
    this(connection, () -> {});
  }

  /**
   * Creates a channel. {@code onEnd} is run first of all when the other side is found to be gone;
   * it must not fail.
   */
  public ControlChannel(Connection connection, Runnable onEnd) {
    this.connection = connection;
    this.onEnd = onEnd;
    this.writer = OwnThreads.daemon("fornada-control-writer").unstarted(this::writeAll);
    writer.start();
  }

  /** Adds a frame to the queue of those to send. May be called by any thread; never waits. */
  public void send(int type, MessageOutput body) {
    var frame = ByteBuffer.allocate(5 + body.size());
    frame.putInt(body.size()).put((byte) type).put(body.array(), 0, body.size()).flip();
    // After the close the queue stays empty: no thread would send the frame.
    if (!closed) {
      unsent.incrementAndGet();
      queue.add(frame);
      LockSupport.unpark(writer);
    }
  }

  /** Wakes the thread of the other side that sleeps over its ring; never waits. */
  public void ring() {
    Connection.Bells bells = connection.bells();
    if (bells == null || !bells.peers().ring()) {
      send(MessageTypes.BELL, new MessageOutput());
    }
  }

  /** Returns where this side sleeps; null if it is woken by frames. */
  public @Nullable BellFifo bell() {
    Connection.Bells bells = connection.bells();
    return bells == null ? null : bells.own();
  }

  /** Waits until all frames were sent; for a process that is about to exit. */
  public void awaitSent() {
    while (!closed && unsent.get() > 0) {
      LockSupport.parkNanos(100_000);
    }
  }

  private void writeAll() {
    while (true) {
      ByteBuffer frame = queue.poll();
      if (frame == null) {
        if (closed) {
          return;
        }
        LockSupport.park(this);
        continue;
      }
      try {
        while (frame.hasRemaining()) {
          if (!isWritten(frame)) {
            LockSupport.parkNanos(POLL_NANOS);
          }
        }
        unsent.decrementAndGet();
      } catch (IOException e) {
        closed = true; // the reader sees the end too, and handles it
        queue.clear();
        // Unless the reader waits for data that can never arrive: if other code has closed the
        // connection by its file descriptor, this process keeps it open on its own.
        onEnd.run();
        return;
      }
    }
  }

  /** Writes some of a frame; false if nothing could be written now. */
  private boolean isWritten(ByteBuffer frame) throws IOException {
    try {
      return connection.write(frame) > 0;
    } catch (OutOfMemoryError e) {
      return false; // the heap has no room for what a write needs
    }
  }

  /** A received frame. */
  public record Frame(int type, MessageInput body) {}

  /** Waits for the next frame; one thread only. Throws EOFException at the end of the stream. */
  public Frame receive() throws IOException {
    var head = ByteBuffer.allocate(5);
    fill(head);
    int length = head.getInt();
    int type = head.get();
    if (length < 0 || length > LONGEST) {
      throw new CorruptFrameException("control frame of " + length + " bytes");
    }
    var body = ByteBuffer.allocate(length);
    fill(body);
    return new Frame(type, new MessageInput(body.array(), 0, length));
  }

  private void fill(ByteBuffer into) throws IOException {
    while (into.hasRemaining()) {
      int n;
      try {
        n = connection.read(into);
      } catch (IOException e) {
        onEnd.run();
        throw e;
      }
      if (n == 0) {
        LockSupport.parkNanos(POLL_NANOS);
      } else if (n < 0) {
        onEnd.run(); // before the exception is made: there may be no memory for that
        throw new EOFException("the other side is gone");
      }
    }
    into.flip();
  }

  /**
   * From now on the reader looks for data now and then, and does not wait in native code: HotSpot
   * waits up to 300 ms at its exit for threads that do ({@code VM_Exit::
   * wait_for_threads_in_native_to_block}). For a process that is about to exit; called by the
   * reader.
   */
  public void stepAside() throws IOException {
    connection.stepAside();
    aside = true;
  }

  /**
   * Waits until the reader has {@linkplain #stepAside stepped aside}, at most for {@code nanos}.
   */
  public void awaitAside(long nanos) {
    long deadline = System.nanoTime() + nanos;
    while (!aside && !closed && System.nanoTime() < deadline) {
      LockSupport.parkNanos(100_000);
    }
  }

  /** Closes the channel; frames in the queue may be lost. */
  @Override
  public void close() throws IOException {
    closed = true;
    LockSupport.unpark(writer);
    connection.close();
  }
}
