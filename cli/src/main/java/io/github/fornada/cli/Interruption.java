package io.github.fornada.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Ctrl-C and its like: gives the command a moment to flush its results and stop its workers before
 * the JVM goes, with the exit code that the JVM itself chooses for the signal (130 for SIGINT).
 *
 * <p>The same hook sees an exit that a task asked for behind the back of {@link ExitGuard}.
 */
final class Interruption {
  /** Longest time between Ctrl-C and the end: an interrupted task's grace, and some more. */
  private static final long PATIENCE_SECONDS = 3;

  private static volatile boolean leaving;
  private static volatile boolean requested;
  private static volatile @Nullable Thread command;
  private static final CountDownLatch FINISHED = new CountDownLatch(1);

  private Interruption() {}

  /** Interrupts the calling thread when the JVM is asked to end. */
  static void watch() {
    command = Thread.currentThread();
    Runtime.getRuntime().addShutdownHook(new Thread(Interruption::onShutdown, "fornada-stop"));
  }

  /** Whether the command must end now. */
  static boolean requested() {
    return requested;
  }

  /** The command has done what it had to do; ends the JVM. */
  static void exit(int code) {
    FINISHED.countDown();
    if (requested) {
      return; // the JVM is ending already
    }
    leaving = true;
    System.exit(code);
  }

  private static void onShutdown() {
    Thread thread = command;
    if (leaving || thread == null) {
      return;
    }
    boolean signalled = signalled();
    requested = true;
    thread.interrupt();
    try {
      var _ = FINISHED.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the JVM ends in any case
    }
    OutputFile.dropAll();
    if (!signalled) {
      StandardStreams.get()
          .err()
          .println(
              "fornada: a task ended this JVM, and with it the run. Results on stdout stay, a file"
                  + " given with -o is left as it was. With --on processes only the task's own"
                  + " worker would have ended");
      Runtime.getRuntime().halt(ExitCode.FAILED);
    }
  }

  /** Whether a signal is the reason: the JVM handles each on a thread of this name. */
  private static boolean signalled() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .anyMatch(name -> name.startsWith("SIG") && name.endsWith(" handler"));
  }
}
