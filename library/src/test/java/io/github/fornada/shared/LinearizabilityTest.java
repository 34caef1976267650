package io.github.fornada.shared;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.shared.Linearizability.Op;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The checker of histories itself: it must refuse what is impossible, and nothing else. */
class LinearizabilityTest {
  private static Op<Long> add(long call, long end, long result) {
    return new Op<>("add -> " + result, call, end, true, v -> v + 1 == result ? v + 1 : null, null);
  }

  private static Op<Long> get(long call, long end, long result) {
    return new Op<>("get -> " + result, call, end, true, v -> v == result ? v : null, null);
  }

  private static Op<Long> killed(long call, long end) {
    return new Op<>("add, killed", call, end, false, v -> v + 1, null);
  }

  private static @Nullable String fault(List<Op<Long>> history) {
    return Linearizability.fault(0L, history);
  }

  @Test
  void operationsAtOnceMayTakeEffectInAnyOrder() {
    assertThat(fault(List.of(add(0, 10, 2), add(1, 9, 1), get(2, 3, 0), get(4, 5, 2)))).isNull();
  }

  @Test
  void aLostUpdateIsCaught() {
    assertThat(fault(List.of(add(0, 10, 1), add(1, 9, 1)))).contains("impossible: add -> 1");
  }

  @Test
  void aReadOfAnOldValueIsCaught() {
    assertThat(fault(List.of(add(0, 10, 1), get(11, 12, 0)))).contains("impossible: get -> 0");
    assertThat(fault(List.of(add(0, 10, 1), get(1, 2, 1), get(3, 4, 0)))).isNotNull();
    assertThat(fault(List.of(add(0, 10, 1), get(10, 12, 0)))).as("at the same time").isNull();
  }

  @Test
  void whatWasKilledHasHappenedOrNot() {
    assertThat(fault(List.of(killed(0, 10), get(11, 12, 1)))).isNull();
    assertThat(fault(List.of(killed(0, 10), get(11, 12, 0)))).isNull();
    assertThat(fault(List.of(killed(0, 10), get(11, 12, 2)))).isNotNull();
    assertThat(fault(List.of(killed(0, 10), get(11, 12, 0), get(13, 14, 1))))
        .as("not after its end")
        .isNotNull();
    assertThat(fault(List.of(killed(0, 10), get(1, 2, 1), get(3, 4, 0)))).isNotNull();
  }

  @Test
  void whatWasEndedByAnotherHasNotHappenedAfterIt() {
    Op<Long> killed = killed(0, 10);
    var ends = new Op<Long>("recovery", 5, 10, true, v -> v * 10, killed);
    assertThat(fault(List.of(killed, ends, get(11, 12, 10)))).isNull();
    assertThat(fault(List.of(killed, ends, get(11, 12, 0)))).isNull();
    assertThat(fault(List.of(killed, ends, get(11, 12, 1)))).isNotNull();
  }

  @Test
  void aLongHistoryIsCheckedInTime() {
    var history = new ArrayList<Op<Long>>();
    int count = 100_000;
    for (int i = 0; i < count; i++) {
      history.add(add(10L * i, 10L * i + 35, i + 1L)); // four at once
    }
    assertThat(fault(history)).isNull();
    history.add(get(10L * count + 100, 10L * count + 101, count - 1L));
    assertThat(fault(history)).contains("get");
  }
}
