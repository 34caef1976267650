package io.github.fornada.cli;

import io.github.fornada.Model;
import io.github.fornada.TaskListener;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The page and the trace that were asked for. */
final class Reports {
  private Reports() {}

  static Reports open(@Nullable Path report, @Nullable Path trace, LoadedTask task) {
    return new Reports();
  }

  /** A listener for a run of this model; empty if nothing was asked for. */
  List<TaskListener> begin(Model model) {
    return List.of();
  }

  void end(Model model) {}

  void write(List<Figures> figures, List<String> text) {}
}
