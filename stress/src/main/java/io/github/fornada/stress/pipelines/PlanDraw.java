package io.github.fornada.stress.pipelines;

import io.github.fornada.stress.pipelines.Plan.Consumption;
import io.github.fornada.stress.pipelines.Plan.Kind;
import io.github.fornada.stress.pipelines.Plan.SourcePlan;
import io.github.fornada.stress.pipelines.StagePlan.Batches;
import io.github.fornada.stress.pipelines.StagePlan.Fan;
import io.github.fornada.stress.pipelines.StagePlan.Faults;
import io.github.fornada.stress.pipelines.StagePlan.Limits;
import io.github.fornada.stress.pipelines.StagePlan.Model;
import io.github.fornada.stress.pipelines.StagePlan.Pace;
import io.github.fornada.stress.pipelines.StagePlan.Where;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Draws a plan from a seed. Sizes are drawn by their logarithm, so that small and large ones come
 * equally often; costs are kept so that a run takes about a second.
 */
final class PlanDraw {
  /** The items that may come out of a plan. */
  private static final double MOST_RESULTS = 30_000;

  /** The results that are expected of an endless source before it is stopped. */
  private static final double OF_ENDLESS = 3000;

  /** As many items as nearly nobody takes. On a loaded machine more would fill the heap. */
  private static final int ENDLESS = 20_000;

  /**
   * The most results, and places of the queue, of a stage whose items become endless streams: one
   * item may become all of them, with those that are dropped, and each has its token.
   */
  private static final int MOST_OF_ENDLESS = 200;

  private static final double MOST_DROPS_OF_ENDLESS = 0.4;

  /** The deaths of worker JVMs in one stage. */
  private static final double DEATHS = 2;

  private static final List<Model> OWN =
      List.of(
          Model.THREADS,
          Model.THREADS,
          Model.THREADS,
          Model.THREADS,
          Model.VIRTUAL_THREADS,
          Model.VIRTUAL_THREADS,
          Model.SEQUENTIAL);
  private static final List<Model> SHARED =
      List.of(Model.SHARED_THREADS, Model.SHARED_VIRTUAL_THREADS, Model.SHARED_SEQUENTIAL);
  private static final List<Model> PROCESSES =
      List.of(
          Model.SHARED_PROCESS,
          Model.SHARED_PROCESSES,
          Model.SHARED_PROCESSES,
          Model.SHARED_STUBBORN_PROCESSES,
          Model.SHARED_STUBBORN_PROCESSES,
          Model.PROCESSES);

  private final long seed;
  private final SplittableRandom random;
  private final boolean withProcesses;

  /** Whether all stages only pass items on: races between them are the closest then. */
  private final boolean isQuick;

  /** Whether it is mostly flat stages in order: what comes early waits there, unsorted. */
  private final boolean isFanned;

  /** The items that the next stage may get, about. */
  private double expected;

  private boolean takesBatches;

  /** The workers of stages whose size may change. */
  private int sized;

  private PlanDraw(long seed, boolean withProcesses) {
    this.seed = seed;
    this.random = new SplittableRandom(seed);
    this.withProcesses = withProcesses;
    this.isQuick = chance(0.3);
    this.isFanned = chance(0.15);
  }

  /** Returns the plan of this seed, with stages of worker JVMs if these are wanted. */
  static Plan of(long seed, boolean withProcesses) {
    return new PlanDraw(seed, withProcesses).plan();
  }

  private boolean chance(double probability) {
    return random.nextDouble() < probability;
  }

  private int sizeUpTo(int most) {
    return (int) Math.round(Math.pow(Math.max(1, most), random.nextDouble()));
  }

  private <T> T oneOf(List<T> all) {
    return all.get(random.nextInt(all.size()));
  }

  private Plan plan() {
    int items = sizeUpTo(chance(0.2) ? 20_000 : 3000);
    int count = 1 + random.nextInt(Tokens.DEPTHS);
    Consumption consumption = consumption(items);
    SourcePlan source = source(items, consumption.kind());
    expected = source.isEndless() ? OF_ENDLESS : items;
    var stages = new ArrayList<StagePlan>();
    for (int depth = 0; depth < count; depth++) {
      boolean mayBeEndless = depth == count - 1 && consumption.kind() == Kind.LIMIT;
      stages.add(stage(depth, items, mayBeEndless, consumption.kind()));
    }
    // Endless streams outgrow their tokens when each outcome takes hundreds of items.
    Fan last = stages.getLast().fan();
    boolean endsInBatches = chance(0.2) && !(last != null && last.isEndless());
    Batches end = endsInBatches ? batches() : null;
    var options =
        new Plan.Options(
            isFanned || chance(0.6),
            isFanned || chance(0.45) ? 0 : sizeUpTo(1000),
            sized > 0 && chance(0.15) ? sized + random.nextInt(5) : 0,
            chance(0.06),
            chance(0.1));
    return last != null && last.isEndless()
        ? ofEndless(source, stages, options, consumption)
        : new Plan(seed, source, List.copyOf(stages), end, options, consumption);
  }

  private Plan ofEndless(
      SourcePlan source, List<StagePlan> stages, Plan.Options options, Consumption consumption) {
    var bounded = new ArrayList<StagePlan>(stages);
    StagePlan last = bounded.removeLast();
    bounded.add(last.withDrops(Math.min(last.drops(), MOST_DROPS_OF_ENDLESS)));
    return new Plan(
        seed,
        source,
        List.copyOf(bounded),
        null,
        options.withQueue(Math.min(options.queue(), MOST_OF_ENDLESS)),
        new Consumption(consumption.kind(), Math.min(consumption.when(), MOST_OF_ENDLESS)));
  }

  private Consumption consumption(int items) {
    Kind kind = chance(0.45) ? Kind.FOR_EACH : oneOf(List.of(Kind.values()));
    int when =
        switch (kind) {
          case LIMIT -> sizeUpTo(Tokens.MOST_CHILDREN);
          case CANCELLED_BY_CONSUMER,
              CLOSED_BY_CONSUMER,
              CANCELLED_BY_SOURCE,
              CLOSED_BY_SOURCE,
              SHUT_DOWN_BY_CONSUMER,
              SLOW ->
              sizeUpTo(items);
          default -> sizeUpTo(500) - 1;
        };
    return new Consumption(kind, when);
  }

  private SourcePlan source(int items, Kind consumer) {
    boolean isEndless = !consumer.goesToTheEnd() && chance(0.3);
    boolean stops = consumer == Kind.CANCELLED_BY_SOURCE || consumer == Kind.CLOSED_BY_SOURCE;
    boolean isList = !isEndless && !stops && chance(0.4);
    boolean isSlow = !isList && chance(0.4);
    return new SourcePlan(
        isEndless ? ENDLESS : items,
        isList,
        isEndless,
        !isList && !isEndless && chance(0.2),
        isSlow ? random.nextDouble() * Math.min(0.05, 50.0 / items) : 0,
        1 + random.nextInt(8),
        isSlow && chance(0.5) ? random.nextInt(items + 1) : -1);
  }

  private Batches batches() {
    Duration patience =
        chance(0.3)
            ? Duration.ofMillis(1 + random.nextInt(5))
            : chance(0.3) ? Duration.ofMillis(50) : Duration.ofDays(1);
    return new Batches(sizeUpTo(300), patience);
  }

  private StagePlan stage(int depth, int items, boolean mayBeEndless, Kind consumer) {
    Batches batches = chance(isFanned ? 0.1 : 0.3) ? batches() : null;
    if (batches != null) {
      takesBatches = true;
      expected = Math.max(1, expected / batches.size());
    }
    Where where = where(consumer, depth == 0);
    boolean isFlat = chance(isFanned ? 0.8 : 0.35);
    boolean isEndless =
        isFlat && mayBeEndless && !takesBatches && !where.model().isOfProcesses() && chance(0.3);
    Fan fan = isFlat ? fan(isEndless) : null;
    Limits limits = limits(where.model(), isEndless);
    return new StagePlan(
        seed,
        depth,
        batches,
        takesBatches,
        fan,
        isQuick ? Faults.NONE : faults(items, where.model(), limits),
        isQuick ? Pace.QUICK : pace(items),
        limits,
        where,
        !takesBatches && chance(0.25) ? random.nextDouble() : 0,
        chance(0.1));
  }

  private Where where(Kind consumer, boolean isFirst) {
    boolean mustBeShared = isFirst && consumer.isShutDown();
    if (withProcesses && chance(0.6)) {
      Model model = mustBeShared ? Model.SHARED_PROCESSES : oneOf(PROCESSES);
      int workers = 1 + random.nextInt(2);
      if (!model.isShared()) {
        sized += workers;
      }
      return new Where(model, workers);
    } else if (mustBeShared || chance(0.25)) {
      // A pool that was shut down takes nothing of its own tasks either: that would be a failure.
      boolean nests = !consumer.isShutDown() && chance(0.4);
      return new Where(oneOf(SHARED), 0, nests ? Math.min(1, 200 / expected) : 0);
    }
    Model model = oneOf(OWN);
    int workers = chance(0.7) ? 1 + random.nextInt(4) : 1 + random.nextInt(12);
    if (model == Model.THREADS) {
      sized += workers;
    }
    return new Where(model, model == Model.VIRTUAL_THREADS ? 4 * workers : workers);
  }

  private Fan fan(boolean isEndless) {
    if (takesBatches) {
      return Fan.upTo(1); // makes single items of batches
    }
    int most = sizeUpTo((int) Math.clamp(MOST_RESULTS / expected, 1, 500));
    double none = chance(0.5) ? random.nextDouble() * random.nextDouble() : 0;
    int many = 0;
    double manyRate = 0;
    if (chance(0.3)) {
      many = sizeUpTo(Tokens.MOST_CHILDREN);
      manyRate = Math.min(1, MOST_RESULTS / 10 / many / expected) * random.nextDouble();
    }
    double breaks = chance(0.3) ? random.nextDouble() * 0.2 : 0;
    expected *= 1 + most / 2.0;
    return isEndless
        ? new Fan(most, 0, 0, 0, 0, true)
        : new Fan(most, none, many, manyRate, breaks, false);
  }

  private Limits limits(Model model, boolean isEndless) {
    if (model == Model.SHARED_STUBBORN_PROCESSES) {
      return SharedPools.STUBBORN;
    } else if (model.isShared()) {
      return Limits.NONE;
    }
    return new Limits(
        chance(0.3) ? 1 + random.nextInt(2) : 0,
        random.nextInt(5),
        !isEndless && chance(0.12) ? 15 + random.nextInt(60) : 0);
  }

  /** Returns a rate at which about so many of the expected items are concerned, or fewer. */
  private double rateOf(double most) {
    return Math.min(0.3, most / expected) * random.nextDouble();
  }

  private Faults faults(int items, Model model, Limits limits) {
    boolean bursts = chance(0.2);
    long from = bursts ? random.nextInt(items + 1) : -1;
    boolean retries = limits.retries() > 0;
    return new Faults(
        chance(0.4) ? Math.pow(random.nextDouble(), 3) : 0,
        from,
        bursts ? from + sizeUpTo(items + 1) : -1,
        retries && chance(0.7) ? rateOf(200) : 0,
        limits.timeoutMillis() > 0 && chance(0.7) ? rateOf(20) : 0,
        model.isOfProcesses() && chance(0.35) ? rateOf(DEATHS) : 0,
        model.isOfProcesses() && retries && chance(0.7) ? rateOf(DEATHS) : 0);
  }

  private Pace pace(int items) {
    double millis = 150 + random.nextInt(500); // for the whole stage
    int spinNanos =
        chance(0.3)
            ? (int) (random.nextDouble() * Math.min(20_000, millis * 1e6 / 2 / expected))
            : 0;
    long slowFrom = -1;
    long slowTo = -1;
    int slowMicros = 0;
    if (chance(0.35)) {
      slowFrom = chance(0.5) ? random.nextInt(items + 1) : 0;
      int length = sizeUpTo(items + 1);
      slowTo = slowFrom + length;
      double slowItems = Math.max(1, expected * length / items);
      slowMicros =
          (int) Math.clamp(millis * 1000 / slowItems * 2 * random.nextDouble(), 50, 30_000);
    }
    boolean stalls = chance(0.25);
    return new Pace(
        spinNanos,
        slowFrom,
        slowTo,
        slowMicros,
        stalls ? random.nextInt(items + 1) : -1,
        stalls ? 20 + random.nextInt(400) : 0);
  }
}
