package io.github.fornada.cli;

import java.time.Duration;
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

  /** So much of that time is for saying what was done: a loaded machine is slow at that too. */
  private static final long WORDS_MILLIS = 1000;

  /** The longest time that shutdown hooks have once the command has finished. */
  private static final long HOOK_SECONDS = 2;

  private static final int NO_SIGNAL = 0;

  private static volatile boolean leaving;
  private static volatile boolean requested;

  /** When that was, on the clock of {@link System#nanoTime}; written before it. */
  private static volatile long requestedNanos;

  private static volatile @Nullable Thread command;
  private static final CountDownLatch REQUESTED = new CountDownLatch(1);
  private static final CountDownLatch FINISHED = new CountDownLatch(1);

  private Interruption() {}

  /** Interrupts the calling thread when the JVM is asked to end. */
  static void watch() {
    command = Thread.currentThread();
    Runtime.getRuntime().addShutdownHook(new Thread(Interruption::onShutdown, "fornada-stop"));
  }

  /**
   * Returns what is to be said where a thread of the command was interrupted, and nobody has asked
   * for it.
   *
   * @param done how many results there were before
   */
  static String byATask(long done) {
    return "a task interrupted a thread of this command, and so ended the run; before that, "
        + done
        + " done. A task may interrupt its own threads only; with --on processes it reaches no"
        + " other";
  }

  /** Returns whether the command must end now. */
  static boolean requested() {
    return requested;
  }

  /**
   * Returns the same for who finds that a pool has been shut down. At the end of the JVM a pool may
   * hear of it before the command does, which is waited for then.
   */
  static boolean requestedWherePoolsEnd() {
    if (!requested && isJvmEnding()) {
      try {
        var _ = REQUESTED.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt(); // that is the request
      }
    }
    return requested;
  }

  /**
   * Returns whether what fails now may fail because the JVM ends: at a signal the library stops its
   * workers by itself, and maybe before the command hears of it. Does not wait.
   */
  static boolean mayBeTheCause() {
    return requested || isJvmEnding();
  }

  /**
   * Returns how long the command may wait for what it stops, at most {@code most}: after a request
   * there must be time for the last words.
   */
  static Duration patience(Duration most) {
    if (!requested) {
      return most;
    }
    Duration left =
        Duration.ofSeconds(PATIENCE_SECONDS)
            .minusMillis(WORDS_MILLIS)
            .minusNanos(System.nanoTime() - requestedNanos);
    return left.isNegative() ? Duration.ZERO : left.compareTo(most) < 0 ? left : most;
  }

  private static boolean isJvmEnding() {
    var probe = new Thread(() -> {}, "fornada-probe");
    try {
      Runtime.getRuntime().addShutdownHook(probe);
    } catch (IllegalStateException e) { // there is no other way to ask
      return true;
    }
    try {
      var _ = Runtime.getRuntime().removeShutdownHook(probe);
      return false;
    } catch (IllegalStateException e) {
      return true;
    }
  }

  /** Ends the JVM when the command has finished, even if a shutdown hook of a task never ends. */
  static void exit(int code) {
    FINISHED.countDown();
    if (requested) {
      return; // the JVM is ending already
    }
    leaving = true;
    haltIfHooksDoNotEnd(code);
    System.exit(code);
  }

  private static void haltIfHooksDoNotEnd(int code) {
    try {
      Thread.ofPlatform().daemon().name("fornada-halt").start(() -> haltInTime(code));
    } catch (OutOfMemoryError e) {
      // There can be no more threads. Then no hook can start either, and none keeps the JVM.
    }
  }

  private static void haltInTime(int code) {
    try {
      TimeUnit.SECONDS.sleep(HOOK_SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // nothing interrupts it; then it ends the JVM now
    }
    StandardStreams.get()
        .err()
        .println(
            "fornada: a shutdown hook of the task did not end within "
                + HOOK_SECONDS
                + " s; the command ends without it. No result is lost by that");
    Runtime.getRuntime().halt(code);
  }

  private static void onShutdown() {
    Thread thread = command;
    if (leaving || thread == null) {
      return;
    }
    int code = codeOfSignal();
    requestedNanos = System.nanoTime();
    requested = true;
    REQUESTED.countDown();
    thread.interrupt();
    try {
      var _ = FINISHED.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the JVM ends in any case
    }
    OutputFile.dropAll();
    if (code != NO_SIGNAL) {
      haltIfHooksDoNotEnd(code);
    } else {
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
   * Returns the exit code that the JVM chooses for the signal that ends it; {@link #NO_SIGNAL} if
   * none does. The JVM handles each signal on a thread that is named after it.
   */
  private static int codeOfSignal() {
    return Thread.getAllStackTraces().keySet().stream()
        .mapToInt(thread ->
            switch (thread.getName()) {
              case "SIGHUP handler" -> 128 + 1;
              case "SIGINT handler" -> ExitCode.INTERRUPTED;
              case "SIGTERM handler" -> 128 + 15;
              default -> NO_SIGNAL;
            })
        .filter(code -> code != NO_SIGNAL)
        .findFirst()
        .orElse(NO_SIGNAL);
  }
}
