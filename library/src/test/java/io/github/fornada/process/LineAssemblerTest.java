package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Lines of what a worker prints, which comes in pieces of any length. */
class LineAssemblerTest {
  private static List<String> lines(byte[] printed, int piece) {
    var lines = new ArrayList<String>();
    var assembler = new LineAssembler(line -> lines.add(new String(line, StandardCharsets.UTF_8)));
    for (int from = 0; from < printed.length; from += piece) {
      assembler.add(printed, from, Math.min(piece, printed.length - from));
    }
    assembler.end();
    return lines;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 8192, 1_000_000})
  void aLongLineIsNotCutWithinACharacter(int piece) {
    String text = "xx" + "\u20ac".repeat(30_000) + "\ud83d\ude00".repeat(30_000);
    List<String> lines = lines((text + "\nshort\n").getBytes(StandardCharsets.UTF_8), piece);
    assertThat(String.join("", lines)).isEqualTo(text + "\nshort\n");
    assertThat(lines).hasSizeGreaterThan(3).noneMatch(line -> line.contains("\ufffd"));
    assertThat(lines.getLast()).isEqualTo("short\n");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 8192})
  void whatIsNoTextIsBoundedToo(int piece) {
    byte[] printed = new byte[300_000];
    Arrays.fill(printed, (byte) 0x80);
    assertThat(lines(printed, piece)).hasSize(5);
  }
}
