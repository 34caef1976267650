package io.github.fornada.cli;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Runs the same items under several models in turn.
 *
 * <p>Every round runs each model once, and each round begins with another model, so that what
 * changes in the course of time (the machine's other work, its heat, its file cache) falls on all
 * of them. Each model has one pool for all its rounds: opening it is measured separately, as
 * start-up.
 */
final class Comparison {
  /** The part of the comparison before, between and after what is measured. */
  static final String WARM_UP = "warm-up";

  private static final int ROUNDS = 3;

  /** So many worker processes for each processor take long to start, all together. Guess. */
  private static final int MANY_EACH = 4;

  /** If all rounds together might take longer than this, in seconds, there is only one round. */
  private static final double PATIENCE_SECONDS = 60;

  /**
   * The rounds may take this long in any case, in seconds: what each costs in addition to its items
   * is not measured beforehand. Guess.
   */
  private static final double LEAST_BOUND_SECONDS = 15;

  /**
   * How long each JVM warms up before anything is measured, in seconds, so that the JIT compiler
   * has compiled the code.
   */
  private static final double WARM_UP_SECONDS = 0.5;

  private final LoadedTask task;
  private final List<String> items;
  private final List<ExecutionModel> models;
  private final PoolSettings settings;
  private final boolean failFast;
  private final int roundsWanted;
  private final Terminal terminal;
  private final Reports reports;
  private final PrintedLines printed;
  private final Repeatability repeatability = new Repeatability();
  private final FirstRuns firstRuns = new FirstRuns();

  /** The first failure of each item that has failed, by its index. */
  private final NavigableMap<Long, Failure> failures = new TreeMap<>();

  /** An item without a result, and why. */
  record Failure(Ended item, Outcome<?> outcome) {}

  /** When all rounds must be over: what was announced. Set when the first begins. */
  private long endNanos;

  private final Patience patience = new Patience();

  /** Creates a comparison: what is compared, how, and where progress is shown. */
  Comparison(
      LoadedTask task,
      List<String> items,
      List<ExecutionModel> models,
      PoolSettings settings,
      boolean failFast,
      int rounds,
      Terminal terminal,
      Reports reports,
      PrintedLines printed) {
    this.task = task;
    this.items = items;
    this.models = models;
    this.settings = settings;
    this.failFast = failFast;
    this.roundsWanted = rounds;
    this.terminal = terminal;
    this.reports = reports;
    this.printed = printed;
  }

  /** Returns the first failure of each item that failed in any run, in the order of the items. */
  List<Failure> failures() {
    return List.copyOf(failures.values());
  }

  /** Returns which items had different results in different runs. */
  Repeatability repeatability() {
    return repeatability;
  }

  /** Returns how items ran first, before anything was measured. */
  FirstRuns firstRuns() {
    return firstRuns;
  }

  /** Runs the comparison. Check {@link Interruption#requested} and {@link #failures} afterwards. */
  List<Figures> run() {
    say(
        "comparing %s on %s under %s",
        task.name(),
        Words.count(items.size(), "item"),
        models.stream().map(ExecutionModel::label).collect(Collectors.joining(", ")));
    var entrants = new ArrayList<ModelUnderTest>();
    try {
      double each =
          new Pilot(task.call(), items, settings, firstRuns).secondsEach(WARM_UP_SECONDS, models);
      if (!goesOn()) {
        return List.of();
      }
      double inSequence = each * items.size();
      for (ModelUnderTest entrant : models.stream().map(this::entrant).toList()) {
        entrants.add(entrant);
        sayThatManyStart(entrant.model());
        entrant.open(task.call(), items, each, WARM_UP_SECONDS);
      }
      int rounds = rounds(inSequence);
      double bound = bound(inSequence, rounds);
      say(
          "an item takes about %s, so %s of each %s %s at most",
          Words.seconds(each),
          Words.count(rounds, "round"),
          rounds == 1 ? "takes" : "take",
          Words.atMost(bound));
      endNanos = System.nanoTime() + Math.round(bound * 1e9);
      rounds(entrants, rounds);
    } finally {
      entrants.forEach(ModelUnderTest::close);
    }
    return goesOn() ? figures(entrants) : List.of();
  }

  /** Tells of a start that takes long, before anything else is seen of the comparison. */
  private void sayThatManyStart(ExecutionModel model) {
    Integer processes = model == ExecutionModel.PROCESSES ? settings.mostProcesses() : null;
    if (processes != null && processes > MANY_EACH * Runtime.getRuntime().availableProcessors()) {
      say(
          "starting %s, which takes a while; --workers processes=N starts fewer",
          Words.count(processes, "worker process", "worker processes"));
    }
  }

  private ModelUnderTest entrant(ExecutionModel model) {
    return new ModelUnderTest(model, settings);
  }

  private boolean goesOn() {
    return !Interruption.requested() && !(failFast && !failures.isEmpty());
  }

  private int rounds(double inSequence) {
    if (roundsWanted > 0) {
      return roundsWanted;
    }
    return bound(inSequence, ROUNDS) <= PATIENCE_SECONDS ? ROUNDS : 1;
  }

  /** Returns the time until all rounds must be over, in seconds. */
  private double left() {
    return (endNanos - System.nanoTime()) / 1e9;
  }

  /**
   * Returns the longest time that the rounds may take, in seconds, assuming that no model is slower
   * than the sequential one.
   */
  private double bound(double inSequence, int rounds) {
    return Math.max(LEAST_BOUND_SECONDS, models.size() * (rounds * inSequence + WARM_UP_SECONDS));
  }

  private void rounds(List<ModelUnderTest> entrants, int rounds) {
    for (int round = 0; round < rounds; round++) {
      for (int i = 0; i < entrants.size(); i++) {
        // The sequential run comes last in the first round: by then there is a time to compare it
        // with.
        ModelUnderTest entrant = entrants.get((round + 1 + i) % entrants.size());
        if (round > 0 && !entrant.isCutOff() && left() < entrant.lastSeconds()) {
          say(
              "there is no time for a further run of %s: these figures are of fewer rounds",
              entrant.model().label());
          return;
        }
        if (!entrant.isCutOff()) {
          String title =
              rounds == 1
                  ? entrant.model().label()
                  : "round " + (round + 1) + " of " + rounds + ", " + entrant.model().label();
          // In the first round each gets an equal part of the time, whatever those before took.
          double time = round == 0 ? left() / (entrants.size() - i) : left();
          pass(entrant, title, time, round == 0);
        }
        if (!goesOn()) {
          return;
        }
      }
    }
  }

  /**
   * Runs all items once.
   *
   * @param time how long that may take, in seconds, because of what was announced
   * @param isFirst whether the model has no figures yet, and keeps those of a run that was cut off
   */
  private void pass(ModelUnderTest entrant, String title, double time, boolean isFirst) {
    repeatability.beginRun();
    double longest = patience.seconds();
    double deadline = Math.min(longest, Math.max(0.001, time));
    var run = ItemRun.forFigures(task.call(), items, failFast, receiver());
    printed.begin(entrant.model().label());
    try (var progress = new Progress(terminal, title, items.size()).start()) {
      ModelUnderTest.Pass pass =
          entrant.run(run, firstRuns.again(entrant.model(), models), deadline, progress, reports);
      if (pass.complete()) {
        patience.take(entrant.model(), pass.seconds(), pass.ended(), pass.failed());
      } else if (goesOn() && !isFirst && time < longest) {
        entrant.forgetLast(); // it has figures of complete runs
      } else if (goesOn()) {
        progress.message(
            "fornada: %s was cut off after %s: %s"
                .formatted(
                    entrant.model().label(),
                    Words.seconds(deadline),
                    time < longest
                        ? "the time that was announced is over, and its time is an estimate"
                        : "the best took " + Words.seconds(patience.best())));
      }
    } finally {
      printed.begin(WARM_UP);
    }
  }

  private ItemRun.Receiver receiver() {
    return new ItemRun.Receiver() {
      @Override
      public boolean result(Ended item, @Nullable String text) {
        repeatability.result(text);
        return true;
      }

      @Override
      public void failure(Ended item, Outcome<?> outcome) {
        repeatability.failure();
        failures.putIfAbsent(item.index(), new Failure(item, outcome));
      }
    };
  }

  private List<Figures> figures(List<ModelUnderTest> entrants) {
    double sequential =
        entrants.stream()
            .filter(entrant -> entrant.model() == ExecutionModel.SEQUENTIAL)
            .mapToDouble(ModelUnderTest::seconds)
            .findFirst()
            .orElse(Double.NaN);
    entrants.forEach(entrant -> reports.show(entrant.model(), entrant.timeline()));
    return entrants.stream().map(entrant -> entrant.figures(sequential)).toList();
  }

  @SuppressWarnings("AnnotateFormatMethod") // the annotation would add a dependency
  private void say(String format, Object... arguments) {
    terminal.note("fornada: " + String.format(Locale.ROOT, format, arguments));
  }
}
