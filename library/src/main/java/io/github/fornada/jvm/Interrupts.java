package io.github.fornada.jvm;

import org.jspecify.annotations.Nullable;

/**
 * Interrupts a thread without ever blocking the caller.
 *
 * <p>Interrupting a thread that is blocked in a file channel closes the channel. The JDK does that
 * in the interrupting thread, which then waits until the read has ended. A platform thread is
 * signalled out of its system call, but a virtual thread is not. Its interrupter therefore waits as
 * long as the read does: for data from a named pipe, or for another process's file lock (seen in
 * JDK 25, {@code sun.nio.ch.NativeThreadSet}). The thread's stack would show that, but a thread in
 * a loop without a safepoint does not give its stack before the loop ends. So a virtual thread that
 * is on a carrier, and may be in such a call, is interrupted from a separate thread.
 */
public final class Interrupts {
  private Interrupts() {}

  /**
   * Interrupts {@code runner}; from another thread if that may block. Waits only for room in the
   * heap, as whoever sends an interrupt here does so once; not to be called under a lock that those
   * need who make room.
   */
  public static void send(Thread runner) {
    while (true) {
      try {
        interrupt(runner, null);
        return;
      } catch (OutOfMemoryError e) {
        HeapShortage.await(e);
      }
    }
  }

  /**
   * Interrupts {@code runner} and then runs {@code then}; both from another thread if the interrupt
   * may block.
   */
  public static void send(Thread runner, Runnable then) {
    interrupt(runner, then);
  }

  private static void interrupt(Thread runner, @Nullable Runnable then) {
    if (runner.isVirtual() && runner.getState() == Thread.State.RUNNABLE && isMounted(runner)) {
      Callbacks.run(null, new Interrupt(runner, then));
    } else {
      interruptNow(runner, then);
    }
  }

  private static void interruptNow(Thread runner, @Nullable Runnable then) {
    runner.interrupt();
    if (then != null) {
      then.run();
    }
  }

  /** Not a lambda, which needs memory. */
  private record Interrupt(Thread runner, @Nullable Runnable then) implements Runnable {
    @Override
    public void run() {
      interruptNow(runner, then);
    }
  }

  /** Returns whether a virtual thread is on a carrier; only its toString shows that. */
  private static boolean isMounted(Thread runner) {
    String text = runner.toString();
    return text.lastIndexOf('@') > text.lastIndexOf(']');
  }
}
