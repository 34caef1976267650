package io.github.fornada.benchmarks.advice;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Locale;
import java.util.PriorityQueue;

/**
 * A web server with one of several limits. One thread, HTTP/1.1 with persistent connections; it
 * understands requests without a body only.
 *
 * <ul>
 *   <li>{@code delay MS}: every answer after so long
 *   <li>{@code refuse K MS}: the same, but with more than K at once it answers 503
 *   <li>{@code queue K MS}: K at once, the others wait in a queue
 *   <li>{@code sharing K MS}: with more than K at once all of them get slower
 *   <li>{@code bucket RATE MS}: RATE answers a second, and none sooner than after so long
 *   <li>{@code slows MS FACTOR FROM TO}: takes FACTOR times as long from second FROM to TO
 * </ul>
 */
public final class SlowServer {
  private static final int END_OF_HEAD = 0x0d0a0d0a; // CR LF CR LF
  private static final byte[] ANSWER = answer("200 OK", "Hello, world!");
  private static final byte[] REFUSAL = answer("503 Service Unavailable", "too many");

  /** A connection, and what was read of a request. */
  private static final class Connection {
    final SocketChannel channel;
    final StringBuilder first = new StringBuilder();
    int lastFour;

    Connection(SocketChannel channel) {
      this.channel = channel;
    }
  }

  /**
   * An answer that is due.
   *
   * @param at the time in seconds; under sharing, in seconds of an unshared server
   */
  private record Due(double at, Connection connection) {}

  private final String kind;
  private final double[] numbers;
  private final Selector selector = Selector.open();
  private final PriorityQueue<Due> due = new PriorityQueue<>(Comparator.comparingDouble(Due::at));
  private final ByteBuffer in = ByteBuffer.allocateDirect(16 * 1024);

  private double began = Double.NaN;
  private double[] free = {};
  private double nextToken;

  // Sharing: how much an item that is always there would have been served.
  private double served;
  private double servedAt;

  private int inside;
  private int peak;
  private int peakAfter;
  private double firstAbove = Double.NaN;
  private long refused;
  private long answered;

  private SlowServer(String kind, double[] numbers) throws IOException {
    this.kind = kind;
    this.numbers = numbers;
    if (kind.equals("queue")) {
      free = new double[(int) numbers[0]];
    }
  }

  private static byte[] answer(String status, String body) {
    return ("HTTP/1.1 " + status + "\r\nContent-Length: " + body.length() + "\r\n\r\n" + body)
        .getBytes(StandardCharsets.US_ASCII);
  }

  /** Prints its port, and stays until its standard input ends. */
  public static void main(String[] arguments) throws Exception {
    double[] numbers = Arrays.stream(arguments).skip(1).mapToDouble(Double::parseDouble).toArray();
    var channel = ServerSocketChannel.open();
    channel.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 4096);
    int port = ((InetSocketAddress) channel.getLocalAddress()).getPort();
    var server = new SlowServer(arguments[0], numbers);
    Thread.ofPlatform()
        .daemon()
        .name("server")
        .start(() -> {
          try {
            server.serve(channel);
          } catch (IOException e) {
            e.printStackTrace();
            System.exit(1);
          }
        });
    System.out.println(port);
    while (System.in.read() >= 0) {
      // Nothing is sent; the end of the input is the request to end.
    }
  }

  private void serve(ServerSocketChannel server) throws IOException {
    server.configureBlocking(false);
    server.register(selector, SelectionKey.OP_ACCEPT);
    while (true) {
      double wait = due.isEmpty() ? 1 : untilDue(due.element());
      if (wait > 0.0005) {
        selector.select(this::ready, (long) Math.ceil(wait * 1e3));
      } else {
        selector.selectNow(this::ready);
      }
      answerThoseDue();
    }
  }

  private static double now() {
    return System.nanoTime() / 1e9;
  }

  private double untilDue(Due first) {
    pass();
    return kind.equals("sharing") ? (first.at() - served) / speed() : first.at() - now();
  }

  private double speed() {
    return inside == 0 ? 1 : Math.min(1, numbers[0] / inside);
  }

  private void pass() {
    double now = now();
    served += (now - servedAt) * speed();
    servedAt = now;
  }

  private void ready(SelectionKey key) {
    try {
      if (key.channel() instanceof ServerSocketChannel server) {
        accept(server);
      } else if (key.attachment() instanceof Connection connection) {
        read(connection);
      }
    } catch (IOException e) {
      key.cancel(); // reset by the client
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
    if (connection.channel.read(in) < 0) {
      connection.channel.close();
      return;
    }
    in.flip();
    while (in.hasRemaining()) {
      byte each = in.get();
      if (connection.first.length() < 16) {
        connection.first.append((char) each);
      }
      connection.lastFour = (connection.lastFour << 8) | (each & 0xff);
      if (connection.lastFour == END_OF_HEAD) {
        boolean figures = connection.first.toString().startsWith("GET /figures");
        connection.first.setLength(0);
        if (figures) {
          write(connection, answer("200 OK", figures()));
        } else {
          take(connection);
        }
      }
    }
  }

  private void take(Connection connection) throws IOException {
    double now = now();
    if (Double.isNaN(began)) {
      began = now;
    }
    if (kind.equals("refuse") && inside >= numbers[0]) {
      refused++;
      write(connection, REFUSAL);
      return;
    }
    pass();
    inside++;
    note(now);
    due.add(new Due(time(now), connection));
  }

  /** Returns when an answer to what came now is due. */
  private double time(double now) {
    double last = numbers[numbers.length - 1] / 1e3;
    return switch (kind) {
      case "delay", "refuse" -> now + last;
      case "queue" -> {
        int first = 0;
        for (int i = 1; i < free.length; i++) {
          first = free[i] < free[first] ? i : first;
        }
        free[first] = Math.max(now, free[first]) + last;
        yield free[first];
      }
      case "sharing" -> served + last;
      case "bucket" -> {
        nextToken = Math.max(now, nextToken) + 1 / numbers[0];
        yield Math.max(nextToken, now + last);
      }
      case "slows" -> {
        double at = now - began;
        boolean slow = at >= numbers[2] && at < numbers[3];
        yield now + numbers[0] / 1e3 * (slow ? numbers[1] : 1);
      }
      default -> throw new IllegalArgumentException("unknown kind of server: " + kind);
    };
  }

  /**
   * Notes how many are inside; what comes within three answers of the limit is not held against.
   */
  private void note(double now) {
    peak = Math.max(peak, inside);
    double response = numbers[numbers.length - 1] / 1e3;
    if (inside > numbers[0] && Double.isNaN(firstAbove)) {
      firstAbove = now;
    }
    if (now > firstAbove + 3 * response) {
      peakAfter = Math.max(peakAfter, inside);
    }
  }

  private void answerThoseDue() throws IOException {
    while (!due.isEmpty() && untilDue(due.element()) <= 0) {
      Due first = due.remove();
      inside--;
      answered++;
      write(first.connection(), ANSWER);
    }
  }

  private static void write(Connection connection, byte[] bytes) throws IOException {
    try {
      if (connection.channel.isOpen()
          && connection.channel.write(ByteBuffer.wrap(bytes)) < bytes.length) {
        throw new IOException("a socket's buffer was full");
      }
    } catch (IOException e) {
      connection.channel.close();
    }
  }

  private String figures() {
    return String.format(
        Locale.ROOT,
        "\"peak\": %d, \"peak_after\": %d, \"refused\": %d, \"answered\": %d, \"limit\": %.0f",
        peak,
        peakAfter,
        refused,
        answered,
        kind.equals("delay") || kind.equals("slows") || kind.equals("bucket") ? 0 : numbers[0]);
  }
}
