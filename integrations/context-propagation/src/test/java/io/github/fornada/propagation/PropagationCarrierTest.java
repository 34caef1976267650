package io.github.fornada.propagation;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.async.Async;
import io.github.fornada.async.TaskContext;
import io.github.fornada.process.ProcessPool;
import io.github.fornada.threads.ThreadPool;
import io.micrometer.context.ContextRegistry;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Micrometer's own registry, in this JVM and in worker JVMs. */
final class PropagationCarrierTest {
  private static final ThreadLocal<String> TENANT = new ThreadLocal<>();
  private static final ThreadLocal<Object> CONNECTION = new ThreadLocal<>();

  @BeforeAll
  static void register() {
    ContextRegistry.getInstance()
        .registerThreadLocalAccessor("tenant", TENANT)
        .registerThreadLocalAccessor("connection", CONNECTION);
  }

  @AfterEach
  void clear() {
    TENANT.remove();
    CONNECTION.remove();
  }

  @Test
  void tasksHaveTheValuesOfTheirCallerAndLeaveNone() throws Exception {
    Object connection = new Object();
    TENANT.set("acme");
    CONNECTION.set(connection);
    try (var pool =
        ThreadPool.open(o -> o.withWorkers(1).withCarrier(PropagationCarrier.instance()))) {
      assertThat(pool.map(List.of(1), item -> List.of(TENANT.get(), CONNECTION.get())))
          .containsExactly(List.of("acme", connection));
      clear();
      assertThat(pool.map(List.of(1), item -> TENANT.get() == null && CONNECTION.get() == null))
          .containsExactly(true);
    }
  }

  @Test
  void whatTheThreadHadIsBackAfterTheTask() {
    TENANT.set("acme");
    PropagationCarrier.Captured acme = PropagationCarrier.instance().capture();
    TENANT.remove();
    PropagationCarrier.Captured nothing = PropagationCarrier.instance().capture();
    TENANT.set("other");
    var scope = PropagationCarrier.instance().restore(acme);
    assertThat(TENANT.get()).isEqualTo("acme");
    var inner = PropagationCarrier.instance().restore(nothing);
    assertThat(TENANT.get()).isNull();
    inner.close();
    assertThat(TENANT.get()).isEqualTo("acme");
    scope.close();
    assertThat(TENANT.get()).isEqualTo("other");
  }

  @Test
  void workerJvmsGetWhatIsSerializable() throws Exception {
    TENANT.set("acme");
    CONNECTION.set(new Object());
    try (var pool =
        ProcessPool.open(o ->
            o.withWorkers(1)
                .withCarrier(PropagationCarrier.instance())
                .withInitializer(PropagationCarrierTest::register))) {
      assertThat(pool.map(List.of(1), item -> TENANT.get() + " " + CONNECTION.get()))
          .containsExactly("acme null");
    }
  }

  @Test
  void tasksOfAScopeHaveTheValuesToo() throws Exception {
    TENANT.set("acme");
    List<String> seen =
        TaskContext.with(PropagationCarrier.instance())
            .call(() -> Async.gather(List.of(1, 2), item -> TENANT.get()));
    assertThat(seen).containsExactly("acme", "acme");
  }
}
