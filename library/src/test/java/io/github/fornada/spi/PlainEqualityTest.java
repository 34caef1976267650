package io.github.fornada.spi;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.SideBySide;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What a carrier has captured is the same only if all of its content is. */
@SideBySide
class PlainEqualityTest {
  /** Equal to any other, whatever it says. */
  private record Agreeable(String text) {
    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Agreeable;
    }

    @Override
    public int hashCode() {
      return 1;
    }
  }

  private static boolean same(@Nullable Object first, @Nullable Object second) {
    boolean same = PlainEquality.ofAll(new Object[] {first}, new Object[] {second});
    if (same) {
      assertThat(PlainEquality.hashOfAll(new Object[] {first}))
          .isEqualTo(PlainEquality.hashOfAll(new Object[] {second}));
    }
    return same;
  }

  @Test
  void valuesAndCollectionsOfTheSameContentAreTheSame() {
    assertThat(same(null, null)).isTrue();
    assertThat(same(Map.of("a", 1), Map.of("a", 1))).isTrue();
    assertThat(same(new HashMap<>(Map.of("a", List.of(1))), new HashMap<>(Map.of("a", List.of(1)))))
        .isTrue();
    assertThat(same(URI.create("http://a/b"), URI.create("http://a/b"))).isTrue();
  }

  @Test
  void otherContentIsNotTheSame() {
    assertThat(same(null, "a")).isFalse();
    assertThat(same(1, 1L)).isFalse();
    assertThat(same(List.of(1, 2), List.of(2, 1))).isFalse();
    assertThat(same(Map.of("a", 1), Map.of("a", 2))).isFalse();
  }

  @Test
  void whatEqualsLeavesOutIsSeen() {
    var one = new Agreeable("one");
    assertThat(same(one, one)).isTrue();
    assertThat(same(one, new Agreeable("two"))).isFalse();
    assertThat(same(List.of(one), List.of(new Agreeable("two")))).isFalse();
    assertThat(same(URI.create("http://a/b"), URI.create("HTTP://A/b"))).isFalse();
    assertThat(same(new TreeMap<>(Map.of("a", 1)), new TreeMap<>(Map.of("a", 1)))).isFalse();
  }

  @Test
  void aCollectionThatHoldsItselfIsLookedAtNotForLong() {
    var one = new ArrayList<Object>();
    one.add(one);
    var other = new ArrayList<Object>();
    other.add(other);
    assertThat(same(one, other)).isFalse();
  }
}
