package io.github.fornada.process.wire;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.fornada.Waiting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two ends of a pool's shared memory, of which one sleeps in a FIFO until the other rings. */
final class BellFifoTest {
  @TempDir Path folder;
  private Segment segment;
  private BellFifo bell;

  @BeforeEach
  void open() throws Exception {
    Path fifo = folder.resolve("line-1.bell");
    assumeTrue(
        System.getProperty("os.name").equals("Linux")
            && Files.isExecutable(Path.of("/usr/bin/mkfifo")),
        "FIFOs are made by mkfifo, on Linux");
    assertThat(new ProcessBuilder("/usr/bin/mkfifo", fifo.toString()).start().waitFor()).isZero();
    segment = Segment.create(folder.resolve("segment"));
    bell = BellFifo.open(fifo);
  }

  @AfterEach
  void close() throws IOException {
    if (bell != null) {
      bell.close();
      segment.close();
    }
  }

  private Doorbell sleeper() {
    return Doorbell.ofWorker(segment.header(), () -> {}, bell);
  }

  private Doorbell ringer() {
    return Doorbell.ofParent(segment.header(), () -> assertThat(bell.ring()).isTrue(), null);
  }

  /** Reads until the doorbell is closed, and counts. */
  private Thread reading(Doorbell sleeper, AtomicLong read) {
    RingReader reader = segment.toWorkerReader();
    return Thread.ofPlatform()
        .start(() -> {
          try {
            while (sleeper.await(reader)) {
              while (reader.next()) {
                read.incrementAndGet();
              }
            }
          } catch (CorruptFrameException e) {
            throw new AssertionError(e);
          }
        });
  }

  private static void write(RingWriter writer, Doorbell ringer) {
    Waiting.until("room in the ring", () -> writer.tryWrite(1, new byte[8], 8));
    writer.publish();
    ringer.ring();
  }

  private static void end(Doorbell sleeper, Thread reading) throws InterruptedException {
    sleeper.close();
    assertThat(reading.join(Waiting.DEADLINE)).as("it hears of the end").isTrue();
  }

  @Test
  void oneWhoSleepsIsWokenForAMessage() throws Exception {
    Doorbell sleeper = sleeper();
    Doorbell ringer = ringer();
    RingWriter writer = segment.toWorkerWriter();
    var read = new AtomicLong();
    Thread reading = reading(sleeper, read);
    for (int k = 1; k <= 50; k++) {
      int message = k;
      Waiting.until("the reader to sleep", ringer::isAwaited);
      write(writer, ringer);
      Waiting.until("message " + k + " to be read", () -> read.get() == message);
    }
    end(sleeper, reading);
  }

  @Test
  void messagesInARowAreAllRead() throws Exception {
    Doorbell sleeper = sleeper();
    Doorbell ringer = ringer();
    RingWriter writer = segment.toWorkerWriter();
    var read = new AtomicLong();
    Thread reading = reading(sleeper, read);
    for (int k = 0; k < 100_000; k++) {
      write(writer, ringer);
    }
    Waiting.until("all to be read", () -> read.get() == 100_000);
    end(sleeper, reading);
  }

  @Test
  void anInterruptNeitherWakesItForGoodNorClosesAnything() throws Exception {
    Doorbell sleeper = sleeper();
    Doorbell ringer = ringer();
    var woken = new CountDownLatch(1);
    var interrupted = new AtomicBoolean();
    RingReader reader = segment.toWorkerReader();
    Thread thread =
        Thread.ofPlatform()
            .start(() -> {
              assertThat(sleeper.await(reader)).isTrue();
              interrupted.set(Thread.currentThread().isInterrupted());
              woken.countDown();
            });
    Waiting.until("the reader to sleep", ringer::isAwaited);
    thread.interrupt();
    assertThat(woken.getCount()).as("it sleeps on").isOne();
    RingWriter writer = segment.toWorkerWriter();
    assertThat(writer.tryWrite(1, new byte[8], 8)).isTrue();
    writer.publish();
    ringer.ring();
    assertThat(woken.await(30, SECONDS)).isTrue();
    assertThat(interrupted).isFalse();
  }

  @Test
  void ringsThatNobodyHearsNeverFillIt() throws Exception {
    Doorbell sleeper = sleeper();
    Doorbell ringer = ringer();
    RingReader other = segment.toWorkerReader();
    Thread reading = reading(sleeper, new AtomicLong());
    Waiting.until("the reader to sleep", ringer::isAwaited);
    var rounds = new AtomicLong();
    Thread inItsPlace =
        Thread.ofPlatform()
            .start(() -> {
              // As a thread that reads for a moment in place of the sleeper. Each round leaves a
              // byte, and there are more than the largest FIFO holds.
              while (rounds.incrementAndGet() < 70_000) {
                sleeper.pause();
                var _ = sleeper.resume(other);
                ringer.ring();
              }
            });
    assertThat(inItsPlace.join(Waiting.DEADLINE))
        .as("nobody waited for room, after " + rounds + " rounds")
        .isTrue();
    end(sleeper, reading);
  }

  @Test
  void whatIsClosedIsRungInVain() throws Exception {
    bell.close();
    assertThat(bell.ring()).isTrue();
  }

  @Test
  void aBellThatIsNotThereIsNotOpened() {
    assertThatThrownBy(() -> BellFifo.open(folder.resolve("none/bell")))
        .isInstanceOf(IOException.class);
  }
}
