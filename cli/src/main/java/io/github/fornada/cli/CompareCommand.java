package io.github.fornada.cli;

import io.github.fornada.ExecutionModel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code fornada compare}: runs the same items under each model and shows what each costs. */
@Command(
    name = "compare",
    description =
        "Runs a function over the same inputs under each model, several times in turn, and shows"
            + " what each costs. The results are not written, and of what the task prints only the"
            + " first lines.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  fornada compare examples/Bolo.java chocolate cenoura",
      "  fornada compare examples/Primes.java 2000000 3000000 --report primes.html",
      "  fornada compare Parse.java --files logs --match '*.log' --format json",
    })
final class CompareCommand implements Callable<Integer> {
  @Mixin
  @SuppressWarnings("NullAway.Init") // filled by picocli
  private CommonOptions options;

  @Option(
      names = "--on",
      paramLabel = "MODEL",
      split = ",",
      converter = ModelParser.class,
      completionCandidates = ModelParser.Names.class,
      description = "Only these: sequential, virtual, threads, processes, with commas between.")
  private List<ExecutionModel> on = new ArrayList<>();

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description = "How often each model runs. Default: 3, or 1 where that takes long.")
  private @Nullable Integer rounds;

  /** Lines may be endless. */
  @Option(
      names = "--first",
      paramLabel = "N",
      defaultValue = "100000",
      description = "Take only the first N items. Default: 100000.")
  private int first;

  @Override
  public Integer call() {
    options.figuresOnly("compare");
    if (first < 1) {
      throw Fault.usage("--first must be at least 1, got " + first);
    }
    if (rounds != null && rounds < 1) {
      throw Fault.usage("--rounds must be at least 1, got " + rounds);
    }
    if (options.heap != null && !models().contains(ExecutionModel.PROCESSES)) {
      throw Fault.usage("--heap is for worker processes: add processes to --on");
    }
    // The cost of creating a cache would be counted as a cost of the tasks.
    System.setProperty("io.github.fornada.aotCache", "use");
    PoolSettings settings = options.pools().onlyFor(models());
    try (Outputs outputs = options.outputs()) {
      LoadedTask task = options.load(outputs);
      var refusals = new Refusals();
      Inputs inputs = options.items(task, outputs, refusals);
      refusals.setReceiver(
          each -> StandardStreams.get().err().println(FailureReport.refused(each)));
      Inputs.Head head = inputs.first(first);
      if (head.items().isEmpty()) {
        throw Fault.usage("no inputs: there is nothing to compare");
      }
      if (options.failFast && refusals.count() > 0) {
        return ExitCode.FAILED;
      }
      int code =
          compare(settings.forItems(new Inputs.Known(head.items())), task, head, outputs, refusals);
      return code == ExitCode.OK && refusals.count() > 0 ? ExitCode.FAILED : code;
    }
  }

  private List<ExecutionModel> models() {
    return on.isEmpty()
        ? ModelParser.MODELS
        : ModelParser.MODELS.stream().filter(on::contains).toList();
  }

  private int compare(
      PoolSettings settings,
      LoadedTask task,
      Inputs.Head head,
      Outputs outputs,
      Refusals refusals) {
    List<String> items = head.items();
    List<ExecutionModel> models = models();
    Terminal terminal = options.terminal();
    if (models.contains(ExecutionModel.PROCESSES)) {
      settings.memoryMessage().ifPresent(terminal::note);
    }
    Reports reports = Reports.open(outputs, task.name(), refusals::number);
    try (var progress = new Progress(terminal, "", -1);
        var writer = ResultWriter.open(outputs.results(), terminal, progress)) {
      progress.end(); // each pass has its own progress
      if (head.isCut()) {
        terminal.err().println("fornada: " + cut(head));
      }
      // What tasks print would be repeated many times, and would garble the progress.
      TaskOutput output = StandardStreams.get().taskOutput();
      var printed = new PrintedLines(output.charset(), Comparison.WARM_UP);
      output.divert(printed);
      var comparison =
          new Comparison(
              task,
              items,
              models,
              settings,
              options.failFast,
              rounds == null ? 0 : rounds,
              terminal,
              reports,
              printed);
      List<Figures> figures = comparison.run();
      if (Interruption.requestedWherePoolsEnd()) {
        terminal.err().println("fornada: interrupted; nothing to compare yet");
        return ExitCode.INTERRUPTED;
      }
      List<Comparison.Failure> failures = comparison.failures();
      failures.forEach(
          each -> terminal.err().println(FailureReport.text(each.item(), each.outcome())));
      if (options.failFast && !failures.isEmpty()) {
        printed.messages().forEach(terminal.err()::println);
        terminal.err().println(FailureReport.stoppedByIt("compared"));
        return ExitCode.FAILED;
      }
      int processors = Runtime.getRuntime().availableProcessors();
      Optional<FirstRuns.Finding> finding = comparison.firstRuns().finding();
      // Advice would be about items that had nothing to do any more.
      List<String> sentences =
          new ArrayList<>(
              finding.isPresent()
                  ? List.of(finding.get().sentence())
                  : Verdict.of(figures, processors));
      comparison.repeatability().sentence(items.size()).ifPresent(sentences::add);
      if (refusals.count() > 0) {
        sentences.add(
            Words.count(refusals.count(), "input")
                + " could not be read, and "
                + (refusals.count() == 1 ? "is" : "are")
                + " not compared.");
      }
      if (head.isCut()) {
        sentences.add(cut(head));
      }
      Optional<ExecutionModel> recommended =
          finding.isPresent() ? Optional.empty() : Verdict.recommended(figures, processors);
      if (options.format == CommonOptions.Format.json) {
        var all = new LinkedHashMap<String, Object>();
        all.put("task", task.name());
        all.put("items", items.size());
        if (head.given() != Inputs.Head.UNKNOWN) {
          all.put("itemsGiven", head.given());
        }
        all.put("itemsCut", head.isCut());
        all.put("itemsRefused", refusals.count());
        all.put("printedLines", printed.counts());
        all.put("processors", processors);
        all.put("runs", figures.stream().map(Figures::toMap).toList());
        finding.ifPresent(found -> all.put("firstRuns", found.figures()));
        recommended.ifPresent(model -> all.put("recommended", model.label()));
        all.put("summary", sentences);
        writer.line(Rendering.json(all));
      } else {
        writer.line(ComparisonTable.of(figures));
        writer.line("");
        sentences.forEach(sentence -> writer.line(Words.wrapped(sentence, 80)));
      }
      writer.finish();
      printed.messages().forEach(terminal::note);
      if (writer.failure() == null && !writer.readerIsGone() && outputs.results() != null) {
        try {
          outputs.results().commit();
        } catch (IOException e) {
          writer.commitFailed(e);
        }
      }
      // After them: if a page cannot be written, what was measured has been told.
      Fault.afterAllOf(
          () -> {
            if (writer.failure() != null && !writer.readerIsGone()) {
              throw Fault.failed(writer.failureText());
            }
          },
          () -> reports.write(figures, sentences, recommended.orElse(null)));
      if (writer.readerIsGone()) {
        return ExitCode.PIPE_CLOSED;
      }
      return failures.isEmpty() ? ExitCode.OK : ExitCode.FAILED;
    }
  }

  /** Returns a sentence for a comparison that does not take all items. */
  private String cut(Inputs.Head head) {
    String which = "Only the first " + head.items().size();
    return (head.given() == Inputs.Head.UNKNOWN
            ? which + " items are compared; what follows them was not read."
            : which + " of " + head.given() + " items are compared.")
        + " --first N takes more.";
  }
}
