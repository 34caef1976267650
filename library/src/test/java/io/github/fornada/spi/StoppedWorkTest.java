package io.github.fornada.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Outcome;
import io.github.fornada.SharedBytes;
import io.github.fornada.TaskPolicy;
import io.github.fornada.Waiting;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Items that a worker has claimed when their call is stopped, and then gives back unbegun. */
class StoppedWorkTest {
  /** A pool without workers: the test polls, claims and gives back in their place. */
  private static final class ManualPool extends AbstractPool {
    private boolean quiet;

    ManualPool() {
      super(ExecutionModel.PLATFORM_THREADS, 1, TaskPolicy.DEFAULT);
    }

    Batch<?, ?> take(int most) {
      return Objects.requireNonNull(poll(most), "work");
    }

    Batch<?, ?> takeAsWorker() {
      return Objects.requireNonNull(poll(4, null), "work");
    }

    void putBack(Batch<?, ?> batch) {
      giveBack(batch);
    }

    @Override
    protected void workAvailable() {}

    @Override
    protected void cancel(Batch<?, ?> batch, int i, String reason) {} // it is with no thread

    @Override
    protected void onQuiet() {
      quiet = true;
      terminated();
    }

    @Override
    protected boolean isOwnThread() {
      return false;
    }

    @Override
    protected SharedBytes sharing(MemorySegment bytes, Set<SharedBytes> open) {
      throw new UnsupportedOperationException();
    }

    @Override
    protected SharedBytes sharing(Path file, Set<SharedBytes> open) {
      throw new UnsupportedOperationException();
    }
  }

  @Test
  void aTaskGivenBackAfterItsPoolWasShutDownAtOnceLetsThePoolEnd() {
    var pool = new ManualPool();
    CompletableFuture<Integer> future = pool.submit(1, i -> i);
    Batch<?, ?> batch = pool.take(1);
    int i = batch.claim();

    pool.shutdownNow();
    assertThat(batch.release(i)).isTrue();
    pool.putBack(batch);

    assertThat(batch.isClosed()).isTrue();
    assertThat(pool.quiet).isTrue();
    assertThatThrownBy(future::join).isInstanceOf(CancellationException.class);
  }

  @Test
  void aTaskGivenBackAfterItsCancelIsNotRun() {
    var pool = new ManualPool();
    CompletableFuture<Integer> future = pool.submit(1, i -> i);
    Batch<?, ?> batch = pool.take(1);
    int i = batch.claim();

    assertThat(future.cancel(true)).isTrue();
    assertThat(batch.release(i)).isTrue();
    pool.putBack(batch);

    assertThat(batch.isClosed()).isTrue();
    assertThat(pool.hasWork()).isFalse();
  }

  @Test
  void partsOfABatchGivenBackBeforeAndAfterAStopAllEnd() {
    var pool = new ManualPool();
    var call = CompletableFuture.runAsync(() -> map(pool));
    Waiting.until("the call is in the queue", pool::hasWork);
    Batch<?, ?> batch = pool.take(4);
    int first = batch.claim();
    int second = batch.claim();

    batch.release(first);
    pool.putBack(batch); // in the queue, from which the stop drains it
    pool.shutdownNow();
    batch.release(second);
    pool.putBack(batch);

    assertThat(batch.isClosed()).isTrue();
    assertThat(pool.quiet).isTrue();
    assertThatThrownBy(call::join).hasMessageContaining("shut down");
  }

  @Test
  void aBatchThatEndsJustBeforeItsWorkerGivesItBackLetsThePoolEnd() {
    var pool = new ManualPool();
    CompletableFuture<Integer> future = pool.submit(1, i -> i);
    Batch<?, ?> batch = pool.takeAsWorker(); // and would hand it back with its next poll
    assertThat(batch.hasWaiting()).as("so the worker will give it back").isTrue();

    assertThat(future.cancel(true)).isTrue();
    assertThat(batch.isClosed()).isTrue();
    pool.putBack(batch);
    pool.shutdown();

    assertThat(pool.quiet).isTrue();
  }

  /** Gives out items that no batch can be made of, as where the heap has no room for one. */
  private static final class Unbatchable implements FedCall.Feed {
    @Override
    public void take(int most, Taken into) {
      into.put(new @Nullable Object[] {1}, new @Nullable Object[] {"tag"}, Integer.MAX_VALUE);
    }

    @Override
    public boolean hasMore() {
      return true;
    }

    @Override
    public void taken() {}

    @Override
    public void done(Object tag, @Nullable Object value, String worker, boolean isLast) {}

    @Override
    public void ended(Object tag, Outcome<?> outcome, String worker) {}

    @Override
    public void batchClosed() {}

    @Override
    public void ran(int count, long nanos, String worker) {}

    @Override
    public void usedCpu(long nanos) {}

    @Override
    public boolean mayRetry(Object tag) {
      return false;
    }

    @Override
    public String label(Object tag, String item) {
      return item;
    }

    @Override
    public void refused() {}
  }

  @Test
  void aCallIsNotIdleWhileWhatItHasTakenIsInNoBatchYet() {
    var pool = new ManualPool();
    FedCall call = FedCall.on(pool, x -> x, new Unbatchable());
    call.start();
    assertThat(call.isIdle()).isTrue();
    call.offer();
    assertThatThrownBy(() -> pool.take(1)).isInstanceOf(NegativeArraySizeException.class);
    assertThat(call.isIdle()).isFalse();
  }

  private static void map(ManualPool pool) {
    try {
      var _ = pool.map(List.of(1, 2, 3, 4), i -> i);
    } catch (InterruptedException e) {
      throw new AssertionError("nobody interrupts this thread", e);
    }
  }
}
