package io.github.fornada.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The list of a map's results is one like the JDK's that cannot be changed. */
class ResultListTest {
  private static final int SEVERAL_PIECES = 40_000;

  private static ResultList<@Nullable Integer> filled(int size) {
    var list = new ResultList<@Nullable Integer>(size);
    for (int i = 0; i < size; i++) {
      list.put(i, i);
    }
    return list;
  }

  private static List<Integer> numbers(int size) {
    return IntStream.range(0, size).boxed().toList();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 16_383, 16_384, 16_385, 32_768, SEVERAL_PIECES})
  void itEqualsAListOfTheSameElements(int size) {
    ResultList<@Nullable Integer> list = filled(size);
    assertThat(list).isEqualTo(numbers(size)).hasSameHashCodeAs(numbers(size));
    assertThat(list.toArray()).isEqualTo(numbers(size).toArray());
    assertThat(list.stream().toList()).isEqualTo(numbers(size));
    assertThat(list.reversed()).isEqualTo(numbers(size).reversed());
  }

  @Test
  void severalElementsInARowGoToTheirPlacesAcrossPieces() {
    Object[] values = numbers(SEVERAL_PIECES).toArray();
    var list = new ResultList<@Nullable Integer>(SEVERAL_PIECES);
    list.put(0, values, 0, 10_000);
    list.put(10_000, values, 10_000, 25_000); // the end of one, a whole one, the start of another
    list.put(35_000, values, 35_000, 5_000);
    assertThat(list).isEqualTo(numbers(SEVERAL_PIECES));
  }

  @Test
  void anIndexBeyondIsRefused() {
    ResultList<@Nullable Integer> list = filled(3);
    assertThatThrownBy(() -> list.get(3))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessage("result 3 of 3");
    assertThatThrownBy(() -> list.get(-1)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void itCannotBeChanged() {
    ResultList<@Nullable Integer> list = filled(3);
    assertThatThrownBy(() -> list.set(0, 1)).isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> list.add(1)).isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> list.removeFirst()).isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(list::clear).isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> list.sort(null)).isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void itTravelsWithNullsAndAll() throws Exception {
    ResultList<@Nullable Integer> list = filled(SEVERAL_PIECES);
    list.put(20_000, null);
    var bytes = new ByteArrayOutputStream();
    try (var out = new ObjectOutputStream(bytes)) {
      out.writeObject(list);
    }
    try (var in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      assertThat(in.readObject()).isEqualTo(list);
    }
  }
}
