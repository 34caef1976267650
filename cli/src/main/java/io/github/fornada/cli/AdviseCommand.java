package io.github.fornada.cli;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Outcome;
import io.github.fornada.TaskListener;
import io.github.fornada.advice.AutoOptions;
import io.github.fornada.advice.AutoPool;
import io.github.fornada.advice.decide.Finding;
import io.github.fornada.advice.decide.FindingText;
import io.github.fornada.advice.decide.Job;
import io.github.fornada.advice.decide.Journal;
import io.github.fornada.advice.sense.Calibration;
import io.github.fornada.jvm.Paragraph;
import io.github.fornada.timeline.HtmlReport;
import io.github.fornada.timeline.Timeline;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code fornada advise}: measures a function over some of its inputs and says how to run it. */
@Command(
    name = "advise",
    description =
        "Measures a function over its inputs, for ten seconds at most, and says how to run it best,"
            + " why, and what each way would cost. The results are not written.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  fornada advise examples/Primes.java 2000000 3000000 4000000",
      "  fornada advise examples/WordCount.java --files docs --match '*.md' --json",
      "  fornada advise Fetch.java --lines urls --for 30s --record run.json",
      "  fornada advise --replay run.json",
    })
final class AdviseCommand implements Callable<Integer> {
  private static final String INTERRUPTED = "fornada: interrupted; there is no advice yet";

  private static final String DONE_AT_ONCE =
      "Leave it sequential: all items together were done before there was anything to measure.";

  /** The same, where there are more items than were taken. */
  private static final String THESE_DONE_AT_ONCE =
      "Leave it sequential as far as is known: these items together were done before there was"
          + " anything to measure.";

  /** The maximum number of items taken from lines, which may be endless. */
  private static final int MOST_ITEMS = 100_000;

  @Mixin
  @SuppressWarnings("NullAway.Init") // filled by picocli
  private CommonOptions options;

  @Option(
      names = "--for",
      paramLabel = "TIME",
      defaultValue = "10s",
      converter = DurationParser.class,
      description = "How long to measure at most, such as 30s. Default: 10s.")
  @SuppressWarnings("NullAway.Init") // filled by picocli
  private Duration limit;

  @Option(names = "--json", description = "Print JSON, as --format json does.")
  private boolean json;

  @Option(
      names = "--record",
      paramLabel = "FILE",
      description = "Write what was observed to FILE, for --replay.")
  private @Nullable Path record;

  @Option(
      names = "--replay",
      paramLabel = "FILE",
      description =
          "Say what a recorded run shows, instead of measuring. Without TASK and INPUT, and of the"
              + " options only with --json, --format and -o.")
  @SuppressWarnings("unused") // for the help: ReplayCommand takes such a command line
  private @Nullable Path replay;

  @Option(
      names = "--threads-are-safe",
      description =
          "The function may run on several threads at once, whatever its class looks like.")
  private boolean threadsAreSafe;

  @Override
  public Integer call() {
    options.figuresOnly("advise");
    PoolSettings settings = options.pools().onlyFor(List.of(ExecutionModel.PROCESSES));
    settings.memoryMessage().ifPresent(options.terminal()::note);
    ArgumentText.require("--record", record);
    try (Outputs outputs = options.outputs(record)) {
      LoadedTask task = options.load(outputs);
      var refusals = new Refusals();
      Inputs inputs = options.items(task, outputs, refusals);
      refusals.setReceiver(
          each -> StandardStreams.get().err().println(FailureReport.refused(each)));
      Inputs.Head head = inputs.first(MOST_ITEMS, limit);
      if (Interruption.requestedWherePoolsEnd()) {
        StandardStreams.get().err().println(INTERRUPTED);
        return ExitCode.INTERRUPTED;
      }
      if (head.items().isEmpty()) {
        throw head.isCut()
            ? Fault.failed(
                "no item has come within " + Words.limit(limit) + "; give --for more time")
            : Fault.usage("no inputs: there is nothing to measure");
      }
      if (options.failFast && refusals.count() > 0) {
        return ExitCode.FAILED;
      }
      int code = advise(settings, task, head, outputs, refusals);
      return code == ExitCode.OK && refusals.count() > 0 ? ExitCode.FAILED : code;
    }
  }

  private int advise(
      PoolSettings settings,
      LoadedTask task,
      Inputs.Head head,
      Outputs outputs,
      Refusals refusals) {
    Terminal terminal = options.terminal();
    if (head.isCut()) {
      terminal.err().println("fornada: " + cut(head));
    }
    Reports reports = Reports.open(outputs, task.name(), refusals::number);
    calibrate();
    var timeline = new Timeline("auto");
    List<TaskListener> listeners = new ArrayList<>();
    if (reports.areWanted()) {
      listeners.add(
          reports.listener(timeline)); // each item costs a little more, so only if it is asked for
      timeline.begin();
    }
    var observed = new Observed();
    var failures = new Failures();
    var run = ItemRun.forFigures(task.call(), head.items(), options.failFast, failures);
    listeners.add(run);
    // What tasks print would garble the advice.
    System.setOut(new PrintStream(OutputStream.nullOutputStream(), true, System.out.charset()));
    AutoPool pool =
        ScopedValue.where(Journal.CURRENT, observed)
            .where(Job.MEASURING, true)
            .call(() -> settings.openAuto(task.call(), listeners, this::change));
    Runnable cutOff =
        () -> {
          observed.cutOff();
          run.stop();
        };
    try (var _ = Alarm.in(limit.toNanos() / 1e9, cutOff)) {
      var _ = run.on(pool);
    } finally {
      PoolStop.stop(List.of(pool));
      timeline.end();
    }
    if (Interruption.requestedWherePoolsEnd()) {
      terminal.err().println(INTERRUPTED);
      return ExitCode.INTERRUPTED;
    }
    if (failures.count > 0) {
      terminal
          .err()
          .println(
              "fornada: "
                  + Words.count(failures.count, "item")
                  + " failed while measuring; the first: "
                  + failures.first);
      if (options.failFast) {
        terminal.err().println(FailureReport.stoppedByIt("advised"));
        return ExitCode.FAILED;
      }
    }
    observed.awaitEnd();
    Observed whole = observed.snapshot();
    Finding finding = whole.finding();
    if (run.done() == 0) {
      String why = nothingKnown(failures.count);
      terminal.err().println("fornada: " + why);
      Fault.afterAllOf(
          () -> writeWhatRan(reports, task.name(), timeline, why), () -> record(whole, outputs));
      return ExitCode.FAILED;
    }
    boolean asJson = json || options.format == CommonOptions.Format.json;
    var code = new AtomicInteger();
    // First the advice: if a page or the record cannot be written, it was told.
    Fault.afterAllOf(
        () -> code.set(print(task.name(), finding, asJson, head, outputs)),
        () -> {
          if (finding == null) {
            writeWhatRan(reports, task.name(), timeline, String.join(" ", sentences(null, head)));
          } else {
            reports.write(
                () -> {
                  HtmlReport page = AdvicePicture.page(task.name(), finding, timeline);
                  return head.isCut() ? page.withText(List.of(cut(head))) : page;
                },
                List.of(timeline));
          }
        },
        () -> record(whole, outputs));
    return code.get() == ExitCode.OK && failures.count > 0 ? ExitCode.FAILED : code.get();
  }

  private static void record(Observed whole, Outputs outputs) {
    OutputFile file = outputs.record();
    if (file != null) {
      whole.write(file);
    }
  }

  /** Writes the page and the trace, where they are wanted, of a run that gave no advice. */
  private static void writeWhatRan(
      Reports reports, String task, Timeline timeline, String sentence) {
    reports.write(
        () ->
            new HtmlReport(task)
                .withText(List.of(sentence.endsWith(".") ? sentence : sentence + "."))
                .add(timeline, Map.of()),
        List.of(timeline));
  }

  /** Says why there is no advice where no item has given a result. */
  private String nothingKnown(long failed) {
    return failed > 0
        ? "no item has given a result, so there is nothing to advise"
        : "no item had ended after "
            + Words.limit(limit)
            + ", so nothing is known yet; give --for more time";
  }

  private AutoOptions change(AutoOptions o) {
    AutoOptions changed = o.withoutMemory();
    return threadsAreSafe ? changed.withThreadsAreSafe() : changed;
  }

  /** What workers cost on this machine is measured once, before the task runs. */
  private static void calibrate() {
    try {
      var _ = Calibration.measured();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the run ends at once
    }
  }

  /** Returns a sentence for an advice that is not about all items. */
  private static String cut(Inputs.Head head) {
    String which = "Only the first " + head.items().size();
    return head.given() == Inputs.Head.UNKNOWN
        ? which + " items were measured; what follows them was not read."
        : which + " of " + head.given() + " items were measured, and the advice is about these.";
  }

  /** Returns the words of an advice, without what would change it. */
  private static List<String> sentences(@Nullable Finding finding, Inputs.@Nullable Head head) {
    boolean isCut = head != null && head.isCut();
    var sentences = new ArrayList<String>();
    if (finding == null) {
      sentences.add(isCut ? THESE_DONE_AT_ONCE : DONE_AT_ONCE);
    } else {
      sentences.addAll(finding.sentences());
    }
    if (head != null && isCut) {
      sentences.add(cut(head));
    }
    return sentences;
  }

  /**
   * Prints an advice.
   *
   * @param finding what was found out; null if the work was over before it was looked at
   * @param head the items that were measured; null if only a record of it is there
   * @param outputs the files to write
   */
  static int print(
      String task,
      @Nullable Finding finding,
      boolean json,
      Inputs.@Nullable Head head,
      Outputs outputs) {
    Terminal terminal = Terminal.ofProcess();
    OutputFile file = outputs.results();
    try (var progress = new Progress(terminal, "", -1);
        var writer = ResultWriter.open(file, terminal, progress)) {
      progress.end();
      List<String> sentences = sentences(finding, head);
      if (json) {
        writer.line(Rendering.json(AdviceText.map(task, finding, sentences, head)));
      } else if (finding == null) {
        writer.line(Words.wrapped(String.join(" ", sentences), 80));
      } else {
        OptionWording.withOptions(FindingText.of(finding, Paragraph::append))
            .lines()
            .forEach(writer::line);
        if (head != null && head.isCut()) {
          writer.line("");
          writer.line(Words.wrapped(cut(head), 80));
        }
      }
      writer.finish();
      if (writer.readerIsGone()) {
        return ExitCode.PIPE_CLOSED;
      }
      if (writer.failure() == null && file != null) {
        try {
          file.commit();
        } catch (IOException e) {
          writer.commitFailed(e);
        }
      }
      if (writer.failure() != null) {
        throw Fault.failed(writer.failureText());
      }
      return ExitCode.OK;
    }
  }

  /** Counts what failed. */
  private static final class Failures implements ItemRun.Receiver {
    long count;
    String first = "";

    @Override
    public boolean result(Ended item, @Nullable String text) {
      return true;
    }

    @Override
    public void failure(Ended item, Outcome<?> outcome) {
      if (count++ == 0) {
        first = FailureReport.sentence(item, null, outcome);
      }
    }
  }
}
