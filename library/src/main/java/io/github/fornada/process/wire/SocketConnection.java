package io.github.fornada.process.wire;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** A connection through a Unix-domain socket, where there are no FIFOs. */
public final class SocketConnection implements Connection {
  private final SocketChannel channel;

  public SocketConnection(SocketChannel channel) {
    this.channel = channel;
  }

  @Override
  public int read(ByteBuffer into) throws IOException {
    return channel.read(into);
  }

  @Override
  public int write(ByteBuffer from) throws IOException {
    return channel.write(from);
  }

  @Override
  public void stepAside() throws IOException {
    channel.configureBlocking(false);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
