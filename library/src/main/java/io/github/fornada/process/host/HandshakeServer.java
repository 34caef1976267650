package io.github.fornada.process.host;

import io.github.fornada.jvm.Log;
import io.github.fornada.jvm.OwnThreads;
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
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Accepts workers: a Unix-domain socket in the pool's private folder. A worker that connects
 * presents a token that only this worker received, through its standard input. Other connections
 * are dropped and logged.
 */
public final class HandshakeServer implements AutoCloseable {
  /** The charset in which a JVM reads its arguments and file names, and a worker its token. */
  public static final Charset PLATFORM_CHARSET =
      Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));

  public static final int TOKEN_BYTES = 32;

  /** The socket's name in the private folder. */
  public static final String NAME = "door";

  /** A worker that may connect, once. */
  @SuppressWarnings("ArrayRecordComponent") // never compared as a whole
  private record Expected(byte[] token, CompletableFuture<SocketChannel> channel) {}

  private final Path socket;

  // Written under this monitor.
  private volatile ServerSocketChannel server;
  private boolean closed;
  private final Map<Integer, Expected> expected = new ConcurrentHashMap<>();

  public HandshakeServer(Path socket) throws IOException {
    this.socket = socket;
    this.server = listen(socket);
    start(server);
  }

  private static ServerSocketChannel listen(Path socket) throws IOException {
    ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      return server.bind(UnixDomainSocketAddress.of(socket));
    } catch (IOException | RuntimeException e) {
      closeQuietly(server);
      throw e;
    }
  }

  private void start(ServerSocketChannel from) {
    try {
      var _ = OwnThreads.daemon("fornada-handshake").start(() -> acceptAll(from));
    } catch (OutOfMemoryError e) { // no memory for another thread
      closeQuietly(from);
      throw e;
    }
  }

  /** Listens at the same path again, if the socket was deleted from outside. */
  public synchronized void restore() throws IOException {
    if (!closed && !Files.exists(socket)) {
      ServerSocketChannel before = server;
      ServerSocketChannel after = listen(socket);
      start(after);
      server = after;
      closeQuietly(before);
    }
  }

  /** Returns a new secret, in hexadecimal. */
  public static String newToken() {
    return Secrets.hexadecimal(TOKEN_BYTES);
  }

  /** Accepts the worker with this number, once, if it presents the token. */
  public CompletableFuture<SocketChannel> expect(int number, String token) {
    var entry = new Expected(HexFormat.of().parseHex(token), new CompletableFuture<>());
    expected.put(number, entry);
    return entry.channel();
  }

  /** Called when the worker with this number will not connect any more. */
  public void forget(int number) {
    Expected entry = expected.remove(number);
    if (entry != null) {
      // Does nothing if the worker has connected: then the thread that waited for it has the
      // channel, and closes it.
      entry.channel().cancel(false);
    }
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
      }
    }
  }

  private void admit(SocketChannel channel) {
    boolean admitted = false;
    try {
      var hello = ByteBuffer.allocate(4 + TOKEN_BYTES);
      readFully(channel, hello);
      int number = hello.getInt();
      byte[] token = new byte[TOKEN_BYTES];
      hello.get(token);
      Expected entry = expected.get(number);
      admitted =
          entry != null
              && MessageDigest.isEqual(token, entry.token())
              && entry.channel().complete(channel);
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

  /** Connects to a pool and presents the token. Called by the worker. */
  public static SocketChannel connect(Path socket, int number, String token) throws IOException {
    SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
    var hello = ByteBuffer.allocate(4 + TOKEN_BYTES);
    hello.putInt(number).put(HexFormat.of().parseHex(token)).flip();
    while (hello.hasRemaining()) {
      channel.write(hello);
    }
    return channel;
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
