package io.github.fornada.scenarios.chat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Takes bytes as they come and makes frames and messages of them. Between two frames it holds no
 * more than a few words: most connections are idle most of the time. For one thread at a time.
 */
final class FrameReader {
  private static final byte[] NONE = {};
  private static final int LONGEST_CONTROL = 125;

  private final boolean masked;
  private final int longest;
  private byte[] begun = NONE; // of a frame that has not come to its end
  private @Nullable ByteArrayOutputStream fragments; // of a message that has not come to its end
  private boolean closed;

  /** What becomes of what was read. */
  interface Listener {
    /** A whole message, valid UTF-8. */
    void text(byte[] utf8) throws IOException;

    /** The other side asks whether this one is there. */
    void ping(byte[] payload) throws IOException;

    /** The other side is there. */
    void pong(byte[] payload) throws IOException;

    /** The other side sends nothing after this. */
    void close(int code) throws IOException;
  }

  /**
   * Creates a reader.
   *
   * @param masked whether frames must be masked, as those of clients must, and those of servers
   *     must not
   * @param longest the longest message that is taken, in bytes
   */
  FrameReader(boolean masked, int longest) {
    this.masked = masked;
    this.longest = longest;
  }

  /**
   * Takes the first {@code count} of these bytes.
   *
   * @throws ProtocolException if they are no frames
   * @throws IOException what the listener throws
   */
  void take(byte[] bytes, int count, Listener listener) throws IOException {
    byte[] all = bytes;
    int end = count;
    if (begun.length > 0) {
      all = Arrays.copyOf(begun, begun.length + count);
      System.arraycopy(bytes, 0, all, begun.length, count);
      end = all.length;
    }
    int at = 0;
    while (!closed) {
      int taken = frame(ByteBuffer.wrap(all, at, end - at), listener);
      if (taken == 0) {
        break;
      }
      at += taken;
    }
    begun = closed || at == end ? NONE : Arrays.copyOfRange(all, at, end);
  }

  /** Takes one frame. Returns how long it was; 0 if it is not all there yet. */
  private int frame(ByteBuffer bytes, Listener listener) throws IOException {
    int from = bytes.position();
    if (bytes.remaining() < 2) {
      return 0;
    }
    int first = bytes.get();
    int second = bytes.get();
    if ((first & 0x70) != 0) {
      throw new ProtocolException(Frames.PROTOCOL_ERROR, "an extension that nobody agreed on");
    }
    if ((second & Frames.MASKED) != 0 != masked) {
      throw new ProtocolException(
          Frames.PROTOCOL_ERROR, masked ? "a frame is not masked" : "a frame is masked");
    }
    int opcode = first & 0x0F;
    boolean last = (first & Frames.LAST) != 0;
    long length = second & 0x7F;
    if (length > LONGEST_CONTROL) {
      int width = length == 126 ? 2 : 8;
      if (bytes.remaining() < width) {
        return 0;
      }
      length = width == 2 ? bytes.getShort() & 0xFFFF : bytes.getLong();
    }
    boolean control = opcode >= Frames.CLOSE;
    if (control && (!last || length > LONGEST_CONTROL)) {
      throw new ProtocolException(Frames.PROTOCOL_ERROR, "a control frame in parts, or too long");
    }
    if (length < 0 || length > longest - (control ? 0 : fragmentBytes())) {
      throw new ProtocolException(Frames.TOO_BIG, "a message of more than " + longest + " bytes");
    }
    if (bytes.remaining() < length + (masked ? 4 : 0)) {
      return 0;
    }
    int mask = masked ? bytes.getInt() : 0;
    var payload = new byte[(int) length];
    bytes.get(payload);
    for (int i = 0; masked && i < payload.length; i++) {
      payload[i] ^= Frames.maskOf(mask, i);
    }
    tell(opcode, last, payload, listener);
    return bytes.position() - from;
  }

  private int fragmentBytes() {
    return fragments == null ? 0 : fragments.size();
  }

  private void tell(int opcode, boolean last, byte[] payload, Listener listener)
      throws IOException {
    switch (opcode) {
      case Frames.TEXT, Frames.CONTINUATION -> part(opcode, last, payload, listener);
      case Frames.PING -> listener.ping(payload);
      case Frames.PONG -> listener.pong(payload);
      case Frames.CLOSE -> {
        closed = true;
        if (payload.length == 1) {
          throw new ProtocolException(Frames.PROTOCOL_ERROR, "half a close code");
        }
        listener.close(
            payload.length == 0
                ? Frames.NO_CODE
                : ((payload[0] & 0xFF) << 8) | (payload[1] & 0xFF));
      }
      default ->
          throw new ProtocolException(
              Frames.PROTOCOL_ERROR, "a frame of type " + opcode + ", which is not for a chat");
    }
  }

  private void part(int opcode, boolean last, byte[] payload, Listener listener)
      throws IOException {
    ByteArrayOutputStream before = fragments;
    if (opcode == Frames.CONTINUATION != (before != null)) {
      throw new ProtocolException(
          Frames.PROTOCOL_ERROR,
          before == null ? "a part of no message" : "a message within a message");
    }
    if (before == null && last) {
      listener.text(checked(payload));
      return;
    }
    var parts = before == null ? new ByteArrayOutputStream() : before;
    parts.writeBytes(payload);
    fragments = last ? null : parts;
    if (last) {
      listener.text(checked(parts.toByteArray()));
    }
  }

  private static byte[] checked(byte[] utf8) throws ProtocolException {
    try {
      var _ = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8));
      return utf8;
    } catch (CharacterCodingException e) {
      throw new ProtocolException(Frames.NOT_TEXT, "a text is not UTF-8");
    }
  }
}
