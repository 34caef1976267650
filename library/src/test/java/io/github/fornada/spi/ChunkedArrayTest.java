package io.github.fornada.spi;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.AbstractCollection;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The elements of a collection, all of them and in order, in several small arrays. */
class ChunkedArrayTest {
  private static List<Integer> numbers(int size) {
    return IntStream.range(0, size).boxed().toList();
  }

  private static void holds(@Nullable Object[][] pieces, List<Integer> wanted) {
    var found = new ArrayList<@Nullable Object>();
    for (@Nullable Object[] piece : pieces) {
      assertThat(piece.length).isBetween(1, ChunkedArray.LENGTH);
      found.addAll(Arrays.asList(piece));
    }
    assertThat(found).isEqualTo(wanted);
    assertThat(ChunkedArray.count(pieces)).isEqualTo(wanted.size());
    for (int i = 0; i < wanted.size(); i++) {
      assertThat(pieces[ChunkedArray.piece(i)][ChunkedArray.within(i)]).isEqualTo(wanted.get(i));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 16_383, 16_384, 16_385, 32_768, 40_000})
  void everyElementIsInItsPlace(int size) {
    holds(ChunkedArray.of(numbers(size)), numbers(size));
    holds(ChunkedArray.of(new LinkedHashSet<>(numbers(size))), numbers(size));
    assertThat(ChunkedArray.count(ChunkedArray.of(size))).isEqualTo(size);
  }

  /** Says another size than it has, as one may that others change meanwhile. */
  private static final class Growing extends AbstractCollection<Integer> {
    private final int said;
    private final int real;

    Growing(int said, int real) {
      this.said = said;
      this.real = real;
    }

    @Override
    public int size() {
      return said;
    }

    @Override
    public Iterator<Integer> iterator() {
      return numbers(real).iterator();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3, 16_384, 16_385, 50_000})
  void aCollectionThatGrowsOrShrinksMeanwhileIsTakenAsItIsThen(int real) {
    holds(ChunkedArray.of(new Growing(100, real)), numbers(real));
    holds(ChunkedArray.of(new Growing(20_000, real)), numbers(real));
  }
}
