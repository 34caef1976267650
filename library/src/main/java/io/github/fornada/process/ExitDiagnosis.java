package io.github.fornada.process;

import io.github.fornada.DeathCertificate;
import io.github.fornada.process.launch.Launcher;
import io.github.fornada.process.wire.MessageTypes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Describes how a process ended: what may have happened and what to do next. */
final class ExitDiagnosis {
  private static final Map<Integer, String> SIGNALS =
      Map.of(
          1, "SIGHUP", 2, "SIGINT", 3, "SIGQUIT", 4, "SIGILL", 6, "SIGABRT", 7, "SIGBUS", 8,
          "SIGFPE", 9, "SIGKILL", 11, "SIGSEGV", 15, "SIGTERM");

  /** The exit code of a JVM with -XX:+ExitOnOutOfMemoryError after its first OutOfMemoryError. */
  private static final int EXIT_ON_OUT_OF_MEMORY = 3;

  private static final int FILE_CLOCK_MILLIS = 1000; // Guess: two seconds on some file systems

  private static final String FIRST_OUT_OF_MEMORY =
      "ended at its first OutOfMemoryError, as -XX:+ExitOnOutOfMemoryError asks";

  /** The exit code of a process that SIGKILL has ended. */
  private static final int KILLED = 128 + 9;

  private static final String BY_POOL = "was killed by its pool, ";

  private static final String OVER_LIMIT = "was killed over its resident limit";

  private ExitDiagnosis() {}

  static String overResidentLimit(long bytes, String limit) {
    return OVER_LIMIT + " of " + limit + ": it had " + (bytes >> 20) + " MB";
  }

  /** Returns whether the process was ended from outside, by SIGKILL, SIGTERM, SIGINT or SIGHUP. */
  static boolean isKilled(int code) {
    return code == KILLED || code == 128 + 15 || code == 128 + 2 || code == 128 + 1;
  }

  /** Returns whether a signal has ended the process, such as that of a crash in native code. */
  static boolean isSignal(int code) {
    return code > 128 && SIGNALS.containsKey(code - 128);
  }

  /**
   * Returns whether the JVM's crash report is about this process. Process ids are reused, soon so
   * in a container that keeps its files.
   */
  static boolean isWrittenSince(Path report, long millis) {
    try {
      // The clock of file times is a little behind.
      return Files.getLastModifiedTime(report).toMillis() >= millis - FILE_CLOCK_MILLIS;
    } catch (IOException e) {
      return false; // there is no report
    }
  }

  /** Returns whether the JVM printed that it ends because of -XX:+ExitOnOutOfMemoryError. */
  private static boolean isFirstOutOfMemory(int code, List<String> lines) {
    if (code == EXIT_ON_OUT_OF_MEMORY) {
      for (String line : lines) {
        if (line.startsWith("Terminating due to java.lang.OutOfMemoryError")) {
          return true;
        }
      }
    }
    return false;
  }

  static String manner(int code, boolean crashed) {
    if (crashed) {
      return "crashed in native code (exit code " + code + ")";
    }
    if (isSignal(code)) {
      return "was ended by " + SIGNALS.get(code - 128) + " (exit code " + code + ")";
    }
    return switch (code) {
      case MessageTypes.EXIT_OUT_OF_MEMORY -> "ran out of memory (exit code " + code + ")";
      case MessageTypes.EXIT_OUT_OF_FILES -> "ran out of file descriptors (exit code " + code + ")";
      case MessageTypes.EXIT_HEAP_FULL ->
          "had a full heap, and did nothing but collect it for seconds (exit code " + code + ")";
      case MessageTypes.EXIT_PROTOCOL -> "violated the protocol (exit code " + code + ")";
      case MessageTypes.EXIT_ORPHANED -> "lost its connection to the pool (exit code " + code + ")";
      default -> "exited with code " + code;
    };
  }

  static DeathCertificate certify(WorkerProcess dead, int code) {
    long pid = dead.pid();
    List<String> lastOutput = dead.lastOutput();
    Path log = Launcher.crashLog(Long.toString(pid));
    boolean crashed = isWrittenSince(log, dead.launchedMillis());
    String overLimit = dead.overResidentLimit();
    String ours = code == KILLED && overLimit == null ? dead.killedBecause() : null;
    boolean firstOutOfMemory = isFirstOutOfMemory(code, lastOutput);
    boolean outOfMemory =
        overLimit != null
            || code == MessageTypes.EXIT_OUT_OF_MEMORY
            || code == MessageTypes.EXIT_HEAP_FULL
            || (code == KILLED && ours == null)
            || tellsOutOfMemory(lastOutput);
    String manner =
        overLimit != null
            ? overLimit
            : ours != null
                ? BY_POOL + ours
                : firstOutOfMemory
                    ? FIRST_OUT_OF_MEMORY + " (exit code " + code + ")"
                    : manner(code, crashed);
    return DeathCertificate.of(dead.name(), pid, code, manner)
        .withLastOutput(lastOutput)
        .withCrashLog(crashed ? log.toString() : null)
        .withOutOfMemory(outOfMemory);
  }

  // No lambdas from here on, nor in code that ends an item: the first lambda of a program takes
  // milliseconds to link, and a caller waits for the outcome.

  private static boolean tellsOutOfMemory(List<String> lines) {
    for (String line : lines) {
      if (line.contains("OutOfMemoryError")) {
        return true;
      }
    }
    return false;
  }

  /**
   * Returns the certificate of the same death for one of the items that were lost with the worker.
   */
  static DeathCertificate of(
      DeathCertificate death, @Nullable String item, int workersLost, boolean quarantined) {
    return death.withItem(item, workersLost).withQuarantined(quarantined);
  }

  /** Returns the message for an item that is not run because of the workers it has cost. */
  static String refusal(String item, DeathCertificate death) {
    return item
        + " was not run: it is in quarantine, for it has cost this pool "
        + death.workersLost()
        + " workers, of which the last, "
        + death.pid()
        + ", "
        + death.manner()
        + "; clearQuarantine lets it run again.";
  }

  /** Says how often an item was retried. */
  static String retried(int retries) {
    return switch (retries) {
      case 0 -> "; it was not retried";
      case 1 -> "; it was retried once";
      default -> "; it was retried " + retries + " times";
    };
  }

  /** Returns one paragraph that says what happened, to which item, and what to do next. */
  static String message(DeathCertificate death, int retries) {
    var text = new StringBuilder();
    text.append("worker ").append(death.pid()).append(' ').append(death.manner());
    if (death.item() != null) {
      text.append(" while running ").append(death.item());
      text.append(retried(retries));
    }
    if (death.workersLost() > 1) {
      text.append(" and has cost ").append(death.workersLost()).append(" workers");
    }
    if (death.quarantined()) {
      text.append("; it is in quarantine now, and this pool does not run it again");
    }
    text.append('.');
    String hint = hint(death);
    if (!hint.isEmpty()) {
      text.append(' ').append(hint);
    }
    if (!death.received().isEmpty()) {
      text.append(" Of what it had received from shared queues, the last may be gone with it: ")
          .append(String.join(", ", death.received()))
          .append('.');
    }
    // Lines with a # belong to the JVM's crash report; what the task printed says more.
    for (int i = death.lastOutput().size() - 1; i >= 0; i--) {
      if (!death.lastOutput().get(i).startsWith("#")) {
        text.append(" It last printed: ").append(death.lastOutput().get(i));
        break;
      }
    }
    return text.toString();
  }

  private static String hintOfKill(String manner) {
    if (manner.endsWith(WorkerProcess.EXITING_LONG)) {
      return "Something in the task called System.exit, or the worker was asked to end: a task must"
          + " return instead, and a shutdown hook must end.";
    }
    if (manner.endsWith(WorkerProcess.CHANNEL_CLOSED)) {
      return "Something in the task may have closed file descriptors that were not its own.";
    }
    if (manner.endsWith(Engine.JVM_EXITS)) {
      return "Close the pool before, or let it finish what runs with withExitGrace.";
    }
    return manner.contains(Engine.JVM_EXITS + Engine.GRACE_OVER)
        ? "Close the pool before, or give what runs longer with withExitGrace."
        : "";
  }

  private static String hint(DeathCertificate death) {
    if (death.crashLog() != null) {
      return "The JVM's own report is at " + death.crashLog() + ".";
    }
    if (death.manner().startsWith(OVER_LIMIT)) {
      return "Raise withResidentLimit, or lower the heap or what one item needs.";
    }
    if (death.manner().startsWith(FIRST_OUT_OF_MEMORY)) {
      return "Raise withHeap, or lower what one item needs; without that option the item fails with"
          + " the error, and says what was short.";
    }
    if (death.manner().startsWith(BY_POOL)) {
      return hintOfKill(death.manner());
    }
    return switch (death.exitCode()) {
      case MessageTypes.EXIT_OUT_OF_FILES ->
          "Something in the task opens files or sockets and does not close them; or raise the limit"
              + " of the process, such as ulimit -n.";
      case MessageTypes.EXIT_HEAP_FULL -> "Raise withHeap, or lower what one item needs.";
      case MessageTypes.EXIT_ORPHANED ->
          "Something in the task may have closed file descriptors that were not its own.";
      case KILLED ->
          "137 often means that the system ran out of memory: lower workers or the worker heap.";
      case 0 ->
          "Something in the task called System.exit(0) or Runtime.halt(0): a task must return"
              + " instead.";
      case 143 -> "Somebody asked it to end, by kill or by a service manager.";
      default ->
          death.exitCode() > 0 && death.exitCode() < 90
              ? "Probably something in the task called System.exit("
                  + death.exitCode()
                  + ") or Runtime.halt."
              : "";
    };
  }
}
