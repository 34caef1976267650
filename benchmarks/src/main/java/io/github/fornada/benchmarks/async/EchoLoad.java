package io.github.fornada.benchmarks.async;

import io.github.fornada.benchmarks.peers.Measure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.Arrays;

/**
 * The load of the echo row, the same for every server: one thread opens 10,000 connections and
 * keeps them. Some messages are always in flight; for each that comes back, the next connection in
 * turn sends one. Arguments: the port, the seconds to measure, the seconds to warm up.
 */
public final class EchoLoad {
  private static final int CONNECTIONS = 10_000;
  private static final int UNDER_WAY = 256;
  private static final int MESSAGE = 64;

  /** Coprime to the number of connections, so that messages in sequence use distant connections. */
  private static final int STEP = 3_571;

  private static final int CONNECTING_AT_ONCE = 256;

  private static final class Connection {
    final SocketChannel channel;
    long sentAt; // 0 when nothing is in flight
    int missing;

    Connection(SocketChannel channel) {
      this.channel = channel;
    }
  }

  // One thread does everything.
  private final Selector selector = Selector.open();
  private final Connection[] connections = new Connection[CONNECTIONS];
  private final ByteBuffer out = ByteBuffer.allocateDirect(MESSAGE);
  private final ByteBuffer in = ByteBuffer.allocateDirect(4 * 1024);
  private float[] micros = new float[1 << 16];
  private int samples;
  private int turn;
  private int connected;
  private boolean sending;

  private EchoLoad() throws IOException {}

  public static void main(String[] args) throws IOException {
    new EchoLoad()
        .run(Integer.parseInt(args[0]), Double.parseDouble(args[1]), Double.parseDouble(args[2]));
  }

  private void run(int port, double seconds, double warmUp) throws IOException {
    open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    sending = true;
    for (int i = 0; i < UNDER_WAY; i++) {
      sendNext();
    }
    until(System.nanoTime() + Measure.nanos(warmUp));
    samples = 0;
    long begin = System.nanoTime();
    until(begin + Measure.nanos(seconds));
    double took = (System.nanoTime() - begin) / 1e9;
    int count = samples;
    sending = false;
    Measure.emit("echo", count / took, "/s", count + " messages, " + UNDER_WAY + " under way");
    float[] sorted = Arrays.copyOf(micros, count);
    Arrays.sort(sorted);
    Measure.emit("echo-p50", sorted[count / 2], "us", "");
    Measure.emit("echo-p99", sorted[(int) (count * 0.99)], "us", "");
    for (Connection connection : connections) {
      connection.channel.close();
    }
  }

  private void open(InetSocketAddress address) throws IOException {
    int begun = 0;
    while (connected < CONNECTIONS) {
      while (begun < CONNECTIONS && begun - connected < CONNECTING_AT_ONCE) {
        SocketChannel channel = SocketChannel.open();
        channel.configureBlocking(false);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        // Reset at the end: 10,000 ports that linger would be missed by the next program.
        channel.setOption(StandardSocketOptions.SO_LINGER, 0);
        var connection = new Connection(channel);
        connections[begun++] = connection;
        channel.register(selector, SelectionKey.OP_CONNECT, connection);
        if (channel.connect(address)) {
          channel.keyFor(selector).interestOps(SelectionKey.OP_READ);
          connected++;
        }
      }
      selector.select(this::ready);
    }
  }

  private void until(long end) throws IOException {
    while (System.nanoTime() - end < 0) {
      selector.select(this::ready, 100);
    }
  }

  private void ready(SelectionKey key) {
    try {
      Connection connection = (Connection) key.attachment();
      if (key.isConnectable()) {
        connection.channel.finishConnect();
        key.interestOps(SelectionKey.OP_READ);
        connected++;
      } else {
        read(connection);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void read(Connection connection) throws IOException {
    in.clear();
    int n = connection.channel.read(in);
    if (n < 0) {
      throw new IOException("the server closed a connection");
    }
    connection.missing -= n;
    if (connection.missing > 0 || n == 0) {
      return;
    }
    Measure.check(connection.missing == 0, "more came back than was sent");
    sample((System.nanoTime() - connection.sentAt) / 1e3f);
    connection.sentAt = 0;
    if (sending) {
      sendNext();
    }
  }

  private void sample(float value) {
    if (samples == micros.length) {
      micros = Arrays.copyOf(micros, micros.length * 2);
    }
    micros[samples++] = value;
  }

  private void sendNext() throws IOException {
    Connection connection;
    do {
      turn = (turn + STEP) % CONNECTIONS;
      connection = connections[turn];
    } while (connection.sentAt != 0);
    out.clear();
    connection.sentAt = System.nanoTime();
    connection.missing = MESSAGE;
    if (connection.channel.write(out) != MESSAGE) {
      throw new IOException("a socket's buffer was full");
    }
  }
}
