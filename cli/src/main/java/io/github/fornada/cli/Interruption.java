package io.github.fornada.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Handles Ctrl-C and similar signals: gives the command a moment to flush its results and stop its
 * workers before the JVM exits, with the exit code that the JVM itself chooses for the signal (130
 * for SIGINT).
 *
 * <p>The same shutdown hook handles an exit by a task that {@link ExitGuard} could not prevent.
 */
final class Interruption {
  /**
   * The longest time between Ctrl-C and the exit: the grace of an interrupted task, and some more.
   */
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

  /** Returns whether the command must end now. */
  static boolean requested() {
    return requested;
  }

  /** Ends the JVM when the command has finished. */
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

  /**
   * Returns whether a signal is the reason: the JVM handles each signal on a thread with this name.
   */
  private static boolean signalled() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .anyMatch(name -> name.startsWith("SIG") && name.endsWith(" handler"));
  }
}
