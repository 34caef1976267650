package io.github.fornada.advice.sense;

import com.sun.management.ThreadMXBean;
import java.io.File;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Finds the kernel's number of a Java thread. No method of the JDK returns it. The kernel knows the
 * first 15 bytes of a thread's name; among threads of one name, the processor time decides.
 */
final class NativeThreads {
  /** The maximum difference between two readings of one thread's processor time. */
  private static final long SAME_NANOS = 3_000_000; // one tick of a kernel with 250 a second

  /** The name's length in the kernel, which counts bytes. */
  private static final int KERNEL_NAME = 15;

  /** Programs with more threads are not searched: it would take too long. */
  private static final int MOST_THREADS = 2_000; // Guess

  private final ThreadMXBean meter;
  private final Map<Long, String> names = new HashMap<>();

  NativeThreads(ThreadMXBean meter) {
    this.meter = meter;
  }

  /** Reads the kernel's names of all threads anew. */
  void refresh() {
    names.clear();
    String[] tasks = new File("/proc/self/task").list();
    if (tasks == null || tasks.length > MOST_THREADS) {
      return;
    }
    for (String task : tasks) {
      String name = ProcText.read(Path.of("/proc/self/task", task, "comm"));
      if (name != null) {
        names.put(Long.parseLong(task), name.strip());
      }
    }
  }

  /** Returns the files of a thread; null if it cannot be told which one it is. */
  @Nullable NativeThread find(Thread thread) {
    // The launcher's thread keeps its own name.
    String name = thread.threadId() == 1 ? "java" : thread.getName();
    String wanted = name.length() > KERNEL_NAME ? name.substring(0, KERNEL_NAME) : name;
    long found = -1;
    int candidates = 0;
    for (Map.Entry<Long, String> entry : names.entrySet()) {
      if (entry.getValue().equals(wanted.strip())) {
        candidates++;
        found = entry.getKey();
      }
    }
    if (candidates == 1) {
      return NativeThread.open(found);
    }
    return candidates == 0 ? null : byProcessorTime(thread, wanted);
  }

  private @Nullable NativeThread byProcessorTime(Thread thread, String name) {
    long cpu = meter.getThreadCpuTime(thread.threadId());
    if (cpu < SAME_NANOS) {
      return null; // too little to tell one from another
    }
    long found = -1;
    for (Map.Entry<Long, String> entry : names.entrySet()) {
      if (entry.getValue().equals(name)) {
        String line =
            ProcText.read(Path.of("/proc/self/task", entry.getKey().toString(), "schedstat"));
        long used = line == null ? -1 : NativeThread.number(line, 0);
        if (used >= 0 && Math.abs(used - cpu) < SAME_NANOS) {
          if (found >= 0) {
            return null; // two are alike; later they may differ
          }
          found = entry.getKey();
        }
      }
    }
    return found < 0 ? null : NativeThread.open(found);
  }
}
