package io.github.fornada.cli;

import io.github.fornada.ExecutionModel;
import io.github.fornada.TaskListener;
import io.github.fornada.advice.decide.Finding;
import io.github.fornada.timeline.ChromeTrace;
import io.github.fornada.timeline.HtmlReport;
import io.github.fornada.timeline.Timeline;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongUnaryOperator;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The page and the trace that the options request; they show one run of each model. */
final class Reports {
  private final @Nullable OutputFile page;
  private final @Nullable OutputFile trace;
  private final String title;
  private final LongUnaryOperator numbers;
  private @Nullable Path pageDraft;
  private @Nullable Path traceDraft;
  private @Nullable Finding finding;
  private final Map<ExecutionModel, Timeline> timelines = new EnumMap<>(ExecutionModel.class);

  private Reports(
      @Nullable OutputFile page,
      @Nullable OutputFile trace,
      String title,
      LongUnaryOperator numbers) {
    this.page = page;
    this.trace = trace;
    this.title = title;
    this.numbers = numbers;
  }

  /**
   * Opens the files before the run, so that a run whose report cannot be written does not begin.
   *
   * @param numbers gives the number of an input, from 1, for the index of its item, from 0
   * @throws Fault if one cannot be written
   */
  static Reports open(Outputs outputs, String title, LongUnaryOperator numbers) {
    var reports = new Reports(outputs.report(), outputs.trace(), title, numbers);
    reports.pageDraft = outputs.report() == null ? null : outputs.report().draft();
    reports.traceDraft = outputs.trace() == null ? null : outputs.trace().draft();
    return reports;
  }

  /** Returns what ran. */
  String title() {
    return title;
  }

  /** Returns whether a file was requested. */
  boolean areWanted() {
    return page != null || trace != null;
  }

  /**
   * Returns a timeline for a run that is about to begin; null if no file was requested. It begins
   * and ends with the meter of the run, so that page and figures have one clock.
   *
   * @param name its name on the page
   */
  @Nullable Timeline timeline(String name) {
    return areWanted() ? new Timeline(name) : null;
  }

  /** Returns the listener by which a pool reports to a timeline. */
  TaskListener listener(Timeline timeline) {
    return new NumberedItems(timeline, numbers);
  }

  /** Sets what is shown of a model: the run that its figures are of. */
  void show(ExecutionModel model, @Nullable Timeline timeline) {
    if (timeline != null) {
      timelines.put(model, timeline);
    }
  }

  /** Adds to the page what was found out by a pool that chose by itself. */
  void found(@Nullable Finding ofPool) {
    if (ofPool != null) {
      finding = ofPool;
    }
  }

  /** Returns what such a pool has found out; null without one, and while nothing has ended. */
  @Nullable Finding finding() {
    return finding;
  }

  /**
   * Writes the requested files about the models that ran.
   *
   * @param recommended the model to mark; null for none
   * @throws Fault if a file cannot be written
   */
  void write(List<Figures> figures, List<String> text, @Nullable ExecutionModel recommended) {
    write(
        () -> {
          HtmlReport report = new HtmlReport(title).withText(text).withCaption(caption(figures));
          if (finding != null) {
            var _ = AdvicePicture.add(report.withText(finding.sentences()), finding);
          }
          for (Figures each : figures) {
            Timeline timeline = timelines.get(each.model());
            if (timeline != null) {
              report.add(timeline, ComparisonTable.cells(each));
              if (each.model() == recommended) {
                report.withRecommended(timeline);
              }
            }
          }
          return report;
        },
        List.copyOf(timelines.values()));
  }

  /** Returns which of several runs of a model is shown. */
  private static String caption(List<Figures> figures) {
    int most = figures.stream().mapToInt(Figures::rounds).max().orElse(1);
    boolean differ = figures.stream().anyMatch(each -> each.rounds() != most);
    return most < 2
        ? ""
        : "Each model ran "
            + (differ ? "up to " : "")
            + most
            + " times, in turn with the others. Its figures and its timeline are of its run with"
            + " the middle time; peak memory is the highest of all its runs.";
  }

  /**
   * Writes the requested files, each though the other cannot be written.
   *
   * @param content makes the page, if that is requested
   * @param traced what the trace shows
   * @throws Fault if a file cannot be written
   */
  void write(Supplier<HtmlReport> content, List<Timeline> traced) {
    Fault.afterAllOf(
        () -> write(page, pageDraft, draft -> content.get().write(draft)),
        () -> write(trace, traceDraft, draft -> ChromeTrace.write(draft, traced)));
  }

  /** Writes what a file is to have. */
  private interface Content {
    void write(Path draft) throws IOException;
  }

  private static void write(@Nullable OutputFile file, @Nullable Path draft, Content content) {
    if (file == null || draft == null) {
      return;
    }
    try {
      content.write(draft);
      file.commit();
    } catch (IOException e) {
      throw Fault.failed("cannot write " + file.given() + ": " + Inputs.reason(e));
    }
  }
}
