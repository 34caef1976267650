package io.github.fornada.cli;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Pool;
import io.github.fornada.TaskListener;
import io.github.fornada.advice.AutoOptions;
import io.github.fornada.advice.AutoPool;
import io.github.fornada.advice.Choice;
import io.github.fornada.advice.decide.Finding;
import io.github.fornada.advice.decide.Journal;
import io.github.fornada.timeline.Timeline;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code fornada run}: runs a function over its inputs and writes the results. */
@Command(
    name = "run",
    description =
        "Runs a function over many inputs and writes the results, in the order of the inputs."
            + " Several functions, joined by the word then, are the stages of a pipeline: the text"
            + " of what one returns is the item of the next.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  fornada run examples/WordCount.java docs/*.md",
      "  fornada run examples/Thumbnail.java --files photos --match '*.jpg'",
      "  tail -f access.log | fornada run Parse.java#line --lines - --on virtual",
      "  fornada run Get.java --on virtual then Parse.java --on processes --lines urls",
      "  fornada run Fetch.java --lines urls --on auto",
      "  fornada run com.acme.Invoice#total -cp 'app.jar:lib/*' --lines ids -o totals",
      "  fornada run ToText.java --files scans --match '*.pdf' -o 'texts/{stem}.txt'",
      "  fornada run Get.java --lines urls --format jsonl | jq -r 'select(.error).item'",
    })
final class RunCommand implements Callable<Integer> {
  @Mixin
  @SuppressWarnings("NullAway.Init") // filled by picocli
  private CommonOptions options;

  @Option(
      names = "--on",
      paramLabel = "MODEL",
      defaultValue = "threads",
      converter = How.Parser.class,
      completionCandidates = How.Names.class,
      description = {
        "How: sequential, virtual, threads (the default) or processes; auto, which measures the"
            + " first items and chooses; or on an Apache Spark cluster, by its address, such as"
            + " spark://host:7077, yarn or local[2]."
      })
  @SuppressWarnings("NullAway.Init") // filled by picocli
  private How how;

  @Mixin
  @SuppressWarnings("NullAway.Init") // filled by picocli
  private ClusterOptions clusters;

  /** The model that runs, or ran last. */
  @SuppressWarnings("NullAway.Init") // set by call()
  private ExecutionModel on;

  /** What the pool has chosen last; null if it does not choose. */
  private @Nullable Choice choice;

  /** The arguments of the stages before the last, where there are several. */
  private List<List<String>> before = List.of();

  /** The input after {@code --figures} that could be its value; null for none. */
  private @Nullable String figuresBefore;

  /** An input stands after {@code --figures} and looks like its value. */
  void standsAfterFigures(String input) {
    figuresBefore = input;
  }

  /** A class that follows the input {@code then}; null for none. */
  private @Nullable String classAfterThen;

  /** The input {@code then} is followed by a class, which is no task; null if there is none. */
  void hasClassAfterThen(@Nullable String type) {
    classAfterThen = type;
  }

  /** This is the last of several stages. */
  void follows(List<List<String>> stages) {
    before = stages;
  }

  @Option(
      names = "--threads-are-safe",
      description =
          "With --on auto: the function may run on several threads at once, whatever its class"
              + " looks like.")
  private boolean threadsAreSafe;

  @Option(
      names = "--forget",
      description = "With --on auto: do not begin with what an earlier run has learned.")
  private boolean forget;

  @Option(
      names = "--with-item",
      description =
          "Begin each line of a result with its item and a tab, as grep does with file names. In"
              + " the item, \\t, \\n, \\r"
              + " and \\\\ stand for a tab, an end of line and a backslash.")
  private boolean withItem;

  @Option(
      names = FIGURES,
      arity = "1",
      paramLabel = "table|json",
      completionCandidates = CommonOptions.FiguresForms.class,
      converter = CommonOptions.FiguresForms.class,
      description =
          "At the end, print a table of what it cost on stderr instead of one line; --figures alone"
              + " is --figures=table, and a word after it is an input.")
  private CommonOptions.@Nullable Format figures;

  /** Why items have no outcome, where the first failure ends the run. */
  static final String STOPPED_BY_FAILURE = "stopped, because another input failed (--fail-fast)";

  /** The option that may stand without its value. */
  static final String FIGURES = "--figures";

  /** A start that is shorter is not told of, in seconds. Guess: nobody notices it. */
  private static final double WORTH_TELLING_SECONDS = 0.05;

  /** How results are written. */
  @SuppressWarnings("NullAway.Init") // set by call()
  private ResultFormat results;

  @Option(names = "--unordered", description = "Write each result as soon as it is there.")
  private boolean unordered;

  @Override
  public Integer call() {
    on = how.model() == null ? ExecutionModel.SEQUENTIAL : how.model(); // auto begins like that
    String cluster = how.cluster();
    if (cluster == null) {
      clusters.mustBeAbsent();
    } else if (!before.isEmpty()) {
      throw Fault.usage(ClusterAddress.refusal(cluster));
    }
    if (options.heap != null
        && on != ExecutionModel.PROCESSES
        && cluster == null
        && !how.isAuto()) {
      throw Fault.usage("--heap is for worker processes: add --on processes");
    }
    if ((threadsAreSafe || forget) && !how.isAuto()) {
      throw Fault.usage(
          (forget ? "--forget" : "--threads-are-safe") + " is for --on auto, which was not given");
    }
    if (how.isAuto() && !before.isEmpty()) {
      throw Fault.usage(
          "--on auto is for one function: say how each stage runs, such as --on threads");
    }
    chooseForms();
    sayWhatIsAnInput();
    PoolSettings settings =
        options.pools().onlyFor(how.isAuto() ? List.of(ExecutionModel.PROCESSES) : List.of(on));
    if (!before.isEmpty()) {
      return new StagesRun(options, results, figures, on, settings, unordered)
          .call(before.stream().map(StageArguments::parse).toList());
    }
    if (how.isAuto() && workers(settings).size() > 1) {
      options
          .terminal()
          .note(
              "fornada: of --workers, --on auto takes "
                  + ExecutionModel.PROCESSES.label()
                  + "=N; N alone is the most at once, whatever it chooses");
    }
    try (Outputs outputs = options.outputs()) {
      LoadedTask task = options.load(outputs).in(results);
      var refusals = new Refusals();
      Inputs inputs = options.items(task, outputs, refusals);
      PoolSettings enough = settings.forItems(inputs);
      if (on == ExecutionModel.PROCESSES || how.isAuto()) {
        enough.memoryMessage().ifPresent(options.terminal()::note);
      }
      return run(enough, task, inputs, outputs, refusals);
    }
  }

  private static Set<ExecutionModel> workers(PoolSettings settings) {
    return settings.workers().some().keySet();
  }

  /** Tells of words that are inputs, though they look as if they were meant for more. */
  private void sayWhatIsAnInput() {
    if (figuresBefore != null) {
      options
          .terminal()
          .note(
              "fornada: --figures stands alone here, so \""
                  + figuresBefore
                  + "\" is an input; write --figures="
                  + figuresBefore
                  + " for the form");
    }
    if (classAfterThen != null) {
      options
          .terminal()
          .note(
              "fornada: \"then\" is an input here, because no task follows it: write "
                  + classAfterThen
                  + "#method for one");
    }
  }

  /** Decides how results and figures are written. */
  private void chooseForms() {
    CommonOptions.Format format = options.format;
    if (format == CommonOptions.Format.table || format == CommonOptions.Format.json) {
      throw Fault.usage(
          "--format is the form of results in run: text or jsonl, one line of JSON for each input."
              + " The figures as "
              + (format == CommonOptions.Format.table ? "a table" : "JSON")
              + ": --figures="
              + format);
    }
    if (figures == CommonOptions.Format.text || figures == CommonOptions.Format.jsonl) {
      throw Fault.usage("--figures is table or json, got " + figures);
    }
    boolean json = format == CommonOptions.Format.jsonl;
    if (json && withItem) {
      throw Fault.usage("--format jsonl has the item in each line already: leave out --with-item");
    }
    results = new ResultFormat(json, withItem, !options.nul);
  }

  private int run(
      PoolSettings settings, LoadedTask task, Inputs inputs, Outputs outputs, Refusals refusals) {
    Terminal terminal = options.terminal();
    Reports reports = Reports.open(outputs, task.name(), refusals::number);
    long total = inputs instanceof Inputs.Known(var items) ? items.size() : -1;
    try (var progress = new Progress(terminal, "", total);
        var writer = ResultWriter.open(outputs.results(), terminal, progress)) {
      var sink = new ResultSink(results, writer, outputs.items(), progress, !unordered);
      var items = new OpenItems(inputs, refusals::number);
      var run =
          ItemRun.forResults(
              how.cluster() == null ? task.call() : task.call().forCluster(),
              items,
              !unordered,
              options.failFast,
              sink.receiver());
      refusals.setReceiver(sink.refusals(options.failFast ? run::stop : () -> {}));
      writer.onFailure(run::stop);
      var clock = new TaskClock();
      var listeners = new ArrayList<TaskListener>(List.of(clock, progress, run));
      if (settings.retries() > 0) {
        listeners.add(progress.retries());
      }
      Timeline timeline = reports.timeline(how.isAuto() ? How.AUTO : on.label());
      if (timeline != null) {
        listeners.add(reports.listener(timeline));
      }
      var stall = new StallWatch();
      if ((on == ExecutionModel.VIRTUAL_THREADS || how.isAuto()) && options.timeout != null) {
        listeners.add(stall.of(options.timeout));
        stall.start(progress, run::stop);
      }
      progress.start();

      String cluster = how.cluster();
      Meter meter = Meter.start(Set.of());
      if (timeline != null) {
        timeline.begin(meter.startedNanos());
      }
      if (on == ExecutionModel.PROCESSES) {
        listeners.addFirst(new WorkersReady(meter, timeline));
      }
      Pool pool =
          how.isAuto()
              ? openAuto(settings, task.call(), listeners, reports.areWanted())
              : cluster == null
                  ? settings.open(on, task.call(), listeners)
                  : ClusterPools.open(cluster, clusters, settings, listeners, terminal);
      ItemRun.End end = ItemRun.End.STOPPED;
      boolean ended = false;
      Meter.Reading reading;
      try {
        end = run.on(pool);
        ended = true;
        reading = meter.stop(); // while worker processes still run
        clock.end(reading.endedNanos());
        if (timeline != null) {
          timeline.end(reading.endedNanos());
        }
      } finally {
        if (!Interruption.requestedWherePoolsEnd()) { // which leaves time for results only
          String why = stopped();
          items.left().forEach(each -> sink.cancelled(each, why));
        }
        sink.finish();
        writer.finish(); // first, so that nothing that follows can lose a result
        if (ended) {
          outputs.commitResults(writer);
        }
        stall.close();
        end(pool, end);
      }
      progress.end();
      if (pool instanceof AutoPool auto) {
        choice = auto.choice();
        on = choice.model();
        if (reports.areWanted()) {
          reports.found(observed.snapshot().finding());
        }
      }
      reports.show(on, timeline);
      if (stall.stalled()) {
        items.left().forEach(each -> terminal.err().println(FailureReport.notRun(each.input())));
        terminal.err().println(StallWatch.GIVEN_UP);
      }
      return finish(
          writer,
          new Tally(run, items, clock, refusals.count()),
          reading,
          reports,
          end,
          terminal,
          outputs);
    }
  }

  /** Returns why items are without an outcome, in a run that was not interrupted. */
  private String stopped() {
    return options.failFast ? STOPPED_BY_FAILURE : "the run was stopped";
  }

  private final Observed observed = new Observed();

  /** Opens it; what it observes is kept for the page, if that is wanted. */
  private AutoPool openAuto(
      PoolSettings settings, MethodCall call, List<TaskListener> listeners, boolean observe) {
    UnaryOperator<AutoOptions> change =
        o -> {
          AutoOptions changed = threadsAreSafe ? o.withThreadsAreSafe() : o;
          return forget ? changed.withFreshMemory() : changed;
        };
    return observe
        ? ScopedValue.where(Journal.CURRENT, observed)
            .call(() -> settings.openAuto(call, listeners, change))
        : settings.openAuto(call, listeners, change);
  }

  /**
   * Counts how the items ended: what was written or told, not what ended while the run was being
   * stopped.
   *
   * @param refused the number of inputs that were not items
   */
  private record Tally(ItemRun run, OpenItems items, TaskClock clock, long refused) {
    long done() {
      return run.done();
    }

    long failed() {
      return run.failed() + refused;
    }

    /** Says how many items are neither; empty if there are none. */
    String notDone() {
      return items.notDone(items.countLeft());
    }
  }

  private static void end(Pool pool, ItemRun.End end) {
    if (end == ItemRun.End.COMPLETE) {
      PoolStop.end(List.of(pool));
    } else {
      PoolStop.stop(List.of(pool));
    }
  }

  private int finish(
      ResultWriter writer,
      Tally tally,
      Meter.Reading reading,
      Reports reports,
      ItemRun.End end,
      Terminal terminal,
      Outputs outputs) {
    if (writer.readerIsGone()) {
      return ExitCode.PIPE_CLOSED;
    }
    if (Interruption.requestedWherePoolsEnd()) {
      terminal
          .err()
          .println(
              "fornada: interrupted; "
                  + summary(tally, reading)
                  + (tally.notDone().isEmpty() ? "" : "; " + tally.notDone())
                  + outputs.leftAsItWas());
      if (writer.failure() != null) { // it may say where the results are
        terminal.err().println("fornada: " + writer.failureText());
      }
      return ExitCode.INTERRUPTED;
    }
    if (writer.failure() != null) {
      terminal.err().println("fornada: " + writer.failureText());
      return ExitCode.FAILED;
    }
    if (choice != null) {
      terminal.note("fornada: auto chose " + OptionWording.withOptions(choice.toString()));
    }
    Figures cost = cost(tally, reading);
    if (figures == CommonOptions.Format.json) {
      terminal.err().println(Rendering.json(Map.of("runs", List.of(cost.toMap()))));
    } else if (figures == CommonOptions.Format.table) {
      terminal.err().println(ComparisonTable.of(List.of(cost)));
    } else {
      terminal.note("fornada: " + summary(tally, reading));
    }
    if (end == ItemRun.End.STOPPED && !tally.notDone().isEmpty()) {
      terminal.err().println("fornada: " + tally.notDone());
    }
    // After them: if a page cannot be written, what was measured has been told.
    reports.write(List.of(cost), sentences(tally, reading, reports.finding()), null);
    return tally.failed() > 0 || end == ItemRun.End.STOPPED ? ExitCode.FAILED : ExitCode.OK;
  }

  private String summary(Tally tally, Meter.Reading reading) {
    Figures cost = cost(tally, reading);
    return cost.done()
        + " done"
        + (cost.failed() > 0 ? ", " + cost.failed() + " failed" : "")
        + " in "
        + Words.seconds(cost.seconds())
        + " on "
        + on.label()
        + (startsProcesses() && cost.startupSeconds() >= WORTH_TELLING_SECONDS
            ? ", after " + Words.seconds(cost.startupSeconds()) + " to start"
            : "")
        + ": in flight "
        + Words.figure(cost.inFlight())
        + (Double.isNaN(cost.busyCores())
            ? "" // too short to tell
            : ", busy cores " + Words.figure(cost.busyCores()));
  }

  /** Returns whether worker processes are started for the run, before its first item. */
  private boolean startsProcesses() {
    return on == ExecutionModel.PROCESSES && choice == null;
  }

  /** Returns what the page says of the run. */
  private List<String> sentences(Tally tally, Meter.Reading reading, @Nullable Finding finding) {
    var sentences = new ArrayList<String>();
    sentences.add(summary(tally, reading) + ".");
    if (finding == null) { // else it knows what the items did, which a run's figures only suggest
      sentences.add(
          Verdict.ofRun(cost(tally, reading), Runtime.getRuntime().availableProcessors()));
    }
    if (choice != null) {
      sentences.add("Auto chose " + OptionWording.withOptions(choice.toString()) + ".");
    }
    if (finding != null && !finding.advised().equals(finding.setting())) {
      sentences.add("For another job like this one it advises:");
    }
    return sentences;
  }

  private Figures cost(Tally tally, Meter.Reading reading) {
    double wall = Math.max(1, reading.wallNanos());
    boolean here = how.cluster() == null; // else this machine's figures are not those of the run
    return new Figures(
        on,
        wall / 1e9,
        Double.NaN,
        Double.NaN,
        tally.clock().busyNanos() / wall,
        here ? reading.busyCores() : tally.clock().cpuNanos() / wall,
        !here || reading.idleNanos() < 0 ? Double.NaN : reading.idleNanos() / wall,
        here ? reading.peakBytes() : -1,
        (startsProcesses() ? reading.beforeNanos() : tally.clock().startupNanos()) / 1e9,
        tally.done(),
        tally.failed(),
        1,
        false);
  }
}
