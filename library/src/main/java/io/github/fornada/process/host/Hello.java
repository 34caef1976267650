package io.github.fornada.process.host;

import io.github.fornada.process.wire.Connection;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.HexFormat;

/** The first bytes from a worker: its number and its token. */
final class Hello {
  static final int BYTES = Integer.BYTES + HandshakeServer.TOKEN_BYTES;

  private Hello() {}

  static void send(int number, String token, Connection to) throws IOException {
    var hello = ByteBuffer.allocate(BYTES);
    hello.putInt(number).put(HexFormat.of().parseHex(token)).flip();
    while (hello.hasRemaining()) {
      int _ = to.write(hello);
    }
  }

  /** Returns whether the worker with this number and this token has sent it. */
  static boolean isFrom(int number, String token, ByteBuffer hello) {
    int came = hello.getInt();
    byte[] bytes = new byte[HandshakeServer.TOKEN_BYTES];
    hello.get(bytes);
    // takes as long for each wrong token, so that none can be found byte by byte
    return MessageDigest.isEqual(bytes, HexFormat.of().parseHex(token)) && came == number;
  }
}
