package io.github.fornada.cli;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskFunction;
import io.github.fornada.TaskListener;
import io.github.fornada.TaskTimeoutException;
import io.github.fornada.timeline.Timeline;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Set;
import java.util.Spliterator;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** One model in a comparison: its pool, and the figures of its passes. */
final class ModelUnderTest {
  /**
   * The longest wait until all workers are ready, in seconds; after it the run begins with those
   * that are.
   */
  private static final long READY_SECONDS = 10;

  /** The warm-up of all workers together takes at most this many times as long as that of one. */
  private static final double WARM_UP_FACTOR = 6; // Guess

  /** A function that does nothing. */
  static final TaskFunction<String, String> TRIVIAL = item -> item;

  /**
   * One pass over all items.
   *
   * @param seconds the wall time
   * @param complete whether it ran to its end; otherwise it was cut off
   * @param ended the number of items that have an outcome
   * @param timeline what ran when; null if nobody wants to know
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
      boolean complete,
      @Nullable Timeline timeline) {}

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

  /** Opens the pool, measures how long that takes, and warms its workers up. */
  void open(MethodCall call, List<String> items, double secondsEach, double warmUpSeconds) {
    this.items = items.size();
    long began = System.nanoTime();
    Pool opened = settings.open(model, call, List.of(relay));
    pool = opened;
    try {
      runTrivial(opened);
      startupSeconds = (System.nanoTime() - began) / 1e9;
      if (model == ExecutionModel.PROCESSES) {
        warmUp(opened, call, items, secondsEach, warmUpSeconds);
      }
    } catch (ExecutionException e) {
      if (!Interruption.requestedWherePoolsEnd()) {
        throw Fault.failed(
            model.label()
                + " cannot be started: "
                + ThrownText.of(e.getCause() == null ? e : e.getCause()));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Returns when a worker has started, and run an item. */
  private static void runTrivial(Pool opened) throws ExecutionException, InterruptedException {
    try {
      var _ = opened.submit("", TRIVIAL).get();
    } catch (ExecutionException e) {
      // A new JVM may take longer than the user's items may, and has started all the same.
      if (!(e.getCause() instanceof TaskTimeoutException)) {
        throw e;
      }
    }
  }

  /** Warms up new JVMs, which compile while they run; this JVM is warm already. */
  private void warmUp(
      Pool opened, MethodCall call, List<String> items, double secondsEach, double seconds)
      throws InterruptedException {
    relay.awaitReady(opened.workers());
    if (secondsEach > seconds) {
      return; // such a long item is its own warm-up, and too costly to run for nothing
    }
    long n = Math.clamp(Math.round(opened.workers() * seconds / secondsEach), 1, items.size());
    var over = new AtomicBoolean();
    try (Stream<Outcome<@Nullable String>> outcomes =
        opened.outcomes(items.subList(0, (int) n), call)) {
      Spliterator<Outcome<@Nullable String>> source = outcomes.spliterator();
      // With more workers than processors it takes longer than it should.
      try (var _ = Alarm.in(WARM_UP_FACTOR * seconds, () -> end(outcomes, over))) {
        while (!over.get() && source.tryAdvance(outcome -> {})) {}
      }
    } catch (CancellationException e) {
      if (!over.get()) {
        Thread.currentThread().interrupt(); // restores the flag: the consumer was interrupted
      }
    }
  }

  private static void end(Stream<?> outcomes, AtomicBoolean over) {
    over.set(true);
    outcomes.close();
  }

  /**
   * Runs all items once.
   *
   * @param again compares its items with their first runs
   * @param deadline the time after which it is cut off, in seconds
   */
  Pass run(ItemRun run, TaskListener again, double deadline, Progress progress, Reports reports) {
    Pool opened = pool;
    if (opened == null) {
      throw new IllegalStateException("not open");
    }
    var clock = new TaskClock();
    var listeners = new ArrayList<TaskListener>(List.of(clock, progress, run, again));
    if (settings.retries() > 0) {
      listeners.add(progress.retries());
    }
    Timeline timeline = reports.timeline(model.label());
    if (timeline != null) {
      listeners.add(reports.listener(timeline));
    }
    // Garbage of an earlier pass must not count as memory of this one.
    System.gc();
    // Worker processes of another model's pool are idle now, and must not count either.
    Set<Long> others = model == ExecutionModel.PROCESSES ? Set.of() : ProcessTree.descendantsNow();
    relay.to(listeners);
    Meter meter = Meter.start(others);
    if (timeline != null) {
      timeline.begin(meter.startedNanos());
    }
    ItemRun.End end;
    try (var _ = Alarm.in(deadline, run::stop)) {
      end = run.on(opened);
    }
    Meter.Reading reading = meter.stop();
    if (timeline != null) {
      timeline.end(reading.endedNanos());
    }
    relay.to(List.of());
    double wall = Math.max(1, reading.wallNanos());
    var pass =
        new Pass(
            wall / 1e9,
            clock.busyNanos() / wall,
            reading.busyCores(),
            reading.idleNanos() < 0 ? Double.NaN : reading.idleNanos() / wall,
            reading.peakBytes(),
            clock.done() + clock.failed(),
            clock.done(),
            clock.failed(),
            end == ItemRun.End.COMPLETE,
            timeline);
    passes.add(pass);
    if (!pass.complete()) {
      stop(opened);
    }
    return pass;
  }

  /** Returns how long the last pass took, in seconds. */
  double lastSeconds() {
    return passes.getLast().seconds();
  }

  /** Forgets the last pass, which was cut off, in favour of those before it. */
  void forgetLast() {
    passes.removeLast();
  }

  /** Returns whether a pass was cut off, so that there will be no more. */
  boolean isCutOff() {
    return passes.stream().anyMatch(pass -> !pass.complete());
  }

  /** Returns the median time of a pass; if the pass was cut off, an extrapolation to all items. */
  double seconds() {
    Pass pass = median();
    return pass.complete() ? pass.seconds() : pass.seconds() * items / Math.max(1, pass.ended());
  }

  /** Returns what ran when in the pass that the figures are of; null if nobody wants to know. */
  @Nullable Timeline timeline() {
    return median().timeline();
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

  /** Returns the figures of this model; {@code sequential} is the time to compare with, or NaN. */
  Figures figures(double sequential) {
    Pass median = median();
    return new Figures(
        model,
        seconds(),
        spread(passes),
        sequential / seconds(),
        median.inFlight(),
        median.busyCores(),
        median.idleCores(),
        passes.stream().mapToLong(Pass::peakBytes).max().orElse(ProcessTree.UNKNOWN),
        startupSeconds,
        median.done(),
        median.failed(),
        (int) passes.stream().filter(Pass::complete).count(),
        isCutOff());
  }

  /**
   * Returns half of the difference between the fastest and the slowest pass; NaN if there are not
   * two to compare. One that was cut off has a time of its own kind.
   */
  static double spread(List<Pass> passes) {
    DoubleSummaryStatistics times =
        passes.stream().filter(Pass::complete).mapToDouble(Pass::seconds).summaryStatistics();
    return times.getCount() < 2 ? Double.NaN : (times.getMax() - times.getMin()) / 2;
  }

  private void stop(Pool opened) {
    stopped = true;
    PoolStop.stop(List.of(opened));
  }

  void close() {
    Pool opened = pool;
    if (opened != null && !stopped) {
      stop(opened); // nothing is running any more, or its results are not wanted
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
