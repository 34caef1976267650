package io.github.fornada.jvm;

import java.util.Arrays;

/**
 * Interrupts a thread without ever blocking the caller.
 *
 * <p>Interrupting a thread that is blocked in a file channel closes the channel. The JDK does that
 * in the interrupting thread, which then waits until the read has ended. A platform thread is
 * signalled out of its system call, but a virtual thread is not. Its interrupter therefore waits as
 * long as the read does: for data from a named pipe, or for another process's file lock (seen in
 * JDK 25, {@code sun.nio.ch.NativeThreadSet}). Such a virtual thread is interrupted from a separate
 * thread.
 */
public final class Interrupts {
  private static final String FILE_CHANNEL = "sun.nio.ch.FileChannelImpl";

  /** The number of top frames among which the file channel's is looked for. */
  private static final int DEPTH = 16; // Guess: 6 or 7 in JDK 25

  private Interrupts() {}

  /** Interrupts {@code runner}; by another thread if that may block. */
  public static void send(Thread runner) {
    send(runner, () -> {});
  }

  /**
   * Interrupts {@code runner} and then runs {@code then}; both by another thread if the interrupt
   * may block.
   */
  public static void send(Thread runner, Runnable then) {
    if (isInFileChannel(runner)) {
      var _ =
          Thread.ofPlatform()
              .daemon()
              .name("fornada-interrupt")
              .start(() -> interrupt(runner, then));
    } else {
      interrupt(runner, then);
    }
  }

  private static void interrupt(Thread runner, Runnable then) {
    runner.interrupt();
    then.run();
  }

  /** Takes the stacks only of threads that are running now: no more than there are carriers. */
  private static boolean isInFileChannel(Thread runner) {
    return runner.isVirtual()
        && runner.getState() == Thread.State.RUNNABLE
        && isMounted(runner)
        && Arrays.stream(runner.getStackTrace())
            .limit(DEPTH)
            .anyMatch(frame -> frame.getClassName().equals(FILE_CHANNEL));
  }

  /** Returns whether a virtual thread is on a carrier; only its toString shows that. */
  private static boolean isMounted(Thread runner) {
    String text = runner.toString();
    return text.lastIndexOf('@') > text.lastIndexOf(']');
  }
}
