package io.github.fornada.process.host;

import java.lang.StackWalker.StackFrame;
import org.jspecify.annotations.Nullable;

/**
 * Prevents endless nesting of pools: a pool that opens in each worker of a pool would open another
 * one in each of its own workers, and so on.
 *
 * <p>A task may open a pool on purpose. It happens by accident if a class opens a pool in its
 * static initializer, and a task uses that class, or the lambda that is the task is written in it:
 * each worker initializes that class too. Python's {@code multiprocessing} requires {@code if
 * __name__ == "__main__"} for the same reason.
 */
public final class Nesting {
  /**
   * The maximum number of levels of workers below a JVM that is not a worker: a worker, a worker of
   * its pool, and so on.
   */
  static final int MAX_LEVELS = 4; // Guess: more than the deepest seen on purpose

  /** Whether this JVM is a worker. Written once, before any user code. */
  private static volatile boolean worker;

  private Nesting() {}

  /** Notes that this JVM is a worker, and not only a process that a worker has started. */
  public static void isWorker() {
    worker = true;
  }

  /**
   * Checks that a pool, or a reserve of workers, may be opened here and now.
   *
   * @throws IllegalStateException if this is a worker that initializes a class, or a process with
   *     {@value #MAX_LEVELS} levels of workers above it
   */
  public static void check() {
    String marks = System.getenv(Reaper.MARK);
    if (marks == null) {
      return;
    }
    if (worker) {
      String initialized = StackWalker.getInstance().walk(frames -> initialized(frames.iterator()));
      if (initialized != null) {
        throw new IllegalStateException(
            "a process pool cannot be opened while a class is initialized in a worker: "
                + initialized
                + " opens one in its static initializer or a static field, and so would each worker"
                + " of that pool, without end. Open the pool in main or in another method, or keep"
                + " it in a static field of a class of its own, which no task uses");
      }
    }
    int levels = levels(marks);
    if (levels >= MAX_LEVELS) {
      throw new IllegalStateException(
          "a process pool cannot be opened here: this process has "
              + levels
              + " levels of workers above it already, at most "
              + MAX_LEVELS
              + " are allowed. A task that opens a pool whose tasks open pools may go on without"
              + " end: open one pool, and hand the items to that");
    }
  }

  private static @Nullable String initialized(java.util.Iterator<StackFrame> frames) {
    while (frames.hasNext()) {
      StackFrame frame = frames.next();
      if (frame.getMethodName().equals("<clinit>")) {
        return frame.getClassName();
      }
    }
    return null;
  }

  /**
   * Returns how many levels of workers a process with these marks is in: the workers above it, and
   * itself if it is one.
   */
  static int levels(String marks) {
    return (int) marks.chars().filter(c -> c == ',').count() + 1;
  }
}
