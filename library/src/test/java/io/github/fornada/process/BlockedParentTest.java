package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.Waiting;
import io.github.fornada.spi.PayloadCodec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.Serial;
import java.io.Serializable;
import java.lang.classfile.ClassFile;
import java.lang.constant.ClassDesc;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;

/**
 * User code that a worker needs in the parent, and that blocks there: class loaders, the standard
 * output, and the codec's sessions.
 */
@ResourceLock(Resources.SYSTEM_OUT)
@ResourceLock(Resources.SYSTEM_ERR)
@Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD)
class BlockedParentTest {
  private static final String NAME = "acme.Wanted";

  private final PrintStream out = System.out;
  private final PrintStream err = System.err;

  /** Opened at the end of each test: until then what blocks stays blocked. */
  private final CountDownLatch end = new CountDownLatch(1);

  private final CountDownLatch asked = new CountDownLatch(1);

  @AfterEach
  void restore() {
    System.setOut(out);
    System.setErr(err);
    end.countDown();
  }

  /** Their threads must not be there any more when other tests count threads. */
  @AfterAll
  static void releaseAll() {
    UnreadableHere.LAST.countDown();
    Unwritable.LAST.countDown();
    Blocking.LAST.countDown();
  }

  // ---- class loaders

  private static byte[] classFile() {
    return ClassFile.of().build(ClassDesc.of(NAME), made -> {});
  }

  private static String load(Object item) throws ClassNotFoundException {
    return Class.forName(NAME, false, Thread.currentThread().getContextClassLoader()).getName()
        + item;
  }

  /** Opens a pool whose context loader blocks when it is asked for the class. */
  private Pool openWithBlockingLoader(Duration timeout) {
    Thread self = Thread.currentThread();
    ClassLoader before = self.getContextClassLoader();
    self.setContextClassLoader(
        new ClassLoader(before) {
          @Override
          public InputStream getResourceAsStream(String name) {
            if (name.equals(NAME.replace('.', '/') + ".class")) {
              asked.countDown();
              Pools.awaitQuietly(end);
            }
            return super.getResourceAsStream(name);
          }
        });
    try {
      return Pools.open(
          1, o -> o.withPolicy(o.policy().withTimeout(timeout).withGrace(Duration.ofMillis(100))));
    } finally {
      self.setContextClassLoader(before);
    }
  }

  @Test
  void anItemWhoseClassLoaderBlocksIsOverItsTimeout() throws Exception {
    Pool pool = openWithBlockingLoader(Duration.ofSeconds(2));
    try {
      assertThat(pool.outcomes(List.of(1), BlockedParentTest::load).toList().getFirst())
          .isInstanceOf(Outcome.TimedOut.class);
      assertThat(Pools.soon(pool.submit(1, x -> x + 1))).isEqualTo(2);
    } finally {
      pool.close();
    }
  }

  @Test
  void anItemWhoseClassLoaderBlocksCanBeCancelled() throws Exception {
    Pool pool = openWithBlockingLoader(Duration.ofMinutes(10));
    try {
      CompletableFuture<String> future = pool.submit(1, BlockedParentTest::load);
      assertThat(asked.await(20, TimeUnit.SECONDS)).as("it asks for the class").isTrue();
      assertThat(future.cancel(true)).isTrue();
      assertThat(Pools.soon(pool.submit(1, x -> x + 1))).isEqualTo(2);
      CompletableFuture<String> second = pool.submit(1, BlockedParentTest::load);
      Pools.end(pool);
      assertThat(second).isDone();
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void aWorkersDeathIsSeenWhileItsClassLoaderBlocks() throws Exception {
    Pool pool = openWithBlockingLoader(Duration.ofMinutes(10));
    try {
      CompletableFuture<Integer> future =
          pool.submit(
              1,
              x -> {
                var loading =
                    new Thread(() -> {
                      try {
                        String _ = load(x);
                      } catch (ClassNotFoundException e) {
                        throw new IllegalStateException(e);
                      }
                    });
                loading.start();
                Waiting.until(
                    "it waits for the class",
                    () -> loading.getState() == Thread.State.TIMED_WAITING);
                Runtime.getRuntime().halt(3);
                return x;
              });
      assertThatThrownBy(() -> Pools.soon(future))
          .isInstanceOf(ExecutionException.class)
          .hasMessageContaining("3");
    } finally {
      pool.close();
    }
  }

  @Test
  void aStartWhoseInitializerWaitsForABlockedClassFailsInTime() throws Exception {
    Pool pool =
        Pools.open(
            1,
            o ->
                o.withClassFiles(
                        name -> {
                          Pools.awaitQuietly(end);
                          return null;
                        })
                    .withInitializer(() -> {
                      String _ = load("");
                    })
                    .withStartupTimeout(Duration.ofSeconds(2)));
    try {
      CompletableFuture<Integer> future = pool.submit(1, x -> x);
      assertThatThrownBy(() -> Pools.soon(future)).hasMessageContaining("not ready within");
    } finally {
      Pools.end(pool);
    }
  }

  /** An exception that cannot be read in the process that owns the pool. */
  private static final class UnreadableHere extends RuntimeException {
    private static final CountDownLatch LAST = new CountDownLatch(1); // opened after all tests

    @Serial private static final long serialVersionUID = 1L;

    UnreadableHere(String message) {
      super(message);
    }

    @Serial
    private Object readResolve() {
      if (!Pools.isWorker()) {
        Pools.awaitQuietly(LAST);
      }
      return this;
    }
  }

  @Test
  void aStartIsReportedWhoseExceptionBlocksWhenItIsRead() throws Exception {
    Pool pool =
        Pools.open(
            1,
            o ->
                o.withInitializer(() -> {
                  throw new UnreadableHere("planted");
                }));
    try {
      CompletableFuture<Integer> future = pool.submit(1, x -> x);
      assertThatThrownBy(() -> Pools.soon(future)).hasMessageContaining("UnreadableHere: planted");
    } finally {
      pool.close();
    }
  }

  /** Captured by an initializer, and never written. */
  private static final class Unwritable implements Serializable {
    @Serial private static final long serialVersionUID = 1L;
    static final CountDownLatch LAST = new CountDownLatch(1); // opened after all tests

    @Serial
    private void writeObject(ObjectOutputStream to) throws IOException {
      Pools.awaitQuietly(LAST);
      to.defaultWriteObject();
    }
  }

  @Test
  void aStartWhoseInitializerCannotBeWrittenFailsInTimeOrIsCalledOff() throws Exception {
    var unwritable = new Unwritable();
    WorkerInitializer initializer = () -> System.setProperty("x", unwritable.getClass().getName());
    Pool pool =
        Pools.open(
            1, o -> o.withInitializer(initializer).withStartupTimeout(Duration.ofSeconds(2)));
    try {
      CompletableFuture<Integer> future = pool.submit(1, x -> x);
      assertThatThrownBy(() -> Pools.soon(future)).hasMessageContaining("not ready within");
    } finally {
      pool.close();
    }
    Pool second = Pools.open(1, o -> o.withInitializer(initializer));
    Pools.end(second);
  }

  @Test
  void classFilesMayComeFromTheSamePool() throws Exception {
    var pool = new AtomicReference<Pool>();
    pool.set(
        Pools.open(
            2,
            o ->
                o.withClassFiles(name -> {
                  try {
                    return name.equals(NAME)
                        ? (byte[]) Pools.soon(pool.get().submit(() -> classFile()))
                        : null;
                  } catch (Exception e) {
                    throw new IllegalStateException(e);
                  }
                })));
    try (Pool open = pool.get()) {
      assertThat(Pools.soon(open.submit(1, BlockedParentTest::load))).isEqualTo(NAME + 1);
    }
  }

  // ---- the standard output

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
    var gate = new Gate();
    System.setOut(new PrintStream(gate));
    Pool pool =
        Pools.open(
            1,
            o ->
                o.withPolicy(
                    o.policy()
                        .withTimeout(Duration.ofSeconds(3))
                        .withGrace(Duration.ofMillis(100))));
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
      assertThatThrownBy(() ->
              Pools.soon(
                  pool.submit(
                      1,
                      x -> {
                        System.out.println("dead");
                        Runtime.getRuntime().halt(3);
                        return x;
                      })))
          .hasMessageContaining("dead");
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

  // ---- the codec

  /** A codec whose sessions cannot be opened in the process that owns the pool. */
  private static final class Blocking implements PayloadCodec {
    private static final CountDownLatch LAST = new CountDownLatch(1); // opened after all tests

    @Serial private static final long serialVersionUID = 1L;

    @Override
    public String name() {
      return "blocking";
    }

    @Override
    public Session open(ClassLoader loader) {
      if (!Pools.isWorker()) {
        Pools.awaitQuietly(LAST);
      }
      return new Session() {
        @Override
        public void write(Object value, OutputStream to) {
          throw new IllegalStateException("not used");
        }

        @Override
        public Object read(byte[] bytes, int from, int length) {
          throw new IllegalStateException("not used");
        }
      };
    }
  }

  @Test
  void aCodecThatCannotBeOpenedInTheParentHoldsUpNoStart() throws Exception {
    Pool pool = Pools.open(1, o -> o.withCodec(new Blocking()));
    try {
      assertThat(Pools.soon(pool.submit(1, x -> x + 1))).isEqualTo(2);
    } finally {
      pool.close();
    }
  }
}
