package io.github.fornada.cli;

import io.github.fornada.ExecutionModel;
import io.github.fornada.TaskListener;
import io.github.fornada.timeline.ChromeTrace;
import io.github.fornada.timeline.HtmlReport;
import io.github.fornada.timeline.Timeline;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The page and the trace that were asked for; of each model they show the last run. */
final class Reports {
  private final @Nullable Path page;
  private final @Nullable Path trace;
  private final String title;
  private final Map<ExecutionModel, Timeline> timelines = new EnumMap<>(ExecutionModel.class);

  private Reports(@Nullable Path page, @Nullable Path trace, String title) {
    this.page = page;
    this.trace = trace;
    this.title = title;
  }

  /**
   * Looks whether the files can be written, so that nobody waits for a run in vain.
   *
   * @throws Fault if they cannot
   */
  static Reports open(@Nullable Path page, @Nullable Path trace, LoadedTask task) {
    check("--report", page);
    check("--trace", trace);
    return new Reports(page, trace, task.name());
  }

  private static void check(String option, @Nullable Path file) {
    if (file == null) {
      return;
    }
    Path folder = file.toAbsolutePath().getParent();
    if (Files.isDirectory(file)) {
      throw Fault.usage(option + ": is a folder: " + file);
    }
    if (folder != null && !Files.isDirectory(folder)) {
      throw Fault.usage(option + ": no such folder: " + folder);
    }
    if (Files.exists(file)
        ? !Files.isWritable(file)
        : folder != null && !Files.isWritable(folder)) {
      throw Fault.usage(option + ": may not be written: " + file);
    }
  }

  /** A listener for the run of this model that begins now; none if nothing was asked for. */
  List<TaskListener> begin(ExecutionModel model) {
    if (page == null && trace == null) {
      return List.of();
    }
    var timeline = new Timeline(model.label());
    timeline.begin();
    timelines.put(model, timeline);
    return List.of(timeline);
  }

  /** The run of this model is over. */
  void end(ExecutionModel model) {
    Timeline timeline = timelines.get(model);
    if (timeline != null) {
      timeline.end();
    }
  }

  /**
   * Writes what was asked for.
   *
   * @throws Fault if a file cannot be written
   */
  void write(List<Figures> figures, List<String> text) {
    Path current = page;
    try {
      if (current != null) {
        HtmlReport report = new HtmlReport(title).withText(text);
        for (Figures each : figures) {
          Timeline timeline = timelines.get(each.model());
          if (timeline != null) {
            report.add(timeline, ComparisonTable.cells(each));
          }
        }
        report.write(current);
      }
      current = trace;
      if (current != null) {
        ChromeTrace.write(current, List.copyOf(timelines.values()));
      }
    } catch (IOException e) {
      throw Fault.failed("cannot write " + current + ": " + e.getMessage());
    }
  }
}
