package io.github.fornada.scenarios.largefiles;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Writes a file of measurements: {@code station;12.3} a line. Names have 1 to 100 bytes of UTF-8,
 * values go from -99.9 to 99.9 with exactly one decimal, and the last line has no newline.
 */
final class Measurements {
  private static final String LETTERS = "abcdefghijklmnopqrstuvwxyzáéíóúãõçşłßøλж東京";
  private static final long SEED = 20_240_101;

  private Measurements() {}

  /** Returns so many different names. */
  static List<String> stations(int count) {
    var random = new SplittableRandom(SEED);
    var names = new LinkedHashSet<String>();
    names.add("A"); // the shortest
    names.add("x".repeat(100)); // the longest
    names.add("東".repeat(33)); // 99 bytes
    while (names.size() < count) {
      // Mostly as long as names of towns are.
      int length = random.nextInt(20) == 0 ? 1 + random.nextInt(30) : 4 + random.nextInt(11);
      var name = new StringBuilder();
      for (int i = 0; i < length; i++) {
        name.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
      }
      names.add(name.toString());
    }
    return new ArrayList<>(names).subList(0, count);
  }

  /**
   * Writes a file.
   *
   * @throws IOException if it cannot be written
   */
  static void write(Path file, int rows, int stations) throws IOException {
    List<String> names = stations(stations);
    var bytes = new ArrayList<byte[]>();
    var means = new int[stations];
    var random = new SplittableRandom(SEED + 1);
    for (int i = 0; i < stations; i++) {
      bytes.add(names.get(i).getBytes(StandardCharsets.UTF_8));
      means[i] = random.nextInt(-300, 600);
    }
    var value = new byte[6];
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 20)) {
      for (int row = 0; row < rows; row++) {
        int station = random.nextInt(stations);
        int tenths =
            Math.clamp(
                means[station] + random.nextInt(-150, 150) + random.nextInt(-150, 150), -999, 999);
        if (row % 1_000_003 == 7) {
          tenths = row % 2 == 0 ? -999 : 999; // the bounds do occur
        }
        if (row > 0) {
          out.write('\n');
        }
        out.write(bytes.get(station));
        out.write(';');
        out.write(value, 0, digits(tenths, value));
      }
    }
  }

  private static int digits(int tenths, byte[] to) {
    int length = 0;
    int rest = Math.abs(tenths);
    if (tenths < 0) {
      to[length++] = '-';
    }
    if (rest >= 100) {
      to[length++] = (byte) ('0' + rest / 100);
    }
    to[length++] = (byte) ('0' + rest / 10 % 10);
    to[length++] = '.';
    to[length++] = (byte) ('0' + rest % 10);
    return length;
  }
}
