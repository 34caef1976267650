package io.github.fornada.async;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.HotSpotDiagnosticMXBean.ThreadDumpFormat;
import io.github.fornada.Waiting;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** Looks for threads that must be gone. */
final class Eventually {
  /** Longer than anything here takes on a machine that is ten times too busy. */
  static final Duration PATIENCE = Duration.ofSeconds(60);

  private Eventually() {}

  /** Until no thread of the JVM, virtual ones included, has such a text in its name. */
  static void noThreadIsNamed(String text) {
    Waiting.until("no thread is named " + text, () -> !threadNames().contains('"' + text));
  }

  /** A dump of all threads, as the JVM's own tools make it. */
  static String threadNames() {
    try {
      Path folder = Files.createTempDirectory("fornada-threads");
      Path file = folder.resolve("dump.json");
      try {
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
            .dumpThreads(file.toString(), ThreadDumpFormat.JSON);
        return Files.readString(file);
      } finally {
        Files.deleteIfExists(file);
        Files.deleteIfExists(folder);
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
