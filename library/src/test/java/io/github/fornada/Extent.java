package io.github.fornada;

import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * How much of a long test is run. {@code mvn verify} runs a part of the crash matrix, shorter
 * streams, and what holds for every pool on some of them only, so that it ends within ten minutes
 * on two processors. {@code -Dfornada.whole=true} runs all; {@code -Dfornada.rest=true} runs what
 * {@code mvn verify} leaves out and none of what it runs in the same way, as {@code
 * .ci/checks/whole.sh} does after it, of the tests that are {@link InPart} or {@link LeftOut}.
 */
public final class Extent {
  private static final boolean REST = Boolean.getBoolean("fornada.rest");

  /** Whether long tests are as long as they can be. */
  public static final boolean WHOLE = REST || Boolean.getBoolean("fornada.whole");

  private Extent() {}

  /** Returns whether what is too long for a short run is run, for conditions of JUnit. */
  public static boolean isWhole() {
    return WHOLE;
  }

  /** Returns whether what a short run has in full is left out, for conditions of JUnit. */
  public static boolean isRest() {
    return REST;
  }

  /** Returns a number that is smaller in a short run. */
  public static int count(int whole, int shortened) {
    return WHOLE ? whole : shortened;
  }

  /**
   * Returns the cells of a matrix: all; some of each row and of each column; or the others.
   *
   * @param oneOf of so many cells in a row, and in a column, a short run has one
   * @param rows the rows
   * @param columns the columns
   * @param cell makes a cell
   */
  public static <A, B, C> Stream<C> cells(
      int oneOf, List<A> rows, List<B> columns, BiFunction<A, B, C> cell) {
    return IntStream.range(0, rows.size())
        .boxed()
        .flatMap(row ->
            IntStream.range(0, columns.size())
                .filter(column -> isChosen((row + column) % oneOf == 0))
                .mapToObj(column -> cell.apply(rows.get(row), columns.get(column))));
  }

  private static boolean isChosen(boolean isShort) {
    return REST ? !isShort : WHOLE || isShort;
  }
}
