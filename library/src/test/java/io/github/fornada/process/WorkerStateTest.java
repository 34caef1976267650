package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.SideBySide;
import io.github.fornada.advice.AutoPool;
import io.github.fornada.threads.ThreadPool;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/** Objects that a worker creates once, and its tasks use. */
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
@SideBySide
class WorkerStateTest {
  /** Not serializable, on purpose: it must never be sent. */
  static final class Counter {
    final long madeIn = ProcessHandle.current().pid();
    int uses;

    String use() {
      return madeIn + " " + ProcessHandle.current().pid() + " " + ++uses;
    }
  }

  /** Its fields are no copies in a worker, which initializes it anew. */
  static final class Constants {
    static final WorkerState<Counter> FIRST = WorkerState.of(Counter::new);
    static final WorkerState<String> SECOND = made("second");

    private Constants() {}

    private static WorkerState<String> made(String name) {
      return WorkerState.of(() -> name + " of " + ProcessHandle.current().pid());
    }
  }

  private static List<Integer> numbers(int n) {
    return IntStream.range(0, n).boxed().toList();
  }

  @Test
  void eachWorkerMakesItOnceAndItsTasksGetThatOne() throws Exception {
    WorkerState<Counter> counter = WorkerState.of(Counter::new);
    Pool pool = Pools.open(2, o -> o.withWorkerState(counter));
    try {
      List<String> seen =
          pool.map(
              numbers(40),
              x -> {
                Thread.sleep(1);
                return counter.get().use();
              });
      long pids = seen.stream().map(s -> s.split(" ")[0]).distinct().count();
      assertThat(seen)
          .as("made where it is used")
          .allMatch(s -> {
            String[] words = s.split(" ");
            return words[0].equals(words[1]);
          });
      assertThat(seen).as("each use once: every worker counts for itself").doesNotHaveDuplicates();
      assertThat(seen.stream().filter(s -> s.endsWith(" 1")).count())
          .as("made once a worker")
          .isEqualTo(pids);
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void aStateInAStaticFieldIsThatOfTheWorker() throws Exception {
    Pool pool =
        Pools.open(1, o -> o.withWorkerState(Constants.SECOND).withWorkerState(Constants.FIRST));
    try {
      List<String> uses = pool.map(numbers(3), x -> Constants.FIRST.get().use());
      assertThat(uses).extracting(use -> use.split(" ")[2]).containsExactly("1", "2", "3");
      assertThat(pool.submit(1, x -> Constants.SECOND.get()).get()).startsWith("second of ");
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void aWorkerThatReplacesAnotherMakesItsOwn() throws Exception {
    WorkerState<Counter> counter = WorkerState.of(Counter::new);
    Pool pool = Pools.open(1, o -> o.withMaxTasks(1).withWorkerState(counter));
    try {
      assertThat(pool.map(numbers(3), x -> counter.get().use())).allMatch(s -> s.endsWith(" 1"));
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void severalAreMadeInOrderAfterTheInitializer() throws Exception {
    WorkerState<StringBuilder> first =
        WorkerState.of(() -> new StringBuilder(System.getProperty("fornada.test", "-")));
    WorkerState<String> second = WorkerState.of(() -> first.get().append("+").toString());
    Pool pool =
        Pools.open(
            1,
            o ->
                o.withWorkerState(first)
                    .withWorkerState(second)
                    .withInitializer(() -> System.setProperty("fornada.test", "set")));
    try {
      assertThat(Pools.soon(pool.submit(1, x -> second.get() + x))).isEqualTo("set+1");
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void oneThatFailsFailsEveryItemWithWhatItThrew() throws Exception {
    WorkerState<Counter> broken =
        WorkerState.of(() -> {
          throw new IllegalStateException("no model there");
        });
    WorkerState<Counter> none = WorkerState.of(() -> null);
    Pool throwing = Pools.open(1, o -> o.withWorkerState(broken));
    Pool lacking = Pools.open(1, o -> o.withWorkerState(none));
    try {
      for (Outcome<Integer> outcome : throwing.outcomes(numbers(3), x -> x).toList()) {
        assertThat(((Outcome.Failed<Integer>) outcome).cause())
            .hasMessageContaining("the state of the workers failed")
            .hasMessageContaining("no model there")
            .hasRootCauseInstanceOf(IllegalStateException.class);
      }
      assertThatThrownBy(() -> Pools.soon(lacking.submit(1, x -> x)))
          .hasMessageContaining("the maker of a worker's state gave null");
    } finally {
      Pools.end(throwing);
      Pools.end(lacking);
    }
  }

  @Test
  void outsideOfItsWorkersItSaysWhatIsTheMatter() throws Exception {
    WorkerState<Counter> counter = WorkerState.of(Counter::new);
    assertThatThrownBy(counter::get)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("in the workers of a process pool only");
    try (Pool threads = ThreadPool.open(o -> o.withWorkers(1))) {
      assertThatThrownBy(() -> Pools.soon(threads.submit(1, x -> counter.get().use())))
          .hasRootCauseInstanceOf(IllegalStateException.class)
          .hasMessageContaining("not in a pool of threads");
    }
    Pool pool = Pools.open(1);
    try {
      assertThatThrownBy(() -> Pools.soon(pool.submit(1, x -> counter.get().use())))
          .hasRootCauseInstanceOf(IllegalStateException.class)
          .hasMessageContaining("withWorkerState");
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void aHandleFromElsewhereIsRefusedByTheOptions() throws Exception {
    WorkerState<Counter> counter = WorkerState.of(Counter::new);
    var bytes = new ByteArrayOutputStream();
    try (var out = new ObjectOutputStream(bytes)) {
      out.writeObject(counter);
    }
    assertThat(bytes.size()).as("the maker stays at home").isLessThan(200);
    try (var in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      var copy = (WorkerState<?>) in.readObject();
      assertThatThrownBy(() -> ProcessOptions.defaults().withWorkerState(copy))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("from another process");
    }
  }

  @Test
  void anInterruptThatTheSetUpLeavesIsNoItems() throws Exception {
    WorkerState<String> state =
        WorkerState.of(() -> {
          Thread.currentThread().interrupt();
          return "made";
        });
    try (Pool pool =
        Pools.open(
            1,
            o ->
                o.withInitializer(() -> Thread.currentThread().interrupt())
                    .withWorkerState(state))) {
      assertThat(Pools.soon(pool.submit(1, x -> Thread.currentThread().isInterrupted())))
          .isEqualTo(false);
    }
  }

  @Test
  void aMakerThatCannotBeSentIsToldWithTheWayToWhatCannot() throws Exception {
    Object captured = new Object();
    WorkerState<Object> state = WorkerState.of(() -> captured);
    Pool pool = Pools.open(1, o -> o.withWorkerState(state));
    try {
      assertThat(pool.outcomes(List.of(1), x -> x).findFirst().orElseThrow().toString())
          .contains("cannot be sent to them: the state, a lambda in " + getClass().getName())
          .contains("captured value 1 (java.lang.Object) is not serializable. ");
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void aPoolThatRunsItemsHereTooRefusesIt() {
    WorkerState<Counter> state = WorkerState.of(Counter::new);
    assertThatThrownBy(() -> AutoPool.open(o -> o.withProcesses(p -> p.withWorkerState(state))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("an AutoPool runs items in this JVM too");
  }
}
