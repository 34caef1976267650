package io.github.fornada.shared.memory;

import io.github.fornada.jvm.Log;
import io.github.fornada.jvm.OwnThreads;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.spi.AbstractInterruptibleChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * A FIFO at which one process listens and others ring. A thread that listens is in a blocking read,
 * from which it is woken several times sooner than from a selector. Such a read knows neither
 * interrupts nor limits of time; for both a byte is written to the FIFO.
 *
 * <p>Nobody waits to ring, because no FIFO is ever full: for one bit in a mask there is one ring,
 * and all other rings are left out while a byte is there. Whoever reads that byte looks again.
 */
final class Ear {
  private final FileInputStream in;
  private final FileOutputStream out;

  /** How many threads use the files, which the last one closes. */
  private int users; // guarded by this

  private boolean closed; // guarded by this

  /** Ends a read when its thread is interrupted; null after it has. By the thread that listens. */
  private @Nullable Interruption interruption;

  private final Alarm alarm =
      new Alarm() {
        private boolean started; // by the thread that listens

        @Override
        void ring() {
          ringQuietly();
        }

        @Override
        boolean isOpen() {
          return Ear.this.isOpen();
        }

        @Override
        void start() {
          if (!started) {
            var _ = OwnThreads.daemon("fornada-shared-alarm").start(this::watch);
            started = true;
          }
        }
      };

  private Ear(FileInputStream in, FileOutputStream out) {
    this.in = in;
    this.out = out;
  }

  /**
   * Opens a FIFO, for one that listens or for one that rings. Does not wait for the other side.
   *
   * @throws java.nio.file.NoSuchFileException if there is none
   */
  static Ear open(Path fifo) throws IOException {
    // To open one end waits for the other end. A descriptor for both never waits, and is both ends
    // for as long as it is open.
    try (var _ = FileChannel.open(fifo, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      var reading = new FileInputStream(fifo.toFile());
      try {
        return new Ear(reading, new FileOutputStream(fifo.toFile()));
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

  /** Makes a thread that listens return: the one that does, or the next one. */
  void ring() throws IOException {
    if (begin()) {
      try {
        out.write(1);
      } finally {
        end();
      }
    }
  }

  /** Rings, unless there is a ring already that nobody has taken. */
  void ringOnce() throws IOException {
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
      out.write(1);
    }
  }

  /**
   * Waits for a ring. Called by one thread at a time.
   *
   * @param nanos how long at most; {@link Mutex#FOR_EVER} for no limit
   */
  void listen(long nanos) throws IOException {
    if (!begin()) {
      return;
    }
    try {
      if (nanos != Mutex.FOR_EVER) {
        alarm.set(nanos);
      }
      Interruption known = interruption;
      if (known == null) {
        known = new Interruption();
        interruption = known;
      }
      if (!known.read()) {
        interruption = null;
      }
    } finally {
      if (nanos != Mutex.FOR_EVER) {
        alarm.clear();
      }
      end();
    }
  }

  /** Takes a ring if there is one. Does not wait. */
  void take() throws IOException {
    if (begin()) {
      try {
        if (in.available() > 0) {
          int _ = in.read();
        }
      } finally {
        end();
      }
    }
  }

  /** The JDK closes an interruptible channel when the thread that uses it is interrupted. */
  private final class Interruption extends AbstractInterruptibleChannel {
    /** Reads a byte; returns false if the thread was interrupted, which stays set. */
    boolean read() throws IOException {
      boolean isWhole;
      begin();
      try {
        int _ = in.read();
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
      ringOnce();
    }
  }

  private void ringQuietly() {
    try {
      ringOnce();
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
