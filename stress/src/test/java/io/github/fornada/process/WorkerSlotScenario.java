package io.github.fornada.process;

import io.github.fornada.TaskPolicy;
import io.github.fornada.stress.Explorer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** A pool becomes quiet while the worker of a slot becomes ready: the slot's thread ends. */
public class WorkerSlotScenario implements Explorer.Scenario {
  final Engine engine;
  final WorkerSlot slot;
  private boolean ended;

  public WorkerSlotScenario() {
    this(ProcessOptions.defaults());
  }

  private WorkerSlotScenario(ProcessOptions options) {
    this.engine = new Engine(options);
    this.slot = new WorkerSlot(Explorer.<io.github.fornada.process.Engine>standIn(engine), 0);
    slot.start();
  }

  /** Work comes while a worker on demand leaves, and each is taken. */
  public static final class OnDemand extends WorkerSlotScenario {
    public OnDemand() {
      super(
          ProcessOptions.defaults()
              .withLife(life -> life.withMinWorkers(0).withIdleTimeout(Duration.ofNanos(1))));
    }

    @Override
    public List<Runnable> threads() {
      return List.of(super::live, this::submit, this::leave);
    }

    private void submit() {
      for (int i = 1; i <= 2; i++) {
        Explorer.step();
        engine.queued = i;
        if (!engine.dispatcher.feed()) {
          slot.demand();
        }
      }
      Explorer.await(() -> engine.taken == engine.queued);
      end();
    }

    /** The timer, which finds the worker without work once. */
    private void leave() {
      Explorer.await(() -> engine.idle != null || engine.ending);
      Runnable look = engine.idle;
      if (look != null) {
        look.run();
      }
    }
  }

  @Override
  public List<Runnable> threads() {
    return List.of(this::live, this::end);
  }

  private void live() {
    Runnable body = engine.life;
    if (body != null) {
      body.run();
    }
    ended = true;
  }

  /** As a pool that has become quiet does. */
  void end() {
    engine.end(slot);
  }

  @Override
  public void check() {
    if (!ended || engine.dismissed != engine.started) {
      throw new AssertionError(
          "the slot has ended: " + ended + "; " + engine.dismissed + " of " + engine.started);
    }
  }

  // ---- in the places of ours of the same names

  /** Has work, and workers that are ready at once. */
  public static final class Engine {
    private static @Nullable Engine latest;

    private final ProcessOptions options;
    private @Nullable Dispatcher dispatcher;
    private @Nullable Runnable life;
    private @Nullable Runnable idle;
    private volatile boolean ending;
    private int started;
    private int dismissed;
    private int queued;
    private int taken;

    private Engine(ProcessOptions options) {
      this.options = options;
      latest = this;
    }

    void end(WorkerSlot slot) {
      ending = true;
      slot.end();
    }

    ProcessOptions options() {
      return options;
    }

    public TaskPolicy policy() {
      return TaskPolicy.DEFAULT;
    }

    @Nullable Thread startThread(String name, Runnable body) {
      life = body;
      return null;
    }

    boolean isEnding() {
      return ending;
    }

    boolean mayStart() {
      return true;
    }

    boolean hasMore(int index) {
      Explorer.step();
      return queued > taken;
    }

    WorkerSupply supply() {
      return new WorkerSupply(this);
    }

    void workerIsReady() {}

    void dismiss(WorkerProcess worker) {
      dismissed++;
    }

    void awaitedThreadEnded() {}
  }

  /** Keeps the first action, which is the one after the idle timeout. */
  static final class WorkerTimers {
    void after(Duration pause, Runnable action) {
      Engine latest = Engine.latest;
      if (latest != null && latest.idle == null) {
        latest.idle = action;
      }
    }
  }

  /** Takes all the work there is, as long as there is a worker. */
  static final class Dispatcher {
    private final Engine engine;
    private boolean open;

    Dispatcher(Engine engine, int index) {
      this.engine = engine;
      engine.dispatcher = this;
    }

    void startFeeder() {}

    void attach(WorkerProcess to, long mostItems) {
      Explorer.step();
      open = true;
    }

    boolean feed() {
      Explorer.step();
      if (open) {
        engine.taken = engine.queued;
      }
      return open;
    }

    void feedSurely() {
      var _ = feed();
    }

    void close() {
      Explorer.step();
      open = false;
    }

    List<SentItem> detach(WorkerProcess gone, boolean blameFirst) {
      return List.of();
    }

    void end() {}

    int inFlight() {
      return 0;
    }

    boolean isIdle() {
      return true;
    }

    long sent() {
      return 0;
    }
  }

  /** Hears when it is to exit. */
  static final class WorkerProcess {
    private final WorkerTimers timers = new WorkerTimers();
    private boolean asked;

    WorkerTimers timers() {
      return timers;
    }

    void adopt(String slot) {}

    long startupNanos() {
      return 0;
    }

    void askToExit() {
      Explorer.step();
      asked = true;
    }
  }

  /** Starts workers at once. */
  static final class WorkerSupply {
    private final Engine engine;

    WorkerSupply(Engine engine) {
      this.engine = engine;
    }

    WorkerProcess take() {
      engine.started++;
      return new WorkerProcess();
    }
  }

  /** Reads until the worker is retired. */
  static final class ResultReader {
    ResultReader(
        WorkerSlot slot,
        Engine engine,
        String name,
        Dispatcher dispatcher,
        StatsRecorder stats,
        io.github.fornada.process.GuardedResults guarded) {}

    void restarted(long left, long ready, boolean waited) {}

    boolean read(WorkerProcess from) {
      Explorer.await(() -> from.asked);
      return true;
    }

    void awaitOthers() {}

    boolean readFor(Future<?> task) {
      return false;
    }
  }

  /** Counts nothing. */
  static final class StatsRecorder {
    StatsRecorder(String name) {}

    void started(long startupNanos) {}

    void ended(boolean expected) {}
  }
}
