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
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Supervises the task of a worker from within the worker: interrupts it when its time is over or it
 * is cancelled, and tells the parent, which can kill the process, if the task ignores interrupts.
 *
 * <p>An interrupt is meant for one item, so it may reach the thread only while that item runs. An
 * {@link InterruptGate} ensures that. If the gate is abandoned, the parent will kill this process.
 */
public final class TaskWatchdog {
  /** Why an item was interrupted. */
  public enum Reason {
    LIMIT(1),
    CANCEL(2);

    /** The number by which it is sent. */
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

  /** An interrupted item: its number, the reason, its stack, and when it was interrupted. */
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

  /** When the item started. Written before the gate is opened, read after the gate was read. */
  private volatile long startedNanos;

  /** The ticket of the item that runs, or ran last. Accessed by its handle; see {@link #begin}. */
  @SuppressWarnings("unused")
  private long current = -1;

  /** Tickets of items cancelled before they began. */
  private final Set<Long> cancelled = ConcurrentHashMap.newKeySet();

  /** Whether the watching thread must be woken for a new item. Written by that thread. */
  private volatile boolean asleep;

  @SuppressWarnings("NullAway.Init") // set before the first task
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

  /** Returns whether items have a timeout, so that the start of each must be known. */
  boolean isTimed() {
    return limitNanos >= 0;
  }

  /**
   * Called before an item is claimed; must be followed by {@link #end} or {@link #letGo}.
   *
   * @param now the present time if items have a timeout; otherwise it may be an earlier reading
   */
  void begin(long ticket, long now) {
    if (startedNanos != now) {
      startedNanos = now;
    }
    // Release: written before the gate, because cancel() reads it after the gate.
    CURRENT.setRelease(this, ticket);
    // Release is enough, because the claim that follows is a full barrier, and isWanted comes after
    // it.
    gate.openRelease(ClaimWord.number(ticket));
  }

  /** Called after the item was claimed. Returns false if it was cancelled before. */
  boolean isWanted(long ticket) {
    // Read after the claim and so after the gate was opened. rest() first sets this and then reads
    // both. So one of the two sees the other.
    if (limitNanos >= 0 && asleep) {
      LockSupport.unpark(watcher);
    }
    // For the same reason: cancel() first adds to the set and then reads both.
    return cancelled.isEmpty() || !cancelled.remove(ticket);
  }

  long startedNanos() {
    return startedNanos;
  }

  /** Called if the item was not claimed: another item may come with the same number. */
  void letGo(long ticket) {
    var _ = free(ticket);
  }

  /**
   * Returns whether an item that ran for {@code nanos} exceeded its timeout and the grace after it.
   * It is then over its timeout, whatever it returned, and whether or not it could be interrupted
   * in time.
   */
  boolean isOverdue(long nanos) {
    return limitNanos >= 0 && nanos > limitNanos + graceNanos;
  }

  /** Called when the item has ended. Returns why and where it was stopped; null if it was not. */
  @Nullable Stop end(long ticket) {
    Stop stopped = free(ticket);
    if (!cancelled.isEmpty()) {
      // These cancels came too late, or were for items that were taken back and never come.
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
        LockSupport.park(this); // the parent will kill this process
      }
    }
    Stop stopped = gate.takeCause();
    // it may be sleeping for the grace, and the next item's limit comes sooner
    LockSupport.unpark(watcher);
    return stopped;
  }

  // ---- other threads

  /**
   * Cancels the item with this ticket, and no other item that had the same number before or has it
   * since.
   */
  void cancel(long ticket) {
    cancelled.add(ticket);
    var _ = claims.next(); // volatile: pairs with the claim between begin and isWanted
    long number = ClaimWord.number(ticket);
    // A number runs only once, so the running item is the one with this ticket if both the gate and
    // the ticket match.
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
    load();
    while (true) {
      check();
    }
  }

  /**
   * Loads what this thread needs when something is due: it may be that no file can be opened then.
   */
  private static void load() {
    InterruptGate.load();
    for (Class<?> needed :
        List.<Class<?>>of(Stop.class, Reason.class, StackSample.class, Throwables.class)) {
      Objects.requireNonNull(needed); // its name in the code has loaded it
    }
  }

  /**
   * Does what is due, and waits until something may be due again. Called by the watching thread.
   */
  void check() {
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
        return; // the item has just ended meanwhile
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
   * Waits between items. A first wait of one timeout cannot miss the end of an item's time, and
   * causes no wake-ups for a stream of tiny items. Only after such a wait without a new item does
   * the thread sleep until it is woken.
   */
  private void rest() {
    long started = startedNanos;
    if (limitNanos >= 0) {
      LockSupport.parkNanos(this, limitNanos);
    }
    if (startedNanos == started) {
      asleep = true;
      // Read after `asleep` was set; isWanted() reads `asleep` after the gate and the claim. So one
      // of the two sees the other. An item may have begun before the wait, between its time and its
      // gate.
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

  /**
   * Tells the parent that the item ignores interrupts: only the end of this process will stop it.
   */
  private void reportStuck(Stop stop) {
    if (!gate.abandon(InterruptGate.pass(stop.number()))) {
      return; // the item has ended after all
    }
    var out = new MessageOutput().putLong(stop.number()).putByte(stop.reason().code);
    Throwables.putStack(stop.stack(), out);
    control.send(MessageTypes.STUCK, out);
  }

  /** Returns the watching thread, for diagnostics. */
  Thread watcher() {
    return watcher;
  }
}
