package io.github.fornada.async;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Waiting;
import io.github.fornada.guide.Kitchen;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The drawing that shows what a program is waiting for. */
@Timeout(240)
final class ScopeTreeTest {
  @Test
  void aTreeShowsWhatRunsAndWhereItWaits() throws Exception {
    var started = new CountDownLatch(2 + 5);
    try (var scope = TaskScope.open(o -> o.withName("kitchen"))) {
      scope.fork("cake", () -> Kitchen.bake());
      scope.fork("shopping for a cake with a long, long name", () -> Kitchen.shop(started));
      for (int i = 0; i < 5; i++) {
        scope.fork(() -> Kitchen.fetch(started));
      }
      started.await();
      Waiting.until(
          "all wait",
          () ->
              scope.tree().contains("5 tasks")
                  && scope.tree().contains("wait ")
                  && scope.tree().contains("joins")
                  && scope.tree().contains("cake")
                  && !scope.tree().contains("starts")
                  && !scope.tree().contains("runs"));
      String tree = scope.tree();
      String[] lines = tree.lines().toArray(String[]::new);
      assertThat(lines[0]).startsWith("scope \"kitchen\" · 7 tasks · ").contains("owner ");
      assertThat(lines[1])
          .startsWith("├─ cake ")
          .contains("waits")
          .contains("Kitchen.bake:")
          .endsWith(" in Thread.sleep");
      assertThat(lines[2])
          .startsWith("├─ shopping for a cake w…")
          .contains("joins")
          .contains("Kitchen.shop:");
      assertThat(lines[3]).startsWith("│  └─ scope \"shopping\" · 2 tasks · ");
      assertThat(lines[4]).startsWith("│     ├─ item 1 ").contains("waits");
      assertThat(lines[5]).startsWith("│     └─ item 2 ");
      assertThat(lines[6])
          .startsWith("└─ 5 tasks ")
          .contains("wait ")
          .contains("Kitchen.waitForEver:");
      assertThat(lines).hasSize(7).allMatch(line -> line.length() <= 80);
      assertThat(TaskScope.dump()).contains("scope \"kitchen\" · 7 tasks · ");
      scope.cancel();
      scope.join();
    }
    assertThat(TaskScope.dump()).doesNotContain("kitchen");
  }

  @Test
  void theLineOfAnOwnerWithALongNameStillFits() throws Exception {
    Thread owner = Thread.currentThread();
    String name = owner.getName();
    owner.setName("a-pool-with-a-long-name-of-its-own-worker-12");
    try (var scope = TaskScope.open(o -> o.withName("kitchen"))) {
      assertThat(scope.tree().lines().findFirst().orElseThrow())
          .hasSizeLessThanOrEqualTo(80)
          .contains("owner a-pool")
          .contains("… is at ");
    } finally {
      owner.setName(name);
    }
  }

  @Test
  void scopesOfOneOwnerAreWithinEachOther() throws Exception {
    try (var outer = TaskScope.open(o -> o.withName("outer"));
        var inner = TaskScope.open(o -> o.withName("inner"))) {
      inner.fork("task", () -> Kitchen.waitForEver());
      assertThat(outer.tree().lines())
          .satisfiesExactly(
              line -> assertThat(line).startsWith("scope \"outer\" · no task · "),
              line -> assertThat(line).startsWith("└─ scope \"inner\" · 1 task · "),
              line -> assertThat(line).startsWith("   └─ task "));
      inner.cancel();
      inner.join();
      outer.join();
    }
  }

  @Test
  void aTreeOfVeryManyTasksStaysShort() throws Exception {
    var started = new CountDownLatch(3_000);
    try (var scope = TaskScope.open(o -> o.withName("many"))) {
      for (int i = 0; i < 3_000; i++) {
        scope.fork(i < 1000 ? "task " + i : "", () -> Kitchen.fetch(started));
      }
      started.await();
      assertThat(scope.tree().lines().count()).isLessThan(120);
      assertThat(scope.tree()).contains("2000 tasks  not shown");
      scope.cancel();
      scope.join();
    }
  }

  @Test
  void timesAreShort() {
    assertThat(Tree.age(0)).isEqualTo("0 ms");
    assertThat(Tree.age(999_000_000L)).isEqualTo("999 ms");
    assertThat(Tree.age(1_250_000_000L)).isEqualTo("1.2 s");
    assertThat(Tree.age(99_900_000_000L)).isEqualTo("99.9 s");
    assertThat(Tree.age(3_600_000_000_000L)).isEqualTo("60 min");
    assertThat(Tree.age(36_000_000_000_000L)).isEqualTo("10 h");
  }
}
