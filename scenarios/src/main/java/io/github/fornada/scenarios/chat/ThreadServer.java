package io.github.fornada.scenarios.chat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The chat with a thread for each thing that waits. It takes connections by itself; their two
 * halves are run by whoever has threads, such as a pool.
 */
final class ThreadServer implements AutoCloseable {
  /** What the system holds for a member that does not read, in bytes; Linux doubles it. */
  static final int SEND_BUFFER = 64 << 10;

  /** How long a member that was cut off has to read why. */
  static final Duration GRACE = Duration.ofSeconds(30);

  /** How many connections may wait to be taken. */
  static final int BACKLOG = 4_096;

  private static final int HANDSHAKE_MILLIS = 30_000;

  private final ServerSocket listener;
  private final Duration grace;
  private final Room.All<byte[]> rooms = new Room.All<>();
  private final List<Connection> connections = new ArrayList<>(); // guarded by this

  /**
   * Half of a connection, which is a task: it ends when that half does.
   *
   * @param connection whose
   * @param reads whether it reads; otherwise it writes
   */
  record Half(Connection connection, boolean reads) {
    /** Returns how many messages were read or written. */
    static int run(Half half) throws InterruptedException {
      return half.reads ? half.connection.read() : half.connection.write();
    }
  }

  private ThreadServer(ServerSocket listener, Duration grace) {
    this.listener = listener;
    this.grace = grace;
  }

  /** Opens a server on a port of the loopback interface. */
  static ThreadServer open() throws IOException {
    return open(GRACE);
  }

  /**
   * Opens a server.
   *
   * @param grace how long a member that was cut off has to read why
   */
  static ThreadServer open(Duration grace) throws IOException {
    var listener = new ServerSocket();
    listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), BACKLOG);
    var server = new ThreadServer(listener, grace);
    Thread.ofPlatform().daemon().name("chat-acceptor").start(server::accept);
    return server;
  }

  /** Returns the port. */
  int port() {
    return listener.getLocalPort();
  }

  private void accept() {
    while (true) {
      Socket socket;
      try {
        socket = listener.accept();
      } catch (IOException e) {
        return; // the server was closed
      }
      Thread.startVirtualThread(() -> welcome(socket));
    }
  }

  private void welcome(Socket socket) {
    try {
      socket.setTcpNoDelay(true);
      socket.setSendBufferSize(SEND_BUFFER);
      socket.setSoTimeout(HANDSHAKE_MILLIS);
      String path = Handshake.accept(socket);
      socket.setSoTimeout(0);
      var connection = new Connection(socket, rooms.named(path), grace);
      connection.join();
      synchronized (this) {
        connections.add(connection);
        notifyAll();
      }
    } catch (IOException e) {
      try {
        socket.close(); // the client sees that it was not let in
      } catch (IOException again) {
        e.addSuppressed(again);
      }
    }
  }

  /**
   * Waits for connections and returns their halves: first all that read, then all that write. A
   * reading half waits for nobody but its client. A writing half ends when everybody in its room
   * has quit. So this order comes to its end even if the halves are run one after the other.
   *
   * @param from how many connections to leave out, those that came first
   * @param to how many to wait for in all
   * @throws TimeoutException if they do not come
   */
  List<Half> halves(int from, int to, Duration limit)
      throws InterruptedException, TimeoutException {
    List<Connection> come = await(to, limit).subList(from, to);
    var halves = new ArrayList<Half>(2 * come.size());
    come.forEach(connection -> halves.add(new Half(connection, true)));
    come.forEach(connection -> halves.add(new Half(connection, false)));
    return halves;
  }

  private synchronized List<Connection> await(int count, Duration limit)
      throws InterruptedException, TimeoutException {
    long until = System.nanoTime() + limit.toNanos();
    while (connections.size() < count) {
      long left = until - System.nanoTime();
      if (left <= 0) {
        throw new TimeoutException(connections.size() + " of " + count + " connections came");
      }
      TimeUnit.NANOSECONDS.timedWait(this, left);
    }
    return List.copyOf(connections);
  }

  @Override
  public void close() throws IOException {
    listener.close();
    List<Connection> all;
    synchronized (this) {
      all = List.copyOf(connections);
    }
    all.forEach(Connection::hangUp);
  }
}
