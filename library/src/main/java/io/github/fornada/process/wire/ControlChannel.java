package io.github.fornada.process.wire;

import io.github.fornada.jvm.OwnThreads;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * The channel for what must get through while a task runs: set-up, wake-ups, cancel, classes, and a
 * stuck task's stack. Frames of a length, a type and a body; a length is checked before anything is
 * allocated.
 *
 * <p>One thread reads, and one of this class writes what others leave in a queue: an interrupt of a
 * thread closes the channel it uses, so none that the user's code can reach may use one.
 */
public final class ControlChannel implements AutoCloseable {
  /** Longest frame, in bytes: a class file may not be much longer than this. */
  public static final int LONGEST = 64 << 20;

  private final SocketChannel channel;
  private final ConcurrentLinkedQueue<ByteBuffer> queue = new ConcurrentLinkedQueue<>();
  private final AtomicInteger unsent = new AtomicInteger();
  private final Thread writer;
  private final Runnable onEnd;

  /** No more is written. Set by close, or by the writer when the other side is gone. */
  private volatile boolean closed;

  public ControlChannel(SocketChannel channel) {
    this(channel, () -> {});
  }

  /** With what to do first of all when the other side is found gone; it must not fail. */
  public ControlChannel(SocketChannel channel, Runnable onEnd) {
    this.channel = channel;
    this.onEnd = onEnd;
    this.writer = OwnThreads.daemon("fornada-control-writer").unstarted(this::writeAll);
    writer.start();
  }

  /** Leaves a frame to be sent; any thread, never waits. */
  public void send(int type, MessageOutput body) {
    var frame = ByteBuffer.allocate(5 + body.size());
    frame.putInt(body.size()).put((byte) type).put(body.array(), 0, body.size()).flip();
    // The queue is empty for ever after the close; what comes then is for nobody.
    if (!closed) {
      unsent.incrementAndGet();
      queue.add(frame);
      LockSupport.unpark(writer);
    }
  }

  /** Leaves a wake-up to be sent. */
  public void ring() {
    send(MessageTypes.BELL, new MessageOutput());
  }

  /** Waits until all was sent; for one that is about to exit. */
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
          channel.write(frame);
        }
        unsent.decrementAndGet();
      } catch (IOException e) {
        closed = true; // the reader sees the end too, and does what is to be done
        queue.clear();
        // Unless it waits for what nobody can send any more: it holds the socket open for itself
        // alone if somebody has closed it by its descriptor.
        onEnd.run();
        return;
      }
    }
  }

  /** One frame as it came. */
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
        n = channel.read(into);
      } catch (IOException e) {
        onEnd.run();
        throw e;
      }
      if (n < 0) {
        onEnd.run(); // before the exception: there may be no memory for it
        throw new EOFException("the other side is gone");
      }
    }
    into.flip();
  }

  /** Closes the channel; what was left to be sent may be lost. */
  @Override
  public void close() throws IOException {
    closed = true;
    LockSupport.unpark(writer);
    channel.close();
  }
}
