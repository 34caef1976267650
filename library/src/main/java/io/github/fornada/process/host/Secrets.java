package io.github.fornada.process.host;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;

/** Random bytes that nobody can guess. */
public final class Secrets {
  /** Where the JDK's own generator takes them from, on all systems but Windows. */
  private static final Path SOURCE = Path.of("/dev/urandom");

  private Secrets() {}

  /**
   * Returns {@code count} random bytes in hexadecimal. Read from the system itself where it has a
   * source: the JDK's providers take some 30 ms to be looked up in a fresh program, while a first
   * task waits.
   */
  public static String hexadecimal(int count) {
    byte[] bytes = read(count);
    if (bytes.length < count) {
      bytes = new byte[count];
      new SecureRandom().nextBytes(bytes);
    }
    return HexFormat.of().formatHex(bytes);
  }

  private static byte[] read(int count) {
    try (InputStream in = Files.newInputStream(SOURCE)) {
      return in.readNBytes(count);
    } catch (IOException e) {
      return new byte[0]; // a system without it
    }
  }
}
