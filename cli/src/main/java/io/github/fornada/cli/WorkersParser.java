package io.github.fornada.cli;

import io.github.fornada.ExecutionModel;
import java.util.Iterator;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Parses a number of workers: {@code 8}, or {@code processes=2} for one model. */
final class WorkersParser implements ITypeConverter<Workers> {
  /** More than any machine can use. Guess. */
  private static final int MAX_WORKERS = 100_000;

  /** What a shell completes: the models, of which a number follows. */
  static final class Models implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return ModelParser.MODELS.stream()
          .filter(model -> model != ExecutionModel.SEQUENTIAL)
          .map(model -> model.label() + "=")
          .iterator();
    }
  }

  @Override
  public Workers convert(String text) {
    int equals = text.indexOf('=');
    ExecutionModel model =
        equals < 0 ? null : new ModelParser().convert(text.substring(0, equals).strip());
    int count = FornadaCommand.number(text.substring(equals + 1));
    if (count < 1 || count > MAX_WORKERS) {
      throw new TypeConversionException(
          "--workers must be "
              + (count < 1 ? "at least 1" : "at most " + MAX_WORKERS)
              + ", got "
              + text);
    }
    if (model == ExecutionModel.SEQUENTIAL && count > 1) {
      throw new TypeConversionException(
          "sequential runs one task at a time: --workers " + text + " says something else");
    }
    return new Workers(model, count);
  }
}
