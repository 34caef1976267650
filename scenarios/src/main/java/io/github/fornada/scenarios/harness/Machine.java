package io.github.fornada.scenarios.harness;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** What the figures were measured on. */
public final class Machine {
  private Machine() {}

  /** Returns processor, cores, memory, system, and how busy all of it was beforehand. */
  public static String text() {
    var system = ManagementFactory.getOperatingSystemMXBean();
    double load = system.getSystemLoadAverage();
    String memory = "";
    if (system instanceof com.sun.management.OperatingSystemMXBean more) {
      memory =
          String.format(Locale.ROOT, ", %.0f GiB", more.getTotalMemorySize() / (double) (1 << 30));
    }
    return processor()
        + ", "
        + Runtime.getRuntime().availableProcessors()
        + " processors"
        + memory
        + ", "
        + system.getName()
        + " "
        + system.getArch()
        + (load < 0 ? "" : String.format(Locale.ROOT, ", load %.1f before the run", load));
  }

  private static String processor() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/cpuinfo"))) {
        if (line.startsWith("model name")) {
          return line.substring(line.indexOf(':') + 1).strip();
        }
      }
    } catch (IOException e) {
      return "processor unknown"; // there is no such file on other systems
    }
    return "processor unknown";
  }

  /** Returns the JVM in one line. */
  public static String java() {
    return "Java "
        + System.getProperty("java.runtime.version")
        + ", "
        + System.getProperty("java.vm.name");
  }
}
