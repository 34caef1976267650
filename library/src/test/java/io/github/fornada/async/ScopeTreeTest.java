package io.github.fornada.async;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** What a person sees who asks what a program is waiting for. */
final class ScopeTreeTest {
  private static final CountDownLatch NEVER = new CountDownLatch(1);

  private static Object fetchUser() throws InterruptedException {
    Thread.sleep(java.time.Duration.ofDays(1));
    return "user";
  }

  private static Object fetchOrders(CountDownLatch started) throws InterruptedException {
    try (var scope = TaskScope.open(o -> o.withName("orders"))) {
      for (int i = 1; i <= 2; i++) {
        scope.fork("page " + i, () -> fetchPage(started));
      }
      return scope.join();
    }
  }

  private static Object fetchPage(CountDownLatch started) throws InterruptedException {
    started.countDown();
    NEVER.await();
    return "page";
  }

  @Test
  void aTreeShowsWhatRunsAndWhereItWaits() throws Exception {
    var started = new CountDownLatch(2 + 5);
    try (var scope = TaskScope.open(o -> o.withName("shop"))) {
      scope.fork("user", () -> fetchUser());
      scope.fork("orders of a customer with a long, long name", () -> fetchOrders(started));
      for (int i = 0; i < 5; i++) {
        scope.fork(() -> fetchPage(started));
      }
      started.await();
      Eventually.is(
          "all wait",
          () ->
              scope.tree().contains("5 tasks")
                  && scope.tree().contains("wait ")
                  && scope.tree().contains("joins")
                  && scope.tree().contains("user")
                  && !scope.tree().contains("starts")
                  && !scope.tree().contains("runs"));
      String tree = scope.tree();
      System.getLogger("tree").log(System.Logger.Level.DEBUG, tree);
      String[] lines = tree.lines().toArray(String[]::new);
      assertThat(lines[0]).startsWith("scope \"shop\" · 7 tasks · ").contains("owner ");
      assertThat(lines[1])
          .startsWith("├─ user ")
          .contains("waits")
          .contains("ScopeTreeTest.fetchUser(ScopeTreeTest.java:")
          .endsWith("in Thread.sleep");
      assertThat(lines[2])
          .startsWith("├─ orders of a customer with…")
          .contains("joins")
          .contains("ScopeTreeTest.fetchOrders");
      assertThat(lines[3]).startsWith("│  └─ scope \"orders\" · 2 tasks · ");
      assertThat(lines[4]).startsWith("│     ├─ page 1 ").contains("waits");
      assertThat(lines[5]).startsWith("│     └─ page 2 ");
      assertThat(lines[6]).startsWith("└─ 5 tasks ").contains("wait ").contains("fetchPage");
      assertThat(lines).hasSize(7);
      assertThat(TaskScope.dump()).contains("scope \"shop\" · 7 tasks · ");
      scope.cancel();
      scope.join();
    }
    assertThat(TaskScope.dump()).doesNotContain("shop");
  }

  @Test
  void scopesOfOneOwnerAreWithinEachOther() throws Exception {
    try (var outer = TaskScope.open(o -> o.withName("outer"));
        var inner = TaskScope.open(o -> o.withName("inner"))) {
      inner.fork("task", () -> TaskScopeTest.waitForEver());
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
    var started = new CountDownLatch(20_000);
    try (var scope = TaskScope.open(o -> o.withName("many"))) {
      for (int i = 0; i < 20_000; i++) {
        scope.fork(i < 1000 ? "task " + i : "", () -> fetchPage(started));
      }
      started.await();
      assertThat(scope.tree().lines().count()).isLessThan(120);
      assertThat(scope.tree()).contains("19000 tasks  not looked at");
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
