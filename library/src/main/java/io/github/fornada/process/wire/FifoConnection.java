package io.github.fornada.process.wire;

import java.io.FileInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.BooleanSupplier;

/** A connection through two FIFOs, one for each direction, and two more for wake-ups. */
public final class FifoConnection implements Connection {
  private final FileInputStream in;
  private final FileChannel reading;
  private final FileChannel writing;
  private final Bells bells;
  private final BooleanSupplier isPeerGone;

  /** Whether {@link #read} looks first, and does not wait. Reader's thread only. */
  private boolean aside;

  private FifoConnection(
      FileInputStream in, FileChannel writing, Bells bells, BooleanSupplier isPeerGone) {
    this.in = in;
    this.reading = in.getChannel();
    this.writing = writing;
    this.bells = bells;
    this.isPeerGone = isPeerGone;
  }

  /**
   * Opens a connection. Does not wait for the other side: if that is gone, reading finds the end of
   * the stream.
   *
   * @param in what this process reads
   * @param out what it writes
   * @param bell where it sleeps
   * @param peersBell where the other side sleeps
   * @param isPeerGone whether the other side's process has ended; called only after {@link
   *     #stepAside}, because a look that does not wait cannot tell an empty FIFO from an ended one
   */
  public static FifoConnection open(
      Path in, Path out, Path bell, Path peersBell, BooleanSupplier isPeerGone) throws IOException {
    FileInputStream reading;
    // To open one end of a FIFO waits for the other end. A descriptor for both never waits, and is
    // both ends for as long as it is open.
    try (var _ = both(in)) {
      reading = new FileInputStream(in.toFile());
    }
    try (var _ = both(out)) {
      FileChannel writing = FileChannel.open(out, StandardOpenOption.WRITE);
      try {
        return new FifoConnection(reading, writing, bells(bell, peersBell), isPeerGone);
      } catch (IOException | RuntimeException | Error e) {
        writing.close();
        throw e;
      }
    } catch (IOException | RuntimeException | Error e) {
      reading.close();
      throw e;
    }
  }

  private static Bells bells(Path own, Path peers) throws IOException {
    BellFifo first = BellFifo.open(own);
    try {
      return new Bells(first, BellFifo.open(peers));
    } catch (IOException | RuntimeException | Error e) {
      first.close();
      throw e;
    }
  }

  /** Opens a FIFO for reading and writing, which does not wait on Linux and macOS. */
  public static FileChannel both(Path fifo) throws IOException {
    return FileChannel.open(fifo, StandardOpenOption.READ, StandardOpenOption.WRITE);
  }

  @Override
  public int read(ByteBuffer into) throws IOException {
    if (aside && in.available() == 0) {
      // The second look is for what was written before it ended.
      return isPeerGone.getAsBoolean() && in.available() == 0 ? -1 : 0;
    }
    return reading.read(into);
  }

  @Override
  public int write(ByteBuffer from) throws IOException {
    return writing.write(from);
  }

  @Override
  public Bells bells() {
    return bells;
  }

  @Override
  public void stepAside() {
    aside = true;
  }

  @Override
  public void close() throws IOException {
    try {
      reading.close(); // closes the stream too, and wakes a thread that reads
    } finally {
      try {
        writing.close();
      } finally {
        bells.close();
      }
    }
  }
}
