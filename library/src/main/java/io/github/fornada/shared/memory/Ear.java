package io.github.fornada.shared.memory;

import io.github.fornada.jvm.HeapShortage;
import io.github.fornada.jvm.Log;
import io.github.fornada.jvm.OwnThreads;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.spi.AbstractInterruptibleChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A FIFO at which one process listens and others ring. A thread that listens is in a blocking read,
 * from which it is woken several times sooner than from a selector. Such a read knows neither
 * interrupts nor limits of time; for both it is rung.
 *
 * <p>A ring is a {@link RingKey}. The system writes and reads so few bytes whole.
 *
 * <p>Nobody waits to ring, because no FIFO is ever full: who rings looks now and then whether many
 * rings are there that nobody has taken, and then leaves its own out. Whoever finds so many rings
 * in one read wakes everybody.
 */
final class Ear {
  /** The bytes of rings that stand for a ring for everybody. */
  private static final int MANY = 2048; // half of what every FIFO holds

  /**
   * How often one process rings before it looks whether so many are there. While it does not look,
   * it may fill the other half.
   */
  private static final int LOOK_EVERY = 8; // Guess

  private static final int CAPACITY = 4096;

  /** Between two looks for a ring, where no alarm would end the wait for it. */
  private static final long POLL_NANOS = 1_000_000; // Guess

  private static final ThreadFactory ALARMS = OwnThreads.daemon("fornada-shared-alarm").factory();

  private final FileInputStream in;
  private final FileOutputStream out;
  private final ThreadFactory alarms;

  /** How many threads use the files, which the last one closes. */
  private int users; // guarded by this

  private boolean closed; // guarded by this

  /** Ends a read when its thread is interrupted; null after it has. By the thread that listens. */
  private @Nullable Interruption interruption;

  /** What is read into. By the thread that listens. */
  private final ByteBuffer rings = ByteBuffer.allocate(CAPACITY);

  /** What is written from, and how often. Guarded by this buffer. */
  private final ByteBuffer written = ByteBuffer.allocate(Long.BYTES);

  private int unlooked; // guarded by written

  private final Alarm alarm =
      new Alarm() {
        private boolean started; // by the thread that listens

        @Override
        void ring() {
          endListeningQuietly();
        }

        @Override
        boolean isOpen() {
          return Ear.this.isOpen();
        }

        @Override
        void start() {
          if (!started) {
            alarms.newThread(this::watch).start();
            started = true;
          }
        }
      };

  private Ear(FileInputStream in, FileOutputStream out, ThreadFactory alarms) {
    this.in = in;
    this.out = out;
    this.alarms = alarms;
  }

  /**
   * Opens a FIFO, for one that listens or for one that rings. Does not wait for the other side.
   *
   * @throws java.nio.file.NoSuchFileException if there is none
   */
  static Ear open(Path fifo) throws IOException {
    return open(fifo, ALARMS);
  }

  /** Opens it as {@link #open(Path)} does; {@code alarms} makes the thread that ends waits. */
  static Ear open(Path fifo, ThreadFactory alarms) throws IOException {
    // To open one end waits for the other end. A descriptor for both never waits, and is both ends
    // for as long as it is open.
    try (var _ = FileChannel.open(fifo, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      var reading = new FileInputStream(fifo.toFile());
      try {
        return new Ear(reading, new FileOutputStream(fifo.toFile()), alarms);
      } catch (IOException | RuntimeException | Error e) {
        reading.close();
        throw e;
      }
    }
  }

  private synchronized boolean begin() {
    if (closed) {
      return false;
    }
    users++;
    return true;
  }

  private void end() {
    boolean isLast;
    synchronized (this) {
      users--;
      isLast = closed && users == 0;
    }
    if (isLast) {
      closeFiles();
    }
  }

  synchronized boolean isOpen() {
    return !closed;
  }

  /** Rings for what has this key. */
  void ring(long key) throws IOException {
    if (begin()) {
      try {
        synchronized (written) {
          unlooked++;
          if (unlooked >= LOOK_EVERY) {
            unlooked = 0;
            if (in.available() >= MANY) {
              return;
            }
          }
          write(key);
        }
      } finally {
        end();
      }
    }
  }

  /**
   * Makes a thread that listens return: the one that does, or the next one. It does if there is a
   * ring already that nobody has taken.
   */
  void endListening() throws IOException {
    if (begin()) {
      try {
        ringIfSilent();
      } finally {
        end();
      }
    }
  }

  private void ringIfSilent() throws IOException {
    if (in.available() == 0) {
      synchronized (written) {
        write(RingKey.NOBODY);
      }
    }
  }

  private void write(long key) throws IOException {
    out.write(written.putLong(0, key).array());
  }

  /**
   * Waits for rings, and takes those that are there. Called by one thread at a time.
   *
   * @param nanos how long at most; {@link Mutex#FOR_EVER} for no limit
   * @param taken is given the key of each
   */
  void listen(long nanos, LongConsumer taken) throws IOException {
    if (!begin()) {
      return;
    }
    try {
      if (nanos != Mutex.FOR_EVER && !isAlarmSet(nanos)) {
        LockSupport.parkNanos(this, Math.min(nanos, POLL_NANOS));
        takeThere(taken);
        return;
      }
      Interruption known = interruption;
      if (known == null) {
        known = new Interruption();
        interruption = known;
      }
      if (!known.read()) {
        interruption = null;
      }
      tell(taken);
    } finally {
      if (nanos != Mutex.FOR_EVER) {
        alarm.clear();
      }
      end();
    }
  }

  /** Sets the alarm; returns false if it has no thread, and none can be started. */
  private boolean isAlarmSet(long nanos) {
    try {
      alarm.set(nanos);
      return true;
    } catch (OutOfMemoryError e) {
      if (!HeapShortage.isOfHeap(e)) {
        OwnThreads.noThread(e);
      }
      return false;
    }
  }

  /** Takes the rings that are there. Does not wait. */
  void take(LongConsumer taken) throws IOException {
    if (begin()) {
      try {
        takeThere(taken);
      } finally {
        end();
      }
    }
  }

  private void takeThere(LongConsumer taken) throws IOException {
    if (in.available() > 0) {
      read();
      tell(taken);
    }
  }

  private void read() throws IOException {
    rings.clear();
    rings.limit(Math.max(0, in.read(rings.array())));
  }

  private void tell(LongConsumer taken) {
    if (rings.remaining() >= MANY) {
      taken.accept(RingKey.EVERYBODY);
      return;
    }
    while (rings.remaining() >= Long.BYTES) {
      taken.accept(rings.getLong());
    }
  }

  /** The JDK closes an interruptible channel when the thread that uses it is interrupted. */
  private final class Interruption extends AbstractInterruptibleChannel {
    /** Reads rings; returns false if the thread was interrupted, which stays set. */
    boolean read() throws IOException {
      boolean isWhole;
      begin();
      try {
        Ear.this.read();
      } finally {
        isWhole = endQuietly();
      }
      return isWhole;
    }

    private boolean endQuietly() throws IOException {
      try {
        end(true);
        return true;
      } catch (ClosedByInterruptException e) {
        return false;
      }
    }

    @Override
    protected void implCloseChannel() throws IOException {
      endListening();
    }
  }

  private void endListeningQuietly() {
    try {
      endListening();
    } catch (IOException e) {
      Log.get().log(System.Logger.Level.WARNING, "the end of a wait may be noticed late", e);
    }
  }

  // ---- the end

  /** Closes it. A thread that listens returns. */
  void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      users++;
    }
    try {
      ringIfSilent();
    } catch (IOException e) {
      Log.get().log(System.Logger.Level.WARNING, "a thread may wait for a pool that has ended", e);
    } finally {
      end();
    }
    alarm.wake();
  }

  private void closeFiles() {
    try {
      in.close();
      out.close();
    } catch (IOException e) {
      Log.get().log(System.Logger.Level.DEBUG, "a FIFO could not be closed", e);
    }
  }
}
