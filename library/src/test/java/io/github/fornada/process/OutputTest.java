package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Pool;
import io.github.fornada.Waiting;
import java.io.ByteArrayOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;

/** Everything that a task prints, and every way in which it is printed here. */
@ResourceLock(Resources.SYSTEM_OUT)
@ResourceLock(Resources.SYSTEM_ERR)
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
class OutputTest {
  private final PrintStream out = System.out;
  private final PrintStream err = System.err;
  private final ByteArrayOutputStream seen = new ByteArrayOutputStream();

  @BeforeEach
  void capture() {
    System.setOut(new PrintStream(seen, true, StandardCharsets.UTF_8));
  }

  @AfterEach
  void restore() {
    System.setOut(out);
    System.setErr(err);
  }

  private String text() {
    return seen.toString(StandardCharsets.UTF_8);
  }

  @Test
  void linesArriveWholeWhoeverElsePrints() throws Exception {
    Pool pool = Pools.open(2);
    try {
      List<CompletableFuture<Integer>> futures = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        futures.add(
            pool.submit(
                i,
                x -> {
                  for (int k = 0; k < 2000; k++) {
                    System.out.print(x);
                    System.out.println("-".repeat(50) + x);
                  }
                  return x;
                }));
      }
      for (CompletableFuture<Integer> future : futures) {
        Pools.soon(future);
      }
    } finally {
      pool.close();
    }
    assertThat(text().lines().filter(line -> !line.startsWith("["))) // that is a worker's JVM
        .hasSize(4000)
        .allMatch(line -> line.matches("(0-{50}0)|(1-{50}1)"));
  }

  @Test
  void whatAWorkerPrintsLastBeforeItDiesArrives() throws Exception {
    Pool pool = Pools.open(1);
    try {
      CompletableFuture<Integer> future =
          pool.submit(
              1,
              x -> {
                System.out.print("last words");
                System.out.flush();
                Runtime.getRuntime().halt(3);
                return x;
              });
      assertThat(future.handle((r, e) -> e).get()).hasMessageContaining("last words");
      Waiting.until("they are passed on", Leftovers.SOON, () -> text().contains("last words\n"));
    } finally {
      pool.close();
    }
  }

  @Test
  void invalidUtf8AndAMegabyteWithoutNewlineAndRawWritesHarmNothing() throws Exception {
    Pool pool = Pools.open(1);
    try {
      Object done =
          Pools.soon(
              pool.submit(
                  1,
                  x -> {
                    System.out.write(new byte[] {(byte) 0xC3, (byte) 0x28, (byte) 0xFF, 0, '\n'});
                    System.out.print("x".repeat(1 << 20));
                    try (var raw = new FileOutputStream("/proc/self/fd/1")) {
                      raw.write("raw\n".getBytes(StandardCharsets.UTF_8));
                    }
                    try (var raw = new FileOutputStream("/proc/self/fd/2")) {
                      raw.write("raw".getBytes(StandardCharsets.UTF_8));
                    }
                    return x + 1;
                  }));
      assertThat(done).isEqualTo(2);
    } finally {
      pool.close();
    }
    assertThat(text().chars().filter(c -> c == 'x').count()).isEqualTo(1 << 20);
    assertThat(text()).contains("raw\n");
  }

  /** A stream of the user's that fails, as one on a full disk or a closed window does. */
  private static final class Broken extends OutputStream {
    @Override
    public void write(int b) throws IOException {
      throw new IllegalStateException("planted");
    }
  }

  @Test
  void aStandardOutputThatThrowsBlocksNoTask() throws Exception {
    System.setOut(new PrintStream(new Broken(), true));
    System.setErr(new PrintStream(new Broken(), true));
    Pool pool = Pools.open(1);
    try {
      for (int i = 0; i < 5; i++) {
        assertThat(
                Pools.soon(
                    pool.submit(
                        i,
                        x -> {
                          System.out.println("y".repeat(100_000));
                          System.err.println("y".repeat(100_000));
                          return x;
                        })))
            .isEqualTo(i);
      }
    } finally {
      Pools.end(pool);
    }
  }

  private static final class BreaksLater extends PrintStream {
    private int flushes;

    BreaksLater() {
      super(new ByteArrayOutputStream());
    }

    @Override
    public void flush() {
      if (flushes++ > 1) {
        throw new IllegalStateException("planted");
      }
    }
  }

  @Test
  void aTaskMayReplaceAndBreakItsOwnStandardOutput() throws Exception {
    Pool pool = Pools.open(1);
    try {
      Pools.soon(
          pool.submit(
              1,
              x -> {
                System.setOut(new BreaksLater());
                return x;
              }));
      for (int i = 0; i < 5; i++) {
        assertThat(Pools.soon(pool.submit(i, x -> x + 1))).isEqualTo(i + 1);
      }
    } finally {
      Pools.end(pool);
    }
  }

  @SuppressWarnings("restricted") // Java itself has no such call
  @Test
  void aTaskThatClosesEveryOpenFileDescriptorFailsAloneAtMost() throws Exception {
    Pool pool = Pools.open(1);
    try {
      CompletableFuture<Integer> future =
          pool.submit(
              1,
              x -> {
                var linker = java.lang.foreign.Linker.nativeLinker();
                var close =
                    linker.downcallHandle(
                        linker.defaultLookup().find("close").orElseThrow(),
                        java.lang.foreign.FunctionDescriptor.of(
                            java.lang.foreign.ValueLayout.JAVA_INT,
                            java.lang.foreign.ValueLayout.JAVA_INT));
                try {
                  for (int fd = 0; fd < 200; fd++) {
                    int _ = (int) close.invokeExact(fd);
                  }
                } catch (Throwable e) {
                  throw new IllegalStateException(e);
                }
                return x + 1;
              });
      Object end = Pools.soon(future.handle((r, e) -> e == null ? "done" : "failed"));
      assertThat(end).isIn("done", "failed");
      assertThat(Pools.soon(pool.submit(1, x -> x + 1))).isEqualTo(2);
      assertThat(Files.exists(Path.of("/dev/shm"))).isTrue();
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void standardInputIsEmptyAndMayBeClosed() throws Exception {
    Pool pool = Pools.open(1);
    try {
      for (int i = 0; i < 3; i++) {
        assertThat(
                Pools.soon(
                    pool.submit(
                        i,
                        x -> {
                          int n;
                          try {
                            n = System.in.readAllBytes().length;
                          } catch (IOException e) {
                            n = 0; // the task before has closed it
                          }
                          System.in.close();
                          return n;
                        })))
            .isEqualTo(0);
      }
    } finally {
      Pools.end(pool);
    }
  }
}
