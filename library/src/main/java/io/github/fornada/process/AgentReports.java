package io.github.fornada.process;

import io.github.fornada.jvm.Fifo;
import io.github.fornada.jvm.HeapShortage;
import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.process.wire.MessageOutput;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What an agent has to tell its pool. Any thread adds to it, and one sends it. Nothing else is
 * locked or called under its lock but an {@link Entry}.
 */
final class AgentReports {
  /** Appends one entry of a report; may be asked again where there was no room for it. */
  interface Entry {
    void put(MessageOutput out);
  }

  /**
   * A report gets no more entries when it has this many bytes, and what tasks print waits then. So
   * large results need room for two of them, and not for all that wait.
   */
  private static final int REPORT_BYTES = 4 << 20; // Guess

  /** How often it says that it is there while it fetches what may take long. */
  private static final long SIGN_OF_LIFE = 2_000_000_000L; // Guess: the silence limit is longer

  private final PoolContact pool;
  private final AgentLoad load;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition added = lock.newCondition();
  private final Condition sent = lock.newCondition();

  // All guarded by lock.

  /** Reports that get no more entries, before the last. */
  private final Fifo<MessageOutput> full = new Fifo<>();

  private MessageOutput reports = new MessageOutput();
  private boolean isDue;

  /** How many items have ended that were not reported. */
  private int ended;

  /** Whether something among it must not wait for more. */
  private boolean isUrgent;

  /** Whether the thread that sends waits for more to report. */
  private boolean gathering;

  /** Whether the thread that polls is not heard of, because it fetches shared bytes. */
  private volatile boolean silent;

  /** When the last report was sent. Used by the thread that sends. */
  private long lastReport;

  AgentReports(PoolContact pool, AgentLoad load) {
    this.pool = pool;
    this.load = load;
  }

  /**
   * Adds to what is sent next. It may wait for more while workers have enough to do.
   *
   * @throws OutOfMemoryError if there is no room for it; nothing has changed then
   * @throws io.github.fornada.process.wire.PayloadTooLargeException as well
   */
  void add(Entry entry) {
    add(entry, 0, false);
  }

  /** Adds the end of an item. Of those only so many wait for more. */
  void addEnd(Entry entry) {
    add(entry, 1, false);
  }

  /** Adds what the pool must know at once: another agent may have nothing to do. */
  void addAtOnce(Entry entry) {
    add(entry, 0, true);
  }

  private void add(Entry entry, int ends, boolean atOnce) {
    lock.lock();
    try {
      addLocked(entry, ends, atOnce);
    } finally {
      lock.unlock();
    }
  }

  private void addLocked(Entry entry, int ends, boolean atOnce) {
    if (reports.size() >= REPORT_BYTES) {
      var next = new MessageOutput();
      full.addLast(reports);
      reports = next;
    }
    int from = reports.size();
    boolean whole = false;
    try {
      entry.put(reports);
      whole = true;
    } finally {
      if (!whole) {
        reports.truncate(from); // else the entries behind it would be read as its own
      }
    }
    ended += ends;
    isUrgent |= atOnce;
    isDue = true;
    if (!gathering || !mayWait()) {
      added.signal();
    }
  }

  private boolean mayWait() {
    return !isUrgent && load.hasEnough(ended) && !isMuch();
  }

  /** Under lock. */
  private boolean isMuch() {
    return !full.isEmpty() || reports.size() >= REPORT_BYTES;
  }

  /** Adds what a task prints. Waits while too much was not sent. */
  void print(Entry entry) {
    lock.lock();
    try {
      while (isMuch() && !load.isEnding()) {
        var _ = sent.await(1, TimeUnit.SECONDS);
      }
      addLocked(entry, 0, false);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
  }

  /** The pool is told how much is here and wanted, whether there is anything else or not. */
  void tellLoad() {
    addAtOnce(out -> {});
  }

  /** Whether nothing is heard of the thread that polls from now on: then signs of life are sent. */
  void silent(boolean is) {
    silent = is;
  }

  /** The agent ends: nobody waits any longer. */
  void end() {
    lock.lock();
    try {
      added.signalAll();
      sent.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Sends what there is to tell, in the calling thread, until all items have ended and were told
   * of.
   *
   * @param isLast whether nothing will be added any more
   * @return false if the pool has given the agent up
   */
  boolean sendAll(BooleanSupplier isLast) throws IOException, InterruptedException {
    for (byte[] report = next(isLast); report != null; report = next(isLast)) {
      byte[] said = pool.ask(report);
      var answer = new MessageInput(said, 0, said.length);
      if (answer.getByte() != RemoteWire.OK) {
        return false;
      }
      long pause = answer.getLong();
      load.pause(pause);
      gather();
      if (pause > 0) {
        LockSupport.parkNanos(pause);
      }
    }
    return true;
  }

  /** Waits until some items have ended, or workers will soon need more, or for a while. */
  private void gather() throws InterruptedException {
    long most = load.gatherNanos();
    long deadline = System.nanoTime() + most;
    lock.lock();
    try {
      gathering = true;
      for (long left = most; left > 0 && mayWait(); left = deadline - System.nanoTime()) {
        var _ = added.awaitNanos(left);
      }
    } finally {
      gathering = false;
      lock.unlock();
    }
  }

  /** Waits for something to report; null at the end, when all was reported. */
  private byte @Nullable [] next(BooleanSupplier isLast) throws InterruptedException {
    while (true) {
      try {
        return tryNext(isLast);
      } catch (OutOfMemoryError e) {
        HeapShortage.await(e);
      }
    }
  }

  private byte @Nullable [] tryNext(BooleanSupplier isLast) throws InterruptedException {
    lock.lock();
    try {
      while (!isDue && !isLast.getAsBoolean()) {
        var _ = added.await(100, TimeUnit.MILLISECONDS);
        isDue |= silent && System.nanoTime() - lastReport > SIGN_OF_LIFE;
      }
      lastReport = System.nanoTime();
      MessageOutput older = full.peek();
      if (!isDue || (older == null && reports.size() == 0 && isLast.getAsBoolean())) {
        return null;
      }
      MessageOutput entries = older == null ? reports : older;
      var empty = new MessageOutput();
      MessageOutput head = load.put(pool.question(RemoteWire.REPORT));
      byte[] report = Arrays.copyOf(head.array(), Math.addExact(head.size(), entries.size()));
      System.arraycopy(entries.array(), 0, report, head.size(), entries.size());
      if (older != null) { // now that there was memory for it
        var _ = full.poll();
      } else {
        reports = empty;
        isDue = false;
        ended = 0;
        isUrgent = false;
      }
      sent.signalAll();
      return report;
    } finally {
      lock.unlock();
    }
  }
}
