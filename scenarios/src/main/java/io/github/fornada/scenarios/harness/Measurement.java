package io.github.fornada.scenarios.harness;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Pool;
import io.github.fornada.advice.AutoPool;
import io.github.fornada.advice.Choice;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Runs the ways of one trial in blocks: each block runs every way once, in an order drawn anew, so
 * that what changes in the course of time falls on all of them. Pools stay open for all blocks.
 * Every result is checked.
 *
 * @param <R> what the trial computes
 */
final class Measurement<R> {
  /** Returns how long each way is warmed up, in seconds; but it runs at least once, uncounted. */
  static double warmUpSeconds(Size size) {
    return size == Size.SMALL ? 0.12 : 0.3;
  }

  /**
   * Returns how long the pool that chooses may look at the work, in seconds; but one run at least.
   * Worker processes take a third of a second to start and another to get warm, and are started
   * once the work has lasted so long that they would have paid for that.
   */
  static double adviceSeconds(Size size) {
    return size == Size.SMALL ? 1 : 10;
  }

  /**
   * Returns how much garbage may be there when a run begins, in bytes. At small size some, because
   * a collection would take longer than many a run; else none, or the memory of a run would be that
   * of earlier ones, too.
   */
  static long littleGarbage(Size size) {
    return size == Size.SMALL ? 16L << 20 : 0;
  }

  private static final int WARM_UP_RUNS = 20;

  private final String scenario;
  private final Trial<R> trial;
  private final int blocks;
  private final long seed;
  private final double warmUpSeconds;
  private final double adviceSeconds;
  private final long littleGarbage;
  private final Progress progress;
  private @Nullable Choice choice;
  private final List<Way> ways = new ArrayList<>();

  /** Creates the measurement of one trial. */
  Measurement(
      String scenario,
      Trial<R> trial,
      int blocks,
      long seed,
      double warmUpSeconds,
      double adviceSeconds,
      long littleGarbage,
      Progress progress) {
    this.scenario = scenario;
    this.trial = trial;
    this.blocks = blocks;
    this.seed = seed;
    this.warmUpSeconds = warmUpSeconds;
    this.adviceSeconds = adviceSeconds;
    this.littleGarbage = littleGarbage;
    this.progress = progress;
  }

  /** One way to run the trial, and its figures. */
  private final class Way {
    private final String name;
    private final Program<R> program;
    private final @Nullable Pool pool;
    private final double startSeconds;
    private final boolean isExpert;
    private final List<Double> seconds = new ArrayList<>();
    private final List<Double> busyCores = new ArrayList<>();
    private final List<Long> memory = new ArrayList<>();

    Way(
        String name,
        Program<R> program,
        @Nullable Pool pool,
        double startSeconds,
        boolean isExpert) {
      this.name = name;
      this.program = program;
      this.pool = pool;
      this.startSeconds = startSeconds;
      this.isExpert = isExpert;
    }

    /** Runs once and checks the result against {@code expected}, if there is one. */
    R once(@Nullable R expected, boolean counts) throws Exception {
      trial.before();
      if (counts) {
        Garbage.collect(
            littleGarbage); // that of an earlier run must cost neither time nor memory of this one
      }
      Meter meter = Meter.start(pool);
      R result;
      double took;
      double busy;
      try (meter) {
        long begin = System.nanoTime();
        result = program.run();
        took = (System.nanoTime() - begin) / 1e9;
        busy = meter.busyCores();
      }
      try {
        trial.after(result);
        if (expected != null) {
          trial.check(expected, result);
        }
      } catch (WrongResultException e) {
        String title = trial.name().isEmpty() ? scenario : scenario + ": " + trial.name();
        throw new WrongResultException(title + " under " + name + ": " + e.getMessage());
      }
      if (counts) {
        seconds.add(trial.compared(result).orElse(took));
        busyCores.add(busy);
        memory.add(meter.peakBytes());
      }
      return result;
    }

    Measured figures() {
      Optional<ExecutionModel> model = Optional.ofNullable(pool).map(Pool::model);
      return new Measured(
          name,
          model,
          startSeconds,
          seconds,
          Interval.of(array(seconds), seed),
          memory.stream().mapToLong(m -> m).max().orElse(-1),
          Interval.median(array(busyCores)));
    }
  }

  private static double[] array(List<Double> values) {
    return values.stream().mapToDouble(v -> v).toArray();
  }

  /**
   * Runs all of it.
   *
   * @throws WrongResultException if a run gave a wrong result; the message says which
   * @throws Exception if a run failed
   */
  Comparison run() throws Exception {
    var pools = new ArrayList<Pool>();
    try {
      var plain = new Way(Measured.SEQUENTIAL, trial::sequential, null, 0, false);
      progress.now(title() + ": in sequence, to compare with");
      long began = System.nanoTime();
      R expected = plain.once(null, false);
      double first = (System.nanoTime() - began) / 1e9;
      ways.add(plain);
      for (ExecutionModel model : Trial.MODELS) {
        if (!trial.notApplicable().containsKey(model)) {
          ways.add(opened(model, pools));
        }
      }
      trial
          .expert()
          .ifPresent(step -> ways.add(new Way(step.name(), step.program(), null, 0, true)));
      for (Step<R> step : trial.steps()) {
        ways.add(new Way(step.name(), step.program(), null, 0, false));
      }
      for (Way way : ways) {
        warmUp(way, expected, way == plain ? first : 0);
      }
      var order = new ArrayList<>(ways);
      var random = new Random(seed);
      for (int block = 0; block < blocks; block++) {
        Collections.shuffle(order, random);
        for (Way way : order) {
          progress.now(title() + ": block " + (block + 1) + " of " + blocks + ", " + way.name);
          var _ = way.once(expected, true);
        }
      }
      choice = advised(expected);
    } finally {
      for (Pool pool : pools) {
        pool.close();
      }
    }
    return comparison();
  }

  private String title() {
    return trial.name().isEmpty() ? scenario : scenario + ": " + trial.name();
  }

  private Way opened(ExecutionModel model, List<Pool> pools) throws Exception {
    progress.now(title() + ": opening " + model.label());
    long began = System.nanoTime();
    Pool pool = trial.open(model);
    pools.add(pool);
    // A pool of processes is ready when every worker has answered.
    var first = new Integer[pool.model() == ExecutionModel.PROCESSES ? pool.workers() : 1];
    Arrays.setAll(first, i -> i);
    var _ = pool.map(List.of(first), i -> i);
    double start = (System.nanoTime() - began) / 1e9;
    return new Way(model.label(), () -> trial.under(pool), pool, start, false);
  }

  /** Lets the library choose, on the same work, and checks those results too. */
  private Choice advised(R expected) throws Exception {
    progress.now(title() + ": what the advisor chooses");
    try (AutoPool pool = trial.openAdvised()) {
      var way = new Way("the advisor", () -> trial.under(pool), null, 0, false);
      long began = System.nanoTime();
      do {
        var _ = way.once(expected, false);
      } while ((System.nanoTime() - began) / 1e9 < adviceSeconds);
      return pool.choice();
    }
  }

  /** Returns what the library chose; call it after {@link #run}. */
  Choice choice() {
    if (choice == null) {
      throw new IllegalStateException("nothing was run yet");
    }
    return choice;
  }

  /**
   * Runs {@code way} uncounted.
   *
   * @param spent for how many seconds it has run already
   */
  private void warmUp(Way way, R expected, double spent) throws Exception {
    long began = System.nanoTime();
    progress.now(title() + ": warming up " + way.name);
    for (int run = 0; run < WARM_UP_RUNS; run++) {
      if (spent + (System.nanoTime() - began) / 1e9 > warmUpSeconds) {
        return;
      }
      var _ = way.once(expected, false);
    }
  }

  private Comparison comparison() {
    var models = new ArrayList<Measured>();
    Measured expert = null;
    var steps = new ArrayList<Measured>();
    for (Way way : ways) {
      if (way.isExpert) {
        expert = way.figures();
      } else if (way.pool != null || way.name.equals(Measured.SEQUENTIAL)) {
        models.add(way.figures());
      } else {
        steps.add(way.figures());
      }
    }
    return new Comparison(models, Optional.ofNullable(expert), steps);
  }
}
