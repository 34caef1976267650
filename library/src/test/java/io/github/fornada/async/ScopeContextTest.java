package io.github.fornada.async;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.ContextCarrier;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.MDC;

/**
 * The context that is carried from the owner's thread to its tasks, with the real SLF4J and
 * Logback.
 */
@Timeout(240)
final class ScopeContextTest {
  private static final ScopedValue<String> USER = ScopedValue.newInstance();
  private static final ScopedValue<String> TENANT = ScopedValue.newInstance();

  /** As in the documentation of {@link ContextCarrier}. */
  static final class MdcCarrier implements ContextCarrier<@Nullable Map<String, String>> {
    private static final long serialVersionUID = 1L;

    @Override
    public @Nullable Map<String, String> capture() {
      return MDC.getCopyOfContextMap();
    }

    @Override
    public Scope restore(@Nullable Map<String, String> captured) {
      Map<String, String> before = MDC.getCopyOfContextMap();
      set(captured);
      return () -> set(before);
    }

    private static void set(@Nullable Map<String, String> context) {
      if (context == null) {
        MDC.clear();
      } else {
        MDC.setContextMap(context);
      }
    }
  }

  @AfterEach
  void tidy() {
    MDC.clear();
  }

  private static String seen() {
    return MDC.get("request") + " " + (USER.isBound() ? USER.get() : "nobody");
  }

  @Test
  void everyTaskHasTheMdcOfItsFork() throws Exception {
    try (var scope =
        TaskScope.open(
            Joiner.<String>allSuccessfulOrThrow(), o -> o.withCarrier(new MdcCarrier()))) {
      for (int i = 0; i < 3; i++) {
        MDC.put("request", "r" + i);
        scope.fork(() -> MDC.get("request"));
      }
      assertThat(scope.join()).containsExactly("r0", "r1", "r2");
    }
  }

  @Test
  void withoutACarrierThereIsNone() throws Exception {
    MDC.put("request", "r1");
    try (var scope = TaskScope.open(Joiner.<String>allSuccessfulOrThrow())) {
      scope.fork(ScopeContextTest::seen);
      assertThat(scope.join()).containsExactly("null nobody");
    }
  }

  @Test
  void scopedValuesAreReallyBoundInEachTask() throws Exception {
    ScopedValue.where(USER, "ana")
        .where(TENANT, "acme")
        .call(() -> {
          try (var scope =
              TaskScope.open(
                  Joiner.<String>allSuccessfulOrThrow(),
                  o -> o.withScopedValue(USER).withScopedValue(TENANT))) {
            scope.fork(() -> USER.get() + " of " + TENANT.get());
            scope.fork(() -> ScopedValue.where(USER, "bob").call(USER::get));
            assertThat(scope.join()).containsExactly("ana of acme", "bob");
          }
          return null;
        });
  }

  @Test
  void aScopedValueThatIsNotBoundStaysUnbound() throws Exception {
    try (var scope =
        TaskScope.open(Joiner.<Boolean>allSuccessfulOrThrow(), o -> o.withScopedValue(USER))) {
      scope.fork(USER::isBound);
      assertThat(scope.join()).containsExactly(false);
    }
  }

  @Test
  void aForkWithinANewBindingIsRefused() throws Exception {
    try (var scope = TaskScope.open(o -> o.withScopedValue(USER))) {
      assertThatThrownBy(() -> ScopedValue.where(USER, "eve").run(() -> scope.fork(() -> 1)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("open the scope within the binding");
      scope.join();
    }
  }

  @Test
  void scopesWithinScopesInherit() throws Exception {
    MDC.put("request", "r9");
    String seen =
        ScopedValue.where(USER, "ana")
            .call(() -> {
              try (var scope =
                  TaskScope.open(
                      Joiner.<String>anySuccessfulOrThrow(),
                      o -> o.withCarrier(new MdcCarrier()).withScopedValue(USER))) {
                scope.fork(() -> {
                  try (var inner = TaskScope.open(Joiner.<String>anySuccessfulOrThrow());
                      var innermost = TaskScope.open(Joiner.<String>anySuccessfulOrThrow())) {
                    assertThat(inner.isCancelled()).isFalse();
                    innermost.fork(ScopeContextTest::seen);
                    return innermost.join();
                  }
                });
                return scope.join();
              }
            });
    assertThat(seen).isEqualTo("r9 ana");
  }

  @Test
  void aBlockNamesWhatAllItsScopesCarry() throws Exception {
    MDC.put("request", "r5");
    String seen =
        ScopedValue.where(USER, "ana")
            .call(() ->
                TaskContext.with(new MdcCarrier())
                    .and(USER)
                    .call(() -> {
                      try (var scope = TaskScope.open(Joiner.<String>anySuccessfulOrThrow())) {
                        scope.fork(ScopeContextTest::seen);
                        return scope.join();
                      }
                    }));
    assertThat(seen).isEqualTo("r5 ana");
    assertThat(TaskScope.dump()).doesNotContain("context");
  }

  @Test
  void aCarrierThatFailsToCaptureFailsTheForkAndStartsNothing() throws Exception {
    var ran = new AtomicInteger();
    try (var scope = TaskScope.open(o -> o.withCarrier(new Broken(true)))) {
      assertThatThrownBy(() -> scope.fork(ran::incrementAndGet))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("failed to capture what the calling thread has");
      scope.join();
    }
    assertThat(ran).hasValue(0);
  }

  @Test
  void aCarrierThatFailsToRestoreFailsTheTask() throws Exception {
    try (var scope = TaskScope.open(o -> o.withCarrier(new Broken(false)))) {
      scope.fork(() -> 1);
      assertThatThrownBy(scope::join).hasMessageContaining("could not restore");
    }
  }

  private record Broken(boolean inCapture) implements ContextCarrier<String> {
    @Override
    public String capture() {
      if (inCapture) {
        throw new UnsupportedOperationException("capture");
      }
      return "";
    }

    @Override
    public Scope restore(String captured) {
      throw new UnsupportedOperationException("restore");
    }
  }
}
