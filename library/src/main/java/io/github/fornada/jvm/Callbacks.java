package io.github.fornada.jvm;

import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Runs user code that belongs to no task, such as the dependents of futures, on threads that it may
 * block without end. One instance serves the whole JVM.
 *
 * <p>Quick callbacks share as many threads as there are processors. A callback that waits does not
 * keep the next one waiting: while every thread is blocked, another is started at once; and when
 * nothing has been taken from the queue for {@link #PATIENCE}, because all threads compute or are
 * in system calls, another is started then. Threads without work end after {@link #IDLE}.
 */
public final class Callbacks {
  private static final Duration IDLE = Duration.ofSeconds(5); // Guess

  /** How long a callback may wait in the queue while no other is taken from it. */
  private static final Duration PATIENCE = Duration.ofMillis(5); // Guess

  /** The pause after no thread could be started. */
  private static final Duration NO_THREAD_PAUSE = Duration.ofMillis(100); // Guess

  /** With none, the first array would come with the first element, whatever was asked for. */
  private static final int FIRST_ROOM = 16;

  private static final Callbacks ALL = new Callbacks();

  private record Entry(Runnable action, @Nullable Object origin) {}

  private final int processors = Math.max(2, Runtime.getRuntime().availableProcessors());
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition wake = lock.newCondition();

  // All guarded by lock.
  private final Fifo<Entry> queue = new Fifo<>();
  private final ArrayList<CallbackThread> busy = new ArrayList<>(FIRST_ROOM);
  private int idle;

  /** Wake-ups that no idle thread has consumed yet. */
  private int wakeUps;

  /** Threads that were woken or started and have not reached the queue yet. */
  private int coming;

  /** Entries taken from the queue so far. */
  private long taken;

  /** Whether the timer is due to check the queue. */
  private boolean checkDue;

  private Callbacks() {}

  /**
   * Runs {@code action} soon on another thread. Never throws, waits only for room in the heap, and
   * runs nothing in the calling thread. Not to be called under a lock.
   *
   * @param origin what {@link CallbackThread#originOfCurrent} returns within the action
   */
  public static void run(@Nullable Object origin, Runnable action) {
    while (true) {
      try {
        ALL.add(new Entry(action, origin));
        return;
      } catch (OutOfMemoryError e) {
        HeapShortage.await(e);
      }
    }
  }

  private void add(Entry entry) {
    boolean start = false;
    lock.lock();
    try {
      queue.addLast(entry); // where the heap has no room for it, nothing has changed
      start = callAnother();
    } finally {
      lock.unlock();
    }
    if (start) {
      start();
    }
  }

  /**
   * Makes sure that a thread takes the entries that wait in the queue: wakes one, asks for one, or
   * has the timer check later. Under lock.
   *
   * @return whether the caller must {@link #start} a thread
   */
  private boolean callAnother() {
    if (coming == 0 && idle > 0) {
      idle--;
      coming++;
      wakeUps++;
      wake.signal();
    } else if (coming == 0 && (busy.size() < processors || noneRuns())) {
      coming++;
      return true;
    } else {
      checkLater(PATIENCE); // a running thread will take it, unless a callback takes long
    }
    return false;
  }

  /** Returns whether every callback that was begun waits for something. Under lock. */
  private boolean noneRuns() {
    for (int k = 0; k < busy.size(); k++) { // by index: the timer must not need memory for it
      if (busy.get(k).getState() == Thread.State.RUNNABLE) {
        return false;
      }
    }
    return true;
  }

  private void start() {
    try {
      makeRoom();
      new CallbackThread(this::serve).start();
    } catch (RuntimeException | Error e) { // OutOfMemoryError: "unable to create native thread"
      try {
        OwnThreads.noThread(e);
      } catch (OutOfMemoryError noRoom) {
        // no room in the heap to tell of it
      }
      lock.lock();
      try {
        coming--;
        checkLater(NO_THREAD_PAUSE);
      } finally {
        lock.unlock();
      }
    }
  }

  /** So that no thread that takes an entry needs memory to be noted as busy. */
  private void makeRoom() {
    lock.lock();
    try {
      busy.ensureCapacity(busy.size() + idle + coming);
    } finally {
      lock.unlock();
    }
  }

  /** Under lock. */
  private void checkLater(Duration pause) {
    if (!checkDue) {
      long before = taken;
      try {
        var _ = Timer.tryAfter(pause, () -> check(before));
        checkDue = true;
      } catch (OutOfMemoryError e) {
        // The next entry, or the end of a callback, asks again.
      }
    }
  }

  /** Starts more threads if all are blocked, or nothing was taken since {@code before}. */
  private void check(long before) {
    int start = 0;
    lock.lock();
    try {
      checkDue = false;
      if (queue.isEmpty()) {
        return;
      }
      if (noneRuns()) {
        start = Math.min(queue.size(), Math.max(1, busy.size())) - coming;
      } else if (taken == before) {
        start = 1 - coming;
      }
      start = Math.max(0, start);
      coming += start;
      checkLater(PATIENCE);
    } finally {
      lock.unlock();
    }
    for (int i = 0; i < start; i++) {
      start();
    }
  }

  private void serve() {
    CallbackThread self = (CallbackThread) Thread.currentThread();
    boolean goesOn = serveOne(self, true);
    while (goesOn) {
      goesOn = serveOne(self, false);
    }
  }

  /**
   * Runs the next entry; returns false if this thread should end. A method of its own, so that a
   * thread that waits for the next entry has no reference to the one before, and to all that this
   * one holds, such as the class loader of its caller.
   */
  private boolean serveOne(CallbackThread self, boolean isNew) {
    Entry entry = next(self, isNew);
    if (entry == null) {
      return false;
    }
    self.origin = entry.origin;
    try {
      entry.action.run();
    } catch (Throwable e) { // not by a dependent: futures keep what those throw
      Log.get().log(System.Logger.Level.WARNING, "a callback of a pool failed", e);
    }
    self.origin = null;
    self.restore();
    return true;
  }

  /** Returns the next entry; null if this thread should end. */
  private @Nullable Entry next(CallbackThread self, boolean isNew) {
    boolean start = false;
    Entry entry;
    lock.lock();
    try {
      if (isNew) {
        coming--;
      } else {
        busy.remove(self);
      }
      long left = IDLE.toNanos();
      while ((entry = queue.poll()) == null) {
        idle++;
        while (wakeUps == 0 && left > 0) {
          left = awaitWakeUp(left);
        }
        if (wakeUps > 0) { // by the thread that counted this one as coming instead of idle
          wakeUps--;
          coming--;
        } else {
          idle--;
          if (queue.isEmpty()) {
            return null;
          }
        }
      }
      taken++;
      busy.add(self);
      if (!queue.isEmpty()) {
        start = callAnother();
      }
    } finally {
      lock.unlock();
    }
    if (start) {
      start();
    }
    return entry;
  }

  @SuppressWarnings("WaitNotInLoop") // the caller loops
  private long awaitWakeUp(long nanos) {
    long deadline = System.nanoTime() + nanos;
    try {
      return wake.awaitNanos(nanos);
    } catch (InterruptedException e) {
      return deadline - System.nanoTime();
    }
  }
}
