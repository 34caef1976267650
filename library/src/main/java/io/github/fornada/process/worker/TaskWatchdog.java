package io.github.fornada.process.worker;

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
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Watches the task of a worker from inside: interrupts it when its time is over or it is cancelled,
 * and calls the parent, which can kill, when it does not listen.
 *
 * <p>An interrupt is for one item, so it may reach the thread only while that item runs; the state
 * word settles the race.
 */
public final class TaskWatchdog {
  // FREE -> RUNNING (begin) -> FREE (end), or RUNNING -> INTERRUPTING -> INTERRUPTED -> FREE. The
  // task
  // thread makes the arrows from and to FREE; whoever interrupts makes the two between. The upper
  // bits
  // hold the item's number, so that an arrow meant for another item fails.
  private static final long FREE = 0;
  private static final long RUNNING = 1;
  private static final long INTERRUPTING = 2;
  private static final long INTERRUPTED = 3;
  private static final long DOOMED = 4;
  private static final int PHASE_BITS = 3;
  private static final long PHASE = 7;

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

  /** An interrupted item: why, and where it was. */
  record Stop(Reason reason, List<StackTraceElement> stack) {}

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
  private final AtomicLong state = new AtomicLong(FREE);
  private final Thread watcher;

  /** Written before the state is RUNNING, read after. */
  private volatile long startedNanos;

  /** Written before INTERRUPTED, read after it. */
  private @Nullable Stop stop;

  /** Ticket of the item that runs, or ran last. By its handle; see {@link #begin}. */
  @SuppressWarnings("unused")
  private long current = -1;

  /** Tickets of items cancelled before they began. */
  private final Set<Long> cancelled = ConcurrentHashMap.newKeySet();

  /**
   * Number of the item to look at again after the grace, and when; -1 for none. Watcher only reads.
   */
  private volatile long interruptedNumber = -1;

  private volatile long interruptedNanos;

  /** Whether the watcher has to be woken for a new item. Written by the watcher. */
  private volatile boolean asleep;

  @SuppressWarnings("NullAway.Init") // set by watches() before the first task
  private volatile Thread task;

  TaskWatchdog(ControlChannel control, ClaimWord claims, WorkerConfig config) {
    this.control = control;
    this.claims = claims;
    this.limitNanos = config.limitNanos();
    this.graceNanos = config.graceNanos();
    this.watcher = Thread.ofPlatform().daemon().name("fornada-watch").unstarted(this::watch);
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
    // Release: before the state, as cancel() reads it after.
    CURRENT.setRelease(this, ticket);
    // Release, for the claim that follows is a full barrier: isWanted comes after it.
    state.setRelease(ClaimWord.number(ticket) << PHASE_BITS | RUNNING);
    if (limitNanos >= 0 && asleep) {
      LockSupport.unpark(watcher);
    }
  }

  /** The item was claimed. False if it was cancelled before. */
  boolean isWanted(long ticket) {
    // After the claim and so after the state, as cancel() looks at both after it added to the set:
    // one sees the other.
    return cancelled.isEmpty() || !cancelled.remove(ticket);
  }

  long startedNanos() {
    return startedNanos;
  }

  /** The item was not claimed: another may come under its number. */
  void letGo(long ticket) {
    var _ = free(ticket);
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
    long number = ClaimWord.number(ticket);
    long running = number << PHASE_BITS | RUNNING;
    Stop stopped = null;
    if (!state.compareAndSet(running, FREE)) {
      long interrupted = number << PHASE_BITS | INTERRUPTED;
      Stop seen = null;
      for (long now = state.get(); ; now = state.get()) {
        if (now == interrupted) {
          seen =
              stop; // while it cannot change: once the state is FREE, the next item may be stopped
          if (state.compareAndSet(interrupted, FREE)) {
            break;
          }
        } else if ((now & PHASE) == DOOMED) {
          LockSupport.park(this); // the end of this process is on its way
        } else {
          Thread.onSpinWait(); // the other thread is between two instructions
        }
      }
      stopped = seen;
    }
    var _ = Thread.interrupted(); // the task's own business, over with it
    return stopped;
  }

  // ---- other threads

  /** Cancels the item of this ticket, and no other that its number was given to before or since. */
  void cancel(long ticket) {
    cancelled.add(ticket);
    var _ = claims.next(); // volatile: pairs with the claim between begin and isWanted
    long number = ClaimWord.number(ticket);
    // A number runs once, so that it is the one of this ticket if both are as they should be.
    if (state.get() == (number << PHASE_BITS | RUNNING)
        && (long) CURRENT.getAcquire(this) == ticket) {
      interrupt(number, Reason.CANCEL);
    }
  }

  private void interrupt(long number, Reason reason) {
    Thread thread = task;
    StackTraceElement[] stack = thread.getStackTrace();
    long running = number << PHASE_BITS | RUNNING;
    if (state.compareAndSet(running, number << PHASE_BITS | INTERRUPTING)) {
      stop = new Stop(reason, List.of(stack));
      interruptedNanos = System.nanoTime();
      interruptedNumber = number;
      thread.interrupt();
      state.set(number << PHASE_BITS | INTERRUPTED);
      LockSupport.unpark(watcher);
    }
  }

  private void watch() {
    while (true) {
      long seen = state.get();
      long number = seen >>> PHASE_BITS;
      long now = System.nanoTime();
      if ((seen & PHASE) == RUNNING && limitNanos >= 0) {
        long left = startedNanos + limitNanos - now;
        if (left <= 0 && state.get() == seen) {
          interrupt(number, Reason.LIMIT);
        } else {
          LockSupport.parkNanos(this, Math.max(left, 1));
        }
      } else if ((seen & PHASE) == INTERRUPTED && interruptedNumber == number) {
        long left = interruptedNanos + graceNanos - now;
        if (left <= 0) {
          callParent(number);
        } else {
          LockSupport.parkNanos(this, left);
        }
      } else if ((seen & PHASE) == INTERRUPTING) {
        Thread.onSpinWait();
      } else {
        rest();
      }
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
      // After `asleep`, as begin() looks at `asleep` after it set these: one sees the other.
      if (startedNanos == started && (state.get() & PHASE) != INTERRUPTED) {
        LockSupport.park(this);
      }
      asleep = false;
    }
  }

  /** The item does not listen: only the end of this process will stop it. */
  private void callParent(long number) {
    Stop stopped = stop;
    if (stopped == null
        || !state.compareAndSet(
            number << PHASE_BITS | INTERRUPTED, number << PHASE_BITS | DOOMED)) {
      return; // it has just ended after all
    }
    var out = new MessageOutput().putLong(number).putByte(stopped.reason().code);
    Throwables.putStack(stopped.stack(), out);
    control.send(MessageTypes.STUCK, out);
  }
}
