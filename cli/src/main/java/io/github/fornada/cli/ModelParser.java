package io.github.fornada.cli;

import io.github.fornada.ExecutionModel;
import java.util.List;
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

  @Override
  public ExecutionModel convert(String text) {
    return MODELS.stream()
        .filter(model -> model.label().equals(text))
        .findFirst()
        .orElseThrow(() ->
            new TypeConversionException(
                "a model is one of "
                    + MODELS.stream().map(ExecutionModel::label).collect(Collectors.joining(", "))
                    + ", got \""
                    + text
                    + "\""));
  }
}
