package io.github.fornada.stress;

import io.github.fornada.TaskFunction;
import io.github.fornada.pipeline.Pipeline;
import io.github.fornada.pipeline.PipelineOutcome;
import io.github.fornada.pipeline.PipelineSummary;
import io.github.fornada.pipeline.StageModel;
import io.github.fornada.pipeline.StageSummary;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Pipelines of random stages: does the summary name the stage that holds the others up, and does
 * one more worker there give what it promises? Half of them only wait; in the others some stages
 * compute. Where items take longer than they were made to, because others use the machine, nothing
 * is judged.
 */
final class PromiseCheck implements Storm {
  /** How long a pipeline runs, about. */
  private static final double SECONDS = 1.5;

  /**
   * How much slower than the others the slowest stage is at least, or no stage is the right one.
   */
  private static final double CLEAR = 1.1;

  private static final double NAMED = 0.95;
  private static final double KEPT = 0.9;

  /** Fewer pipelines are not held against these shares. */
  private static final int FEW = 20;

  /** So many of a few may be wrong, however few they are: one alone is chance. */
  private static final int CHANCE = 1;

  private static final double NEAR = 0.1;

  /** How much longer than planned items take at most on a machine that is quiet. */
  private static final double DISTURBED = 1.15;

  private static final long OVERHEAD_NANOS = 200_000;

  private final Settings settings;

  private enum Kind {
    VIRTUAL,
    THREADS,
    SPINNING,
    PROCESSES
  }

  /** One stage, and how long its items really took. */
  private record Plan(Kind kind, int size, long nanos, LongAdder spent, LongAdder items) {
    Plan(Kind kind, int size, long nanos) {
      this(kind, size, nanos, new LongAdder(), new LongAdder());
    }

    double rate() {
      return size * 1e9 / nanos;
    }

    /** By the function's own measure. */
    double trueRate() {
      long count = items.sum();
      return count == 0 ? rate() : size * 1e9 * count / spent.sum();
    }

    boolean isDisturbed() {
      long count = items.sum();
      return count > 0 && (double) spent.sum() / count > DISTURBED * nanos + OVERHEAD_NANOS;
    }

    Plan again() {
      return new Plan(kind, size, nanos);
    }

    Plan withOneMore() {
      return new Plan(kind, size + 1, nanos);
    }

    Pipeline<long[]> addTo(Pipeline<long[]> pipeline, int place) {
      boolean spinning = kind == Kind.SPINNING;
      long time = nanos; // not the plan, which stays here
      TaskFunction<long[], long[]> function = item -> stamped(item, place, spinning, time);
      StageModel<?> model =
          switch (kind) {
            case VIRTUAL -> StageModel.virtualThreads(size);
            case THREADS, SPINNING -> StageModel.threads(size);
            case PROCESSES -> StageModel.processes(size);
          };
      return pipeline.stage("s" + place, model, function);
    }

    /** Takes time, and writes into the item how much it was: in a worker process too. */
    private static long[] stamped(long[] item, int place, boolean spinning, long nanos)
        throws InterruptedException {
      long begin = System.nanoTime();
      takeTime(spinning, nanos);
      item[place] = System.nanoTime() - begin;
      return item;
    }

    void add(long took) {
      spent.add(took);
      items.increment();
    }

    private static void takeTime(boolean spinning, long nanos) throws InterruptedException {
      if (spinning) {
        long end = System.nanoTime() + nanos;
        while (System.nanoTime() < end) {
          Thread.onSpinWait();
        }
      } else {
        TimeUnit.NANOSECONDS.sleep(nanos);
      }
    }
  }

  /** What a run has shown. */
  private record Shown(PipelineSummary summary, double rate) {}

  private int named;
  private int kept;
  private int all;
  private int disturbed;

  PromiseCheck(Settings settings) {
    this.settings = settings;
  }

  @Override
  public String name() {
    return "stages";
  }

  @Override
  public Duration deadline() {
    return Duration.ofMinutes(2).plusSeconds(30L * settings.pipelines());
  }

  @Override
  @SuppressWarnings("SystemOut") // a command
  public String run(Findings findings) throws Exception {
    var random = new SplittableRandom(settings.seed());
    var counted = new ArrayList<String>();
    for (boolean waiting : new boolean[] {true, false}) {
      named = 0;
      kept = 0;
      all = 0;
      disturbed = 0;
      int half = (settings.pipelines() + (waiting ? 1 : 0)) / 2;
      for (int k = 0; k < half; k++) {
        long seed = random.nextLong();
        String wrong = once(new SplittableRandom(seed), waiting);
        if (!wrong.isEmpty()) {
          System.out.println("       seed " + seed + ": " + wrong);
        }
      }
      counted.add(
          String.format(
              Locale.ROOT,
              "%d that %s: the right stage named in %d, the promise kept in %d, disturbed %d",
              half,
              waiting ? "wait" : "compute too",
              named,
              kept,
              disturbed));
      findings.check(all - named <= allowed(1 - NAMED), "%s", counted.getLast());
      findings.check(all - kept <= allowed(1 - KEPT), "%s", counted.getLast());
    }
    return String.join("; ", counted);
  }

  /**
   * Returns how many pipelines may be wrong. A few on a machine with other work say little: there
   * only gross errors count.
   */
  private double allowed(double share) {
    return all < FEW ? Math.max(CHANCE, all / 2.0) : Math.ceil(all * share);
  }

  /** Returns what was wrong; empty if nothing was. */
  private String once(SplittableRandom random, boolean waiting) {
    List<Plan> plans = plans(random, waiting);
    Shown first = run(plans);
    if (plans.stream().anyMatch(Plan::isDisturbed)) {
      disturbed++;
      return "";
    }
    int slowest = 0;
    for (int k = 1; k < plans.size(); k++) {
      if (plans.get(k).trueRate() < plans.get(slowest).trueRate()) {
        slowest = k;
      }
    }
    var more = new ArrayList<Plan>();
    plans.forEach(plan -> more.add(plan.again()));
    more.set(slowest, plans.get(slowest).withOneMore());
    Shown second = run(more);
    if (more.stream().anyMatch(Plan::isDisturbed)) {
      disturbed++;
      return "";
    }
    all++;
    StageSummary found = first.summary().bottleneck();
    if (found == null || !found.name().equals("s" + slowest)) {
      return "s" + slowest + " is the slowest; it says:\n" + first.summary();
    }
    named++;
    double promised = first.summary().rateWithOneMore();
    if (Math.abs(promised - second.rate()) > NEAR * second.rate()) {
      return String.format(
          Locale.ROOT,
          "%.1f/s promised with one more for s%d, and it runs %.1f/s:%n%s",
          promised,
          slowest,
          second.rate(),
          first.summary());
    }
    kept++;
    return "";
  }

  private static List<Plan> plans(SplittableRandom random, boolean waiting) {
    while (true) {
      var plans = new ArrayList<Plan>();
      int stages = 2 + random.nextInt(3);
      for (int k = 0; k < stages; k++) {
        Kind kind =
            switch (random.nextInt(8)) {
              case 0 -> Kind.PROCESSES;
              case 1, 2, 3 -> Kind.VIRTUAL;
              case 4, 5 -> Kind.THREADS;
              default -> waiting ? Kind.THREADS : Kind.SPINNING;
            };
        long most = kind == Kind.SPINNING ? 4_000_000 : 15_000_000;
        plans.add(new Plan(kind, 1 + random.nextInt(4), random.nextLong(most / 8, most)));
      }
      if (isClear(plans)) {
        return plans;
      }
    }
  }

  /** Whether one stage is the slowest beyond doubt, and the processors suffice for one more. */
  private static boolean isClear(List<Plan> plans) {
    double[] rates = plans.stream().mapToDouble(Plan::rate).sorted().toArray();
    double spun = 0;
    int spinning = 0;
    for (Plan plan : plans) {
      spun += plan.kind() == Kind.SPINNING ? plan.nanos() / 1e9 : 0;
      spinning += plan.kind() == Kind.SPINNING ? plan.size() : 0;
    }
    int processors = Runtime.getRuntime().availableProcessors();
    return rates[1] > CLEAR * rates[0]
        && spun * Math.min(rates[1], 2 * rates[0]) < 0.7 * processors
        && spinning < processors + 1;
  }

  private static Shown run(List<Plan> plans) {
    double rate = plans.stream().mapToDouble(Plan::rate).min().orElseThrow();
    int items = (int) Math.max(60, rate * SECONDS);
    int stages = plans.size();
    Pipeline<long[]> pipeline =
        Pipeline.from(() -> IntStream.range(0, items).mapToObj(i -> new long[stages]).iterator());
    for (int k = 0; k < stages; k++) {
      pipeline = plans.get(k).addTo(pipeline, k);
    }
    try (var run = pipeline.run();
        Stream<PipelineOutcome<long[]>> outcomes = run.completions()) {
      var times = new long[items];
      var count = new int[1];
      outcomes.forEach(outcome -> {
        times[count[0]++] = System.nanoTime();
        long[] took = outcome.outcome().get();
        for (int k = 0; k < stages; k++) {
          plans.get(k).add(took[k]);
        }
      });
      int from = items / 3; // by then all have started
      double seconds = (times[items - 1] - times[from]) / 1e9;
      return new Shown(run.summary(), (items - 1 - from) / seconds);
    }
  }
}
