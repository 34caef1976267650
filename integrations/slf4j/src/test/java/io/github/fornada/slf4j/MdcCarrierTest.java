package io.github.fornada.slf4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.TaskEvent;
import io.github.fornada.async.Async;
import io.github.fornada.async.TaskContext;
import io.github.fornada.process.ProcessPool;
import io.github.fornada.threads.ThreadPool;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** SLF4J with Logback, in this JVM and in worker JVMs. */
final class MdcCarrierTest {
  @AfterEach
  void clear() {
    MDC.clear();
  }

  @Test
  void tasksOfAThreadPoolHaveTheEntriesOfTheirCallerAndLeaveNone() throws Exception {
    MDC.put("request", "r-1");
    try (var pool = ThreadPool.open(o -> o.withWorkers(1).withCarrier(MdcCarrier.all()))) {
      assertThat(pool.map(List.of(1), item -> MDC.get("request"))).containsExactly("r-1");
      MDC.clear();
      assertThat(pool.submit(1, item -> String.valueOf(MDC.get("request"))).join())
          .isEqualTo("null");
    }
  }

  @Test
  void whatATaskPutsIntoTheContextIsGoneWhenTheNextBegins() throws Exception {
    try (var pool = ThreadPool.open(o -> o.withWorkers(1).withCarrier(MdcCarrier.all()))) {
      List<String> seen =
          pool.map(
              List.of("a", "b"),
              item -> {
                String before = String.valueOf(MDC.get("item"));
                MDC.put("item", item);
                return before;
              });
      assertThat(seen).containsExactly("null", "null");
    }
  }

  @Test
  void whatTheThreadHadIsBackAfterTheTask() {
    for (MdcCarrier carrier : List.of(MdcCarrier.all(), MdcCarrier.keys("request"))) {
      MDC.put("request", "caller");
      var captured = carrier.capture();
      MDC.put("request", "other");
      try (var _ = carrier.restore(captured)) {
        assertThat(MDC.get("request")).isEqualTo("caller");
      }
      assertThat(MDC.get("request")).isEqualTo("other");
    }
  }

  @Test
  void onlyTheKeysThatWereNamedAreCarried() throws Exception {
    MDC.put("request", "r-2");
    MDC.put("noise", "n");
    try (var pool = ThreadPool.open(o -> o.withCarrier(MdcCarrier.keys("request", "user")))) {
      assertThat(pool.map(List.of(1), i -> MDC.get("request") + MDC.get("noise") + MDC.get("user")))
          .containsExactly("r-2nullnull");
    }
    assertThatThrownBy(MdcCarrier::keys).hasMessageContaining("keys must not be empty");
  }

  @Test
  void workerJvmsLogWithTheEntriesOfTheCaller() throws Exception {
    MDC.put("request", "r-3");
    var lines = new CopyOnWriteArrayList<String>();
    try (var pool =
        ProcessPool.open(o ->
            o.withWorkers(1)
                .withCarrier(MdcCarrier.all())
                .withListener(event -> {
                  if (event instanceof TaskEvent.Printed printed) {
                    lines.add(printed.item() + ": " + printed.line());
                  }
                }))) {
      List<String> seen =
          pool.map(
              List.of("photo"),
              item -> {
                LoggerFactory.getLogger("shrink").warn("shrinks {}", item);
                return MDC.get("request");
              });
      assertThat(seen).containsExactly("r-3");
    }
    assertThat(lines).containsExactly("photo: WARN [r-3] shrink: shrinks photo");
  }

  @Test
  void tasksOfAScopeHaveTheEntriesToo() throws Exception {
    MDC.put("request", "r-4");
    List<String> seen =
        TaskContext.with(MdcCarrier.all())
            .call(() -> Async.gather(List.of(1, 2), item -> MDC.get("request")));
    assertThat(seen).containsExactly("r-4", "r-4");
  }
}
