package io.github.fornada.shared.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.fornada.SideBySide;
import io.github.fornada.Waiting;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The bells of two processes, both in this one. */
@SideBySide
class SocketBellTest {
  private static final long KEY = RingKey.ofLine(RingKey.ofObject("object-x"), Region.line(1));

  @TempDir Path folder;
  private final AtomicBoolean there = new AtomicBoolean();
  private SocketBell sleeper;
  private SocketBell ringer;

  @BeforeEach
  void open() throws Exception {
    Path mkfifo = Path.of("/usr/bin/mkfifo");
    assumeTrue(Files.isExecutable(mkfifo), "FIFOs are made by mkfifo");
    Process made = new ProcessBuilder(mkfifo.toString(), ear().toString()).start();
    assertThat(made.waitFor()).isZero();
    sleeper = new SocketBell(folder, 1);
    ringer = new SocketBell(folder, 2);
    ringer.prepare();
  }

  @AfterEach
  void close() {
    if (sleeper != null) {
      there.set(true);
      sleeper.close();
      ringer.close();
    }
  }

  private Path ear() {
    return folder.resolve("ear-0");
  }

  private void sleepUntilThere() {
    Sleeper self = sleeper.add(KEY);
    while (!there.get()) {
      sleeper.await(self, this, Mutex.FOR_EVER);
    }
    sleeper.remove(self);
  }

  private Thread asleep() {
    assertThat(sleeper.seat()).isZero();
    Thread thread = Thread.ofPlatform().daemon().start(this::sleepUntilThere);
    Waiting.until(
        "it listens",
        () ->
            Arrays.stream(thread.getStackTrace())
                .anyMatch(frame -> frame.getClassName().endsWith("Ear$Interruption")));
    return thread;
  }

  @Test
  void aRingThatCannotBeMadeNowIsMadeAsSoonAsItCan() throws Exception {
    Thread thread = asleep();
    Path aside = folder.resolve("aside");
    Files.move(ear(), aside);
    Files.createDirectory(
        ear()); // which cannot be opened as a file, as none can without descriptors
    there.set(true);
    ringer.ring(0, KEY);
    Files.delete(ear());
    Files.move(aside, ear());
    Waiting.until("it was rung", () -> !thread.isAlive());
  }

  @Test
  void aRingForAllIsMadeThoughWhoWaitsCannotBeReadNow() throws Exception {
    Thread thread = asleep();
    var late = new SocketBell(folder, 3); // has not mapped the seats
    Path seats = folder.resolve(SocketBell.SEAT_FILE);
    Path aside = folder.resolve("aside");
    Files.move(seats, aside);
    Files.createDirectory(seats);
    there.set(true);
    late.ringAll(KEY);
    Files.delete(seats);
    Files.move(aside, seats);
    Waiting.until("it was rung", () -> !thread.isAlive());
    late.close();
  }

  @Test
  void aRingForAProcessThatIsGoneIsDropped() throws Exception {
    assertThat(sleeper.seat()).isZero();
    Files.delete(ear());
    ringer.ring(0, KEY);
    assertThat(ringer.owesRings()).isFalse();
  }

  @Test
  void whoWaitsWithALimitHearsARingThoughNoThreadCanBeStartedForTheLimit() throws Exception {
    Ear ear =
        Ear.open(
            ear(),
            body ->
                new Thread(body) {
                  @Override
                  public void start() {
                    throw new OutOfMemoryError("unable to create native thread");
                  }
                });
    var heard = new ArrayList<Long>();
    assertThatCode(() -> ear.listen(1, heard::add)).doesNotThrowAnyException();
    assertThat(heard).as("its limit is over").isEmpty();
    ear.ring(KEY);
    ear.listen(Duration.ofMinutes(1).toNanos(), heard::add);
    assertThat(heard).containsExactly(KEY);
    ear.close();
  }
}
