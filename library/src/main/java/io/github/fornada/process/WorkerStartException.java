package io.github.fornada.process;

import io.github.fornada.process.host.Descriptors;
import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** Thrown when no worker JVM could be started. The message says what the last attempt printed. */
public final class WorkerStartException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  /** Why the attempt failed, which decides about further attempts. */
  enum Kind {
    /** The worker failed by itself: a few more attempts are made. */
    FAILED,
    /**
     * The worker was killed from outside, or the system had no memory, thread or descriptor left at
     * that moment, which says little about the next one: many more attempts are made.
     */
    KILLED,
    /** The user's own code failed: no more attempts are made. */
    REFUSED,
    /** The pool no longer wanted the worker: the attempt does not count. */
    CALLED_OFF;

    /** Returns the kind of an attempt that failed because of {@code thrown} in this process. */
    static Kind of(Throwable thrown) {
      Throwable each = thrown;
      for (int i = 0; i < MOST_CAUSES && each != null; i++) {
        if (each instanceof VirtualMachineError || isShortage(String.valueOf(each.getMessage()))) {
          return KILLED;
        }
        each = each.getCause();
      }
      return Descriptors.areSpent() ? KILLED : FAILED;
    }

    /**
     * By words: the JDK has no exception of its own for that. EMFILE and ENFILE are 24 and 23. The
     * words are the system's, and may be in another language.
     */
    private static boolean isShortage(String message) {
      return message.contains("Too many open files")
          || message.contains("error: 24 ") // of the JDK's spawn helper
          || message.contains("error=24,")
          || message.contains("error=23,");
    }
  }

  private static final int MOST_CAUSES = 8;

  private final Kind kind;

  WorkerStartException(String message, @Nullable Throwable cause, Kind kind) {
    super(message, cause);
    this.kind = kind;
  }

  Kind kind() {
    return kind;
  }
}
