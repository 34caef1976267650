package io.github.fornada.cli;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.TaskListener;
import io.github.fornada.TaskUsage;
import io.github.fornada.pipeline.Pipeline;
import io.github.fornada.pipeline.PipelineOutcome;
import io.github.fornada.pipeline.PipelineRun;
import io.github.fornada.pipeline.PipelineSummary;
import io.github.fornada.pipeline.StageMoment;
import io.github.fornada.pipeline.StageSummary;
import io.github.fornada.timeline.BandSlice;
import io.github.fornada.timeline.HtmlReport;
import io.github.fornada.timeline.Timeline;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.Spliterator;
import java.util.concurrent.CancellationException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** {@code fornada run A.java then B.java}: several functions, as the stages of a pipeline. */
final class StagesRun {
  /**
   * How long an interrupted run waits for tasks to end, in seconds: shorter than the command has.
   */
  private static final double REST_SECONDS = 1.5;

  private final CommonOptions options;

  private final ResultFormat results;
  private final CommonOptions.@Nullable Format figures;
  private final ExecutionModel lastOn;
  private final PoolSettings lastSettings;
  private final boolean unordered;

  /** A stage before it is opened. */
  private record Plan(
      String name, LoadedTask task, ExecutionModel on, PoolSettings settings, Timeline timeline) {}

  StagesRun(
      CommonOptions options,
      ResultFormat results,
      CommonOptions.@Nullable Format figures,
      ExecutionModel lastOn,
      PoolSettings lastSettings,
      boolean unordered) {
    this.options = options;
    this.results = results;
    this.figures = figures;
    this.lastOn = lastOn;
    this.lastSettings = lastSettings;
    this.unordered = unordered;
  }

  /** Runs all stages, those that were named before the last one first. */
  int call(List<StageArguments> before) {
    for (StageArguments stage : before) {
      if (stage.heap != null && stage.on != ExecutionModel.PROCESSES) {
        throw Fault.usage("--heap is for worker processes: add --on processes to its stage");
      }
    }
    try (Outputs outputs = options.outputs()) {
      var plans = new ArrayList<Plan>();
      var names = new HashSet<String>();
      for (StageArguments stage : before) {
        LoadedTask task = CommonOptions.load(stage.task, stage.classPath, outputs);
        plans.add(plan(task, stage.on, stage.pools(), names));
      }
      plans.add(plan(options.load(outputs).in(results), lastOn, lastSettings, names));
      var refusals = new Refusals();
      Inputs inputs = options.items(plans.getFirst().task(), outputs, refusals);
      return run(plans, inputs, outputs, refusals);
    }
  }

  private static Plan plan(
      LoadedTask task, ExecutionModel on, PoolSettings settings, Set<String> names) {
    String type = task.call().type();
    String name = type.substring(type.lastIndexOf('.') + 1) + "." + task.call().method();
    String unique = name;
    for (int n = 2; !names.add(unique); n++) {
      unique = name + "-" + n;
    }
    return new Plan(unique, task, on, settings, new Timeline(unique + " on " + on.label()));
  }

  private int run(List<Plan> plans, Inputs inputs, Outputs outputs, Refusals refusals) {
    Terminal terminal = options.terminal();
    Reports reports =
        Reports.open(
            outputs, plans.stream().map(Plan::name).collect(Collectors.joining(", then ")));
    long total = inputs instanceof Inputs.Known(var items) ? items.size() : -1;
    var pools = new ArrayList<Pool>();
    try (var progress = new Progress(terminal, "", total);
        var writer = ResultWriter.open(outputs.results(), terminal, progress)) {
      var sink = new ResultSink(results, writer, outputs.items(), progress);
      boolean complete = false;
      PipelineRun<@Nullable String> run = null;
      boolean ended = false;
      long[] counts = new long[2];
      try {
        for (Plan plan : plans) {
          var listeners = new ArrayList<TaskListener>();
          if (reports.areWanted()) {
            listeners.add(plan.timeline());
          }
          if (plan.settings().retries() > 0) {
            listeners.add(progress.retries());
          }
          if (plan.on() == ExecutionModel.PROCESSES) {
            plan.settings().memoryMessage().ifPresent(terminal::note);
          }
          plan.timeline().begin();
          pools.add(plan.settings().open(plan.on(), listeners));
        }
        run = pipeline(plans, pools, inputs, progress);
        PipelineRun<@Nullable String> running = run;
        refusals.setReceiver(refusal -> {
          progress.refused();
          sink.refused(refusal);
          if (options.failFast) {
            running.cancel();
          }
        });
        writer.onFailure(running::cancel);
        progress.withDetails(() -> stageLines(running.summary()));
        progress.start();
        complete = consume(run, sink, writer, progress, counts);
        ended = true;
      } finally {
        writer.finish(); // first of all: nothing that follows may cost a result
        if (ended) {
          outputs.commitResults(writer);
        }
        end(run, pools, complete);
      }
      progress.end();
      plans.forEach(plan -> plan.timeline().end());
      return finish(
          plans,
          run.summary(),
          writer,
          new End(complete, counts[0], counts[1] + refusals.count()),
          terminal,
          outputs,
          reports);
    }
  }

  private record End(boolean complete, long done, long failed) {}

  private PipelineRun<@Nullable String> pipeline(
      List<Plan> plans, List<Pool> pools, Inputs inputs, Progress progress) {
    Iterable<String> source =
        switch (inputs) {
          case Inputs.Known(var items) -> items;
          case Inputs.Lines(var lines, var _) -> lines;
        };
    Pipeline<String> pipeline = Pipeline.from(source);
    int last = plans.size() - 1;
    for (int k = 0; k < last; k++) {
      // What returns nothing gives the next stage nothing.
      pipeline =
          pipeline
              .<@Nullable String>stage(
                  plans.get(k).name(), pools.get(k), plans.get(k).task().call())
              .filter(text -> text != null)
              .map(text -> text == null ? "" : text);
    }
    return pipeline
        .<@Nullable String>stage(
            plans.get(last).name(), pools.get(last), plans.get(last).task().call())
        .run(o ->
            (options.failFast ? o.withStopOnFailure() : o)
                .withStallListener(stall -> progress.message("fornada: " + stall)));
  }

  /** A line for each stage: how far it has come, and what its workers do. */
  static List<String> stageLines(PipelineSummary summary) {
    StageSummary slow = summary.bottleneck();
    var lines = new ArrayList<String>();
    for (StageSummary stage : summary.stages()) {
      String name = stage.name();
      lines.add(
          String.format(
              Locale.ROOT,
              "%-16s %7d done  %4s busy  queue %d/%d%s",
              name.length() > 16 ? name.substring(0, 13) + "..." : name,
              stage.results(),
              percent(stage.busy()),
              stage.queued(),
              stage.queueLimit(),
              slow != null && slow.name().equals(name) ? "  <" : ""));
    }
    return lines;
  }

  /** Returns whether every item came to its end. */
  private boolean consume(
      PipelineRun<@Nullable String> run,
      ResultSink sink,
      ResultWriter writer,
      Progress progress,
      long[] ended) {
    try (Stream<PipelineOutcome<@Nullable String>> outcomes =
        unordered ? run.completions() : run.outcomes()) {
      Spliterator<PipelineOutcome<@Nullable String>> source = outcomes.spliterator();
      var cut = new boolean[1];
      try {
        while (source.tryAdvance(
            (PipelineOutcome<@Nullable String> outcome) -> {
              boolean wanted = tell(outcome, sink, progress, ended);
              cut[0] |= !wanted;
            })) {
          if (Interruption.requested() || writer.failure() != null) {
            return false;
          }
        }
        return !cut[0];
      } finally {
        if (Interruption.requested()) {
          writeRest(run, source, sink, ended);
        }
      }
    } catch (CancellationException e) {
      return false;
    } catch (UncheckedIOException e) {
      throw Fault.failed(
          "cannot read the inputs: " + e.getCause() + "; before that, " + ended[0] + " done");
    }
  }

  /** Writes the results that are there, but waited for slower items before them. */
  private static void writeRest(
      PipelineRun<@Nullable String> run,
      Spliterator<PipelineOutcome<@Nullable String>> source,
      ResultSink sink,
      long[] ended) {
    Thread self = Thread.currentThread();
    run.cancel();
    boolean interrupted = Thread.interrupted();
    try (var _ = Alarm.in(REST_SECONDS, self::interrupt)) {
      while (source.tryAdvance(
          (PipelineOutcome<@Nullable String> outcome) -> {
            if (outcome.outcome() instanceof Outcome.Done<@Nullable String> result) {
              var _ = write(outcome, result, sink, ended);
            }
          })) {}
    } catch (CancellationException e) {
      // that is the end of a run that was cancelled; or a task does not end in time
    } finally {
      if (interrupted) {
        self.interrupt();
      }
    }
  }

  /** Returns whether the result is kept. */
  private static boolean write(
      PipelineOutcome<@Nullable String> outcome,
      Outcome.Done<@Nullable String> result,
      ResultSink sink,
      long[] counts) {
    boolean kept = sink.result(ended(outcome), result.value());
    counts[kept ? 0 : 1]++;
    return kept;
  }

  /** Returns the item of the source that an outcome belongs to. */
  private static Ended ended(PipelineOutcome<@Nullable String> outcome) {
    return new Ended(
        outcome.index(), String.valueOf(outcome.origins().getFirst().item()), TaskUsage.UNKNOWN);
  }

  /** Returns whether the item came to its own end. */
  private static boolean tell(
      PipelineOutcome<@Nullable String> outcome,
      ResultSink sink,
      Progress progress,
      long[] counts) {
    Outcome<@Nullable String> how = outcome.outcome();
    if (how instanceof Outcome.Cancelled<?>) {
      return false; // stopped on purpose, and told once
    }
    if (how instanceof Outcome.Done<@Nullable String> result) {
      progress.outcome(write(outcome, result, sink, counts));
    } else {
      progress.outcome(false);
      counts[1]++;
      sink.failure(ended(outcome), outcome.stage(), how);
    }
    return true;
  }

  private static void end(
      @Nullable PipelineRun<@Nullable String> run, List<Pool> pools, boolean complete) {
    if (complete && run != null) {
      run.close();
      pools.forEach(Pool::close);
      return;
    }
    if (run != null) {
      run.cancel();
    }
    PoolStop.stop(pools);
  }

  private int finish(
      List<Plan> plans,
      PipelineSummary summary,
      ResultWriter writer,
      End end,
      Terminal terminal,
      Outputs outputs,
      Reports reports) {
    if (writer.readerIsGone()) {
      return ExitCode.PIPE_CLOSED;
    }
    String counts =
        end.done() + " done" + (end.failed() > 0 ? ", " + end.failed() + " failed" : "");
    if (Interruption.requested()) {
      terminal.err().println("fornada: interrupted; " + counts + outputs.leftAsItWas());
      return ExitCode.INTERRUPTED;
    }
    if (writer.failure() != null) {
      terminal.err().println("fornada: " + writer.failureText());
      return ExitCode.FAILED;
    }
    reports.write(() -> page(plans, summary, reports.title()), timelines(plans));
    if (figures == CommonOptions.Format.json) {
      terminal.err().println(Rendering.json(Map.of("pipeline", map(summary, end))));
    } else {
      if (figures == CommonOptions.Format.table || !terminal.quiet()) {
        terminal.err().print(summary);
      }
      terminal.note(
          "fornada: " + counts + " in " + Words.seconds(summary.elapsed().toNanos() / 1e9));
    }
    return end.failed() > 0 || !end.complete() ? ExitCode.FAILED : ExitCode.OK;
  }

  private static HtmlReport page(List<Plan> plans, PipelineSummary summary, String title) {
    HtmlReport report = new HtmlReport(title).withText(List.of(summary.advice()));
    for (StageSummary stage : summary.stages()) {
      report.withBand(stage.name(), facts(stage), slices(stage));
    }
    for (int k = 0; k < plans.size(); k++) {
      report.add(plans.get(k).timeline(), cells(summary.stages().get(k)));
    }
    return report;
  }

  private static List<Timeline> timelines(List<Plan> plans) {
    return plans.stream().map(Plan::timeline).toList();
  }

  private static String facts(StageSummary stage) {
    return stage.model()
        + ", "
        + stage.size()
        + (stage.size() == 1 ? " worker, " : " workers, ")
        + percent(stage.busy())
        + " busy";
  }

  private static List<BandSlice> slices(StageSummary stage) {
    var slices = new ArrayList<BandSlice>();
    for (StageMoment moment : stage.history()) {
      slices.add(
          new BandSlice(
              moment.from(), moment.to(), moment.busy(), moment.waitsForRoom(), moment.queued()));
    }
    return slices;
  }

  private static Map<String, String> cells(StageSummary stage) {
    var cells = new LinkedHashMap<String, String>();
    cells.put("model", stage.model());
    cells.put("size", Integer.toString(stage.size()));
    cells.put("items/s", String.format(Locale.ROOT, "%,.1f", stage.rate()));
    cells.put("busy", percent(stage.busy()));
    cells.put("waits for input", percent(stage.waitsForInput()));
    cells.put("for room", percent(stage.waitsForRoom()));
    cells.put("deepest queue", Integer.toString(stage.deepestQueue()));
    return cells;
  }

  private static String percent(double part) {
    return Math.round(part * 100) + " %";
  }

  private static Map<String, Object> map(PipelineSummary summary, End end) {
    var stages = new ArrayList<Map<String, Object>>();
    for (StageSummary stage : summary.stages()) {
      var map = new LinkedHashMap<String, Object>();
      map.put("name", stage.name());
      map.put("model", stage.model());
      map.put("size", stage.size());
      map.put("taken", stage.taken());
      map.put("results", stage.results());
      map.put("failed", stage.failed());
      map.put("rate", stage.rate());
      map.put("trueRate", stage.trueRate());
      map.put("busy", stage.busy());
      map.put("waitsForInput", stage.waitsForInput());
      map.put("waitsForRoom", stage.waitsForRoom());
      stages.add(map);
    }
    var map = new LinkedHashMap<String, Object>();
    map.put("seconds", summary.elapsed().toNanos() / 1e9);
    map.put("done", end.done());
    map.put("failed", end.failed());
    StageSummary slow = summary.bottleneck();
    if (slow != null) {
      map.put("bottleneck", slow.name());
      map.put("rateWithOneMore", summary.rateWithOneMore());
    }
    map.put("stages", stages);
    return map;
  }
}
