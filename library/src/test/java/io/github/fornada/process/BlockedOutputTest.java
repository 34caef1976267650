package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchException;

import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.TaskTimeoutException;
import io.github.fornada.Waiting;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;

/** The standard output of the parent, where it blocks though workers print. */
@ResourceLock(Resources.SYSTEM_OUT)
@ResourceLock(Resources.SYSTEM_ERR)
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
class BlockedOutputTest {
  private final PrintStream out = System.out;
  private final PrintStream err = System.err;

  @AfterEach
  void restore() {
    System.setOut(out);
    System.setErr(err);
  }

  /** A stream that blocks until it is released, and then keeps what was written. */
  private static final class Gate extends OutputStream {
    final CountDownLatch released = new CountDownLatch(1);
    final ByteArrayOutputStream seen = new ByteArrayOutputStream();

    @Override
    public void write(int b) {
      throw new AssertionError("lines are written at once");
    }

    @Override
    public void write(byte[] bytes, int from, int length) {
      Pools.awaitQuietly(released);
      seen.write(bytes, from, length);
    }

    String text() {
      return seen.toString(StandardCharsets.UTF_8);
    }
  }

  @Test
  void aBlockedStandardOutputHoldsUpNoOutcome() throws Exception {
    Waiting.inEnoughTime(Duration.ofSeconds(2), BlockedOutputTest::outcomesComeBefore);
  }

  private static void outcomesComeBefore(Duration limit) throws Exception {
    var gate = new Gate();
    System.setOut(new PrintStream(gate));
    Pool pool =
        Pools.open(
            1,
            o ->
                o.withInitializer(Pools::loadWhatItemsNeed)
                    .withPolicy(o.policy().withTimeout(limit).withGrace(Duration.ofMillis(100))));
    try {
      for (int i = 0; i < 100; i++) {
        assertThat(
                Pools.soon(
                    pool.submit(
                        i,
                        x -> {
                          System.out.println("line " + x);
                          return x;
                        })))
            .isEqualTo(i);
      }
      assertThat(
              pool.outcomes(
                      List.of(1),
                      x -> {
                        System.out.println("slow");
                        Thread.sleep(Duration.ofMinutes(10));
                        return x;
                      })
                  .toList()
                  .getFirst())
          .isInstanceOf(Outcome.TimedOut.class);
      CompletableFuture<Integer> dies =
          pool.submit(
              1,
              x -> {
                System.out.println("dead");
                Runtime.getRuntime().halt(3);
                return x;
              });
      Exception thrown = catchException(() -> Pools.soon(dies));
      if (thrown instanceof ExecutionException
          && thrown.getCause() instanceof TaskTimeoutException) {
        throw thrown; // it was to die in time
      }
      assertThat(thrown).hasMessageContaining("dead");
    } finally {
      pool.close();
    }
    assertThat(gate.text()).isEmpty();
    gate.released.countDown();
    String all =
        IntStream.range(0, 100).mapToObj(i -> "line " + i + "\n").collect(Collectors.joining())
            + "slow\ndead\n";
    Waiting.until("the lines arrive", Leftovers.SOON, () -> ofTasks(gate.text()).equals(all));
  }

  /** Returns what tasks have printed, without what the JVM of a worker prints itself. */
  private static String ofTasks(String text) {
    return text.lines()
        .filter(line -> !line.startsWith("["))
        .map(line -> line + "\n")
        .collect(Collectors.joining());
  }

  /** A stream with a lock, as those of logging libraries have one. */
  private static final class Locked extends OutputStream {
    final ReentrantLock lock = new ReentrantLock();
    final ByteArrayOutputStream seen = new ByteArrayOutputStream();

    @Override
    public void write(int b) {
      lock.lock();
      try {
        seen.write(b);
      } finally {
        lock.unlock();
      }
    }
  }

  @Test
  void aThreadThatHoldsTheLockOfTheStandardOutputMayWaitForAnItemThatPrints() throws Exception {
    var locked = new Locked();
    System.setOut(new PrintStream(locked));
    Pool pool = Pools.open(1);
    try {
      locked.lock.lock();
      try {
        for (int i = 0; i < 3; i++) {
          assertThat(
                  Pools.soon(
                      pool.submit(
                          i,
                          x -> {
                            System.out.println(x);
                            return x;
                          })))
              .isEqualTo(i);
        }
      } finally {
        locked.lock.unlock();
      }
    } finally {
      pool.close();
    }
    assertThat(ofTasks(locked.seen.toString(StandardCharsets.UTF_8))).isEqualTo("0\n1\n2\n");
  }

  @Test
  void whatAnItemPrintsIsPrintedBeforeItsOutcomeIsDelivered() throws Exception {
    var gate = new Gate();
    gate.released.countDown();
    System.setOut(new PrintStream(gate));
    Pool pool = Pools.open(2);
    try {
      for (int i = 0; i < 300; i++) {
        String line = "item " + i + ";";
        assertThat(
                Pools.soon(
                    pool.submit(
                            line,
                            x -> {
                              System.out.print(x);
                              return x;
                            })
                        .thenApply(x -> gate.text().contains(x))))
            .isEqualTo(true);
      }
    } finally {
      pool.close();
    }
  }

  @Test
  void linesBeyondTheBoundAreDroppedAndCountedWhileTheOutputIsBlocked() throws Exception {
    var gate = new Gate();
    System.setOut(new PrintStream(gate));
    System.setErr(new PrintStream(gate));
    var printer = new OutputPrinter(100);
    byte[] line = "123456789\n".getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < 25; i++) {
      long _ = printer.add(false, line);
    }
    gate.released.countDown();
    Waiting.until(
        "the lines are printed",
        Leftovers.SOON,
        () ->
            gate.text()
                .equals(
                    "123456789\n".repeat(10)
                        + "fornada: 15 lines that workers printed, 150 bytes, were dropped here,"
                        + " because this program's output was blocked\n"));
    printer.await(printer.add(false, line));
    assertThat(gate.text()).endsWith("\n123456789\n");
  }

  @Test
  void aFloodIsPrintedWhole() throws Exception {
    var count = new AtomicInteger();
    System.setOut(
        new PrintStream(
            new OutputStream() {
              @Override
              public void write(int b) {
                throw new AssertionError("lines are written at once");
              }

              @Override
              public void write(byte[] bytes, int from, int length) {
                if (bytes[from] == 'a') { // not what the worker's JVM prints itself
                  int _ = count.incrementAndGet();
                }
              }
            }));
    Pool pool = Pools.open(1);
    try {
      Object _ =
          Pools.soon(
              pool.submit(
                  1,
                  x -> {
                    for (int i = 0; i < 50_000; i++) {
                      System.out.println("a line of some fifty characters, as many have it");
                    }
                    return x;
                  }));
    } finally {
      pool.close();
    }
    assertThat(count).hasValue(50_000);
  }
}
