package io.github.fornada.process.wire;

import io.github.fornada.jvm.Log;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A FIFO in which one thread of a process sleeps until any thread of another writes a byte. So the
 * one that wakes and the one that sleeps need nobody between them.
 *
 * <p>It is not a channel: an interrupt closes a channel in use, and both are threads that user code
 * can reach. To write never waits as long as the bytes that nobody has read are fewer than a FIFO
 * holds, which is 4,096 at least; {@link Doorbell} sees to that.
 */
public final class BellFifo implements AutoCloseable {
  /** Fewer bytes than every FIFO holds. */
  static final int CAPACITY = 4096;

  /** Between two looks, once the FIFO has failed. */
  private static final long POLL_NANOS = 1_000_000; // Guess

  private final RandomAccessFile file;

  /** Reader's thread only. */
  private final byte[] bytes = new byte[CAPACITY];

  /** No byte may be written to a descriptor that was closed, and by now is another file's. */
  private final ReentrantLock writing = new ReentrantLock();

  /** Guarded by writing. */
  private boolean closed;

  private BellFifo(RandomAccessFile file) {
    this.file = file;
  }

  /**
   * Opens a FIFO in both directions, which waits for nobody, and finds no end of the stream.
   *
   * @throws FileNotFoundException if it is not there
   */
  static BellFifo open(Path fifo) throws IOException {
    return new BellFifo(new RandomAccessFile(fifo.toFile(), "rw"));
  }

  /**
   * Wakes the thread that sleeps here, or the next one that is about to. Any thread.
   *
   * @return false if that failed: a task may have closed every descriptor of its process
   */
  boolean ring() {
    writing.lock();
    try {
      if (!closed) {
        file.write(1);
      }
      return true;
    } catch (IOException e) {
      failed(e);
      return false;
    } finally {
      writing.unlock();
    }
  }

  /** Sleeps until a byte is there, and takes all that are. One thread only; interrupts wait. */
  void await() {
    try {
      if (file.read(bytes) > 0) {
        return;
      }
    } catch (IOException e) {
      failed(e);
    }
    LockSupport.parkNanos(POLL_NANOS);
  }

  private static void failed(IOException e) {
    Log.get().log(System.Logger.Level.DEBUG, "a wake-up through a FIFO failed", e);
  }

  /** Closes the FIFO. Nobody may {@link #await} any more, in this process. */
  @Override
  public void close() throws IOException {
    writing.lock();
    try {
      closed = true;
      file.close();
    } finally {
      writing.unlock();
    }
  }
}
