package io.github.fornada.threads;

import io.github.fornada.Outcome;
import io.github.fornada.TaskPolicy;
import io.github.fornada.TaskUsage;
import io.github.fornada.stress.Explorer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The only item of a worker never ends by itself; its cancel comes at any moment. */
public class WorkerScenario implements Explorer.Scenario {
  private final LocalPool pool;
  private final Batch batch;
  private volatile @Nullable Worker worker;
  private volatile boolean over;

  public WorkerScenario() {
    this(TaskPolicy.DEFAULT, 1);
  }

  private WorkerScenario(TaskPolicy policy, int items) {
    this.pool = new LocalPool(policy.withGrace(Duration.ofDays(1)));
    this.batch = new Batch(items);
    pool.batch = batch;
  }

  /** Two items, of which the second is over its time. */
  public static final class Timed extends WorkerScenario {
    public Timed() {
      super(TaskPolicy.DEFAULT.withTimeout(Duration.ofNanos(5)), 2);
    }

    @Override
    public List<Runnable> threads() {
      return List.of(super::work, super::watch);
    }
  }

  @Override
  public List<Runnable> threads() {
    return List.of(this::work, this::cancel);
  }

  private void work() {
    var made =
        new Worker(
            Explorer.<io.github.fornada.threads.LocalPool>standIn(pool),
            new Roster.Member(0),
            Thread.currentThread().getName(),
            0);
    worker = made;
    made.run();
    over = true;
  }

  private void cancel() {
    Explorer.await(() -> worker != null);
    Worker running = worker;
    batch.stop();
    if (running != null) {
      var _ = running.interrupt(Explorer.<io.github.fornada.spi.Batch<?, ?>>standIn(batch), 0);
    }
  }

  /** The thread of the timer. */
  private void watch() {
    while (true) {
      Explorer.await(() -> over || !pool.due.isEmpty());
      LocalPool.Due next = pool.due.poll();
      if (next == null) {
        return;
      }
      Explorer.parkNanos(this, next.pause());
      next.action().run();
    }
  }

  @Override
  public void check() {
    if (batch.ended != batch.items) {
      throw new AssertionError(batch.ended + " of " + batch.items + " items have ended");
    }
  }

  // ---- in the places of ours of the same names

  /** Has one batch. */
  public static final class LocalPool {
    /** The calling thread will do. */
    public interface ThreadMaker {
      Thread make(Runnable body, String name);
    }

    public record Due(long pause, Runnable action) {}

    private static final Duration LONG = Duration.ofHours(1);
    private static @Nullable LocalPool latest;

    private final TaskPolicy policy;
    private final ArrayDeque<Due> due = new ArrayDeque<>();
    private @Nullable Batch batch;

    private LocalPool(TaskPolicy policy) {
      this.policy = policy;
      latest = this;
    }

    public ThreadMaker threads() {
      return (body, name) -> Thread.currentThread();
    }

    public TaskPolicy policy() {
      return policy;
    }

    public boolean isObserved() {
      return false;
    }

    public boolean isRecorded() {
      return false;
    }

    public @Nullable Meter meter() {
      return null;
    }

    public void began(Worker worker, Thread thread, long startupNanos) {}

    public void ended(Worker worker, Thread thread) {}

    public io.github.fornada.spi.@Nullable Batch<?, ?> next(Worker worker) {
      Batch next = batch;
      batch = null;
      if (next == null) {
        return null;
      }
      io.github.fornada.spi.Batch<?, ?> taken = Explorer.standIn(next);
      worker.takes(taken);
      return taken;
    }

    public void finished(io.github.fornada.spi.Batch<?, ?> batch) {}

    public void returned(Object result) {}

    public void giveUp(io.github.fornada.spi.Batch<?, ?> batch) {}

    public void abandon(Worker of, io.github.fornada.spi.Batch<?, ?> batch, Runnable end) {
      throw new AssertionError("no time is so long");
    }

    public static @Nullable Future<?> tryLater(Duration pause, Runnable action) {
      if (latest != null && pause.compareTo(LONG) < 0) {
        latest.due.add(new Due(pause.toNanos(), action));
      }
      return null; // nothing to take back
    }
  }

  /** Its last item waits for an interrupt. */
  public static final class Batch {
    public final int items;
    private int claimed;
    public int ended;
    private volatile boolean stopped;

    public Batch(int items) {
      this.items = items;
    }

    public int claim() {
      return claimed < items ? claimed++ : -1;
    }

    public boolean isTimed() {
      return false;
    }

    public boolean isMetered() {
      return false;
    }

    public boolean isUnwanted() {
      return stopped;
    }

    public void stop() {
      stopped = true;
    }

    public @Nullable ClassLoader contextClassLoader() {
      return null;
    }

    public Object apply(int item) throws InterruptedException {
      while (item == items - 1) {
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
        Explorer.park(this);
      }
      return item;
    }

    public boolean done(int i, Object value, @Nullable TaskUsage usage, String worker) {
      ended++;
      return true;
    }

    public boolean end(int i, Outcome<?> outcome, @Nullable TaskUsage usage, String worker) {
      ended++;
      return true;
    }
  }

  /** Is there at once. */
  public static final class StackSample {
    public static void then(Thread thread, Consumer<io.github.fornada.jvm.StackSample> action) {
      action.accept(Explorer.<io.github.fornada.jvm.StackSample>standIn(new StackSample()));
    }

    public static io.github.fornada.jvm.StackSample none() {
      return Explorer.standIn(new StackSample());
    }

    public List<StackTraceElement> frames() {
      return List.of();
    }
  }
}
