package io.github.fornada.process.wire;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Group;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.Control;

/**
 * The rings of a mapped segment within one process: the cost of a message on one thread, from one
 * thread to another, and there and back. Without a doorbell: both ends spin.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class RingBenchmark {
  private static final int TYPE = 1;

  /** The two rings of one worker, mapped from a file as a pool has them. */
  private static final class Rings {
    final RingWriter toWorker;
    final RingReader inWorker;
    final RingWriter toParent;
    final RingReader inParent;
    final ClaimWord claims;

    Rings() throws IOException {
      Path folder = Files.createTempDirectory("fornada-rings-");
      Path file = folder.resolve("segment");
      try {
        Segment segment = Segment.create(file);
        toWorker = segment.toWorkerWriter();
        inWorker = segment.toWorkerReader();
        toParent = segment.toParentWriter();
        inParent = segment.toParentReader();
        claims = new ClaimWord(segment.header());
      } finally {
        Files.deleteIfExists(file);
        Files.delete(folder);
      }
    }
  }

  /** For one thread. */
  @State(Scope.Thread)
  @SuppressWarnings("NullAway.Init") // by @Setup
  public static class Alone {
    @Param({"16", "256", "4096"})
    public int bytes;

    private byte[] body = new byte[0];
    private Rings rings;
    private long ticket;

    @Setup
    public void map() throws IOException {
      body = new byte[bytes];
      rings = new Rings();
      ticket = rings.claims.next();
    }
  }

  /** For two threads. */
  @State(Scope.Group)
  @SuppressWarnings("NullAway.Init") // by @Setup
  public static class Shared {
    @Param({"16", "256", "4096"})
    public int bytes;

    private byte[] body = new byte[0];
    private Rings rings;

    @Setup
    public void map() throws IOException {
      body = new byte[bytes];
      rings = new Rings();
    }
  }

  /** Counts the messages that were read; a write that finds no room does not count. */
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  @State(Scope.Thread)
  public static class Counted {
    public long messages;
  }

  /** A second thread that sends every message back. */
  @State(Scope.Thread)
  @SuppressWarnings("NullAway.Init") // by @Setup
  public static class Echo {
    private final byte[] body = new byte[16];
    private Rings rings;
    private Thread thread;
    private volatile boolean over;

    @Setup(Level.Iteration)
    public void start() throws IOException {
      over = false;
      rings = new Rings();
      thread = Thread.ofPlatform().daemon().start(this::echo);
    }

    private void echo() {
      try {
        while (!over) {
          if (rings.inWorker.next()) {
            send(rings.toParent, body);
          } else {
            Thread.onSpinWait();
          }
        }
      } catch (CorruptFrameException e) {
        throw new IllegalStateException(e);
      }
    }

    @TearDown(Level.Iteration)
    public void end() throws InterruptedException {
      over = true;
      thread.join();
    }
  }

  private static void send(RingWriter writer, byte[] body) {
    if (!writer.tryWrite(TYPE, body, body.length)) {
      throw new IllegalStateException("no room in an empty ring");
    }
    writer.publish();
  }

  /** Writes and reads on the same thread: no cache line moves between processors. */
  @Benchmark
  public int writeAndRead(Alone one) throws CorruptFrameException {
    send(one.rings.toWorker, one.body);
    if (!one.rings.inWorker.next()) {
      throw new IllegalStateException("no message");
    }
    return one.rings.inWorker.type();
  }

  /** Claims an item, as a worker does before each item. */
  @Benchmark
  public boolean claim(Alone one) {
    return one.rings.claims.claim(one.ticket++);
  }

  /** One of two threads; the figure is the counter's. */
  @Benchmark
  @BenchmarkMode(Mode.Throughput)
  @OutputTimeUnit(TimeUnit.SECONDS)
  @Group("handOver")
  public void write(Shared both, Control control) {
    while (!both.rings.toWorker.tryWrite(TYPE, both.body, both.body.length)) {
      if (control.stopMeasurement) {
        return;
      }
      Thread.onSpinWait();
    }
    both.rings.toWorker.publish();
  }

  /** The other of two threads. */
  @Benchmark
  @BenchmarkMode(Mode.Throughput)
  @OutputTimeUnit(TimeUnit.SECONDS)
  @Group("handOver")
  public void read(Shared both, Counted counted, Control control) throws CorruptFrameException {
    while (!both.rings.inWorker.next()) {
      if (control.stopMeasurement) {
        return;
      }
      Thread.onSpinWait();
    }
    counted.messages++;
  }

  /** One message to another thread and one back. */
  @Benchmark
  public int thereAndBack(Echo echo, Control control) throws CorruptFrameException {
    send(echo.rings.toWorker, echo.body);
    while (!echo.rings.inParent.next()) {
      if (control.stopMeasurement) {
        return 0;
      }
      Thread.onSpinWait();
    }
    return echo.rings.inParent.type();
  }
}
