package io.github.fornada.scenarios.gil;

import java.security.SecureRandom;
import java.util.HashSet;
import java.util.UUID;

/** Random UUIDs, of which all threads of a JVM draw from one generator with one lock. */
final class Uuids {
  private static final ThreadLocal<SecureRandom> OWN = ThreadLocal.withInitial(SecureRandom::new);

  private Uuids() {}

  /** Returns how many different UUIDs of the right version are among {@code count}. */
  static int shared(int count) {
    var all = new HashSet<UUID>(2 * count);
    for (int i = 0; i < count; i++) {
      UUID id = UUID.randomUUID();
      if (id.version() == 4) {
        all.add(id);
      }
    }
    return all.size();
  }

  /** Returns the same, with a generator for each thread. */
  static int own(int count) {
    var all = new HashSet<UUID>(2 * count);
    var bytes = new byte[16];
    SecureRandom random = OWN.get();
    for (int i = 0; i < count; i++) {
      random.nextBytes(bytes);
      long high = 0;
      long low = 0;
      for (int b = 0; b < 8; b++) {
        high = (high << 8) | (bytes[b] & 0xff);
        low = (low << 8) | (bytes[8 + b] & 0xff);
      }
      // Version 4, variant 2: RFC 9562.
      UUID id = new UUID((high & ~0xf000L) | 0x4000L, (low & ~(3L << 62)) | (1L << 63));
      if (id.version() == 4) {
        all.add(id);
      }
    }
    return all.size();
  }
}
