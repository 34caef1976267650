package io.github.fornada.scenarios.chat;

import java.nio.ByteBuffer;

/** Frames of the WebSocket protocol (RFC 6455), as both sides write them. */
final class Frames {
  static final int CONTINUATION = 0;
  static final int TEXT = 1;
  static final int CLOSE = 8;
  static final int PING = 9;
  static final int PONG = 10;

  /** Why a connection is closed: all is said. */
  static final int NORMAL = 1000;

  /** The other side does not keep to the protocol. */
  static final int PROTOCOL_ERROR = 1002;

  /** Stands for a close frame that has no code. */
  static final int NO_CODE = 1005;

  /** A text is not UTF-8. */
  static final int NOT_TEXT = 1007;

  /** The other side does not keep to the rules of this server, such as that it must read. */
  static final int POLICY = 1008;

  /** A message is longer than this side takes. */
  static final int TOO_BIG = 1009;

  /** The bit that says that the frame is the last of its message. */
  static final int LAST = 0x80;

  /** The bit that says that the payload is masked. */
  static final int MASKED = 0x80;

  private Frames() {}

  /** Returns a whole message of a server, which masks nothing. */
  static byte[] ofServer(int opcode, byte[] payload) {
    return frame(opcode, true, payload, false, 0);
  }

  /** Returns the close frame of a server. */
  static byte[] closeOfServer(int code) {
    return ofServer(CLOSE, code(code));
  }

  /** Returns a close frame's payload: the code. */
  static byte[] code(int code) {
    return new byte[] {(byte) (code >> 8), (byte) code};
  }

  /**
   * Returns a frame of a client.
   *
   * @param last whether the message ends with it
   * @param mask what every four bytes of the payload are changed by
   */
  static byte[] ofClient(int opcode, boolean last, byte[] payload, int mask) {
    return frame(opcode, last, payload, true, mask);
  }

  /** Returns what byte {@code at} of a payload is changed by. */
  static byte maskOf(int mask, int at) {
    return (byte) (mask >> (24 - 8 * (at & 3)));
  }

  private static byte[] frame(int opcode, boolean last, byte[] payload, boolean masked, int mask) {
    int length = payload.length;
    int extended = length < 126 ? 0 : length < 1 << 16 ? 2 : 8;
    var frame = ByteBuffer.allocate(2 + extended + (masked ? 4 : 0) + length);
    frame.put((byte) (opcode | (last ? LAST : 0)));
    int bit = masked ? MASKED : 0;
    switch (extended) {
      case 0 -> frame.put((byte) (bit | length));
      case 2 -> frame.put((byte) (bit | 126)).putShort((short) length);
      default -> frame.put((byte) (bit | 127)).putLong(length);
    }
    if (masked) {
      frame.putInt(mask);
      for (int i = 0; i < length; i++) {
        frame.put((byte) (payload[i] ^ maskOf(mask, i)));
      }
    } else {
      frame.put(payload);
    }
    return frame.array();
  }
}
