package io.github.fornada.scenarios.largefiles;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The readers, from plain to fast, and the one that only has to be right. */
final class Readers {
  private Readers() {}

  /**
   * A part of the file that begins after a newline and ends at one.
   *
   * @param file the file
   * @param from offset of its first byte
   * @param to offset after its last byte
   */
  record Chunk(String file, long from, long to) {}

  /** Returns the file in about {@code count} chunks of whole lines. */
  static List<Chunk> chunks(Path file, int count) throws IOException {
    try (Arena arena = Arena.ofConfined();
        FileChannel channel = FileChannel.open(file)) {
      MemorySegment all = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      long size = all.byteSize();
      var chunks = new ArrayList<Chunk>();
      long from = 0;
      for (int i = 1; i <= count && from < size; i++) {
        long to = Math.max(from, size * i / count);
        while (to < size && all.get(ValueLayout.JAVA_BYTE, to) != '\n') {
          to++;
        }
        to = Math.min(size, to + 1);
        if (to > from) {
          chunks.add(new Chunk(file.toString(), from, to));
        }
        from = to;
      }
      return chunks;
    }
  }

  /**
   * Right and slow: every number a decimal, and the mean rounded as the challenge says, a half
   * towards the positive. Shares no code with the others.
   */
  static String exact(Path file) throws IOException {
    record Exact(BigDecimal min, BigDecimal max, BigDecimal sum, long count) {
      Exact and(Exact other) {
        return new Exact(
            min.min(other.min), max.max(other.max), sum.add(other.sum), count + other.count);
      }

      String text() {
        BigDecimal mean =
            sum.divide(BigDecimal.valueOf(count), new MathContext(60, RoundingMode.FLOOR))
                .add(new BigDecimal("0.05"))
                .setScale(1, RoundingMode.FLOOR);
        return min.toPlainString() + "/" + mean.toPlainString() + "/" + max.toPlainString();
      }
    }
    var all = new TreeMap<String, Exact>();
    try (BufferedReader reader = Files.newBufferedReader(file)) {
      String line;
      while ((line = reader.readLine()) != null) {
        int at = line.indexOf(';');
        var value = new BigDecimal(line.substring(at + 1));
        all.merge(line.substring(0, at), new Exact(value, value, value, 1), Exact::and);
      }
    }
    return all.entrySet().stream()
        .map(entry -> entry.getKey() + "=" + entry.getValue().text())
        .collect(Collectors.joining(", ", "{", "}"));
  }

  /** The first version that one writes: a reader, lines, a map. */
  static String plain(Path file) throws IOException {
    var all = new HashMap<String, Station>();
    try (BufferedReader reader = Files.newBufferedReader(file)) {
      String line;
      while ((line = reader.readLine()) != null) {
        int at = line.indexOf(';');
        double value = Double.parseDouble(line.substring(at + 1));
        all.merge(line.substring(0, at), Station.of((int) Math.round(value * 10)), Station::and);
      }
    }
    return Station.text(List.of(all));
  }

  /** The second: the file mapped, bytes instead of lines, a String only for the map's key. */
  static Map<String, Station> mapped(Chunk chunk) throws IOException {
    try (Arena arena = Arena.ofConfined();
        FileChannel channel = FileChannel.open(Path.of(chunk.file()))) {
      MemorySegment bytes =
          channel.map(
              FileChannel.MapMode.READ_ONLY, chunk.from(), chunk.to() - chunk.from(), arena);
      var all = new HashMap<String, Station>();
      var name = new byte[100];
      long size = bytes.byteSize();
      long at = 0;
      while (at < size) {
        int length = 0;
        byte b;
        while ((b = bytes.get(ValueLayout.JAVA_BYTE, at++)) != ';') {
          name[length++] = b;
        }
        boolean negative = false;
        int tenths = 0;
        while (at < size && (b = bytes.get(ValueLayout.JAVA_BYTE, at++)) != '\n') {
          if (b == '-') {
            negative = true;
          } else if (b != '.') {
            tenths = 10 * tenths + (b - '0');
          }
        }
        all.merge(
            new String(name, 0, length, StandardCharsets.UTF_8),
            Station.of(negative ? -tenths : tenths),
            Station::and);
      }
      return all;
    }
  }
}
