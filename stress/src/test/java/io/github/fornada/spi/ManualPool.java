package io.github.fornada.spi;

import io.github.fornada.ExecutionModel;
import io.github.fornada.SharedBytes;
import io.github.fornada.TaskPolicy;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** A pool without workers: a scenario takes, runs and gives back in their place. */
final class ManualPool extends AbstractPool {
  private volatile int quiet;
  private volatile boolean called;

  /** The thread whose item is never done unless it is cancelled; null for none. */
  private volatile @Nullable Thread endless;

  private volatile boolean interrupted;

  /** The thread that runs items it waits for itself; null for none. */
  private volatile @Nullable Thread helper;

  ManualPool(TaskPolicy policy) {
    super(ExecutionModel.PLATFORM_THREADS, 1, policy);
  }

  /** Takes work as a worker does that hands back what it had; null if there is none. */
  @Nullable Batch<?, ?> take(int most, @Nullable Batch<?, ?> last) {
    return poll(most, last);
  }

  void hasDone(Batch<?, ?> batch) {
    letGo(batch);
  }

  void putBack(Batch<?, ?> batch) {
    giveBack(batch);
  }

  void helps(Thread thread) {
    helper = thread;
  }

  /** How often it was said that nothing is left to do. */
  int quiet() {
    return quiet;
  }

  /** Runs a claimed item that ends only when it is cancelled, unless that was before. */
  void runEndless(Batch<?, ?> batch) {
    endless = Thread.currentThread();
    if (!batch.isUnwanted()) {
      while (!interrupted) {
        LockSupport.park(this);
      }
    }
    endless = null;
  }

  /** Whether work was ever there. */
  boolean wasCalled() {
    return called;
  }

  @Override
  protected void workAvailable() {
    called = true;
  }

  @Override
  protected void cancel(Batch<?, ?> batch, int i, String reason) {
    Thread running = endless;
    if (running != null) {
      interrupted = true;
      LockSupport.unpark(running);
    }
  }

  @Override
  @SuppressWarnings("NonAtomicVolatileUpdate") // once, or the scenario fails
  protected void onQuiet() {
    quiet++;
  }

  @Override
  protected boolean isOwnThread() {
    return false;
  }

  @Override
  @SuppressWarnings("ReferenceEquality") // threads are equal to themselves only
  protected boolean canRunHere() {
    return Thread.currentThread() == helper;
  }

  @Override
  protected void runHere(Batch<?, ?> batch) {
    run(batch);
  }

  /** Runs what waits of a batch. */
  static <T extends @Nullable Object, R extends @Nullable Object> void run(Batch<T, R> batch) {
    for (int i = batch.claim(); i >= 0; i = batch.claim()) {
      try {
        batch.done(i, batch.function().apply(batch.item(i)), null);
      } catch (Exception e) {
        throw new AssertionError(e);
      }
    }
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
