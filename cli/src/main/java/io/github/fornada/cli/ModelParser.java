package io.github.fornada.cli;

import io.github.fornada.ExecutionModel;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Parses models by their short names. */
final class ModelParser implements ITypeConverter<ExecutionModel> {
  /** The models that the command can run, in the order in which they are shown. */
  static final List<ExecutionModel> MODELS =
      List.of(
          ExecutionModel.SEQUENTIAL,
          ExecutionModel.VIRTUAL_THREADS,
          ExecutionModel.PLATFORM_THREADS,
          ExecutionModel.PROCESSES);

  /** The words that a shell completes. */
  static final class Names implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return MODELS.stream().map(ExecutionModel::label).iterator();
    }
  }

  @Override
  public ExecutionModel convert(String text) {
    if (ClusterAddress.isMeant(text)) {
      throw new TypeConversionException(ClusterAddress.refusal(text));
    }
    return MODELS.stream()
        .filter(model -> model.label().equals(text))
        .findFirst()
        .orElseThrow(() ->
            new TypeConversionException(
                "a model is one of "
                    + MODELS.stream().map(ExecutionModel::label).collect(Collectors.joining(", "))
                    + ", got \""
                    + text
                    + "\""
                    + meant(text)));
  }

  /**
   * Returns which model was probably meant, as the end of a message; empty if that is not clear.
   */
  private static String meant(String text) {
    String typed = text.toLowerCase(Locale.ROOT);
    String model =
        switch (typed) {
          case "thread", "platform", "platform-threads", "threading" -> "threads";
          case "virtual-threads", "virtual_threads", "vthreads", "async", "asyncio" -> "virtual";
          case "process", "multiprocessing", "jvm", "jvms", "workers" -> "processes";
          default -> "";
        };
    return Optional.of(model)
        .filter(each -> !each.isEmpty())
        .or(() -> Suggestion.of(typed, MODELS.stream().map(ExecutionModel::label).toList()))
        .map(each -> "; did you mean " + each + "?")
        .orElse("");
  }
}
