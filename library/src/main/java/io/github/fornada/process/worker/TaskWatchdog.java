package io.github.fornada.process.worker;

import io.github.fornada.jvm.InterruptGate;
import io.github.fornada.jvm.OwnThreads;
import io.github.fornada.jvm.StackSample;
import io.github.fornada.process.payload.Throwables;
import io.github.fornada.process.wire.ClaimWord;
import io.github.fornada.process.wire.ControlChannel;
import io.github.fornada.process.wire.CorruptFrameException;
import io.github.fornada.process.wire.MessageOutput;
import io.github.fornada.process.wire.MessageTypes;
import io.github.fornada.process.wire.WorkerConfig;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Watches the task of a worker from inside: interrupts it when its time is over or it is cancelled,
 * and calls the parent, which can kill, when it ignores interrupts.
 *
 * <p>An interrupt is for one item, so it may reach the thread only while that item runs: an {@link
 * InterruptGate} sees to that. Abandoned means here that the end of this process is on its way.
 */
public final class TaskWatchdog {
  /** Why an item was interrupted. */
  public enum Reason {
    LIMIT(1),
    CANCEL(2);

    /** How it is sent. */
    public final int code;

    Reason(int code) {
      this.code = code;
    }

    public static Reason of(int code) throws CorruptFrameException {
      return switch (code) {
        case 1 -> LIMIT;
        case 2 -> CANCEL;
        default -> throw new CorruptFrameException("a reason with number " + code);
      };
    }
  }

  /** An interrupted item: which, why, where it was, and when that was. */
  record Stop(long number, Reason reason, StackSample sample, long nanos) {
    List<StackTraceElement> stack() {
      return sample.frames();
    }
  }

  private static final VarHandle CURRENT;

  static {
    try {
      CURRENT = MethodHandles.lookup().findVarHandle(TaskWatchdog.class, "current", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final ControlChannel control;
  private final ClaimWord claims;
  private final long limitNanos;
  private final long graceNanos;
  private final InterruptGate<Stop> gate = new InterruptGate<>();
  private final Thread watcher;

  /** Written before the gate is opened, read after. */
  private volatile long startedNanos;

  /** Ticket of the item that runs, or ran last. By its handle; see {@link #begin}. */
  @SuppressWarnings("unused")
  private long current = -1;

  /** Tickets of items cancelled before they began. */
  private final Set<Long> cancelled = ConcurrentHashMap.newKeySet();

  /** Whether the watcher has to be woken for a new item. Written by the watcher. */
  private volatile boolean asleep;

  @SuppressWarnings("NullAway.Init") // set by watches() before the first task
  private volatile Thread task;

  TaskWatchdog(ControlChannel control, ClaimWord claims, WorkerConfig config) {
    this.control = control;
    this.claims = claims;
    this.limitNanos = config.limitNanos();
    this.graceNanos = config.graceNanos();
    this.watcher = OwnThreads.daemon("fornada-watchdog").unstarted(this::watch);
  }

  void start() {
    watcher.start();
  }

  void watches(Thread thread) {
    task = thread;
  }

  // ---- the task thread

  /** Whether items have a timeout, so that the start of each must be known. */
  boolean isTimed() {
    return limitNanos >= 0;
  }

  /**
   * The item is about to be claimed; to be followed by {@link #end} or {@link #letGo}.
   *
   * @param now the time, if it is of interest; else of the last look at the clock
   */
  void begin(long ticket, long now) {
    if (startedNanos != now) {
      startedNanos = now;
    }
    // Release: before the gate, as cancel() reads it after.
    CURRENT.setRelease(this, ticket);
    // Release, for the claim that follows is a full barrier: isWanted comes after it.
    gate.openRelease(ClaimWord.number(ticket));
  }

  /** The item was claimed. False if it was cancelled before. */
  boolean isWanted(long ticket) {
    // After the claim and so after the gate, as rest() looks at both after it set this: one sees
    // the other.
    if (limitNanos >= 0 && asleep) {
      LockSupport.unpark(watcher);
    }
    // For the same reason: cancel() looks at both after it added to the set.
    return cancelled.isEmpty() || !cancelled.remove(ticket);
  }

  long startedNanos() {
    return startedNanos;
  }

  /** The item was not claimed: another may come under its number. */
  void letGo(long ticket) {
    var _ = free(ticket);
  }

  /**
   * Whether an item that ran so long had more than its time and the grace after it. Then its time
   * was over, whatever it gave, and whether or not it could be interrupted in time.
   */
  boolean isOverdue(long nanos) {
    return limitNanos >= 0 && nanos > limitNanos + graceNanos;
  }

  /** The item has ended; tells whether and why it had been stopped. */
  @Nullable Stop end(long ticket) {
    Stop stopped = free(ticket);
    if (!cancelled.isEmpty()) {
      // They came too late, or were for items that were taken back and never come.
      long number = ClaimWord.number(ticket);
      cancelled.removeIf(other -> ClaimWord.number(other) <= number);
    }
    return stopped;
  }

  private @Nullable Stop free(long ticket) {
    long pass = InterruptGate.pass(ClaimWord.number(ticket));
    if (gate.close(pass)) {
      return null;
    }
    if (!gate.closeInterrupted(pass)) {
      while (true) {
        var _ = Thread.interrupted();
        LockSupport.park(this); // the end of this process is on its way
      }
    }
    Stop stopped = gate.takeCause();
    LockSupport.unpark(watcher); // which may sleep for the grace: the next item's limit is sooner
    return stopped;
  }

  // ---- other threads

  /** Cancels the item of this ticket, and no other that its number was given to before or since. */
  void cancel(long ticket) {
    cancelled.add(ticket);
    var _ = claims.next(); // volatile: pairs with the claim between begin and isWanted
    long number = ClaimWord.number(ticket);
    // A number runs once, so that it is the one of this ticket if both are as they should be.
    if (gate.word() == InterruptGate.pass(number) && (long) CURRENT.getAcquire(this) == ticket) {
      interrupt(number, Reason.CANCEL, StackSample.none());
    }
  }

  private void interrupt(long number, Reason reason, StackSample sample) {
    var stop = new Stop(number, reason, sample, System.nanoTime());
    if (gate.interrupt(InterruptGate.pass(number), task, stop)) {
      LockSupport.unpark(watcher);
    }
  }

  private void watch() {
    while (true) {
      look();
    }
  }

  /** Does what is due, and waits until something may be due again. The watcher's. */
  void look() {
    long seen = gate.word();
    long now = System.nanoTime();
    if (InterruptGate.isRunning(seen) && limitNanos >= 0) {
      long left = startedNanos + limitNanos - now;
      if (left <= 0 && gate.word() == seen) {
        interrupt(InterruptGate.number(seen), Reason.LIMIT, StackSample.of(task));
      } else {
        LockSupport.parkNanos(this, Math.max(left, 1));
      }
    } else if (InterruptGate.isInterrupted(seen)) {
      Stop stop = gate.cause();
      if (stop == null || stop.number() != InterruptGate.number(seen)) {
        return; // the item has just ended
      }
      long left = stop.nanos() + graceNanos - now;
      if (left <= 0) {
        reportStuck(stop);
      } else {
        LockSupport.parkNanos(this, left);
      }
    } else if (InterruptGate.isInterrupting(seen)) {
      Thread.onSpinWait();
    } else {
      rest();
    }
  }

  /**
   * Between items: a nap of one limit cannot miss an item's end, and costs a stream of tiny items
   * no wake-ups. Only after a nap without a new item it sleeps until it is woken.
   */
  private void rest() {
    long started = startedNanos;
    if (limitNanos >= 0) {
      LockSupport.parkNanos(this, limitNanos);
    }
    if (startedNanos == started) {
      asleep = true;
      // After `asleep`, as isWanted() looks at `asleep` after the gate and the claim: one sees the
      // other. An item may have begun before the nap, between its time and its gate.
      var _ = claims.next();
      if (!isToBeWatched(gate.word())) {
        LockSupport.park(this);
      }
      asleep = false;
    }
  }

  private boolean isToBeWatched(long word) {
    return InterruptGate.isRunning(word)
        ? limitNanos >= 0
        : InterruptGate.isInterrupting(word) || InterruptGate.isInterrupted(word);
  }

  /** The item ignores interrupts: only the end of this process will stop it. */
  private void reportStuck(Stop stop) {
    if (!gate.abandon(InterruptGate.pass(stop.number()))) {
      return; // it has just ended after all
    }
    var out = new MessageOutput().putLong(stop.number()).putByte(stop.reason().code);
    Throwables.putStack(stop.stack(), out);
    control.send(MessageTypes.STUCK, out);
  }

  /** The thread that watches, for a look from outside. */
  Thread watcher() {
    return watcher;
  }
}
