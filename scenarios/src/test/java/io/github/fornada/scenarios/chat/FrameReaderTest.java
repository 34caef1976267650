package io.github.fornada.scenarios.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Frames as RFC 6455 has them. */
final class FrameReaderTest {
  /** Notes what it is told. */
  private static final class Heard implements FrameReader.Listener {
    private final List<String> all = new ArrayList<>();

    @Override
    public void text(byte[] utf8) {
      all.add("text " + new String(utf8, StandardCharsets.UTF_8));
    }

    @Override
    public void ping(byte[] payload) {
      all.add("ping " + new String(payload, StandardCharsets.UTF_8));
    }

    @Override
    public void pong(byte[] payload) {
      all.add("pong " + new String(payload, StandardCharsets.UTF_8));
    }

    @Override
    public void close(int code) {
      all.add("close " + code);
    }
  }

  private static List<String> read(boolean masked, int piece, byte[] bytes) throws IOException {
    var heard = new Heard();
    var reader = new FrameReader(masked, 1_000);
    for (int at = 0; at < bytes.length; at += piece) {
      byte[] some = Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + piece));
      reader.take(some, some.length, heard);
    }
    return heard.all;
  }

  private static byte[] hex(String hex) {
    return HexFormat.of().parseHex(hex.replace(" ", ""));
  }

  private static byte[] joined(byte[]... parts) {
    int length = Arrays.stream(parts).mapToInt(part -> part.length).sum();
    var all = new byte[length];
    int at = 0;
    for (byte[] part : parts) {
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return all;
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void theExamplesOfTheRfcAreRead() throws Exception {
    assertThat(read(false, 100, hex("81 05 48 65 6c 6c 6f"))).containsExactly("text Hello");
    assertThat(read(true, 100, hex("81 85 37 fa 21 3d 7f 9f 4d 51 58")))
        .containsExactly("text Hello");
    assertThat(read(false, 100, hex("01 03 48 65 6c 80 02 6c 6f"))).containsExactly("text Hello");
    assertThat(read(false, 100, hex("89 05 48 65 6c 6c 6f"))).containsExactly("ping Hello");
  }

  @Test
  void theExamplesOfTheRfcAreWritten() {
    assertThat(Frames.ofServer(Frames.TEXT, utf8("Hello"))).isEqualTo(hex("81 05 48 65 6c 6c 6f"));
    assertThat(Frames.ofClient(Frames.TEXT, true, utf8("Hello"), 0x37fa213d))
        .isEqualTo(hex("81 85 37 fa 21 3d 7f 9f 4d 51 58"));
    assertThat(Arrays.copyOf(Frames.ofServer(Frames.TEXT, new byte[256]), 4))
        .isEqualTo(hex("81 7e 01 00"));
    assertThat(Arrays.copyOf(Frames.ofServer(Frames.TEXT, new byte[65_536]), 10))
        .isEqualTo(hex("81 7f 00 00 00 00 00 01 00 00"));
  }

  @Test
  void bytesMayComeInPiecesOfAnyLength() throws Exception {
    byte[] bytes =
        joined(
            Frames.ofClient(Frames.TEXT, false, utf8("pão "), 0x01020304),
            Frames.ofClient(Frames.PING, true, utf8("?"), 0x7f00ff00),
            Frames.ofClient(Frames.CONTINUATION, true, utf8("de queijo".repeat(30)), -1),
            Frames.ofClient(Frames.PONG, true, utf8("!"), 5),
            Frames.ofClient(Frames.CLOSE, true, Frames.code(1001), 9));
    for (int piece = 1; piece <= bytes.length; piece++) {
      assertThat(read(true, piece, bytes))
          .containsExactly("ping ?", "text pão " + "de queijo".repeat(30), "pong !", "close 1001");
    }
  }

  @Test
  void nothingIsReadAfterAClose() throws Exception {
    byte[] bytes =
        joined(Frames.closeOfServer(Frames.NORMAL), Frames.ofServer(Frames.TEXT, utf8("more")));
    assertThat(read(false, 100, bytes)).containsExactly("close 1000");
    assertThat(read(false, 100, hex("88 00"))).containsExactly("close 1005");
  }

  @Test
  void whatIsNoFrameIsRefusedWithItsCode() {
    refused(true, "81 05 48 65 6c 6c 6f", Frames.PROTOCOL_ERROR); // not masked
    refused(false, "81 85 37 fa 21 3d 7f 9f 4d 51 58", Frames.PROTOCOL_ERROR); // masked
    refused(false, "c1 00", Frames.PROTOCOL_ERROR); // an extension
    refused(false, "80 00", Frames.PROTOCOL_ERROR); // a part of nothing
    refused(false, "01 01 61 81 01 62", Frames.PROTOCOL_ERROR); // a message within a message
    refused(false, "09 00", Frames.PROTOCOL_ERROR); // a ping in parts
    refused(false, "89 7e 00 7e", Frames.PROTOCOL_ERROR); // a long ping
    refused(false, "83 00", Frames.PROTOCOL_ERROR); // a reserved type
    refused(false, "88 01 03", Frames.PROTOCOL_ERROR); // half a code
    refused(false, "81 02 c3 28", Frames.NOT_TEXT);
    refused(false, "81 7e 03 e9", Frames.TOO_BIG); // 1001 bytes
    refused(false, "81 7f ff ff ff ff ff ff ff ff", Frames.TOO_BIG); // less than 0
  }

  private static void refused(boolean masked, String bytes, int code) {
    assertThatThrownBy(() -> read(masked, 100, hex(bytes)))
        .isInstanceOfSatisfying(ProtocolException.class, e -> assertThat(e.code()).isEqualTo(code));
  }

  @Test
  void aMessageInPartsMayNotBeLongerThanOneInAWhole() {
    var part = new byte[600];
    assertThatThrownBy(() ->
            read(
                false,
                100,
                joined(hex("01 7e 02 58"), part, Frames.ofServer(Frames.CONTINUATION, part))))
        .isInstanceOfSatisfying(
            ProtocolException.class, e -> assertThat(e.code()).isEqualTo(Frames.TOO_BIG));
  }

  @Test
  void theAnswerToAKeyIsThatOfTheRfc() {
    assertThat(Handshake.answer("dGhlIHNhbXBsZSBub25jZQ=="))
        .isEqualTo("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  }
}
