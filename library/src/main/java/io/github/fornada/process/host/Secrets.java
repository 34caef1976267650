package io.github.fornada.process.host;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;

/** Unpredictable random bytes. */
public final class Secrets {
  /** The JDK's own generator reads them from here on all systems but Windows. */
  private static final Path SOURCE = Path.of("/dev/urandom");

  private Secrets() {}

  /**
   * Returns {@code count} random bytes in hexadecimal. They are read from the system's own source
   * if it has one: looking up the JDK's providers takes about 30 ms in a fresh program, while the
   * first task waits.
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
      return new byte[0]; // a system without this source
    }
  }
}
