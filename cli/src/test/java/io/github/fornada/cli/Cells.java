package io.github.fornada.cli;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.ArgumentsProvider;
import org.junit.jupiter.params.provider.ArgumentsSource;
import org.junit.jupiter.params.support.AnnotationConsumer;
import org.junit.jupiter.params.support.ParameterDeclarations;

/**
 * What a parameterized test is run with: in {@code mvn verify}, one of each kind; in {@code
 * .ci/checks/whole.sh}, by {@code -Dfornada.rest=true}, the others; and all by {@code
 * -Dfornada.whole=true}. A bar stands between the arguments of a cell.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
@Tag("rest")
@ArgumentsSource(Cells.Chosen.class)
@interface Cells {
  /** Those that {@code mvn verify} runs. */
  String[] verify();

  /** Those that it leaves out. */
  String[] rest();

  /** Those that are run now. */
  final class Chosen implements ArgumentsProvider, AnnotationConsumer<Cells> {
    private static final boolean REST = Boolean.getBoolean("fornada.rest");
    private static final boolean WHOLE = REST || Boolean.getBoolean("fornada.whole");

    private Stream<String> cells = Stream.empty();

    @Override
    public void accept(Cells given) {
      cells =
          Stream.concat(
              REST ? Stream.empty() : Stream.of(given.verify()),
              WHOLE ? Stream.of(given.rest()) : Stream.empty());
    }

    @Override
    public Stream<? extends Arguments> provideArguments(
        ParameterDeclarations parameters, ExtensionContext context) {
      return cells.map(cell -> Arguments.of((Object[]) cell.split(" [|] ")));
    }
  }
}
