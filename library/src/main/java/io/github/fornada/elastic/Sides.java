package io.github.fornada.elastic;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Finds the implementations, whose classes are not public because users of their packages must not
 * see them. Each registers itself when its class is initialized.
 */
public final class Sides {
  private static final String THREADS = "io.github.fornada.threads.ElasticPool";
  private static final String PROCESSES = "io.github.fornada.process.HelperOpener";

  // Each is written once, by the initializer of the class named above.
  private static volatile ThreadSide.@Nullable Opener threads;
  private static volatile ProcessSide.@Nullable Opener processes;

  private Sides() {}

  /** Registers what opens the threads. */
  public static void register(ThreadSide.Opener opener) {
    threads = opener;
  }

  /** Registers what opens the worker JVMs. */
  public static void register(ProcessSide.Opener opener) {
    processes = opener;
  }

  /** Returns what opens the threads. */
  public static ThreadSide.Opener threads() {
    if (threads == null) {
      initialize(THREADS);
    }
    return Objects.requireNonNull(threads, THREADS);
  }

  /** Returns what opens the worker JVMs. */
  public static ProcessSide.Opener processes() {
    if (processes == null) {
      initialize(PROCESSES);
    }
    return Objects.requireNonNull(processes, PROCESSES);
  }

  private static void initialize(String name) {
    try {
      var _ = Class.forName(name, true, Sides.class.getClassLoader());
    } catch (ClassNotFoundException e) {
      throw new LinkageError(name + " is missing from the library", e);
    }
  }
}
