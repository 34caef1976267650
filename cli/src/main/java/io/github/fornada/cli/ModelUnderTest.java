package io.github.fornada.cli;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskFunction;
import io.github.fornada.TaskListener;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** One model in a comparison: its pool, and what its passes measured. */
final class ModelUnderTest {
  /** Longest wait until all workers are there, in seconds; then it begins with those it has. */
  private static final long READY_SECONDS = 10;

  /** Longest wait for a pool that was told to stop at once: its grace, and some more. */
  private static final long STOP_SECONDS = 3;

  /** The least work there is. */
  private static final TaskFunction<String, String> TRIVIAL = item -> item;

  /**
   * One pass over all items.
   *
   * @param seconds time on the clock
   * @param complete whether it was run to its end; else it was cut off
   * @param ended items that have their outcome
   */
  record Pass(
      double seconds,
      double inFlight,
      double busyCores,
      double idleCores,
      long peakBytes,
      long ended,
      long done,
      long failed,
      boolean complete) {}

  private final ExecutionModel model;
  private final PoolSettings settings;
  private final List<Pass> passes = new ArrayList<>();
  private final Relay relay = new Relay();
  private @Nullable Pool pool;
  private double startupSeconds;
  private boolean stopped;
  private int items;

  ModelUnderTest(ExecutionModel model, PoolSettings settings) {
    this.model = model;
    this.settings = model == ExecutionModel.SEQUENTIAL ? settings.withoutWorkers() : settings;
  }

  ExecutionModel model() {
    return model;
  }

  /** Opens the pool, measures that, and warms its workers up. */
  void open(MethodCall call, List<String> items, double secondsEach, double warmUpSeconds) {
    this.items = items.size();
    long began = System.nanoTime();
    Pool opened = settings.open(model, List.of(relay));
    pool = opened;
    try {
      var _ = opened.submit("", TRIVIAL).get();
      startupSeconds = (System.nanoTime() - began) / 1e9;
      if (model == ExecutionModel.PROCESSES) {
        warmUp(opened, call, items, secondsEach, warmUpSeconds);
      }
    } catch (ExecutionException e) {
      throw Fault.failed(
          model.label() + " cannot be started: " + FailureReport.text("", failed(e)));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static Outcome<?> failed(ExecutionException e) {
    return new Outcome.Failed<>(e.getCause() == null ? e : e.getCause());
  }

  /** New JVMs compile as they go; this one has had its share already. */
  private void warmUp(
      Pool opened, MethodCall call, List<String> items, double secondsEach, double seconds)
      throws InterruptedException {
    relay.awaitReady(opened.workers());
    if (secondsEach > seconds) {
      return; // one item is warm-up enough for its own code, and costs too much to be thrown away
    }
    long n = Math.clamp(Math.round(opened.workers() * seconds / secondsEach), 1, items.size());
    try (Stream<Outcome<@Nullable String>> outcomes =
        opened.outcomes(items.subList(0, (int) n), call)) {
      outcomes.forEach(outcome -> {});
    } catch (CancellationException e) {
      Thread.currentThread().interrupt(); // as it was: the consumer was interrupted
    }
  }

  /**
   * Runs all items once.
   *
   * @param deadline when it is cut off, in seconds
   */
  Pass run(ItemRun run, double deadline, Progress progress, Reports reports) {
    Pool opened = pool;
    if (opened == null) {
      throw new IllegalStateException("not open");
    }
    var clock = new TaskClock();
    var listeners = new ArrayList<TaskListener>(List.of(clock, progress, run));
    listeners.addAll(reports.begin(model));
    // What an earlier pass left behind is not this one's memory.
    System.gc();
    // Worker processes of another model's pool are idle now and not this one's either.
    Set<Long> others = model == ExecutionModel.PROCESSES ? Set.of() : ProcessTree.descendantsNow();
    relay.to(listeners);
    Meter meter = Meter.start(others);
    ItemRun.End end;
    try (var _ = Alarm.in(deadline, run::stop)) {
      end = run.on(opened);
    }
    Meter.Reading reading = meter.stop();
    relay.to(List.of());
    reports.end(model);
    double wall = Math.max(1, reading.wallNanos());
    var pass =
        new Pass(
            wall / 1e9,
            clock.busyNanos() / wall,
            reading.cpuNanos() / wall,
            reading.idleNanos() < 0 ? Double.NaN : reading.idleNanos() / wall,
            reading.peakBytes(),
            clock.done() + clock.failed(),
            clock.done(),
            clock.failed(),
            end == ItemRun.End.COMPLETE);
    passes.add(pass);
    if (!pass.complete()) {
      stop(opened);
    }
    return pass;
  }

  /** Whether a pass was cut off, so that there will be no more. */
  boolean isCutOff() {
    return passes.stream().anyMatch(pass -> !pass.complete());
  }

  /** Median time of a pass; for one cut off, what it would have taken at the pace seen. */
  double seconds() {
    Pass pass = median();
    return pass.complete() ? pass.seconds() : pass.seconds() * items / Math.max(1, pass.ended());
  }

  private Pass median() {
    for (Pass pass : passes) {
      if (!pass.complete()) {
        return pass;
      }
    }
    List<Pass> sorted = passes.stream().sorted(Comparator.comparingDouble(Pass::seconds)).toList();
    return sorted.get((sorted.size() - 1) / 2);
  }

  /** What is shown of this model; {@code sequential} is the time to compare with, or NaN. */
  Figures figures(double sequential) {
    Pass median = median();
    double slowest = passes.stream().mapToDouble(Pass::seconds).max().orElse(Double.NaN);
    double fastest = passes.stream().mapToDouble(Pass::seconds).min().orElse(Double.NaN);
    return new Figures(
        model,
        seconds(),
        passes.size() < 2 ? Double.NaN : (slowest - fastest) / 2,
        sequential / seconds(),
        median.inFlight(),
        median.busyCores(),
        median.idleCores(),
        passes.stream().mapToLong(Pass::peakBytes).max().orElse(ProcessTree.UNKNOWN),
        startupSeconds,
        median.done(),
        median.failed(),
        passes.size(),
        isCutOff());
  }

  /**
   * Stops at once, but not without end: a thread whose task ignores interrupts ends with the JVM.
   */
  private void stop(Pool opened) {
    stopped = true;
    opened.shutdownNow();
    boolean interrupted = Thread.interrupted();
    try {
      var _ = opened.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  void close() {
    Pool opened = pool;
    if (opened != null && !stopped) {
      stop(opened); // nothing runs any more, or nothing of it is wanted
    }
  }

  /** Passes a pool's events to the current listener. */
  private static final class Relay implements TaskListener {
    private volatile List<TaskListener> listeners = List.of();
    private final CountDownLatch ready = new CountDownLatch(1);
    private int readyCount;
    private int readyWanted = Integer.MAX_VALUE;

    @Override
    public void onEvent(TaskEvent event) {
      if (event instanceof TaskEvent.WorkerReady) {
        synchronized (this) {
          readyCount++;
          signal();
        }
      }
      for (TaskListener listener : listeners) {
        listener.onEvent(event);
      }
    }

    void to(List<TaskListener> changed) {
      listeners = changed;
    }

    void awaitReady(int workers) throws InterruptedException {
      synchronized (this) {
        readyWanted = workers;
        signal();
      }
      var _ = ready.await(READY_SECONDS, TimeUnit.SECONDS);
    }

    private void signal() {
      if (readyCount >= readyWanted) {
        ready.countDown();
      }
    }
  }
}
