package io.github.fornada.benchmarks.async;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;

/**
 * The web server of the http row, the same for every peer: one thread, HTTP/1.1 with persistent
 * connections, and every answer after 50 ms. It understands only requests without a body.
 */
public final class SlowServer {
  static final String BODY = "Hello, world!";

  private static final long DELAY_NANOS = 50_000_000;
  private static final byte[] ANSWER =
      ("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: "
              + BODY.length()
              + "\r\n\r\n"
              + BODY)
          .getBytes(StandardCharsets.US_ASCII);
  private static final int END_OF_HEAD = 0x0d0a0d0a; // CR LF CR LF

  /** One connection, and the last bytes read, to find the end of a head. */
  private static final class Connection {
    final SocketChannel channel;
    int lastFour;

    Connection(SocketChannel channel) {
      this.channel = channel;
    }
  }

  private record Due(long nanos, Connection connection) {}

  // Only the server's thread touches these.
  private final Selector selector = Selector.open();
  private final ArrayDeque<Due> due = new ArrayDeque<>(); // one delay for all: first in, first out
  private final ByteBuffer in = ByteBuffer.allocateDirect(16 * 1024);
  private final ByteBuffer out = ByteBuffer.allocateDirect(ANSWER.length).put(ANSWER);

  private SlowServer() throws IOException {}

  public static void main(String[] args) throws Exception {
    var server = ServerSocketChannel.open();
    server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 4096);
    int port = ((InetSocketAddress) server.getLocalAddress()).getPort();
    Thread.ofPlatform().daemon().name("server").start(() -> serve(server));
    Programs.serve(port);
  }

  private static void serve(ServerSocketChannel server) {
    try {
      new SlowServer().loop(server);
    } catch (IOException e) {
      e.printStackTrace();
      System.exit(1);
    }
  }

  private void loop(ServerSocketChannel server) throws IOException {
    server.configureBlocking(false);
    server.register(selector, SelectionKey.OP_ACCEPT);
    while (true) {
      Due first = due.peek();
      if (first == null) {
        selector.select(this::ready);
      } else {
        long millis = (first.nanos - System.nanoTime()) / 1_000_000;
        if (millis > 0) {
          selector.select(this::ready, millis);
        } else {
          selector.selectNow(this::ready);
        }
      }
      answer();
    }
  }

  private void ready(SelectionKey key) {
    try {
      if (key.channel() instanceof ServerSocketChannel server) {
        accept(server);
      } else if (key.attachment() instanceof Connection connection) {
        read(connection);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void accept(ServerSocketChannel server) throws IOException {
    SocketChannel channel;
    while ((channel = server.accept()) != null) {
      channel.configureBlocking(false);
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      channel.register(selector, SelectionKey.OP_READ, new Connection(channel));
    }
  }

  private void read(Connection connection) throws IOException {
    in.clear();
    int n;
    try {
      n = connection.channel.read(in);
    } catch (IOException e) {
      n = -1; // reset by the client
    }
    if (n < 0) {
      connection.channel.close();
      return;
    }
    in.flip();
    while (in.hasRemaining()) {
      connection.lastFour = (connection.lastFour << 8) | (in.get() & 0xff);
      if (connection.lastFour == END_OF_HEAD) {
        due.add(new Due(System.nanoTime() + DELAY_NANOS, connection));
      }
    }
  }

  private void answer() throws IOException {
    long now = System.nanoTime();
    Due first;
    while ((first = due.peek()) != null && first.nanos - now <= 0) {
      due.remove();
      out.rewind();
      try {
        if (first.connection.channel.isOpen()
            && first.connection.channel.write(out) < out.limit()) {
          throw new IOException("a socket's buffer was full");
        }
      } catch (IOException e) {
        first.connection.channel.close();
      }
    }
  }
}
