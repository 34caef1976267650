package io.github.fornada.process.worker;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;

/**
 * The lock for writing to a ring. One thread takes it for every item, others rarely do; releasing
 * it needs no fence. Not reentrant, not fair.
 */
final class OwnerBiasedLock {
  private static final int SPINS = 100; // Guess
  private static final long PAUSE_NANOS = 20_000; // Guess
  private static final VarHandle TAKEN;

  static {
    try {
      TAKEN = MethodHandles.lookup().findVarHandle(OwnerBiasedLock.class, "taken", boolean.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  @SuppressWarnings("unused") // by its handle
  private boolean taken;

  void take() {
    // Volatile compare-and-set: pairs with the release below; what the previous holder wrote is
    // visible.
    for (int i = 0; !TAKEN.compareAndSet(this, false, true); i++) {
      if (i < SPINS) {
        Thread.onSpinWait();
      } else {
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
  }

  void give() {
    TAKEN.setRelease(this, false);
  }
}
