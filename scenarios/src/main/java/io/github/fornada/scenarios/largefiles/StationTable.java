package io.github.fornada.scenarios.largefiles;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * The third reader: eight bytes at a time, numbers without branches, and a table of its own without
 * an object a row. The ideas are those of the challenge's fast entries; the code is our own.
 *
 * <p>The table is open addressing in one {@code long[]}. An entry has sixteen words: the hash and
 * length of the name, count, sum, minimum and maximum, then the name in up to eleven words; longer
 * names continue in a side array.
 */
final class StationTable {
  private static final ValueLayout.OfLong WORD =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final long SEMICOLONS = 0x3B3B_3B3B_3B3B_3B3BL;
  private static final long ONES = 0x0101_0101_0101_0101L;
  private static final long HIGH_BITS = 0x8080_8080_8080_8080L;

  /**
   * The decimal point has bit 4 clear; the digits and what may stand here otherwise have it set.
   */
  private static final long DOT_BITS = 0x10_1010_00L;

  private static final long DIGITS = 0x0F_000F_0F00L;

  /** Weighs the digits 100, 10 and 1 and adds them up, in one multiplication. */
  private static final long WEIGHTS = 100 * 0x100_0000L + 10 * 0x1_0000L + 1;

  /** Reads go up to this far beyond what they need, so the last bytes are read from a copy. */
  private static final int SLACK = 128;

  private static final int ENTRY = 20;
  private static final int KEY = 0;
  private static final int COUNT = 1;
  private static final int SUM = 2;
  private static final int MIN = 3;
  private static final int MAX = 4;
  private static final int NAME = 5;

  /** Words of a name of 100 bytes. */
  private static final int NAME_WORDS = 13;

  private long[] table;
  private int mask;
  private int used;
  private final long[] name = new long[NAME_WORDS];

  private StationTable(int capacity) {
    table = new long[capacity * ENTRY];
    mask = capacity - 1;
  }

  /** Returns the stations of a chunk. */
  static Map<String, Station> read(Readers.Chunk chunk) throws IOException {
    try (Arena arena = Arena.ofConfined();
        FileChannel channel = FileChannel.open(Path.of(chunk.file()))) {
      long size = chunk.to() - chunk.from();
      MemorySegment bytes = channel.map(FileChannel.MapMode.READ_ONLY, chunk.from(), size, arena);
      var stations = new StationTable(1 << 11);
      long safe = Math.max(0, size - 2 * SLACK);
      long at = stations.rows(bytes, 0, safe);
      // The rest, with room behind it and a newline at the end.
      int rest = (int) (size - at);
      MemorySegment tail = arena.allocate(rest + 1 + SLACK);
      MemorySegment.copy(bytes, at, tail, 0, rest);
      boolean ended = rest == 0 || tail.get(ValueLayout.JAVA_BYTE, rest - 1L) == '\n';
      if (!ended) {
        tail.set(ValueLayout.JAVA_BYTE, rest, (byte) '\n');
      }
      var _ = stations.rows(tail, 0, rest);
      return stations.toMap();
    }
  }

  /**
   * Reads whole rows while they begin before {@code limit}.
   *
   * @return the offset after the last row
   */
  private long rows(MemorySegment bytes, long from, long limit) {
    long at = from;
    while (at < limit) {
      long hash = 0;
      int length = 0;
      int words = 0;
      while (true) {
        long word = bytes.get(WORD, at + length);
        long differences = word ^ SEMICOLONS;
        long found = (differences - ONES) & ~differences & HIGH_BITS;
        if (found != 0) {
          int here = Long.numberOfTrailingZeros(found) >>> 3;
          word &= (1L << (here << 3)) - 1; // nothing of the word if the semicolon comes first
          name[words++] = word;
          hash = mix(hash, word);
          length += here;
          break;
        }
        name[words++] = word;
        hash = mix(hash, word);
        length += 8;
      }
      at += length + 1L;
      long number = bytes.get(WORD, at);
      int dot = Long.numberOfTrailingZeros(~number & DOT_BITS); // bit 12, 20 or 28
      long minus = (~number << 59) >> 63; // all ones for a minus, which has bit 4 clear
      long digits = ((number & ~(minus & 0xFF)) << (28 - dot)) & DIGITS;
      int absolute = (int) (((digits * WEIGHTS) >>> 32) & 0x3FF);
      add(hash, length, words, (int) ((absolute ^ minus) - minus));
      at += (dot >>> 3) + 3L; // after the dot a digit, then the newline
    }
    return at;
  }

  private static long mix(long hash, long word) {
    long mixed = (hash ^ word) * 0x9E37_79B9_7F4A_7C15L;
    return mixed ^ (mixed >>> 32);
  }

  private void add(long hash, int length, int words, int tenths) {
    // The length in the low byte; the bit above it tells that the entry is in use.
    long key = (hash << 9) | 0x100 | length;
    int slot = (int) (hash & mask);
    while (true) {
      int entry = slot * ENTRY;
      long found = table[entry + KEY];
      if (found == key && sameName(entry, words)) {
        table[entry + COUNT]++;
        table[entry + SUM] += tenths;
        table[entry + MIN] = Math.min(table[entry + MIN], tenths);
        table[entry + MAX] = Math.max(table[entry + MAX], tenths);
        return;
      }
      if (found == 0) {
        table[entry + KEY] = key;
        table[entry + COUNT] = 1;
        table[entry + SUM] = tenths;
        table[entry + MIN] = tenths;
        table[entry + MAX] = tenths;
        System.arraycopy(name, 0, table, entry + NAME, words);
        if (++used > (mask + 1) / 2) {
          grow();
        }
        return;
      }
      slot = (slot + 1) & mask;
    }
  }

  private boolean sameName(int entry, int words) {
    for (int i = 0; i < words; i++) {
      if (table[entry + NAME + i] != name[i]) {
        return false;
      }
    }
    return true;
  }

  private void grow() {
    long[] old = table;
    int capacity = 2 * (mask + 1);
    table = new long[capacity * ENTRY];
    mask = capacity - 1;
    for (int from = 0; from < old.length; from += ENTRY) {
      if (old[from + KEY] != 0) {
        int words = wordsOf(old, from);
        long hash = 0;
        for (int i = 0; i < words; i++) {
          hash = mix(hash, old[from + NAME + i]);
        }
        int slot = (int) (hash & mask);
        while (table[slot * ENTRY + KEY] != 0) {
          slot = (slot + 1) & mask;
        }
        System.arraycopy(old, from, table, slot * ENTRY, ENTRY);
      }
    }
  }

  /** Returns how many words were hashed: one more than is full, for the semicolon ends the last. */
  private static int wordsOf(long[] table, int entry) {
    return (int) (table[entry + KEY] & 0xFF) / 8 + 1;
  }

  private Map<String, Station> toMap() {
    var all = new HashMap<String, Station>(2 * used);
    for (int entry = 0; entry < table.length; entry += ENTRY) {
      if (table[entry + KEY] != 0) {
        var bytes = new byte[(int) (table[entry + KEY] & 0xFF)];
        for (int i = 0; i < bytes.length; i++) {
          bytes[i] = (byte) (table[entry + NAME + i / 8] >>> (8 * (i % 8)));
        }
        all.put(
            new String(bytes, StandardCharsets.UTF_8),
            new Station(
                (int) table[entry + MIN],
                (int) table[entry + MAX],
                table[entry + SUM],
                table[entry + COUNT]));
      }
    }
    return all;
  }
}
