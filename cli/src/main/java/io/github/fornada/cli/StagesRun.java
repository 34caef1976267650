package io.github.fornada.cli;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskListener;
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
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.Spliterator;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
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
      String name, LoadedTask task, ExecutionModel on, PoolSettings settings, Timeline timeline) {
    Plan forItems(Inputs inputs) {
      return new Plan(name, task, on, settings.forItems(inputs), timeline);
    }
  }

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
        if (task.call().returnsNothing()) {
          throw Fault.usage(
              task.name()
                  + " returns nothing (void), so no item would reach the stage after it: let it"
                  + " return what that stage is to get");
        }
        plans.add(plan(task, stage.on, stage.pools(), names));
      }
      plans.add(plan(options.load(outputs).in(results), lastOn, lastSettings, names));
      var refusals = new Refusals();
      Inputs inputs = options.items(plans.getFirst().task(), outputs, refusals);
      // Each stage makes one item of one, so none has more items than the source.
      plans.replaceAll(plan -> plan.forItems(inputs));
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
            outputs,
            plans.stream().map(Plan::name).collect(Collectors.joining(", then ")),
            refusals::number);
    long total = inputs instanceof Inputs.Known(var known) ? known.size() : -1;
    var pools = new ArrayList<Pool>();
    var stall = new StallWatch();
    try (var progress = new Progress(terminal, "", total);
        var writer = ResultWriter.open(outputs.results(), terminal, progress)) {
      var sink = new ResultSink(results, writer, outputs.items(), progress, !unordered);
      var items = new OpenItems(inputs, refusals::number);
      var tally = new Tally(items, sink, progress, stall, stopped());
      // Who else wants to know of which input of the source an item was made?
      boolean placed = results.json() || reports.areWanted();
      boolean complete = false;
      PipelineRun<@Nullable String> run = null;
      boolean ended = false;
      var cancelled = new AtomicBoolean();
      long began = 0;
      try {
        for (Plan plan : plans) {
          var listeners = new ArrayList<TaskListener>();
          if (reports.areWanted()) {
            listeners.add(reports.listener(plan.timeline()));
          }
          if (results.json()) {
            listeners.add(tally.times());
          }
          if (options.failFast) {
            listeners.add(tally.failures());
          }
          if (plan.settings().retries() > 0) {
            listeners.add(progress.retries());
          }
          if (plan.on() == ExecutionModel.PROCESSES) {
            plan.settings().memoryMessage().ifPresent(terminal::note);
          }
          if (!pools.isEmpty()) {
            listeners.add(laterItems(plan, outputs));
          }
          if (plan.on() == ExecutionModel.VIRTUAL_THREADS) {
            listeners.add(stall.of(plan.settings().timeout()));
          }
          pools.add(plan.settings().open(plan.on(), plan.task().call(), listeners));
        }
        run = pipeline(plans, pools, items.source(), placed, progress);
        PipelineRun<@Nullable String> running = run;
        Runnable stop =
            () -> {
              cancelled.set(true);
              tally.stops();
              running.cancel();
            };
        refusals.setReceiver(sink.refusals(options.failFast ? stop : () -> {}));
        writer.onFailure(stop);
        stall.start(progress, stop);
        progress.withDetails(() -> stageLines(running.summary()));
        progress.start();
        // The stages begin to run when the first outcome is asked for, and no sooner.
        began = System.nanoTime();
        for (Plan plan : plans) {
          plan.timeline().begin(began);
        }
        complete = consume(run, tally, writer, cancelled, outputs);
        Fault conflict = outputs.conflict();
        if (conflict != null && !Interruption.requestedWherePoolsEnd()) {
          complete = false;
          throw conflict;
        }
        ended = true;
      } finally {
        if (run != null && !Interruption.requestedWherePoolsEnd()) {
          tally.endRest();
        }
        sink.finish();
        writer.finish(); // first of all: nothing that follows may cost a result
        if (ended) {
          outputs.commitResults(writer);
        }
        stall.close();
        end(run, pools, complete);
      }
      progress.end();
      if (stall.stalled()) {
        tally.notRun.forEach(each -> terminal.err().println(FailureReport.notRun(each)));
        terminal.err().println(StallWatch.GIVEN_UP);
      }
      PipelineSummary summary = run.summary();
      for (Plan plan : plans) {
        plan.timeline().end(began + summary.elapsed().toNanos()); // the time that is told, too
      }
      long left = tally.cancelled + items.countLeft();
      return finish(
          plans,
          summary,
          writer,
          new End(complete, tally.done, tally.failed + refusals.count(), left, items.notDone(left)),
          terminal,
          outputs,
          reports);
    }
  }

  /** Returns a listener that tells the outputs what a stage after the first is given. */
  private static TaskListener laterItems(Plan plan, Outputs outputs) {
    var kind = Inputs.ItemKind.of(plan.task().call().parameter());
    return event -> {
      if (event instanceof TaskEvent.Submitted submitted && submitted.item() != null) {
        outputs.laterItem(submitted.item().toString(), kind, plan.name()); // a text, or a StageItem
      }
    };
  }

  private String stopped() {
    return options.failFast ? RunCommand.STOPPED_BY_FAILURE : "the run was stopped";
  }

  /**
   * How a run ended.
   *
   * @param left the items that came to no end of their own, as far as they are known
   * @param notDone the same in words; empty if there are none
   */
  private record End(boolean complete, long done, long failed, long left, String notDone) {}

  private PipelineRun<@Nullable String> pipeline(
      List<Plan> plans,
      List<Pool> pools,
      Iterable<String> source,
      boolean placed,
      Progress progress) {
    Pipeline<@Nullable String> pipeline =
        placed ? placed(plans, pools, source) : plain(plans, pools, source);
    return pipeline.run(o ->
        (options.failFast ? o.withStopOnFailure() : o)
            .withStallListener(stall -> progress.message("fornada: " + stall)));
  }

  private static Pipeline<@Nullable String> plain(
      List<Plan> plans, List<Pool> pools, Iterable<String> source) {
    Pipeline<String> pipeline = Pipeline.from(source);
    int last = plans.size() - 1;
    for (int k = 0; k < last; k++) {
      pipeline =
          pipeline
              .<@Nullable String>stage(
                  plans.get(k).name(), pools.get(k), plans.get(k).task().call())
              .map(Objects::requireNonNull); // only the last may return nothing
    }
    return pipeline.<@Nullable String>stage(
        plans.get(last).name(), pools.get(last), plans.get(last).task().call());
  }

  /** Returns the same pipeline; its items know of which item of the source they were made. */
  private static Pipeline<@Nullable String> placed(
      List<Plan> plans, List<Pool> pools, Iterable<String> source) {
    Pipeline<StageItem> pipeline = Pipeline.from(() -> placed(source.iterator()));
    int last = plans.size() - 1;
    for (int k = 0; k < last; k++) {
      pipeline =
          pipeline.stage(
              plans.get(k).name(), pools.get(k), new StageItem.Inner(plans.get(k).task().call()));
    }
    return pipeline.<@Nullable String>stage(
        plans.get(last).name(), pools.get(last), new StageItem.Last(plans.get(last).task().call()));
  }

  private static Iterator<StageItem> placed(Iterator<String> source) {
    var index = new AtomicLong();
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return source.hasNext();
      }

      @Override
      public StageItem next() {
        return new StageItem(index.getAndIncrement(), source.next());
      }
    };
  }

  /** A line for each stage: how far it has come, and what its workers do. */
  static List<String> stageLines(PipelineSummary summary) {
    var lines = new ArrayList<String>();
    for (StageSummary stage : summary.stages()) {
      String name = stage.name();
      lines.add(
          String.format(
              Locale.ROOT,
              "%-16s %7d done  %4s busy  queue now %d/%d%s",
              name.length() > 16 ? name.substring(0, 13) + "..." : name,
              stage.results(),
              percent(stage.busy()),
              stage.queued(),
              stage.queueLimit(),
              holdsUp(summary, stage) ? "  <" : ""));
    }
    return lines;
  }

  /**
   * Returns whether every item came to its end.
   *
   * @param cancelled whether this command has ended the run itself
   */
  private boolean consume(
      PipelineRun<@Nullable String> run,
      Tally tally,
      ResultWriter writer,
      AtomicBoolean cancelled,
      Outputs outputs) {
    try (Stream<PipelineOutcome<@Nullable String>> outcomes =
        unordered ? run.completions() : run.outcomes()) {
      Spliterator<PipelineOutcome<@Nullable String>> source = outcomes.spliterator();
      var cut = new boolean[1];
      try {
        while (source.tryAdvance(
            (PipelineOutcome<@Nullable String> outcome) -> {
              boolean wanted = tally.tell(outcome);
              cut[0] |= !wanted;
            })) {
          if (Interruption.requested()
              || writer.failure() != null
              || outputs.conflict() != null
              || (options.failFast && tally.notWritten > 0)) {
            return false;
          }
        }
        // A stop may come before further items were taken: then none of them is cut.
        return !cut[0] && !tally.stops;
      } finally {
        if (Interruption.requestedWherePoolsEnd()) {
          writeRest(run, source, tally);
        }
      }
    } catch (CancellationException e) {
      if (!cancelled.get() && !Interruption.requestedWherePoolsEnd()) {
        throw Fault.failed(Interruption.byATask(tally.done));
      }
      return false;
    } catch (RejectedExecutionException e) { // a pool was shut down
      if (!Interruption.requestedWherePoolsEnd()) {
        throw e;
      }
      return false;
    } catch (UncheckedIOException e) {
      throw Fault.failed(
          "cannot read the inputs: " + e.getCause() + "; before that, " + tally.done + " done");
    }
  }

  /** Writes the results that are there, but waited for slower items before them. */
  private static void writeRest(
      PipelineRun<@Nullable String> run,
      Spliterator<PipelineOutcome<@Nullable String>> source,
      Tally tally) {
    Thread self = Thread.currentThread();
    tally.stops();
    run.cancel();
    boolean interrupted = Thread.interrupted();
    try (var _ = Alarm.in(REST_SECONDS, self::interrupt)) {
      while (source.tryAdvance(tally::tellRest)) {}
    } catch (CancellationException | RejectedExecutionException e) {
      // that is the end of a run that was cancelled, or of its pool; or a task does not end in time
    } finally {
      if (interrupted) {
        self.interrupt();
      }
    }
  }

  /**
   * Takes the outcomes of a run, writes them, and counts them. For the thread that takes outcomes,
   * unless it says otherwise.
   */
  private static final class Tally {
    private final OpenItems items;
    private final ResultSink sink;
    private final Progress progress;
    private final StallWatch stall;
    private final String stopped;

    /** The items without an outcome of a run that its tasks have stalled, in the order of ends. */
    final List<String> notRun = new ArrayList<>();

    /** How long each item has run so far, in all stages, in nanoseconds, by its index. */
    private final Map<Long, Long> nanos = new ConcurrentHashMap<>();

    /**
     * Whether the run is being stopped: from then on outcomes come in any order. Written by any
     * thread, before the run is stopped.
     */
    private volatile boolean stops;

    long done;
    long failed;
    long cancelled;

    /** Of those that failed, the items with a result that could not be written to their files. */
    long notWritten;

    Tally(OpenItems items, ResultSink sink, Progress progress, StallWatch stall, String stopped) {
      this.items = items;
      this.sink = sink;
      this.progress = progress;
      this.stall = stall;
      this.stopped = stopped;
    }

    /** Returns a listener for the pool of each stage. */
    TaskListener times() {
      return event -> {
        if (event instanceof TaskEvent.Finished finished
            && finished.last()
            && finished.usage() != null
            && finished.item() instanceof StageItem item) {
          long took = finished.usage().endedNanos() - finished.usage().startedNanos();
          nanos.merge(item.index(), took, Long::sum);
        }
      };
    }

    /** Returns a listener for the pool of each stage, where the first failure ends the run. */
    TaskListener failures() {
      return event -> {
        // Told before the pipeline has the outcome, and stops.
        if (event instanceof TaskEvent.Finished finished
            && finished.last()
            && !finished.outcome().isDone()) {
          stops();
        }
      };
    }

    /** The run is about to be stopped; called by any thread. */
    void stops() {
      stops = true;
    }

    private Ended end(long index) {
      Ended item = items.end(index);
      Long took = nanos.remove(index);
      return took == null ? item : item.lasting(took);
    }

    /** Takes an outcome, and returns whether the item came to its own end. */
    boolean tell(PipelineOutcome<@Nullable String> outcome) {
      Ended item = end(outcome.index());
      switch (outcome.outcome()) {
        case Outcome.Done<@Nullable String> result -> written(sink.result(item, result.value()));
        case Outcome.Cancelled<?> c -> {
          cancelled(item); // stopped on purpose, and told once
          return false;
        }
        default -> {
          if (Interruption.mayBeTheCause()) {
            cancelled++;
            return false;
          }
          progress.outcome(false);
          failed++;
          sink.failure(item, outcome.stage(), outcome.outcome());
        }
      }
      return true;
    }

    /** Takes an outcome of a run that was interrupted: only results are of interest. */
    void tellRest(PipelineOutcome<@Nullable String> outcome) {
      if (outcome.isDone()) {
        var _ = tell(outcome);
      } else {
        var _ = end(outcome.index());
        cancelled++;
      }
    }

    private void written(boolean kept) {
      progress.outcome(kept);
      if (kept) {
        done++;
      } else {
        failed++;
        notWritten++;
      }
    }

    /** Ends the items without an outcome. */
    void endRest() {
      for (Ended each : items.left()) {
        cancelled(items.end(each.index()));
      }
    }

    private void cancelled(Ended item) {
      cancelled++;
      if (stall.stalled()) {
        notRun.add(item.input());
      }
      sink.cancelled(item, stopped);
    }
  }

  private static void end(
      @Nullable PipelineRun<@Nullable String> run, List<Pool> pools, boolean complete) {
    if (complete && run != null) {
      run.close();
      PoolStop.end(pools);
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
    if (Interruption.requestedWherePoolsEnd()) {
      terminal
          .err()
          .println(
              "fornada: interrupted; "
                  + counts
                  + (end.notDone().isEmpty() ? "" : "; " + end.notDone())
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
    String cost = counts + " in " + Words.seconds(summary.elapsed().toNanos() / 1e9);
    if (figures == CommonOptions.Format.json) {
      terminal.err().println(Rendering.json(Map.of("pipeline", map(summary, end))));
    } else {
      if (figures == CommonOptions.Format.table || !terminal.quiet()) {
        terminal.err().print(summary);
      }
      terminal.note("fornada: " + cost);
    }
    if (!end.complete() && !end.notDone().isEmpty()) {
      terminal.err().println("fornada: " + end.notDone());
    }
    // After them: if a page cannot be written, what was measured has been told.
    reports.write(() -> page(plans, summary, reports.title(), cost), timelines(plans));
    return end.failed() > 0 || !end.complete() ? ExitCode.FAILED : ExitCode.OK;
  }

  private static HtmlReport page(
      List<Plan> plans, PipelineSummary summary, String title, String cost) {
    HtmlReport report = new HtmlReport(title).withText(List.of(cost + ".", summary.advice()));
    for (StageSummary stage : summary.stages()) {
      report.withBand(stage.name(), facts(stage, holdsUp(summary, stage)), slices(stage));
    }
    for (int k = 0; k < plans.size(); k++) {
      Timeline timeline = plans.get(k).timeline();
      StageSummary stage = summary.stages().get(k);
      report.add(timeline, cells(stage));
      if (holdsUp(summary, stage)) {
        report.withBottleneck(timeline);
      }
    }
    return report;
  }

  private static List<Timeline> timelines(List<Plan> plans) {
    return plans.stream().map(Plan::timeline).toList();
  }

  /** Returns whether a stage is the one that holds the others up. */
  private static boolean holdsUp(PipelineSummary summary, StageSummary stage) {
    StageSummary slow = summary.bottleneck();
    return slow != null && slow.name().equals(stage.name());
  }

  private static String facts(StageSummary stage, boolean holdsUp) {
    return stage.model()
        + ", "
        + stage.size()
        + (stage.size() == 1 ? " worker, " : " workers, ")
        + percent(stage.busy())
        + " busy"
        + (holdsUp ? ", holds the others up" : "");
  }

  private static List<BandSlice> slices(StageSummary stage) {
    var slices = new ArrayList<BandSlice>();
    for (StageMoment moment : stage.history()) {
      slices.add(
          new BandSlice(
              moment.from(),
              moment.to(),
              moment.busy(),
              moment.restarting(),
              moment.waitsForRoom(),
              moment.queued()));
    }
    return slices;
  }

  private static Map<String, String> cells(StageSummary stage) {
    var cells = new LinkedHashMap<String, String>();
    cells.put("stage", stage.name());
    cells.put("model", stage.model());
    cells.put("size", Integer.toString(stage.size()));
    cells.put("items/s", String.format(Locale.ROOT, "%,.1f", stage.rate()));
    cells.put("busy", percent(stage.busy()));
    cells.put(
        "restarts",
        stage.restarts() == 0 ? "0" : stage.restarts() + ", " + percent(stage.restarting()));
    cells.put("waits for input", percent(stage.waitsForInput()));
    cells.put("for room", percent(stage.waitsForRoom()));
    cells.put("deepest queue", stage.deepestQueue() + "/" + stage.queueLimit());
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
      map.put("restarting", stage.restarting());
      map.put("restarts", stage.restarts());
      map.put("waitsForInput", stage.waitsForInput());
      map.put("waitsForRoom", stage.waitsForRoom());
      map.put("deepestQueue", stage.deepestQueue());
      map.put("queueLimit", stage.queueLimit());
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
