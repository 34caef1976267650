package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Busy;
import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.SideBySide;
import io.github.fornada.Waiting;
import io.github.fornada.spi.PayloadCodec;
import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectOutputStream;
import java.io.OutputStream;
import java.io.Serial;
import java.io.Serializable;
import java.lang.classfile.ClassFile;
import java.lang.constant.ClassDesc;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * User code that a worker needs in the parent, and that blocks there: class loaders, and the
 * codec's sessions. The standard output is in {@link BlockedOutputTest}.
 */
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
@ExtendWith(NothingIsLeft.class)
@SideBySide
class BlockedParentTest {
  private static final String NAME = "acme.Wanted";

  /** Opened at the end of each test: until then what blocks stays blocked. */
  private final CountDownLatch end = new CountDownLatch(1);

  private final CountDownLatch asked = new CountDownLatch(1);

  @AfterEach
  void release() {
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
    Pool pool = openWithBlockingLoader(Busy.scaled(Duration.ofSeconds(2)));
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
      assertThat(asked.await(Leftovers.SOON.toSeconds(), TimeUnit.SECONDS))
          .as("it asks for the class")
          .isTrue();
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
