package io.github.fornada.cli;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.TaskListener;
import io.github.fornada.TaskPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code fornada run}: runs a function over its inputs and writes the results. */
@Command(
    name = "run",
    description =
        "Runs a function over many inputs and writes the results, in the order of the inputs.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  fornada run examples/WordCount.java docs/*.md",
      "  fornada run examples/Thumbnail.java --files photos --match '*.jpg'",
      "  tail -f access.log | fornada run Parse.java#line --lines - --on virtual",
      "  fornada run com.acme.Invoice#total -cp 'app.jar:lib/*' --lines ids -o totals",
    })
final class RunCommand implements Callable<Integer> {
  /** Longest wait for a pool that was told to stop at once: its grace, and some more. */
  private static final long STOP_SECONDS = 3;

  @Mixin
  @SuppressWarnings("NullAway.Init") // filled by picocli
  private CommonOptions options;

  @Option(
      names = "--on",
      paramLabel = "MODEL",
      defaultValue = "threads",
      converter = ModelParser.class,
      description = "How: sequential, virtual, threads (the default) or processes.")
  @SuppressWarnings("NullAway.Init") // filled by picocli
  private ExecutionModel on;

  @Option(names = "--unordered", description = "Write each result as soon as it is there.")
  private boolean unordered;

  @Override
  public Integer call() {
    if (options.heap != null && on != ExecutionModel.PROCESSES) {
      throw Fault.usage("--heap is for worker processes: add --on processes");
    }
    PoolSettings settings = options.pools();
    LoadedTask task = options.load();
    Inputs inputs = options.items();
    Terminal terminal = Terminal.ofProcess();
    Reports reports = Reports.open(options.report, options.trace, task);
    long total = inputs instanceof Inputs.Known(var items) ? items.size() : -1;
    try (var progress = new Progress(terminal, "", total);
        var writer = ResultWriter.open(options.output, terminal, progress)) {
      var run =
          new ItemRun(task.call(), inputs, !unordered, options.failFast, told(writer, progress));
      writer.onFailure(run::stop);
      var clock = new TaskClock();
      var listeners = new ArrayList<TaskListener>(List.of(clock, progress, run));
      listeners.addAll(reports.begin(on));
      var stall = new StallWatch();
      if (on == ExecutionModel.VIRTUAL_THREADS && options.limit != null) {
        listeners.add(stall);
        stall.start(
            options.limit.plus(TaskPolicy.DEFAULT.grace()),
            deaf -> progress.message(StallWatch.relief(deaf)),
            run::stop);
      }
      progress.start();

      Meter meter = Meter.start(Set.of());
      Pool pool = settings.open(on, listeners);
      ItemRun.End end = ItemRun.End.STOPPED;
      Meter.Reading reading;
      try {
        end = run.on(pool);
        reading = meter.stop(); // while worker processes still live
      } finally {
        writer.finish(); // first of all: nothing that follows may cost a result
        stall.close();
        end(pool, end);
      }
      progress.end();
      reports.end(on);
      if (stall.stalled()) {
        run.left().forEach(input -> terminal.err().println(FailureReport.notRun(input)));
        terminal.err().println(StallWatch.GIVEN_UP);
      }
      return finish(writer, clock, reading, reports, total, end, terminal);
    }
  }

  private static ItemRun.Receiver told(ResultWriter writer, Progress progress) {
    return new ItemRun.Receiver() {
      @Override
      public void result(@Nullable String text) {
        if (text != null) {
          writer.line(text);
        }
      }

      @Override
      public void failure(String input, Outcome<?> outcome) {
        progress.message(FailureReport.text(input, outcome));
      }
    };
  }

  private static void end(Pool pool, ItemRun.End end) {
    if (end == ItemRun.End.COMPLETE) {
      pool.close();
      return;
    }
    pool.shutdownNow();
    // Not without end: a thread whose task is deaf to interrupts goes with the JVM.
    boolean interrupted = Thread.interrupted();
    try {
      var _ = pool.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private int finish(
      ResultWriter writer,
      TaskClock clock,
      Meter.Reading reading,
      Reports reports,
      long total,
      ItemRun.End end,
      Terminal terminal) {
    if (writer.readerIsGone()) {
      return ExitCode.PIPE_CLOSED;
    }
    long left = total - clock.done() - clock.failed();
    if (Interruption.requested()) {
      terminal.err().println("fornada: interrupted; " + summary(clock, reading));
      return ExitCode.INTERRUPTED;
    }
    if (writer.failure() != null) {
      terminal.err().println("fornada: " + writer.failureText());
      return ExitCode.FAILED;
    }
    Figures figures = figures(clock, reading);
    reports.write(List.of(figures), List.of());
    if (options.format == CommonOptions.Format.json) {
      terminal.err().println(Rendering.json(Map.of("runs", List.of(figures.toMap()))));
    } else if (options.format == CommonOptions.Format.table) {
      terminal.err().println(ComparisonTable.of(List.of(figures)));
    } else {
      terminal.err().println("fornada: " + summary(clock, reading));
    }
    if (end == ItemRun.End.STOPPED && left > 0) {
      terminal.err().println("fornada: " + Words.count(left, "item") + " not done");
    }
    return clock.failed() > 0 || end == ItemRun.End.STOPPED ? ExitCode.FAILED : ExitCode.OK;
  }

  private String summary(TaskClock clock, Meter.Reading reading) {
    Figures figures = figures(clock, reading);
    return figures.done()
        + " done"
        + (figures.failed() > 0 ? ", " + figures.failed() + " failed" : "")
        + " in "
        + Words.seconds(figures.seconds())
        + " on "
        + on.label()
        + ": in flight "
        + Words.figure(figures.inFlight())
        + ", busy cores "
        + Words.figure(figures.busyCores());
  }

  private Figures figures(TaskClock clock, Meter.Reading reading) {
    double wall = Math.max(1, reading.wallNanos());
    return new Figures(
        on,
        wall / 1e9,
        Double.NaN,
        Double.NaN,
        clock.busyNanos() / wall,
        reading.cpuNanos() / wall,
        reading.idleNanos() < 0 ? Double.NaN : reading.idleNanos() / wall,
        reading.peakBytes(),
        clock.startupNanos() / 1e9,
        clock.done(),
        clock.failed(),
        1,
        false);
  }
}
