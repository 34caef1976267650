package io.github.fornada.threads;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.PoolOptions;
import io.github.fornada.SideBySide;
import io.github.fornada.spi.AbstractPool;
import io.github.fornada.spi.Batch;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A system that cannot create threads, for a while or permanently. */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@SideBySide
final class NoThreadTest {
  private static final long PATIENCE_SECONDS = 30;
  private static final Duration SHORT = Duration.ofMillis(300);

  /**
   * Fails to create a thread the first times, in several ways, and then creates platform threads.
   */
  private static final class Scarce implements LocalPool.ThreadMaker {
    final AtomicInteger refusals = new AtomicInteger();

    Scarce(int refusals) {
      this.refusals.set(refusals);
    }

    @Override
    @SuppressWarnings("NullAway") // some thread factories do that
    public Thread make(Runnable body, String name) {
      int left = refusals.getAndUpdate(n -> Math.max(0, n - 1));
      if (left > 0 && left % 3 == 0) {
        return null;
      }
      if (left > 0 && left % 3 == 1) {
        throw new OutOfMemoryError("unable to create native thread");
      }
      return new Thread(null, body, name, 0, false) {
        @Override
        public void start() {
          if (left > 0) {
            throw new OutOfMemoryError("unable to create native thread");
          }
          setDaemon(true);
          super.start();
        }
      };
    }
  }

  interface Opener {
    Pool open(LocalPool.ThreadMaker threads, Duration limit);
  }

  static Stream<Opener> pools() {
    return Stream.of(
        (threads, limit) -> new SequentialPool(PoolOptions.of(1, "scarce"), threads, limit),
        (threads, limit) -> new ThreadPool(PoolOptions.of(2, "scarce"), threads, limit),
        (threads, limit) -> new VirtualThreadPool(PoolOptions.of(2, "scarce"), threads, limit));
  }

  @ParameterizedTest
  @MethodSource("pools")
  void callsWaitUntilThereIsAThread(Opener opener) throws Exception {
    var ran = new AtomicInteger();
    try (Pool pool = opener.open(new Scarce(7), Duration.ofSeconds(PATIENCE_SECONDS))) {
      var futures = new ArrayList<CompletableFuture<Integer>>();
      for (int i = 0; i < 5; i++) {
        futures.add(pool.submit(i, x -> ran.incrementAndGet()));
      }
      for (CompletableFuture<Integer> future : futures) {
        assertThat(future.get(PATIENCE_SECONDS, TimeUnit.SECONDS)).isBetween(1, 5);
      }
      assertThat(pool.map(List.of("a", "bc"), String::length)).containsExactly(1, 2);
    }
    assertThat(ran).hasValue(5);
  }

  @ParameterizedTest
  @MethodSource("pools")
  void callsEndIfThereIsNoThreadForLongAndThePoolGoesOnWhenThereIs(Opener opener) throws Exception {
    var scarce = new Scarce(Integer.MAX_VALUE);
    try (Pool pool = opener.open(scarce, SHORT)) {
      CompletableFuture<Integer> future = pool.submit(1, x -> x);
      assertThatThrownBy(() -> future.get(PATIENCE_SECONDS, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class)
          .hasCauseInstanceOf(RejectedExecutionException.class)
          .hasMessageContaining("no thread could be started for 300 ms")
          .hasMessageContaining("ulimit -u");
      assertThatThrownBy(() -> pool.map(List.of(1, 2), x -> x))
          .hasRootCauseInstanceOf(Throwable.class)
          .hasMessageContaining("no thread could be started");
      scarce.refusals.set(0);
      assertThat(pool.submit(1, x -> x).get(PATIENCE_SECONDS, TimeUnit.SECONDS)).isEqualTo(1);
    }
  }

  /** Runs what it can, when it is told to, and hands the rest back at once. */
  private static final class Helper extends AbstractPool {
    Helper(AbstractPool source) {
      super(source, ExecutionModel.PROCESSES, 1, source.policy());
    }

    void handNextBack() {
      handBack(Objects.requireNonNull(poll(1)));
    }

    void runAll() {
      for (Batch<?, ?> batch = poll(1); batch != null; batch = poll(1)) {
        run(batch);
      }
    }

    private static <T, R> void run(Batch<T, R> batch) {
      for (int i = batch.claim(); i >= 0; i = batch.claim()) {
        try {
          batch.done(i, batch.apply(i), null);
        } catch (Exception e) {
          batch.end(i, new Outcome.Failed<>(e), null);
        }
      }
    }

    @Override
    protected void workAvailable() {}

    @Override
    protected void cancel(Batch<?, ?> batch, int i, String reason) {}

    @Override
    protected void onQuiet() {
      terminated();
    }

    @Override
    protected boolean isOwnThread() {
      return false;
    }
  }

  @Test
  void withoutAThreadOnlyThatEndsWhichNoHelperCanRun() throws Exception {
    var watcher = new NoHelper();
    var pool =
        new ElasticPool(
            PoolOptions.of(2, "scarce"),
            thrown -> false,
            watcher,
            new Scarce(Integer.MAX_VALUE),
            SHORT);
    watcher.pool = pool;
    try (pool) {
      var helper = new Helper(pool);
      pool.helpedBy(helper);
      pool.leaveToHelper(true);
      CompletableFuture<Integer> unsendable = pool.submit(1, x -> x);
      helper.handNextBack();
      CompletableFuture<Integer> sendable = pool.submit(2, x -> x);
      assertThatThrownBy(() -> unsendable.get(PATIENCE_SECONDS, TimeUnit.SECONDS))
          .hasCauseInstanceOf(RejectedExecutionException.class)
          .hasMessageContaining("no thread could be started for 300 ms");
      helper.runAll();
      assertThat(sendable.get(PATIENCE_SECONDS, TimeUnit.SECONDS)).isEqualTo(2);
    }
  }

  @ParameterizedTest
  @MethodSource("pools")
  void closeReturnsThoughThereWasNeverAThread(Opener opener) throws Exception {
    Pool idle = opener.open(new Scarce(Integer.MAX_VALUE), SHORT);
    idle.close();
    Pool pool = opener.open(new Scarce(Integer.MAX_VALUE), SHORT);
    CompletableFuture<Integer> waiting = pool.submit(1, x -> x);
    pool.close();
    assertThat(pool.isTerminated()).isTrue();
    assertThat(waiting).isCompletedExceptionally();
    Pool stopped = opener.open(new Scarce(Integer.MAX_VALUE), SHORT);
    CompletableFuture<Integer> cancelled = stopped.submit(1, x -> x);
    stopped.shutdownNow();
    stopped.close();
    assertThat(cancelled).isCancelled();
  }
}
