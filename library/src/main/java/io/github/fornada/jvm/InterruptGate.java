package io.github.fornada.jvm;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Lets an interrupt reach a thread only while it runs the very item that the interrupt is for. A
 * thread has one gate, opens it for each item, and closes it at the item's end; other threads
 * interrupt the item, or abandon the thread if the item ignores its interrupt. Compare-and-set on
 * one word decides every race.
 *
 * <p>An item is known by its <em>pass</em>, which {@link #open()} gives out. Calls with a pass that
 * is over do nothing and return false.
 *
 * <p>What the owner wrote before it opened the gate is visible to a thread that has read the gate
 * as open, but it may rely on that only if it then interrupts that pass: the gate may have been
 * closed, and opened for another item, in between.
 *
 * @param <C> the type of the cause of an interrupt, which the owner can read
 */
public final class InterruptGate<C> {
  // FREE -> RUNNING -> FREE: the item ended by itself. Both by the owner.
  // RUNNING -> INTERRUPTING -> INTERRUPTED: another thread interrupts it. Both by that thread, or
  // the second by one that it starts, where the interrupt may take as long as the item.
  // INTERRUPTED -> FREE: the item ended after all. By the owner.
  // INTERRUPTING, INTERRUPTED -> ABANDONED: it ignores interrupts. By the thread that gives it up;
  // the owner runs no further item.
  // The upper bits number the item.
  private static final long FREE = 0;
  private static final long RUNNING = 1;
  private static final long INTERRUPTING = 2;
  private static final long INTERRUPTED = 3;
  private static final long ABANDONED = 4;
  private static final int PHASE_BITS = 3;
  private static final long PHASE = 7;

  private static final VarHandle WORD;

  static {
    try {
      WORD = MethodHandles.lookup().findVarHandle(InterruptGate.class, "word", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  @SuppressWarnings("unused") // by its handle
  private long word;

  /** Why the item was interrupted. Written between INTERRUPTING and the interrupt itself. */
  private volatile @Nullable C cause;

  // ---- the owner: the thread that runs the items

  /** Opens the gate for the next item. Volatile: what the owner reads next is read afterwards. */
  public long open() {
    long pass = ((long) WORD.getOpaque(this) & ~PHASE) + PHASE + 1 + RUNNING;
    WORD.setVolatile(this, pass);
    return pass;
  }

  /**
   * Opens the gate for the item of this number, whose pass is {@link #pass(long)}. With release
   * only: for an owner that has a full barrier of its own before it checks for cancels.
   */
  public void openRelease(long number) {
    WORD.setRelease(this, pass(number));
  }

  /**
   * Closes the gate: the item has ended. Returns true if the item was not interrupted, and never
   * will be; then the thread's interrupt flag, which the item itself may have set, is cleared too.
   * Returns false if it was interrupted: call {@link #closeInterrupted} next.
   */
  public boolean close(long pass) {
    if (!WORD.compareAndSet(this, pass, pass - RUNNING + FREE)) {
      return false;
    }
    var _ = Thread.interrupted();
    return true;
  }

  /**
   * Closes the gate after an interrupt. When this returns, the interrupt has reached this thread
   * and is cleared. Returns false if the thread was abandoned: it must not go on.
   */
  public boolean closeInterrupted(long pass) {
    while (word() == pass - RUNNING + INTERRUPTING) {
      Thread.onSpinWait(); // the other thread is between two steps
    }
    if (!WORD.compareAndSet(this, pass - RUNNING + INTERRUPTED, pass - RUNNING + FREE)) {
      return false;
    }
    var _ = Thread.interrupted();
    return true;
  }

  /** When this returns, an interrupt that another thread had begun to send has arrived. */
  public void awaitSent() {
    while (isInterrupting(word())) {
      Thread.onSpinWait(); // the other thread is between two steps
    }
  }

  /**
   * Returns the cause of the interrupt and clears it. For the owner before it opens the gate again,
   * and for the thread that has abandoned it.
   */
  public @Nullable C takeCause() {
    C taken = cause;
    cause = null;
    return taken;
  }

  // ---- other threads

  /** Loads what an interrupt needs, for a JVM that may be unable to open a file by then. */
  public static void load() {
    Objects.requireNonNull(Sent.class); // its name in the code has loaded it
    Objects.requireNonNull(Interrupts.class);
  }

  /** Returns the cause of the latest interrupt, perhaps of another item; null if it was taken. */
  public @Nullable C cause() {
    return cause;
  }

  /** Returns the gate's word as it is now, for the methods below. */
  public long word() {
    return (long) WORD.getVolatile(this);
  }

  /** Returns whether an item runs that was not interrupted. */
  public static boolean isRunning(long word) {
    return (word & PHASE) == RUNNING;
  }

  /** Returns whether an item runs whose interrupt is being sent. */
  public static boolean isInterrupting(long word) {
    return (word & PHASE) == INTERRUPTING;
  }

  /** Returns whether an item runs whose interrupt was sent. */
  public static boolean isInterrupted(long word) {
    return (word & PHASE) == INTERRUPTED;
  }

  /** Returns whether an item runs, interrupted or not, whose thread was not abandoned. */
  public static boolean isOpen(long word) {
    long phase = word & PHASE;
    return phase != FREE && phase != ABANDONED;
  }

  /** Returns the pass of the running item; if none runs, of the item that ran last. */
  public static long passOf(long word) {
    return (word & ~PHASE) + RUNNING;
  }

  /** Returns the pass that {@link #openRelease} gives the item with this number. */
  public static long pass(long number) {
    return number << PHASE_BITS | RUNNING;
  }

  /** Returns the number of the item, as it was given to {@link #openRelease}. */
  public static long number(long word) {
    return word >>> PHASE_BITS;
  }

  /**
   * Interrupts the thread if it runs the item of this pass and that item was not interrupted
   * before. Never waits: see {@link Interrupts#send}.
   *
   * @param cause what the owner can read about it
   * @return whether this call has interrupted it
   */
  public boolean interrupt(long pass, Thread owner, @Nullable C cause) {
    if (!WORD.compareAndSet(this, pass, pass - RUNNING + INTERRUPTING)) {
      return false;
    }
    this.cause = cause;
    Interrupts.send(owner, new Sent(this, pass));
    return true;
  }

  /** Not a lambda: the first lambda of a program takes milliseconds to link. */
  private record Sent(InterruptGate<?> gate, long pass) implements Runnable {
    @Override
    public void run() {
      gate.sent(pass);
    }
  }

  private void sent(long pass) {
    var _ =
        WORD.compareAndSet(
            this, pass - RUNNING + INTERRUPTING, pass - RUNNING + INTERRUPTED); // or ABANDONED
  }

  /**
   * Gives up a thread whose item was interrupted and has not ended. From then on the owner's {@link
   * #closeInterrupted} returns false, so that either the owner or the caller ends the item.
   *
   * @return false if the item has ended after all
   */
  public boolean abandon(long pass) {
    long abandoned = pass - RUNNING + ABANDONED;
    // In the order in which the word changes: in the other order both attempts could miss it.
    return WORD.compareAndSet(this, pass - RUNNING + INTERRUPTING, abandoned)
        || WORD.compareAndSet(this, pass - RUNNING + INTERRUPTED, abandoned);
  }
}
