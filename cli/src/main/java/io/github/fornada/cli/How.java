package io.github.fornada.cli;

import io.github.fornada.ExecutionModel;
import java.util.Iterator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * How to run: under one model, or as the pool chooses.
 *
 * @param model the model; null if the pool chooses
 * @param cluster the address of the cluster, if that is the model; else null
 */
record How(@Nullable ExecutionModel model, @Nullable String cluster) {
  static final String AUTO = "auto";

  boolean isAuto() {
    return model == null;
  }

  /** The words that a shell completes. */
  static final class Names implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Stream.concat(ModelParser.MODELS.stream().map(ExecutionModel::label), Stream.of(AUTO))
          .iterator();
    }
  }

  /** Parses a model, or {@value How#AUTO}. */
  static final class Parser implements ITypeConverter<How> {
    @Override
    public How convert(String text) {
      if (text.equals(AUTO)) {
        return new How(null, null);
      }
      if (ClusterAddress.isMeant(text)) {
        return new How(ExecutionModel.CLUSTER, text);
      }
      try {
        return new How(new ModelParser().convert(text), null);
      } catch (TypeConversionException e) {
        String message = String.valueOf(e.getMessage());
        throw new TypeConversionException(
            message.replace("processes, got", "processes, auto, got"));
      }
    }
  }
}
