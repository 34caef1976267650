package io.github.fornada;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.ArgumentsProvider;
import org.junit.jupiter.params.provider.ArgumentsSource;
import org.junit.jupiter.params.support.AnnotationConsumer;
import org.junit.jupiter.params.support.ParameterDeclarations;

/** What a parameterized test is run with, by {@link Extent}. */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
@InPart
@ArgumentsSource(Cells.Chosen.class)
public @interface Cells {
  /** Those that {@code mvn verify} runs: one of each kind. */
  String[] verify();

  /** Those that it leaves out. */
  String[] rest();

  /** Those that are run now. */
  final class Chosen implements ArgumentsProvider, AnnotationConsumer<Cells> {
    private Stream<String> cells = Stream.empty();

    @Override
    public void accept(Cells given) {
      cells =
          Stream.concat(
              Extent.isRest() ? Stream.empty() : Stream.of(given.verify()),
              Extent.isWhole() ? Stream.of(given.rest()) : Stream.empty());
    }

    @Override
    public Stream<? extends Arguments> provideArguments(
        ParameterDeclarations parameters, ExtensionContext context) {
      return cells.map(Arguments::of);
    }
  }
}
