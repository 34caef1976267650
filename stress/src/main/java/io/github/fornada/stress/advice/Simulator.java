package io.github.fornada.stress.advice;

import io.github.fornada.advice.decide.Decider;
import io.github.fornada.advice.decide.Learned;
import io.github.fornada.advice.decide.Setting;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** Draws jobs, lets the decider steer each, and compares with the best that could be done. */
public final class Simulator {
  private static final int[] CORES = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64};
  private static final int USAGE = 2;
  private static final int EXIT_FOUND = 1;

  // What the short form must reach: a little less than what was measured, because each seed
  // differs.
  private static final double LONG_WITHIN = 0.80;
  private static final double MANY_ROUNDS_WITHIN = 0.90;
  private static final double SHORT_WITHIN = 0.86;
  private static final double INTERVALS = 0.78;

  private static final double NEAR = 1.10;

  /**
   * To find how many in flight pay takes a response time for each doubling, so jobs of few response
   * times are told apart.
   */
  private static final double ROUNDS = 60;

  /** A job is long if it takes so many seconds at best. */
  private static final double LONG = 5;

  static final String HELP =
      """
      usage: stress/advice [option]...
        --short       5000 jobs, and exit code 1 if the figures are worse than they have to be
        --jobs=N      jobs to draw (100000)
        --seed=N      the draws of an earlier run
        --shapes=N    kinds of items for each number of cores (150)
        --runs=N      runs of each job, each with what the one before has learned; the last is
                      measured (1)
        --without=S   a sensor that is not there: cpu, waits, offProcessor, busyCores, compilers
        --worst=N     print the N worst long jobs (0)
        --explain=I   run the job with this index alone and print each change of setting
      """;

  private Simulator() {}

  /** What came of one job. */
  record Outcome(
      int index,
      int cores,
      double best,
      Setting bestSetting,
      Run.Result result,
      double modelRatio,
      long items,
      double response,
      int runs,
      int firstSize) {
    double ratio() {
      return result.seconds() / best;
    }

    double lost() {
      return result.seconds() - best;
    }

    /**
     * Returns what a short job may lose: 0.15 s and two response times for each doubling, and 0.05
     * s if it begins with what an earlier run has learned.
     */
    double allowed() {
      if (runs > 1) {
        return 0.05;
      }
      double doublings = Math.log(Math.max(2, bestSetting.size())) / Math.log(2);
      return 0.15 + 2 * response * doublings;
    }
  }

  /** Runs the simulator; see {@code stress/advice --help}. */
  @SuppressWarnings("SystemOut") // a command
  public static void main(String[] arguments) {
    int jobs = 100_000;
    long seed = System.nanoTime() & 0xFFFF_FFFFL;
    int shapes = 150;
    int worst = 0;
    int explain = -1;
    int runs = 1;
    boolean check = false;
    Run.Senses senses = Run.Senses.ALL;
    for (String argument : arguments) {
      String value = argument.substring(argument.indexOf('=') + 1);
      switch (argument.split("=")[0]) {
        case "--short" -> {
          jobs = 5_000;
          shapes = 60;
          check = true;
        }
        case "--jobs" -> jobs = Integer.parseInt(value);
        case "--seed" -> seed = Long.parseLong(value);
        case "--shapes" -> shapes = Integer.parseInt(value);
        case "--runs" -> runs = Integer.parseInt(value);
        case "--worst" -> worst = Integer.parseInt(value);
        case "--explain" -> explain = Integer.parseInt(value);
        case "--without" -> senses = without(value);
        default -> {
          System.err.print(HELP);
          System.exit(USAGE);
        }
      }
    }
    long began = System.nanoTime();
    var simulator = new Simulation(seed, shapes, senses, runs);
    if (explain >= 0) {
      System.out.println(simulator.explain(explain));
      return;
    }
    var outcomes = new ArrayList<Outcome>(jobs);
    for (int i = 0; i < jobs; i++) {
      outcomes.add(simulator.job(i));
    }
    double seconds = (System.nanoTime() - began) / 1e9;
    System.out.printf(Locale.ROOT, "%,d jobs, seed %d, %.1f s%n%n", jobs, seed, seconds);
    var report = new Report(outcomes);
    System.out.print(report.text());
    outcomes.stream()
        .filter(outcome -> outcome.best() >= LONG)
        .sorted(Comparator.comparingDouble(Outcome::ratio).reversed())
        .limit(worst)
        .forEach(outcome -> System.out.println(simulator.describe(outcome)));
    if (check && !report.isGoodEnough()) {
      System.out.println("FAILED: see above, and repeat with --seed=" + seed);
      System.exit(EXIT_FOUND);
    }
  }

  private static Run.Senses without(String sense) {
    return new Run.Senses(
        !sense.equals("cpu"),
        !sense.equals("waits"),
        !sense.equals("offProcessor"),
        !sense.equals("busyCores"),
        !sense.equals("compilers"));
  }

  /** The jobs of one seed. */
  static final class Simulation {
    private final long seed;
    private final Shape[] shapes;
    private final Run.Senses senses;
    private final int runs;

    Simulation(long seed, int each, Run.Senses senses, int runs) {
      this.seed = seed;
      this.senses = senses;
      this.runs = runs;
      var list = new ArrayList<Shape>();
      for (int cores : CORES) {
        var random = new SplittableRandom(seed * 31 + cores);
        for (int i = 0; i < each; i++) {
          list.add(new Shape(random, cores));
        }
      }
      shapes = list.toArray(Shape[]::new);
    }

    World world(int index) {
      return new World(new SplittableRandom(seed + 7919L * index), shapes);
    }

    Outcome job(int index) {
      World world = world(index);
      var oracle = new Oracle(world);
      Oracle.Choice best = oracle.best();
      var decider = new Decider(world.machine(), world.job());
      Run.Result result = new Run(world, decider, Setting.SEQUENTIAL, senses).run();
      int firstSize = result.last().size();
      for (int i = 1; i < runs; i++) {
        Learned learned = decider.learned();
        decider = new Decider(world.machine(), world.job());
        result = new Run(world, decider, begin(decider, learned), senses).run();
      }
      double least = Math.min(best.seconds(), oracle.estimateOfBest());
      double response =
          world.unit
              * Math.max(1, world.mean(world.items - 1))
              * Math.max(1, best.setting().size() / world.first.rate(best.setting().size(), false));
      return new Outcome(
          index,
          world.first.cores,
          best.seconds(),
          best.setting(),
          result,
          oracle.estimateOf(result.last().model()) / least,
          world.items,
          response,
          runs,
          firstSize);
    }

    private static Setting begin(Decider decider, @Nullable Learned learned) {
      return learned == null ? Setting.SEQUENTIAL : decider.beginWith(learned);
    }

    String describe(Outcome outcome) {
      return String.format(
          Locale.ROOT,
          "#%d %.2fx: %.2f s instead of %.2f s under %s %d; ended under %s %d; %s",
          outcome.index(),
          outcome.ratio(),
          outcome.result().seconds(),
          outcome.best(),
          outcome.bestSetting().model().label(),
          outcome.bestSetting().size(),
          outcome.result().last().model().label(),
          outcome.result().last().size(),
          world(outcome.index()));
    }

    String explain(int index) {
      World world = world(index);
      var text = new StringBuilder(describe(job(index))).append(System.lineSeparator());
      Learned learned = null;
      for (int i = 0; i < runs; i++) {
        var decider = new Decider(world.machine(), world.job());
        Run run = new Run(world, decider, begin(decider, learned), senses).logged();
        run.run();
        text.append(run.log())
            .append(String.join(System.lineSeparator(), decider.result().sentences()))
            .append(System.lineSeparator());
        learned = decider.learned();
      }
      return text.toString();
    }
  }

  /** What is printed. */
  static final class Report {
    private final List<Outcome> outcomes;

    Report(List<Outcome> outcomes) {
      this.outcomes = outcomes;
    }

    boolean isGoodEnough() {
      return within(longOnes()) >= LONG_WITHIN
          && within(manyRounds()) >= MANY_ROUNDS_WITHIN
          && shortWithin() >= SHORT_WITHIN
          && coverage() >= INTERVALS;
    }

    /** Returns the long jobs that take more than 60 response times at best. */
    List<Outcome> manyRounds() {
      return longOnes().stream()
          .filter(outcome -> outcome.best() > ROUNDS * outcome.response())
          .toList();
    }

    List<Outcome> longOnes() {
      return outcomes.stream().filter(outcome -> outcome.best() >= LONG).toList();
    }

    /** Returns the part of the jobs that took at most 1.10 times as long as the best. */
    static double within(List<Outcome> of) {
      return of.stream().filter(outcome -> outcome.ratio() <= NEAR).count()
          / (double) Math.max(1, of.size());
    }

    /** Returns the part of the short jobs that lost no more than they may. */
    double shortWithin() {
      List<Outcome> of = outcomes.stream().filter(outcome -> outcome.best() < LONG).toList();
      return of.stream().filter(outcome -> outcome.lost() <= outcome.allowed()).count()
          / (double) Math.max(1, of.size());
    }

    /** Returns the part of the 90 % intervals that held. */
    double coverage() {
      List<Run.Result> of =
          outcomes.stream()
              .map(Outcome::result)
              .filter(result -> !Double.isNaN(result.came()))
              .toList();
      return of.stream()
              .filter(result ->
                  result.came() >= result.predictedLow() && result.came() <= result.predictedHigh())
              .count()
          / (double) Math.max(1, of.size());
    }

    String text() {
      var text = new StringBuilder();
      text.append("time over the best, jobs of 5 s and more\n");
      text.append("cores     jobs  median     90 %     95 %     99 %  within 1.10\n");
      for (int cores : CORES) {
        row(
            text,
            String.valueOf(cores),
            longOnes().stream().filter(outcome -> outcome.cores() == cores).toList());
      }
      row(text, "all", longOnes());
      row(text, "60 R", manyRounds());
      text.append(
          String.format(
              Locale.ROOT,
              "%nshort jobs within what they may lose: %.1f %%%n",
              100 * shortWithin()));
      text.append(
          String.format(
              Locale.ROOT,
              "right model, or within 1.05 of it (long): %.1f %%%n",
              100
                  * longOnes().stream().filter(outcome -> outcome.modelRatio() <= 1.05).count()
                  / (double) Math.max(1, longOnes().size())));
      text.append(
          String.format(
              Locale.ROOT,
              "90 %% intervals that held: %.1f %%; median error of the time of the rest: %.1f %%%n",
              100 * coverage(),
              100
                  * quantile(
                      outcomes.stream()
                          .map(Outcome::result)
                          .filter(result -> !Double.isNaN(result.came()))
                          .mapToDouble(result ->
                              Math.abs(result.predicted() / Math.max(1e-9, result.came()) - 1))
                          .sorted()
                          .toArray(),
                      0.5)));
      double[] came =
          outcomes.stream()
              .map(Outcome::result)
              .filter(result -> !Double.isNaN(result.came()))
              .mapToDouble(result -> result.came() / Math.max(1e-9, result.predicted()))
              .sorted()
              .toArray();
      text.append(
          String.format(
              Locale.ROOT,
              "what came over what was predicted: 5 %% %.2f, 25 %% %.2f, 75 %% %.2f, 95 %% %.2f%n",
              quantile(came, 0.05),
              quantile(came, 0.25),
              quantile(came, 0.75),
              quantile(came, 0.95)));
      text.append(
          String.format(
              Locale.ROOT,
              "back to a model that was left: %.2f %%; workers started for nothing: %.2f %%%n",
              share(outcome -> outcome.result().turnsBack() > 0),
              share(outcome -> outcome.result().workersForNothing() > 0)));
      text.append(
          String.format(
              Locale.ROOT,
              "jobs with more failures than 3 or 0.5 %% of the items: %.2f %%%n",
              share(outcome ->
                  outcome.result().failed() > 3
                      && outcome.result().failed() > 0.005 * outcome.items())));
      double[] grown =
          outcomes.stream()
              .filter(outcome -> outcome.runs() > 1)
              .mapToDouble(outcome -> outcome.result().last().size() / (double) outcome.firstSize())
              .sorted()
              .toArray();
      if (grown.length > 0) {
        text.append(
            String.format(
                Locale.ROOT,
                "in flight at the end over the first run's: 5 %% %.2f, 50 %% %.2f, 95 %% %.2f, 99"
                    + " %% %.2f%n",
                quantile(grown, 0.05),
                quantile(grown, 0.5),
                quantile(grown, 0.95),
                quantile(grown, 0.99)));
      }
      return text.toString();
    }

    private double share(java.util.function.Predicate<Outcome> of) {
      return 100.0 * outcomes.stream().filter(of).count() / Math.max(1, outcomes.size());
    }

    private static void row(StringBuilder text, String name, List<Outcome> of) {
      double[] ratios = of.stream().mapToDouble(Outcome::ratio).sorted().toArray();
      if (ratios.length == 0) {
        return;
      }
      text.append(
          String.format(
              Locale.ROOT,
              "%-5s %8d %7.3f %8.3f %8.3f %8.3f %10.1f %%%n",
              name,
              ratios.length,
              quantile(ratios, 0.5),
              quantile(ratios, 0.9),
              quantile(ratios, 0.95),
              quantile(ratios, 0.99),
              100 * within(of)));
    }

    private static double quantile(double[] sorted, double part) {
      return sorted.length == 0
          ? Double.NaN
          : sorted[(int) Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
    }
  }
}
