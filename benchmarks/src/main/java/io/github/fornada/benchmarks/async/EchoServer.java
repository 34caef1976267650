package io.github.fornada.benchmarks.async;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** The common part of the Java servers of the echo row: a task for each connection. */
final class EchoServer {
  private static final int BUFFER = 4 * 1024;

  private EchoServer() {}

  /** Returns connections, and waits for them. */
  interface Accepting {
    SocketChannel next() throws IOException;
  }

  @FunctionalInterface
  interface Serving {
    void run(Accepting accepting) throws Exception;
  }

  static void run(Serving serving) throws IOException {
    var server = ServerSocketChannel.open();
    server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 4096);
    int port = ((InetSocketAddress) server.getLocalAddress()).getPort();
    Accepting accepting =
        () -> {
          SocketChannel connection = server.accept();
          connection.setOption(StandardSocketOptions.TCP_NODELAY, true);
          return connection;
        };
    Thread.ofVirtual()
        .name("accepting")
        .start(() -> {
          try {
            serving.run(accepting);
          } catch (Exception e) {
            e.printStackTrace();
            System.exit(1);
          }
        });
    Programs.serve(port);
  }

  /** Sends back what it receives, until the other side closes. */
  static void echo(SocketChannel connection) {
    try (connection) {
      ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
      while (connection.read(buffer) >= 0) {
        buffer.flip();
        while (buffer.hasRemaining()) {
          connection.write(buffer);
        }
        buffer.clear();
      }
    } catch (IOException e) {
      // The load generator resets its connections when it is done.
    }
  }
}
