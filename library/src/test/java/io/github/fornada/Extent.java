package io.github.fornada;

import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * How much of a long test is run. {@code mvn verify} runs a third of the crash matrix and shorter
 * streams, so that it ends within ten minutes on two processors. {@code -Dfornada.whole=true} runs
 * all; {@code -Dfornada.rest=true} runs what {@code mvn verify} leaves out and none of what it runs
 * in the same way, as {@code .ci/checks/whole.sh} does after it.
 */
public final class Extent {
  private static final boolean REST = Boolean.getBoolean("fornada.rest");

  /** Whether long tests are as long as they can be. */
  public static final boolean WHOLE = REST || Boolean.getBoolean("fornada.whole");

  /** Of so many cells in a row, and in a column, a short run takes one. */
  private static final int ONE_OF = 3;

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
   * Returns the cells of a matrix: all; a third of each row and of each column; or the other two.
   *
   * @param rows the rows
   * @param columns the columns
   * @param cell makes a cell
   */
  public static <A, B, C> Stream<C> cells(List<A> rows, List<B> columns, BiFunction<A, B, C> cell) {
    return IntStream.range(0, rows.size())
        .boxed()
        .flatMap(row ->
            IntStream.range(0, columns.size())
                .filter(column -> isChosen((row + column) % ONE_OF == 0))
                .mapToObj(column -> cell.apply(rows.get(row), columns.get(column))));
  }

  private static boolean isChosen(boolean isShort) {
    return REST ? !isShort : WHOLE || isShort;
  }
}
