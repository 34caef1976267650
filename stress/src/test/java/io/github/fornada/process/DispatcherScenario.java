package io.github.fornada.process;

import io.github.fornada.TaskPolicy;
import io.github.fornada.stress.Explorer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A feeder does not come back from the user's code, and another takes its place, while a third
 * thread brings work: nobody but one thread has the sender, and all work is sent.
 */
public final class DispatcherScenario implements Explorer.Scenario {
  private final Engine engine = new Engine();
  private final WorkerProcess worker = new WorkerProcess();
  private final Dispatcher dispatcher =
      new Dispatcher(Explorer.<io.github.fornada.process.Engine>standIn(engine), 0);

  public DispatcherScenario() {
    dispatcher.attach(
        Explorer.<io.github.fornada.process.WorkerProcess>standIn(worker), Long.MAX_VALUE);
    dispatcher.startFeeder();
    engine.add();
    var _ = dispatcher.feed(); // which calls the feeder
  }

  @Override
  public List<Runnable> threads() {
    return List.of(engine.lives.getFirst(), this::submit, this::giveUp);
  }

  private void submit() {
    Explorer.await(() -> engine.abandoned);
    engine.add();
    var _ = dispatcher.feed();
    Explorer.await(() -> engine.left.isEmpty() && engine.sent == engine.added);
    dispatcher.end();
  }

  /** The timer, and then the successor. */
  private void giveUp() {
    Explorer.await(() -> engine.stuck != null);
    io.github.fornada.spi.Batch<?, ?> batch = Explorer.standIn(engine.stuck);
    dispatcher.replaceFeeder(batch, 0, List.of());
    engine.sent++; // that one ends without being sent
    engine.abandoned = true;
    engine.lives.get(1).run();
  }

  @Override
  public void check() {
    if (engine.wrong) {
      throw new AssertionError("two threads have the sender");
    }
  }

  // ---- in the places of ours of the same names

  /** Has batches. */
  static final class Engine {
    private final List<Batch> left = new ArrayList<>();
    private final List<Runnable> lives = new ArrayList<>();
    private int added;
    private int sent;
    private @Nullable Batch stuck;
    private boolean abandoned;
    private boolean wrong;

    private void add() {
      added++;
      left.add(new Batch());
    }

    int workers() {
      return 1;
    }

    TaskPolicy policy() {
      return TaskPolicy.DEFAULT;
    }

    io.github.fornada.spi.@Nullable Batch<?, ?> take(int index, int most) {
      return left.isEmpty() ? null : Explorer.standIn(left.removeFirst());
    }

    boolean hasMore(int index) {
      return !left.isEmpty();
    }

    void startSoon(String name, Runnable body) {
      lives.add(body);
    }

    Quarantine quarantine() {
      return new Quarantine();
    }

    void balanceSoon() {}

    void putBack(io.github.fornada.spi.Batch<?, ?> batch) {}

    boolean seemsFreeSomewhere() {
      return false;
    }

    static void tryLater(Duration pause, Runnable action) {}
  }

  /** Is only counted. */
  public static final class Batch {
    public boolean hasWaiting() {
      return false;
    }

    public boolean isClosed() {
      return false;
    }
  }

  /** Takes everything. */
  static final class WorkerProcess {}

  /** Is empty. */
  static final class Quarantine {
    boolean asks(io.github.fornada.spi.Batch<?, ?> batch) {
      return false;
    }

    boolean refuses(io.github.fornada.spi.Batch<?, ?> batch) {
      return false;
    }
  }

  /** Is abandoned in the first batch, and sends the others; all by the feeder. */
  static final class Sender {
    enum Result {
      NOTHING,
      SENT,
      FULL,
      NEEDS_FEEDER,
      WORKER_GONE
    }

    private final Engine engine;
    private int users;

    Sender(Engine engine, Dispatcher dispatcher, int index) {
      this.engine = engine;
    }

    Sender(Sender stuck, Dispatcher dispatcher) {
      this.engine = stuck.engine;
    }

    void reset(WorkerProcess started) {}

    Result send(io.github.fornada.spi.Batch<?, ?> batch, boolean onFeeder) {
      users++;
      if (users > 1) {
        engine.wrong = true;
      }
      if (!onFeeder) {
        users--;
        return Result.NEEDS_FEEDER;
      }
      if (engine.stuck == null) {
        Object first = batch;
        engine.stuck = Explorer.standIn(first);
        Explorer.await(() -> engine.abandoned);
        throw new UserCodeGuard.Abandoned();
      }
      Explorer.step();
      engine.sent++;
      users--;
      return Result.SENT;
    }
  }

  /** Is not looked for here. */
  static final class UserCodeGuard {
    static final class Abandoned extends RuntimeException {
      private static final long serialVersionUID = 1;
    }

    static void end(
        io.github.fornada.spi.Batch<?, ?> batch,
        int i,
        @Nullable Duration limit,
        @Nullable List<StackTraceElement> stack) {}
  }
}
