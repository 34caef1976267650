package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskFunction;
import io.github.fornada.TaskListener;
import io.github.fornada.Waiting;
import io.github.fornada.process.host.Reaper;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;

/** Helpers of the test cases: small pools, and bounded waits. */
public final class Pools {
  /** The deadline, in seconds, for what must happen soon; generous, because machines are busy. */
  private static final long SOON = 60;

  private Pools() {}

  public static Pool open(int workers) {
    return open(workers, o -> o);
  }

  public static Pool open(int workers, UnaryOperator<ProcessOptions> change) {
    return ProcessPool.open(o -> change.apply(o.withWorkers(workers).withHeap("64m")));
  }

  /** The result of a future that must end soon. */
  public static Object soon(Future<?> future) throws Exception {
    return future.get(SOON, TimeUnit.SECONDS);
  }

  /** Ends a pool, whatever state it is in, within a bounded time. */
  public static void end(Pool pool) throws InterruptedException {
    pool.shutdownNow();
    assertThat(pool.awaitTermination(SOON, TimeUnit.SECONDS)).as("the pool has ended").isTrue();
  }

  /**
   * Until every item of a round is done: the first ones of a worker that has just been started may
   * take longer than a short limit allows, on a busy machine, and what replaces it starts anew.
   */
  static <T> void warm(Pool pool, List<T> harmless, TaskFunction<T, ?> function) {
    Waiting.until(
        "the workers are warm",
        Leftovers.SOON,
        () -> pool.outcomes(harmless, function).allMatch(Outcome::isDone));
  }

  /**
   * An initializer after which a worker has loaded what its first items need, so that the time for
   * that counts for no item's limit.
   */
  static void loadWhatItemsNeed() throws IOException, ClassNotFoundException {
    TaskFunction<Bomb, Bomb.Result> function = Bomb::run;
    Bomb bomb = Bomb.harmless(0);
    Object[] all = {function, bomb, Bomb.run(bomb), List.of(1)};
    var bytes = new ByteArrayOutputStream();
    try (var out = new ObjectOutputStream(bytes)) {
      out.writeObject(all);
    }
    try (var in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      Object _ = in.readObject();
    }
  }

  /** Remembers the workers that were ready, and those that ended unasked. */
  public static final class Workers implements TaskListener {
    final AtomicInteger started = new AtomicInteger();
    final List<TaskEvent.WorkerReady> ready = new CopyOnWriteArrayList<>();
    public final List<TaskEvent.WorkerEnded> lost = new CopyOnWriteArrayList<>();

    @Override
    public void onEvent(TaskEvent event) {
      if (event instanceof TaskEvent.WorkerReady e) {
        ready.add(e);
      } else if (event instanceof TaskEvent.Started) {
        started.incrementAndGet();
      } else if (event instanceof TaskEvent.WorkerEnded e && !e.expected()) {
        lost.add(e);
      }
    }
  }

  static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  static long pid() {
    return ProcessHandle.current().pid();
  }

  /** Whether this code runs in a worker, and not in the process that owns the pool. */
  static boolean isWorker() {
    return System.getenv(Reaper.MARK) != null;
  }
}
