package io.github.fornada.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Completion;
import io.github.fornada.Outcome;
import io.github.fornada.SharedBytes;
import io.github.fornada.TaskException;
import io.github.fornada.TaskFunction;
import io.github.fornada.Waiting;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What happens when parts of a real cluster die or stop while items run. */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class SparkFaultTest {
  private static final int ITEMS = 300;

  @TempDir Path folder;
  private static LoopbackCluster cluster;

  @BeforeAll
  static void start() throws Exception {
    cluster = LoopbackCluster.start(2, 1);
  }

  @AfterAll
  static void end() throws IOException {
    List<ProcessHandle> all = new ArrayList<>();
    cluster.processes().forEach(p -> p.descendants().forEach(all::add));
    cluster.close();
    Waiting.until("nothing is left over", () -> all.stream().noneMatch(ProcessHandle::isAlive));
  }

  private SparkPool open(UnaryOperator<SparkOptions> change) throws InterruptedException {
    return SparkPool.connect(
        cluster.master(), o -> change.apply(cluster.options(o).withHeap("64m").withWorkers(2)));
  }

  private static List<Integer> numbers(int count) {
    return IntStream.range(0, count).boxed().toList();
  }

  /** Notes that an item runs, takes some time, and returns twice its number. */
  private static TaskFunction<Integer, Integer> noted(String folder) {
    return i -> {
      Files.writeString(
          Path.of(folder, "item-" + i),
          ProcessHandle.current().pid() + "\n",
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
      Thread.sleep(20);
      return 2 * i;
    };
  }

  private int runs(int item) {
    try {
      Path file = folder.resolve("item-" + item);
      return Files.exists(file) ? Files.readAllLines(file).size() : 0;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private int begun() {
    try (Stream<Path> files = Files.list(folder)) {
      return (int) files.count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private List<ProcessHandle> executors() {
    // What Spark's workers have started; the master starts nothing.
    return cluster.processes().stream().flatMap(Process::children).toList();
  }

  /** The JVMs that run items. */
  private List<ProcessHandle> workers() {
    return executors().stream().flatMap(ProcessHandle::descendants).toList();
  }

  /** Runs all items, and something else once some have begun. */
  private List<Completion<Integer, Integer>> run(SparkPool pool, Runnable fault) {
    var done = new AtomicBoolean();
    Thread saboteur =
        Thread.ofPlatform()
            .start(() -> {
              Waiting.until("some have begun", () -> begun() > ITEMS / 5 || done.get());
              fault.run();
            });
    try (var completions = pool.completions(numbers(ITEMS), noted(folder.toString()))) {
      return completions.toList();
    } finally {
      done.set(true);
      join(saboteur);
    }
  }

  /** One that has just come has nothing to lose. */
  private void killAnExecutorThatRunsItems() {
    var victim = new AtomicReference<ProcessHandle>();
    Waiting.until(
        "an executor runs items",
        () -> {
          Set<Long> running = pidsNoted();
          executors().stream()
              .filter(each -> each.descendants().anyMatch(w -> running.contains(w.pid())))
              .findFirst()
              .ifPresent(victim::set);
          return victim.get() != null;
        });
    victim.get().destroyForcibly();
  }

  /** Returns the process ids of the workers that have begun items. */
  private Set<Long> pidsNoted() {
    try (Stream<Path> files = Files.list(folder)) {
      var pids = new HashSet<Long>();
      for (Path file : files.toList()) {
        for (String line : Files.readAllLines(file)) {
          if (!line.isEmpty()) { // it may be being written
            pids.add(Long.valueOf(line));
          }
        }
      }
      return pids;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private void assertOneRightOutcomeEach(List<Completion<Integer, Integer>> all) {
    assertThat(all.stream().map(Completion::item).sorted().toList()).isEqualTo(numbers(ITEMS));
    for (Completion<Integer, Integer> each : all) {
      if (each.outcome() instanceof Outcome.Done<Integer>(Integer value)) {
        assertThat(value).isEqualTo(2 * each.item());
      }
    }
  }

  private static long count(List<Completion<Integer, Integer>> all, Class<?> kind) {
    return all.stream().filter(each -> kind.isInstance(each.outcome())).count();
  }

  @Test
  void anExecutorThatIsKilledCostsOnlyWhatItHadAndNothingRunsTwice() throws Exception {
    try (SparkPool pool = open(o -> o)) {
      List<Completion<Integer, Integer>> all = run(pool, this::killAnExecutorThatRunsItems);
      assertOneRightOutcomeEach(all);
      long lost = count(all, Outcome.WorkerLost.class);
      assertThat(lost).isBetween(1L, 20L);
      assertThat(count(all, Outcome.Done.class)).isEqualTo(ITEMS - lost);
      assertThat(numbers(ITEMS)).allMatch(i -> runs(i) <= 1);
      all.stream()
          .filter(each -> each.outcome() instanceof Outcome.WorkerLost)
          .forEach(each ->
              assertThat(((Outcome.WorkerLost<Integer>) each.outcome()).message())
                  .contains("executor-", "was lost", "(" + each.item() + ")"));
      Waiting.until("there are two agents again", () -> pool.agents().size() == 2);
      assertThat(pool.map(numbers(20), i -> i + 1))
          .isEqualTo(IntStream.range(1, 21).boxed().toList());
    }
  }

  @Test
  void withRetriesAnExecutorThatIsKilledCostsNothing() throws Exception {
    try (SparkPool pool = open(o -> o.withRetries(3))) {
      List<Completion<Integer, Integer>> all = run(pool, this::killAnExecutorThatRunsItems);
      assertOneRightOutcomeEach(all);
      assertThat(count(all, Outcome.Done.class)).isEqualTo(ITEMS);
    }
  }

  @Test
  void aMachineThatIsLostCostsNothingWithRetries() throws Exception {
    try (SparkPool pool = open(o -> o.withRetries(3))) {
      List<Completion<Integer, Integer>> all =
          run(
              pool,
              () -> {
                Process worker =
                    cluster.processes().stream()
                        .filter(p -> p.children().findAny().isPresent())
                        .findFirst()
                        .orElseThrow();
                worker.descendants().forEach(ProcessHandle::destroyForcibly);
                worker.destroyForcibly();
              });
      assertOneRightOutcomeEach(all);
      assertThat(count(all, Outcome.Done.class)).isEqualTo(ITEMS);
      cluster.addWorker(1); // for the other tests
    }
  }

  @Test
  void aWorkerThatIsKilledCostsOneItemAndNoExecutor() throws Exception {
    try (SparkPool pool = open(o -> o)) {
      List<ProcessHandle> before = new ArrayList<>();
      List<Completion<Integer, Integer>> all =
          run(
              pool,
              () -> {
                before.addAll(executors());
                workers().getFirst().destroyForcibly();
              });
      assertOneRightOutcomeEach(all);
      assertThat(count(all, Outcome.WorkerLost.class)).isLessThanOrEqualTo(1);
      assertThat(numbers(ITEMS)).allMatch(i -> runs(i) <= 1);
      assertThat(before).hasSize(2).allMatch(ProcessHandle::isAlive);
    }
  }

  @Test
  void itemsThatEndTheirWorkersAreNamedAndCostNoExecutor() throws Exception {
    try (SparkPool pool = open(o -> o)) {
      List<Integer> items = numbers(60);
      Waiting.until("both are there", () -> pool.agents().size() == 2);
      List<ProcessHandle> before = executors();
      List<Completion<Integer, Integer>> all =
          pool.<Integer, Integer>completions(
                  items,
                  i -> {
                    if (i % 10 == 7) {
                      Runtime.getRuntime().halt(3);
                    }
                    return i;
                  })
              .toList();
      assertThat(all).hasSize(60);
      for (Completion<Integer, Integer> each : all) {
        if (each.item() % 10 == 7) {
          assertThat(each.outcome()).isInstanceOf(Outcome.WorkerLost.class);
          var lost = (Outcome.WorkerLost<Integer>) each.outcome();
          assertThat(lost.exitCode()).isEqualTo(3);
          assertThat(lost.message()).contains("item " + each.item() + " (" + each.item() + ")");
        } else {
          assertThat(each.outcome()).isEqualTo(new Outcome.Done<>(each.item()));
        }
      }
      assertThat(before).allMatch(ProcessHandle::isAlive);
    }
  }

  @Test
  void anExecutorThatStopsIsGivenUpAfterItsSilence() throws Exception {
    try (SparkPool pool = open(o -> o.withSilenceLimit(Duration.ofSeconds(10)).withRetries(2))) {
      List<ProcessHandle> stopped = new ArrayList<>();
      List<Completion<Integer, Integer>> all =
          run(
              pool,
              () -> {
                ProcessHandle one = executors().getFirst();
                stopped.add(one);
                signal("STOP", one);
              });
      assertOneRightOutcomeEach(all);
      assertThat(count(all, Outcome.Done.class)).isEqualTo(ITEMS);
      stopped.forEach(one -> signal("CONT", one));
    }
  }

  private static void signal(String name, ProcessHandle to) {
    try {
      int code = new ProcessBuilder("kill", "-" + name, Long.toString(to.pid())).start().waitFor();
      assertThat(code).isZero();
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** With Spark's other serializer, which the pool does not use. */
  @Test
  void withoutIsolationItemsRunInTheExecutorsAndOneThatHaltsCostsItsExecutor() throws Exception {
    try (SparkPool pool =
        SparkPool.connect(
            cluster.master(),
            o ->
                cluster
                    .options(o)
                    .withoutIsolation()
                    .withSetting("spark.serializer", "org.apache.spark.serializer.KryoSerializer")
                    .withSetting("spark.kryo.registrationRequired", "true"))) {
      Waiting.until("both are there", () -> pool.agents().size() == 2);
      List<Long> pids = executors().stream().map(ProcessHandle::pid).toList();
      int[] copied = {1};
      try (SharedBytes shared = pool.share(new byte[] {1, 2, 3})) {
        List<Where> where =
            pool.map(
                numbers(40),
                i -> {
                  Thread.sleep(10);
                  return new Where(
                      ProcessHandle.current().pid(),
                      shared.segment().get(ValueLayout.JAVA_BYTE, 1) + copied[0]);
                });
        assertThat(where).extracting(Where::pid).isSubsetOf(pids);
        assertThat(where).extracting(Where::sum).containsOnly(3);
      }
      assertThat(workers()).isEmpty();
      aBroadcastReachesAnExecutor(pool);
      assertThatThrownBy(() -> pool.map(List.of(1, 0), i -> 10 / i))
          .isInstanceOf(TaskException.class)
          .hasCauseInstanceOf(ArithmeticException.class);
      Outcome<Integer> halted =
          pool.<Integer, Integer>outcomes(
                  List.of(7),
                  i -> {
                    Runtime.getRuntime().halt(3);
                    return i;
                  })
              .toList()
              .getFirst();
      assertThat(halted).isInstanceOf(Outcome.WorkerLost.class);
      assertThat(((Outcome.WorkerLost<Integer>) halted).message())
          .contains("executor-", "was lost", "(7)");
      Waiting.until("there are two agents again", () -> pool.agents().size() == 2);
      assertThat(pool.map(numbers(20), i -> i)).isEqualTo(numbers(20));
    }
  }

  /** All machines of this cluster have the same files, so the pool itself needs no broadcast. */
  private void aBroadcastReachesAnExecutor(SparkPool pool) throws Exception {
    var bytes = new byte[20_000_000];
    bytes[17_000_000] = 5;
    Path from = Files.write(folder.resolve("bytes"), bytes);
    var broadcasts = new SharedBroadcasts(pool.context());
    byte[] way = broadcasts.wayTo(from);
    String to = folder.resolve("fetched").toString();
    assertThat(
            pool.map(
                List.of(1),
                i -> {
                  // of the executor's own copy of this module
                  var fetch =
                      Class.forName("io.github.fornada.spark.SharedBroadcasts")
                          .getDeclaredMethod("fetch", byte[].class, Path.class);
                  fetch.setAccessible(true);
                  return fetch.invoke(null, way, Path.of(to)) == null ? i : 0;
                }))
        .containsExactly(1);
    assertThat(Path.of(to)).hasBinaryContent(bytes);
    broadcasts.forget(from);
  }

  /** A class that no executor has on its class path. */
  private record Where(long pid, int sum) implements Serializable {}

  @Test
  void afterTheCloseNeitherExecutorsNorWorkersAreLeft() throws Exception {
    List<ProcessHandle> all = new ArrayList<>();
    try (SparkPool pool = open(o -> o)) {
      assertThat(pool.map(numbers(50), i -> i + 1)).hasSize(50);
      all.addAll(executors());
      all.addAll(workers());
    }
    assertThat(all).isNotEmpty();
    Waiting.until("all have ended", () -> all.stream().noneMatch(ProcessHandle::isAlive));
  }
}
