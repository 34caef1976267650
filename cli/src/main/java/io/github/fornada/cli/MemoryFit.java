package io.github.fornada.cli;

import io.github.fornada.process.launch.MemorySizes;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** How many worker processes the memory allows. */
final class MemoryFit {
  /** The heap that a worker is given at least, in bytes, if none was chosen. */
  private static final long LEAST_HEAP = 64L << 20;

  /** What a worker takes in addition to its heap. Guess, the same as that of process pools. */
  private static final long BESIDES_HEAP = 64L << 20;

  private static final Path AVAILABLE = Path.of("/proc/meminfo");

  private MemoryFit() {}

  /**
   * Returns the most worker processes that fit, at least 1.
   *
   * @param heap the heap of each, such as 512m; null for the pool's default
   */
  static int mostProcesses(@Nullable String heap) {
    var system =
        (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    return fit(system.getTotalMemorySize(), available(), bytesEach(heap));
  }

  /**
   * Returns how many fit into what is available, and into three quarters of the whole.
   *
   * @param total the memory of the machine or its container, in bytes
   * @param available the part of the machine's that programs can still have; negative if unknown
   */
  static int fit(long total, long available, long each) {
    long most = total / 4 * 3;
    long usable = available < 0 ? most : Math.min(most, available);
    return Math.clamp(usable / each, 1, Integer.MAX_VALUE);
  }

  /** Returns the memory that is counted for each worker process, in bytes. */
  static long bytesEach(@Nullable String heap) {
    return BESIDES_HEAP + (heap == null ? LEAST_HEAP : MemorySizes.parse("heap", heap));
  }

  private static long available() {
    try {
      for (String line : Files.readAllLines(AVAILABLE)) {
        if (line.startsWith("MemAvailable:")) { // "MemAvailable:   84212 kB"
          return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
        }
      }
    } catch (IOException | NumberFormatException e) {
      return -1; // this system has no such file: the total has to do
    }
    return -1;
  }
}
