package io.github.fornada.advice.sense;

import java.io.File;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The processor time of the JVM's own threads, which no method of the JDK tells: compilers and
 * garbage collectors; and of the threads that watch a pool. Linux only. Used by one thread at a
 * time.
 */
final class JvmTasks implements AutoCloseable {
  /** The pause between two searches for new threads: the JVM adds and ends compiler threads. */
  private static final long SEARCH_NANOS = 1_000_000_000; // Guess

  /** The pause in the beginning, when such threads begin. */
  private static final long FIRST_SEARCH_NANOS = 50_000_000; // Guess

  /** Programs with more threads than this are not searched again: it would take too long. */
  private static final int MOST_THREADS = 2_000; // Guess

  private enum Role {
    COMPILER,
    COLLECTOR,
    WATCHER
  }

  /** A thread of the JVM. */
  private static final class Task {
    final Role role;
    final ProcText schedule;
    long nanos;

    Task(Role role, ProcText schedule) {
      this.role = role;
      this.schedule = schedule;
    }
  }

  private final Path folder;
  private final Map<String, Task> tasks = new HashMap<>();

  /** The threads that have no role here. */
  private final Set<String> others = new HashSet<>();

  private boolean searched;
  private long searchedAt;
  private long beganAt;
  private long compilers;
  private long collectors;
  private long watchers;

  JvmTasks(Path root) {
    this.folder = root.resolve("proc/self/task");
  }

  /** Returns whether there is anything to read. */
  boolean isThere() {
    return !tasks.isEmpty();
  }

  long compilerNanos() {
    return compilers;
  }

  long collectorNanos() {
    return collectors;
  }

  /** Returns the processor time of the threads that watch a pool and read the user's classes. */
  long watcherNanos() {
    return watchers;
  }

  /** Reads the times anew. Those of threads that have ended stay in the sums. */
  void update(long now) {
    if (!searched) {
      searched = true;
      beganAt = now;
      searchedAt = now;
      search();
    } else if (now - searchedAt
        > (now - beganAt < SEARCH_NANOS ? FIRST_SEARCH_NANOS : SEARCH_NANOS)) {
      searchedAt = now;
      search();
    }
    Iterator<Task> each = tasks.values().iterator();
    while (each.hasNext()) {
      Task task = each.next();
      String line = task.schedule.read();
      long nanos = line == null ? -1 : NativeThread.number(line, 0);
      if (nanos < 0) {
        task.schedule.close();
        each.remove();
        continue;
      }
      long more = nanos - task.nanos;
      switch (task.role) {
        case COMPILER -> compilers += more;
        case COLLECTOR -> collectors += more;
        case WATCHER -> watchers += more;
      }
      task.nanos = nanos;
    }
  }

  private void search() {
    String[] names = new File(folder.toString()).list();
    if (names == null || names.length > MOST_THREADS) {
      return;
    }
    Set<String> present = Set.of(names);
    others.retainAll(present);
    for (String name : names) {
      if (tasks.containsKey(name) || others.contains(name)) {
        continue;
      }
      String comm = ProcText.read(folder.resolve(name).resolve("comm"));
      Role role = comm == null ? null : role(comm.strip());
      ProcText schedule =
          role == null ? null : ProcText.open(folder.resolve(name).resolve("schedstat"));
      if (role == null || schedule == null) {
        others.add(name);
      } else {
        tasks.put(name, new Task(role, schedule));
      }
    }
  }

  /**
   * Returns the role of a thread whose name the kernel has cut off after 15 bytes; null if none.
   */
  private static @Nullable Role role(String name) {
    if (name.startsWith("C1 Compiler") || name.startsWith("C2 Compiler")) {
      return Role.COMPILER;
    }
    if (name.startsWith("fornada-auto")
        || name.startsWith("fornada-sampler")
        || name.startsWith("fornada-timer")) {
      return Role.WATCHER;
    }
    boolean collects =
        name.startsWith("GC Thread")
            || name.startsWith("G1 ")
            || name.startsWith("ParGC")
            || name.startsWith("ZWorker")
            || name.startsWith("ZDriver")
            || name.startsWith("ZDirector")
            || name.startsWith("Shenandoah")
            || name.startsWith("Concurrent Mark")
            || name.equals("VM Thread"); // the serial collector runs in it
    return collects ? Role.COLLECTOR : null;
  }

  @Override
  public void close() {
    tasks.values().forEach(task -> task.schedule.close());
    tasks.clear();
  }
}
