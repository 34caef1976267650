package io.github.fornada.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Runs an action when a time is over, unless it is closed before. */
final class Alarm implements AutoCloseable {
  private final CountDownLatch off = new CountDownLatch(1);

  private Alarm() {}

  /** Sets an alarm after a number of seconds, which may be infinite. */
  static Alarm in(double seconds, Runnable action) {
    var alarm = new Alarm();
    if (!Double.isInfinite(seconds)) {
      Thread.ofPlatform()
          .daemon()
          .name("fornada-alarm")
          .start(() -> {
            try {
              if (!alarm.off.await(Math.round(seconds * 1e9), TimeUnit.NANOSECONDS)) {
                action.run();
              }
            } catch (InterruptedException e) {
              // nothing interrupts this thread; if it is interrupted, there is no alarm
              Thread.currentThread().interrupt();
            }
          });
    }
    return alarm;
  }

  @Override
  public void close() {
    off.countDown();
  }
}
