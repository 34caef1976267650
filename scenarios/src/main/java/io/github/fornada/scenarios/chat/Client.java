package io.github.fornada.scenarios.chat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** One of the crowd: a connection that says its part and checks what it hears. For one thread. */
final class Client implements FrameReader.Listener {
  /** What the system holds for a client that does not read, in bytes. */
  private static final int RECEIVE_BUFFER = 16 << 10;

  private final int number;
  private final Hearing hearing;
  private final SocketChannel channel;
  private final SelectionKey key;
  private final SplittableRandom random;
  private final String secret;
  private final FrameReader frames = new FrameReader(false, 2 * Connection.LONGEST);

  private String head = ""; // of the answer, as far as it has come
  private boolean open;
  private @Nullable ByteBuffer unsent;
  private int[] next = {}; // by speaker of the room: the number of the message to come

  /** What the crowd does about what one of it hears. */
  interface Hearing {
    /** The server has let it in. */
    void open(Client client);

    /** A message has come. */
    void message(Client client, String text) throws IOException;

    /** A ping was answered. */
    void pong();

    /**
     * The connection is at its end.
     *
     * @param code of the server's close frame; -1 if there was none
     */
    void closed(Client client, int code);
  }

  /** Begins to connect. */
  Client(int number, int port, Selector selector, Hearing hearing) throws IOException {
    this.number = number;
    this.hearing = hearing;
    this.random = new SplittableRandom(number);
    var bytes = new byte[16];
    random.nextBytes(bytes);
    this.secret = Base64.getEncoder().encodeToString(bytes);
    this.channel = SocketChannel.open();
    channel.configureBlocking(false);
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    channel.setOption(StandardSocketOptions.SO_RCVBUF, RECEIVE_BUFFER);
    // Nothing is left of a connection when it is closed, or the next run would find no port.
    channel.setOption(StandardSocketOptions.SO_LINGER, 0);
    boolean connected =
        channel.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    this.key =
        channel.register(
            selector, connected ? SelectionKey.OP_WRITE : SelectionKey.OP_CONNECT, this);
  }

  int number() {
    return number;
  }

  /**
   * Does what the selector says can be done.
   *
   * @param room for what is read, which is not kept
   * @param path what a client that is not let in yet asks for
   */
  void ready(byte[] room, String path) {
    try {
      if (key.isConnectable()) {
        channel.finishConnect();
        key.interestOps(SelectionKey.OP_READ);
        write(Handshake.request(path, secret).getBytes(StandardCharsets.ISO_8859_1));
        return;
      }
      if (key.isWritable()) {
        flush(path);
      }
      if (key.isValid() && key.isReadable()) {
        read(room);
      }
    } catch (IOException e) {
      end(-1);
    }
  }

  private void read(byte[] bytes) throws IOException {
    int n = channel.read(ByteBuffer.wrap(bytes));
    if (n < 0) {
      end(-1);
      return;
    }
    if (open) {
      frames.take(bytes, n, this);
      return;
    }
    head += new String(bytes, 0, n, StandardCharsets.ISO_8859_1);
    int end = head.indexOf(Handshake.END);
    if (end >= 0) {
      byte[] rest =
          head.substring(end + Handshake.END.length()).getBytes(StandardCharsets.ISO_8859_1);
      Handshake.check(head.substring(0, end), secret);
      head = "";
      open = true;
      hearing.open(this);
      frames.take(rest, rest.length, this);
    }
  }

  /** Stops or begins to read. */
  void reads(boolean on) {
    if (key.isValid()) {
      key.interestOps(on ? SelectionKey.OP_READ : 0);
    }
  }

  /** Gets ready to hear this many speakers. */
  void expect(int speakers) {
    next = new int[speakers];
  }

  /**
   * Returns how the number of a message compares with the one to come: negative if it came before,
   * positive if one before it did not.
   */
  int order(int speaker, int message) {
    int off = message - next[speaker];
    if (off >= 0) {
      next[speaker] = message + 1;
    }
    return off;
  }

  /** Says something, in two parts with a ping between them if {@code parts}. */
  void say(String text, boolean parts) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    try {
      if (!parts) {
        write(frame(Frames.TEXT, true, utf8));
        return;
      }
      int half = utf8.length / 2; // in the middle of a letter, perhaps
      write(frame(Frames.TEXT, false, Arrays.copyOf(utf8, half)));
      write(frame(Frames.PING, true, new byte[] {'?'}));
      write(frame(Frames.CONTINUATION, true, Arrays.copyOfRange(utf8, half, utf8.length)));
    } catch (IOException e) {
      end(-1);
    }
  }

  private byte[] frame(int opcode, boolean last, byte[] payload) {
    return Frames.ofClient(opcode, last, payload, random.nextInt());
  }

  private void write(byte[] bytes) throws IOException {
    ByteBuffer before = unsent;
    ByteBuffer all;
    if (before == null) {
      all = ByteBuffer.wrap(bytes);
      channel.write(all);
    } else {
      all = ByteBuffer.allocate(before.remaining() + bytes.length).put(before).put(bytes).flip();
    }
    unsent = all.hasRemaining() ? all : null;
    if (all.hasRemaining()) {
      key.interestOpsOr(SelectionKey.OP_WRITE);
    }
  }

  private void flush(String path) throws IOException {
    ByteBuffer rest = unsent;
    if (rest != null) {
      channel.write(rest);
      if (rest.hasRemaining()) {
        return;
      }
      unsent = null;
    } else if (!open && head.isEmpty()) {
      // It was connected at once, and has asked for nothing yet.
      key.interestOps(SelectionKey.OP_READ);
      write(Handshake.request(path, secret).getBytes(StandardCharsets.ISO_8859_1));
      return;
    }
    key.interestOpsAnd(~SelectionKey.OP_WRITE);
  }

  /** Ends the connection at once. */
  void hangUp() {
    open = false;
    key.cancel();
    try {
      channel.close();
    } catch (IOException e) {
      return; // it is closed even so
    }
  }

  private void end(int code) {
    if (key.isValid()) {
      hangUp();
      hearing.closed(this, code);
    }
  }

  @Override
  public void text(byte[] utf8) throws IOException {
    hearing.message(this, new String(utf8, StandardCharsets.UTF_8));
  }

  @Override
  public void ping(byte[] payload) throws IOException {
    write(frame(Frames.PONG, true, payload));
  }

  @Override
  public void pong(byte[] payload) {
    hearing.pong();
  }

  @Override
  public void close(int code) throws IOException {
    write(frame(Frames.CLOSE, true, Frames.code(Frames.NORMAL)));
    end(code);
  }
}
