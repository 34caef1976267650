package io.github.fornada.jvm;

import java.util.Arrays;

/**
 * Interrupts threads without ever blocking the caller.
 *
 * <p>To interrupt a thread that is blocked in a file channel closes the channel. The JDK does that
 * in the interrupting thread, which then waits until the read has ended. A platform thread is
 * signalled out of its system call; a virtual thread is not, so that its interrupter waits as long
 * as it does: for what comes through a named pipe, or for another process's file lock (seen in JDK
 * 25, {@code sun.nio.ch.NativeThreadSet}). Such a thread is interrupted by a thread of its own.
 */
public final class Interrupts {
  private static final String FILE_CHANNEL = "sun.nio.ch.FileChannelImpl";

  /** Frames between a system call and the file channel's. */
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

  /** Looks at the stacks of threads only that run just now: no more than there are carriers. */
  private static boolean isInFileChannel(Thread runner) {
    return runner.isVirtual()
        && runner.getState() == Thread.State.RUNNABLE
        && isMounted(runner)
        && Arrays.stream(runner.getStackTrace())
            .limit(DEPTH)
            .anyMatch(frame -> frame.getClassName().equals(FILE_CHANNEL));
  }

  /** Whether a virtual thread is on a carrier, which its text tells and nothing else. */
  private static boolean isMounted(Thread runner) {
    String text = runner.toString();
    return text.lastIndexOf('@') > text.lastIndexOf(']');
  }
}
