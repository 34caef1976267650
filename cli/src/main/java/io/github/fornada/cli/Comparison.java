package io.github.fornada.cli;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Outcome;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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
  /** A model is cut off when it takes this many times as long as the best one before it... */
  static final double CUT_OFF_FACTOR = 10;

  /** ...but never before this time, in seconds, which is short enough to wait for. */
  static final double CUT_OFF_SECONDS = 5;

  /** The part of the comparison before, between and after what is measured. */
  static final String WARM_UP = "warm-up";

  private static final int ROUNDS = 3;

  /** If all rounds together might take longer than this, in seconds, there is only one round. */
  private static final double PATIENCE_SECONDS = 60;

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
  private final Map<String, Outcome<?>> failures = new LinkedHashMap<>();

  /** The shortest complete run so far, in seconds. */
  private double best = Double.POSITIVE_INFINITY;

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

  /** Returns the items that failed in any run, with the first failure of each. */
  Map<String, Outcome<?>> failures() {
    return failures;
  }

  /** Returns which items had different results in different runs. */
  Repeatability repeatability() {
    return repeatability;
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
      double each = new Pilot(task.call(), items, settings).secondsEach(WARM_UP_SECONDS);
      if (!goesOn()) {
        return List.of();
      }
      double inSequence = each * items.size();
      int rounds = rounds(inSequence);
      say(
          "an item takes about %s, so %s of each take %s at most",
          Words.seconds(each),
          Words.count(rounds, "round"),
          Words.about(bound(inSequence, rounds)));
      for (ExecutionModel model : models) {
        entrants.add(new ModelUnderTest(model, settings));
      }
      for (ModelUnderTest entrant : entrants) {
        entrant.open(task.call(), items, each, WARM_UP_SECONDS);
      }
      rounds(entrants, rounds);
    } finally {
      entrants.forEach(ModelUnderTest::close);
    }
    return goesOn() ? figures(entrants) : List.of();
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

  /**
   * Returns the longest time that the rounds may take, in seconds, assuming that no model is slower
   * than the sequential one.
   */
  private double bound(double inSequence, int rounds) {
    return models.size() * (rounds * inSequence + WARM_UP_SECONDS);
  }

  private void rounds(List<ModelUnderTest> entrants, int rounds) {
    for (int round = 0; round < rounds; round++) {
      for (int i = 0; i < entrants.size(); i++) {
        // The sequential run comes last in the first round: by then there is a time to compare it
        // with.
        ModelUnderTest entrant = entrants.get((round + 1 + i) % entrants.size());
        if (!entrant.isCutOff()) {
          String title =
              rounds == 1
                  ? entrant.model().label()
                  : "round %d of %d, %s".formatted(round + 1, rounds, entrant.model().label());
          pass(entrant, title);
        }
        if (!goesOn()) {
          return;
        }
      }
    }
  }

  private void pass(ModelUnderTest entrant, String title) {
    repeatability.beginRun();
    double deadline =
        best == Double.POSITIVE_INFINITY
            ? Double.POSITIVE_INFINITY
            : Math.max(CUT_OFF_SECONDS, CUT_OFF_FACTOR * best);
    var run = ItemRun.forFigures(task.call(), items, failFast, receiver());
    printed.begin(entrant.model().label());
    try (var progress = new Progress(terminal, title, items.size()).start()) {
      ModelUnderTest.Pass pass = entrant.run(run, deadline, progress, reports);
      if (pass.complete()) {
        best = Math.min(best, pass.seconds());
      } else if (goesOn()) {
        progress.message(
            "fornada: %s was cut off after %s: the best took %s"
                .formatted(entrant.model().label(), Words.seconds(deadline), Words.seconds(best)));
      }
    } finally {
      printed.begin(WARM_UP);
    }
  }

  private ItemRun.Receiver receiver() {
    return new ItemRun.Receiver() {
      @Override
      public void result(@Nullable String text) {
        repeatability.result(text);
      }

      @Override
      public void failure(String input, Outcome<?> outcome) {
        repeatability.failure();
        failures.putIfAbsent(input, outcome);
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
    return entrants.stream().map(entrant -> entrant.figures(sequential)).toList();
  }

  @SuppressWarnings("AnnotateFormatMethod") // the annotation would add a dependency
  private void say(String format, Object... arguments) {
    terminal.err().println("fornada: " + String.format(Locale.ROOT, format, arguments));
  }
}
