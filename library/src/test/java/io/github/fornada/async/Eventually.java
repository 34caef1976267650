package io.github.fornada.async;

import static org.assertj.core.api.Assertions.fail;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.HotSpotDiagnosticMXBean.ThreadDumpFormat;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.BooleanSupplier;

/** Waits for what must come true, and looks for threads that must be gone. */
final class Eventually {
  /** Longer than anything here takes on a machine that is ten times too busy. */
  static final Duration PATIENCE = Duration.ofSeconds(60);

  private Eventually() {}

  @SuppressWarnings("ThreadPriorityCheck") // only to be quiet while it waits
  static void is(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        fail("after " + PATIENCE + " still not: " + what + "\n" + TaskScope.dump());
      }
      Thread.onSpinWait();
      Thread.yield();
    }
  }

  /** Until no thread of the JVM, virtual ones included, has such a text in its name. */
  static void noThreadIsNamed(String text) {
    is("no thread is named " + text, () -> !threadNames().contains('"' + text));
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
