package io.github.fornada.process;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The channel for what must get through while a task runs: set-up, cancel, classes, and a stuck
 * task's stack. Frames of a length, a type and a body; a length is checked before anything is
 * allocated.
 */
final class Control implements AutoCloseable {
  /** Longest frame, in bytes: a class file may not be much longer than this. */
  static final int LONGEST = 64 << 20;

  private final SocketChannel channel;
  private final ReentrantLock writing = new ReentrantLock();

  Control(SocketChannel channel) {
    this.channel = channel;
  }

  /** Sends one frame; any thread. */
  void send(int type, Output body) throws IOException {
    var frame = ByteBuffer.allocate(5 + body.size());
    frame.putInt(body.size()).put((byte) type).put(body.array(), 0, body.size()).flip();
    writing.lock();
    try {
      while (frame.hasRemaining()) {
        channel.write(frame);
      }
    } finally {
      writing.unlock();
    }
  }

  /** One frame as it came. */
  record Frame(int type, Input body) {}

  /** Waits for the next frame; one thread only. Throws EOFException at the end of the stream. */
  Frame receive() throws IOException {
    var head = ByteBuffer.allocate(5);
    Door.readFully(channel, head);
    int length = head.getInt();
    int type = head.get();
    if (length < 0 || length > LONGEST) {
      throw new CorruptFrameException("control frame of " + length + " bytes");
    }
    var body = ByteBuffer.allocate(length);
    Door.readFully(channel, body);
    return new Frame(type, new Input(body.array(), 0, length));
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
