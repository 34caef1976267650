package io.github.fornada.cli;

import io.github.fornada.Model;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Models by their short names. */
final class ModelParser implements ITypeConverter<Model> {
  /** Those that the command can run, in the order in which they are shown. */
  static final List<Model> MODELS =
      List.of(Model.SEQUENTIAL, Model.VIRTUAL_THREADS, Model.PLATFORM_THREADS, Model.PROCESSES);

  @Override
  public Model convert(String text) {
    return MODELS.stream()
        .filter(model -> model.label().equals(text))
        .findFirst()
        .orElseThrow(() ->
            new TypeConversionException(
                "a model is one of "
                    + MODELS.stream().map(Model::label).collect(Collectors.joining(", "))
                    + ", got \""
                    + text
                    + "\""));
  }
}
