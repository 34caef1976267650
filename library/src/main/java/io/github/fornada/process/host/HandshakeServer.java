package io.github.fornada.process.host;

import io.github.fornada.jvm.Log;
import io.github.fornada.jvm.OwnThreads;
import io.github.fornada.process.wire.Connection;
import io.github.fornada.process.wire.SocketConnection;
import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Lets workers in: through FIFOs in the pool's private folder, or where there are none, through a
 * Unix-domain socket there. A worker that connects presents a token that only this worker received,
 * through its standard input. Other connections are dropped and logged.
 */
public final class HandshakeServer implements AutoCloseable {
  /** The charset in which a JVM reads its arguments and file names, and a worker its token. */
  public static final Charset PLATFORM_CHARSET =
      Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));

  public static final int TOKEN_BYTES = 32;

  /** The socket's name in the private folder. */
  static final String NAME = "door";

  /** A system property: {@code sockets} to connect workers through sockets everywhere. */
  public static final String PROPERTY = "io.github.fornada.control";

  /** How many files the first use of a socket may open. */
  private static final int SOCKETS_NEED = 6; // Guess: a pair for all, and the socket itself

  /** After a worker could not be let in. */
  private static final long PAUSE_NANOS = 200_000_000; // Guess

  private final Path directory;

  // Guarded by this.
  private final ArrayDeque<Path> made = new ArrayDeque<>();
  private int count;
  private @Nullable ServerSocketChannel server;
  private boolean closed;

  private final Map<Integer, Door> expected = new ConcurrentHashMap<>();

  /** What is being made for the first workers; null when it is, or was not begun. */
  private @Nullable Making making;

  /** Whether workers will come soon, and {@link #awaitReady} prepares for them. */
  private final boolean prepares;

  /** FIFOs that a process makes; null if it could not be started. */
  private record Making(@Nullable Process process, List<Path> paths) {}

  /**
   * Creates a server, and begins to make what it needs: see {@link #awaitReady}.
   *
   * @param workers how many workers will come soon; with 0 nothing is made until one does
   */
  public HandshakeServer(Path directory, int workers) {
    this.directory = directory;
    this.prepares = workers > 0;
    this.making = prepares ? beginFifos(workers) : null;
  }

  /**
   * Waits until workers can be let in.
   *
   * @throws IOException if none can be
   */
  public synchronized void awaitReady() throws IOException {
    if (prepares) {
      listenUnlessMade();
    }
  }

  private void listenUnlessMade() throws IOException {
    Making first = making;
    making = null;
    if ((first == null || !areMade(first)) && server == null && !closed) {
      server = listen();
    }
  }

  /** The entrance of one worker that comes through the socket. */
  private final class Door implements Entrance {
    private final int number;
    private final String token;
    private final CompletableFuture<SocketChannel> channel = new CompletableFuture<>();

    Door(int number, String token) {
      this.number = number;
      this.token = token;
    }

    @Override
    public Path path() {
      return directory.resolve(NAME);
    }

    @Override
    public Connection accept() throws IOException, InterruptedException {
      try {
        return new SocketConnection(channel.get());
      } catch (ExecutionException | CancellationException e) {
        throw (EOFException) new EOFException("it ended before it connected").initCause(e);
      } finally {
        close();
      }
    }

    @Override
    public void close() {
      expected.remove(number, this);
      // Does nothing if the worker has connected: then the thread that waited for it has the
      // channel, and closes it.
      channel.cancel(false);
    }

    boolean admit(ByteBuffer hello, SocketChannel came) {
      return Hello.isFrom(number, token, hello) && channel.complete(came);
    }
  }

  /** Makes an entrance for the worker with this number, once, if it presents the token. */
  public synchronized Entrance expect(int number, String token) throws IOException {
    if (making != null) {
      listenUnlessMade();
    }
    while (!made.isEmpty() || areMade(beginFifos(1))) {
      try {
        return Fifos.open(made.remove(), number, token);
      } catch (NoSuchFileException e) {
        made.clear(); // somebody has deleted the folder, and it was made again
      }
    }
    listenUnlessMade();
    var door = new Door(number, token);
    expected.put(number, door);
    return door;
  }

  /** Makes FIFOs at these paths, unless that is not possible here, or sockets are wanted. */
  public static void makeFifos(List<Path> paths) {
    if (!wantsSockets()) {
      Fifos.make(paths);
    }
  }

  private static boolean wantsSockets() {
    return "sockets".equals(System.getProperty(PROPERTY));
  }

  private synchronized @Nullable Making beginFifos(int wanted) {
    if (closed || wantsSockets()) {
      return null;
    }
    var paths = new ArrayList<Path>();
    for (int i = 0; i < wanted; i++) {
      paths.add(directory.resolve(Fifos.NAME + ++count));
    }
    return new Making(Fifos.beginMaking(paths), paths);
  }

  private synchronized boolean areMade(@Nullable Making begun) {
    return begun != null
        && Fifos.areMade(begun.process(), begun.paths())
        && made.addAll(begun.paths());
  }

  private ServerSocketChannel listen() throws IOException {
    // The JDK's sockets need some for their classes to be initialized, which is tried once: a
    // program without any at that moment would have no sockets for the rest of its life.
    Descriptors.require(SOCKETS_NEED);
    ServerSocketChannel listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      listening.bind(UnixDomainSocketAddress.of(directory.resolve(NAME)));
      var _ = OwnThreads.daemon("fornada-handshake").start(() -> acceptAll(listening));
      return listening;
    } catch (IOException | RuntimeException | Error e) { // such as no memory for another thread
      closeQuietly(listening);
      throw e;
    }
  }

  /** Listens at the same path again, if the socket was deleted from outside. */
  public synchronized void restore() throws IOException {
    ServerSocketChannel before = server;
    if (before != null && !closed && !Files.exists(directory.resolve(NAME))) {
      server = listen();
      closeQuietly(before);
    }
  }

  /** Returns a new secret, in hexadecimal. */
  public static String newToken() {
    return Secrets.hexadecimal(TOKEN_BYTES);
  }

  private void acceptAll(ServerSocketChannel from) {
    while (from.isOpen()) {
      SocketChannel channel = null;
      try {
        SocketChannel came = from.accept();
        channel = came;
        // One thread for each connection: a peer that connects and sends nothing must not block the
        // next one.
        var _ = OwnThreads.daemon("fornada-handshake-peer").start(() -> admit(came));
      } catch (OutOfMemoryError e) { // no thread, and perhaps no memory, can be had at the moment
        closeQuietly(channel);
        Log.get().log(System.Logger.Level.WARNING, "a worker could not be let in", e);
      } catch (ClosedChannelException e) {
        return;
      } catch (IOException e) {
        Log.get().log(System.Logger.Level.WARNING, "a worker could not be let in", e);
        LockSupport.parkNanos(PAUSE_NANOS); // it may fail again, such as for want of a descriptor
      }
    }
  }

  private void admit(SocketChannel channel) {
    boolean admitted = false;
    try {
      var hello = ByteBuffer.allocate(Hello.BYTES);
      readFully(channel, hello);
      Door door = expected.get(hello.getInt(0));
      admitted = door != null && door.admit(hello, channel);
      if (!admitted) {
        Log.get()
            .log(
                System.Logger.Level.WARNING,
                "a peer without the token of an expected worker was turned away from the pool's"
                    + " socket");
      }
    } catch (IOException e) {
      Log.get().log(System.Logger.Level.WARNING, "a peer left the pool's socket without a word", e);
    } finally {
      if (!admitted) {
        closeQuietly(channel);
      }
    }
  }

  /**
   * Connects to a pool and presents the token. Called by the worker.
   *
   * @param entrance the path of its {@link Entrance}
   * @throws java.net.ConnectException if the pool is gone
   */
  public static Connection connect(Path entrance, int number, String token) throws IOException {
    return String.valueOf(entrance.getFileName()).startsWith(Fifos.NAME)
        ? Fifos.connect(entrance, number, token)
        : connectToSocket(entrance, number, token);
  }

  private static Connection connectToSocket(Path socket, int number, String token)
      throws IOException {
    var connection = new SocketConnection(SocketChannel.open(UnixDomainSocketAddress.of(socket)));
    Hello.send(number, token, connection);
    return connection;
  }

  /** Fills the buffer and flips it. */
  static void readFully(SocketChannel channel, ByteBuffer into) throws IOException {
    while (into.hasRemaining()) {
      if (channel.read(into) < 0) {
        throw new EOFException("the other side is gone");
      }
    }
    into.flip();
  }

  public static void closeQuietly(@Nullable AutoCloseable closeable) {
    if (closeable != null) {
      try {
        closeable.close();
      } catch (Exception e) {
        Log.get().log(System.Logger.Level.DEBUG, "while closing " + closeable, e);
      }
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    closeQuietly(server);
  }
}
