package io.github.fornada.process;

import io.github.fornada.Outcome;
import io.github.fornada.TaskUsage;
import io.github.fornada.jvm.CallbackThread;
import io.github.fornada.jvm.Callbacks;
import io.github.fornada.jvm.Fifo;
import io.github.fornada.jvm.Log;
import io.github.fornada.process.payload.CodecSessions;
import io.github.fornada.process.payload.Payloads;
import io.github.fornada.process.payload.Throwables;
import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.spi.Batch;
import io.github.fornada.spi.PayloadCodec;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Reads those results of one slot's workers whose reading may run user code: a {@code readObject},
 * a constructor, a codec, a class loader. Such code may be slow or never return. So the thread that
 * reads the ring only adds a copy of the bytes here, and a thread that may be lost reads the value
 * and ends the item.
 *
 * <p>One thread takes the results in order. While it gets no further, another one takes its place,
 * up to a number, and it keeps only the item that it has. The time limit of items holds for the
 * reading of a result too, as it holds for the writing of an item. Where none is set, the reading
 * has {@link #AT_CLOSE} once the pool was shut down.
 */
final class GuardedResults {
  /** How many threads may be in the user's code at the same time. */
  static final int MAX_THREADS = 32; // Guess

  /** How long reading a result may delay the next one. */
  private static final Duration PATIENCE = Duration.ofMillis(5); // Guess

  /** How often to look when there may be no other thread. */
  private static final Duration ALL_STUCK_PAUSE = Duration.ofMillis(100); // Guess

  /** How long the thread that adds waits for others to get further, when much waits. */
  private static final Duration NO_PROGRESS = Duration.ofSeconds(1); // Guess

  /** How long reading a result may keep a pool from ending, where items have no time limit. */
  static final Duration AT_CLOSE = Duration.ofSeconds(5); // Guess

  /** How often the end of the pool is looked for while results are being read. */
  private static final Duration LOOK = Duration.ofMillis(500);

  /** The number of bytes that may wait while results are being read. */
  private static final long AHEAD_BYTES = 8 << 20; // Guess

  /** What a result takes up here in addition to its bytes. */
  private static final int OVERHEAD = 150; // Guess

  /** A result that was not read yet. */
  @SuppressWarnings("ArrayRecordComponent") // not compared by equals
  record Unread(
      Batch<?, ?> batch,
      int i,
      boolean isFailure,
      byte[] payload,
      ClassLoader loader,
      @Nullable TaskUsage usage,
      String worker) {
    static Unread of(
        Batch<?, ?> batch,
        int i,
        boolean isFailure,
        MessageInput in,
        ClassLoader loader,
        @Nullable TaskUsage usage,
        String worker) {
      byte[] copy = Arrays.copyOfRange(in.array(), in.position(), in.position() + in.remaining());
      return new Unread(batch, i, isFailure, copy, loader, usage, worker);
    }

    private long size() {
      return (long) payload.length + OVERHEAD;
    }
  }

  /** The pool whose results are read. */
  interface Home extends UserCodeGuard.Home {
    /** Returns whether the pool whose items they are was shut down, and waits for them. */
    boolean isClosing();

    /** Makes the calling thread one of the pool's own, which must not wait for the pool's end. */
    void enters();

    void leaves();

    /** Reads results that are not encoded directly; null for the JDK's serialization. */
    @Nullable PayloadCodec codec();
  }

  private final Home engine;

  /** The most bytes that are kept while no result gets any further. */
  private final long maxBytes = Math.min(64 << 20, Runtime.getRuntime().maxMemory() / 16); // Guess

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition progress = lock.newCondition();

  // All guarded by lock.
  private final Fifo<Unread> waiting = new Fifo<>();
  private long waitingBytes;

  /** Results taken so far. */
  private long taken;

  /** Readers that have begun, or were asked for, and have not ended. */
  private final List<Reader> readers = new ArrayList<>();

  /** The one that takes the next result; null if there is none, or it got no further. */
  private @Nullable Reader current;

  /** Sessions that no reader uses. */
  private final ArrayDeque<CodecSessions> sessions = new ArrayDeque<>();

  private boolean checkDue;
  private boolean lookDue;

  GuardedResults(Home engine) {
    this.engine = engine;
  }

  /**
   * Adds a result. Waits while too much waits here already, unless nothing gets any further.
   * Returns false if the result cannot be kept; then the caller ends the item.
   */
  boolean add(Unread result) {
    Reader start = null;
    lock.lock();
    try {
      awaitRoom(result.size());
      if (waitingBytes > 0 && waitingBytes + result.size() > maxBytes) {
        return false;
      }
      waiting.addLast(result);
      waitingBytes += result.size();
      if (current == null) {
        start = another();
      }
      if (start == null) {
        checkLater();
      }
      if (!lookDue) {
        lookLater();
      }
    } finally {
      lock.unlock();
    }
    start(start);
    return true;
  }

  private static void start(@Nullable Reader reader) {
    if (reader != null) {
      Callbacks.run(null, reader);
    }
  }

  private void awaitRoom(long size) {
    boolean interrupted = false;
    long before = -1;
    while (waitingBytes > 0 && waitingBytes + size > AHEAD_BYTES && before != taken) {
      before = taken;
      long deadline = System.nanoTime() + NO_PROGRESS.toNanos();
      for (long left = 1; left > 0 && before == taken; left = deadline - System.nanoTime()) {
        try {
          var _ = progress.awaitNanos(deadline - System.nanoTime());
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Makes another reader the current one; null if there are too many already. Under lock. */
  private @Nullable Reader another() {
    if (readers.size() == MAX_THREADS) {
      return null;
    }
    var made = new Reader();
    readers.add(made);
    current = made;
    return made;
  }

  /** Under lock. */
  private void checkLater() {
    if (!checkDue) {
      long before = taken;
      Duration pause = readers.size() < MAX_THREADS ? PATIENCE : ALL_STUCK_PAUSE;
      checkDue = isScheduled(pause, () -> check(before));
    }
  }

  /** Under lock. */
  private void lookLater() {
    lookDue = isScheduled(LOOK, this::lookForEnd);
  }

  /** Returns whether there was memory for it; if not, the next result that comes sees to it. */
  private static boolean isScheduled(Duration pause, Runnable action) {
    try {
      Engine.tryLater(pause, action);
      return true;
    } catch (OutOfMemoryError e) {
      return false;
    }
  }

  /** Has another reader go on if none was taken since {@code before}. The timer. */
  private void check(long before) {
    Reader start = null;
    lock.lock();
    try {
      checkDue = false;
      if (waiting.isEmpty()) {
        return;
      }
      if (taken == before) {
        start = another();
      }
      checkLater();
    } finally {
      lock.unlock();
    }
    start(start);
  }

  /** Stops what keeps the pool from ending. The timer. */
  private void lookForEnd() {
    boolean isEnd = engine.isClosing() && engine.policy().timeout() == null;
    long now = System.nanoTime();
    List<Reader> all;
    lock.lock();
    try {
      lookDue = false;
      if (!readers.isEmpty() || !waiting.isEmpty()) {
        lookLater();
      }
      all = isEnd ? new ArrayList<>(readers) : List.of();
    } finally {
      lock.unlock();
    }
    all.forEach(reader -> reader.stopIfLate(now));
  }

  // ---- other threads

  /** Cancels the item if its result waits here or is being read. */
  boolean cancel(Batch<?, ?> batch, int i, String reason) {
    List<Reader> all;
    Unread removed = null;
    lock.lock();
    try {
      for (Unread each : waiting) {
        if (each.i() == i && each.batch().equals(batch)) {
          removed = each;
          break;
        }
      }
      if (removed != null) {
        var _ = waiting.remove(removed);
        waitingBytes -= removed.size();
      }
      all = removed != null || readers.isEmpty() ? List.of() : new ArrayList<>(readers);
    } finally {
      lock.unlock();
    }
    if (removed != null) {
      end(removed, new Outcome.Cancelled<>(reason));
      return true;
    }
    return all.stream().anyMatch(reader -> reader.guard.cancel(batch, i));
  }

  /** Adds the batches whose results wait here or are being read. */
  void addBatches(Set<Batch<?, ?>> to) {
    lock.lock();
    try {
      waiting.forEach(each -> to.add(each.batch()));
      for (Reader reader : readers) {
        Batch<?, ?> read = reader.guard.batch();
        if (read != null) {
          to.add(read);
        }
      }
    } finally {
      lock.unlock();
    }
  }

  // ---- the threads that read

  /** Reads results one after the other, until there is none, or another has taken its place. */
  private final class Reader implements Runnable, UserCodeGuard.Successor {
    private final UserCodeGuard guard = new UserCodeGuard(engine, this);

    /** What it reads. Written by its thread; read by others that then stop exactly that. */
    private volatile @Nullable Unread reading;

    /** The pass that keeps the pool from ending, and since when. Used by the timer. */
    private long seen = -1;

    private long seenSince;

    /** What is stopped because the pool ends. Written by the timer before the guard stops it. */
    private volatile @Nullable Unread late;

    private @Nullable CodecSessions codec;

    @Override
    public void run() {
      engine.enters();
      try {
        for (Unread next = next(this); next != null; next = next(this)) {
          reading = next;
          read(next);
          reading = null;
          CallbackThread.restoreCurrent();
        }
      } catch (UserCodeGuard.Abandoned e) {
        endOf(this); // another thread has ended the item
      } finally {
        engine.leaves();
      }
    }

    private <R> void read(Unread unread) {
      @SuppressWarnings("unchecked") // the result type is that of the function
      Batch<?, R> batch = (Batch<?, R>) unread.batch();
      Outcome<R> outcome;
      guard.begins(batch);
      guard.next(unread.i());
      try {
        outcome = guard.run(batch, () -> decode(unread));
      } catch (UserCodeGuard.Abandoned e) {
        throw e;
      } catch (UserCodeGuard.Stopped e) {
        outcome = stopped(batch, unread, e.stack);
      } catch (Throwable e) { // anything that the user's readObject or constructor throws
        outcome = Outcomes.unreadable(batch, unread.i(), e);
      }
      guard.ends();
      end(unread, outcome);
    }

    private <R> Outcome<R> decode(Unread unread) throws Exception {
      var in = new MessageInput(unread.payload(), 0, unread.payload().length);
      if (unread.isFailure()) {
        return new Outcome.Failed<>(Throwables.decode(in, unread.loader()));
      }
      CodecSessions own = codec;
      if (own == null) {
        own = CodecSessions.of(engine.codec());
        codec = own;
      }
      return new Outcome.Done<>(
          Outcomes.<R>cast(Payloads.decodeAndLearn(in, unread.loader(), own)));
    }

    @SuppressWarnings("ReferenceEquality") // two results may be equal
    private <R> Outcome<R> stopped(
        Batch<?, R> batch, Unread unread, @Nullable List<StackTraceElement> stack) {
      if (late != unread) {
        return UserCodeGuard.outcome("its result was being read", engine.policy().timeout(), stack);
      }
      var why =
          new TimeoutException(
              "reading it had not ended "
                  + AT_CLOSE.toSeconds()
                  + " s after the pool was shut down, and items have no time limit");
      if (stack != null) {
        why.setStackTrace(stack.toArray(StackTraceElement[]::new)); // where it was
      }
      return Outcomes.unreadable(batch, unread.i(), why);
    }

    /** Its thread was abandoned. The timer, which must run no user code. */
    @Override
    public <R> void replace(Batch<?, R> batch, int i, @Nullable List<StackTraceElement> stack) {
      Unread lost = reading;
      Reader start = null;
      lock.lock();
      try {
        if (isCurrent(this)) {
          current = null;
          start = waiting.isEmpty() ? null : another();
        }
      } finally {
        lock.unlock();
      }
      start(start);
      if (lost != null) {
        Callbacks.run(null, () -> end(lost, stopped(batch, lost, stack)));
      }
    }

    /**
     * Stops what it reads if that has kept the pool from ending for too long. Called from time to
     * time by the timer once the pool was shut down.
     */
    void stopIfLate(long now) {
      long pass = guard.running();
      if (pass != seen) {
        seen = pass;
        seenSince = now;
      } else if (pass >= 0 && now - seenSince > AT_CLOSE.toNanos()) {
        Unread what = reading;
        if (guard.running() == pass) { // then that is what it reads
          late = what;
          guard.stop(pass);
        }
      }
    }
  }

  @SuppressWarnings("ReferenceEquality") // a reader is equal to itself only
  private boolean isCurrent(Reader reader) {
    return current == reader;
  }

  /** Returns the next result for this reader; null if it must end. */
  private @Nullable Unread next(Reader reader) {
    lock.lock();
    try {
      if (current == null && !waiting.isEmpty()) {
        current = reader; // its place was taken, and by now no other has it
      }
      Unread next = isCurrent(reader) ? waiting.poll() : null;
      if (next == null) {
        if (isCurrent(reader)) {
          current = null;
        }
        readers.remove(reader);
        if (reader.codec != null) {
          sessions.addLast(reader.codec);
          reader.codec = null;
        }
        return null;
      }
      if (reader.codec == null) {
        reader.codec = sessions.pollLast();
      }
      waitingBytes -= next.size();
      taken++;
      progress.signalAll();
      if (!waiting.isEmpty()) {
        checkLater();
      }
      return next;
    } finally {
      lock.unlock();
    }
  }

  /** A reader that was abandoned has returned at last. */
  private void endOf(Reader reader) {
    Reader start = null;
    lock.lock();
    try {
      readers.remove(reader);
      if (current == null && !waiting.isEmpty()) {
        start = another(); // for what there was no thread before
      }
    } finally {
      lock.unlock();
    }
    start(start);
  }

  private static <R> void end(Unread unread, Outcome<R> outcome) {
    @SuppressWarnings("unchecked") // the result type is that of the function
    Batch<?, R> batch = (Batch<?, R>) unread.batch();
    try {
      if (outcome instanceof Outcome.Done<R>(R value)) {
        var _ = batch.done(unread.i(), value, unread.usage(), unread.worker());
      } else {
        var _ = batch.end(unread.i(), outcome, unread.usage(), unread.worker());
      }
    } catch (RuntimeException | Error e) { // thrown by a callback
      Log.get()
          .log(
              System.Logger.Level.WARNING,
              "a callback failed after an item of " + unread.worker(),
              e);
    }
  }
}
