package io.github.fornada.shared.memory;

import java.io.Serial;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.AbstractQueuedSynchronizer;
import java.util.concurrent.locks.LockSupport;

/**
 * The lock for which the threads of one process wait on behalf of a {@link Mutex}. As the JDK's
 * {@link java.util.concurrent.locks.ReentrantLock}, but the wait for it ends when the shared object
 * is freed: the thread that has it may keep it for long.
 */
final class LocalLock extends AbstractQueuedSynchronizer {
  @Serial private static final long serialVersionUID = 1L;

  private final transient Region region;

  LocalLock(Region region) {
    this.region = region;
    region.whenFreed(this::wakeFirst);
  }

  /** The first thread that waits sees that all is over, and its leaving wakes the next. */
  private void wakeFirst() {
    LockSupport.unpark(getFirstQueuedThread());
  }

  boolean tryLock() {
    return takes();
  }

  /**
   * Acquires the lock.
   *
   * @throws IllegalStateException if another thread has it and the object was freed
   */
  void lockInterruptibly() throws InterruptedException {
    acquireInterruptibly(1);
  }

  /** Acquires the lock in this time, as {@link #lockInterruptibly} does. */
  boolean tryLock(long time, TimeUnit unit) throws InterruptedException {
    return tryAcquireNanos(1, unit.toNanos(time));
  }

  void unlock() {
    release(1);
  }

  boolean isHeldByCurrentThread() {
    return isHeldExclusively();
  }

  int getHoldCount() {
    return isHeldExclusively() ? getState() : 0;
  }

  @SuppressWarnings("ReferenceEquality") // a thread is equal to itself only
  private boolean takes() {
    Thread self = Thread.currentThread();
    int holds = getState();
    if (holds == 0) {
      if (compareAndSetState(0, 1)) {
        setExclusiveOwnerThread(self);
        return true;
      }
      return false;
    }
    if (getExclusiveOwnerThread() != self) {
      return false;
    }
    if (holds == Integer.MAX_VALUE) {
      throw new IllegalStateException("the shared lock is held too often by this thread");
    }
    setState(holds + 1);
    return true;
  }

  /** Called before each wait by the thread that is the first to get the lock. */
  @Override
  protected boolean tryAcquire(int once) {
    if (takes()) {
      return true;
    }
    if (region.isFreed()) {
      throw Region.gone(); // the queue then forgets this thread, and wakes the next
    }
    return false;
  }

  @Override
  protected boolean tryRelease(int once) {
    if (!isHeldExclusively()) {
      throw new IllegalMonitorStateException();
    }
    int left = getState() - once;
    if (left == 0) {
      setExclusiveOwnerThread(null);
    }
    setState(left);
    return left == 0;
  }

  @Override
  @SuppressWarnings("ReferenceEquality") // a thread is equal to itself only
  protected boolean isHeldExclusively() {
    return getExclusiveOwnerThread() == Thread.currentThread();
  }
}
