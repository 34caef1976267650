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
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The page and the trace that the options request; they show the last run of each model. */
final class Reports {
  private final @Nullable OutputFile page;
  private final @Nullable OutputFile trace;
  private final String title;
  private @Nullable Path pageDraft;
  private @Nullable Path traceDraft;
  private @Nullable Finding finding;
  private final Map<ExecutionModel, Timeline> timelines = new EnumMap<>(ExecutionModel.class);

  private Reports(@Nullable OutputFile page, @Nullable OutputFile trace, String title) {
    this.page = page;
    this.trace = trace;
    this.title = title;
  }

  /**
   * Opens the files before the run, so that a run whose report cannot be written does not begin.
   *
   * @throws Fault if one cannot be written
   */
  static Reports open(Outputs outputs, String title) {
    var reports = new Reports(outputs.report(), outputs.trace(), title);
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
   * Returns the listener for the run of this model that begins now; none if no file was requested.
   */
  List<TaskListener> begin(ExecutionModel model) {
    if (!areWanted()) {
      return List.of();
    }
    var timeline = new Timeline(model.label());
    timeline.begin();
    timelines.put(model, timeline);
    return List.of(timeline);
  }

  /** Called when the run of this model is over. */
  void end(ExecutionModel model) {
    Timeline timeline = timelines.get(model);
    if (timeline != null) {
      timeline.end();
    }
  }

  /** Adds to the page what was found out by a pool that chose by itself. */
  void found(@Nullable Finding ofPool) {
    finding = ofPool;
  }

  /** The run that began under one name went on under another model. */
  void renamed(ExecutionModel before, ExecutionModel now) {
    Timeline timeline = before == now ? null : timelines.remove(before);
    if (timeline != null) {
      timelines.put(now, timeline);
    }
  }

  /**
   * Writes the requested files about the models that ran.
   *
   * @throws Fault if a file cannot be written
   */
  void write(List<Figures> figures, List<String> text) {
    write(
        () -> {
          HtmlReport report = new HtmlReport(title).withText(text);
          if (finding != null) {
            var _ = AdvicePicture.add(report.withText(finding.sentences()), finding);
          }
          for (Figures each : figures) {
            Timeline timeline = timelines.get(each.model());
            if (timeline != null) {
              report.add(timeline, ComparisonTable.cells(each));
            }
          }
          return report;
        },
        List.copyOf(timelines.values()));
  }

  /**
   * Writes the requested files.
   *
   * @param content makes the page, if that is requested
   * @param traced what the trace shows
   * @throws Fault if a file cannot be written
   */
  void write(Supplier<HtmlReport> content, List<Timeline> traced) {
    OutputFile current = page;
    try {
      if (current != null && pageDraft != null) {
        content.get().write(pageDraft);
        current.commit();
      }
      current = trace;
      if (current != null && traceDraft != null) {
        ChromeTrace.write(traceDraft, traced);
        current.commit();
      }
    } catch (IOException e) {
      throw Fault.failed(
          "cannot write " + (current == null ? "" : current.given()) + ": " + Inputs.reason(e));
    }
  }
}
