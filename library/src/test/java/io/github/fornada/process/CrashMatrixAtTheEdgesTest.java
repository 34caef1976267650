package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Extent;
import io.github.fornada.InPart;
import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.SideBySide;
import io.github.fornada.Waiting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The rows of the crash matrix that occur only once in a pool's life: as a worker starts, as its
 * pool is shut down, as it exits. Each cell has its own pool, which must end and leave nothing.
 */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
@ExtendWith(NothingIsLeft.class)
@SideBySide
@InPart
class CrashMatrixAtTheEdgesTest {
  /** Here the neighbours wait for the shutdown, and those behind for a worker: not so short. */
  private static final Duration IN_SHUTDOWN = Duration.ofSeconds(5);

  /**
   * The deadline for what the pool itself must achieve, after several attempts and pauses at most.
   */
  private static final Duration ENDS_WITHIN = Duration.ofMinutes(2);

  private static final List<Integer> ITEMS = List.of(0, 1, 2, 3, 4);

  /** Cells at once: they mostly wait. */
  private static final int AT_ONCE = 2;

  private static final Map<List<Object>, Future<?>> ENDS = new HashMap<>();

  @TempDir static Path folder;

  @BeforeAll
  @Timeout(value = 400, unit = TimeUnit.SECONDS)
  static void begin() {
    try (ExecutorService cells = Executors.newFixedThreadPool(AT_ONCE)) {
      cells()
          .map(Arguments::get)
          .forEach(cell ->
              ENDS.put(
                  List.of(cell),
                  cells.submit(() -> {
                    happens((Place) cell[0], (Way) cell[1]);
                    return null;
                  })));
    }
  }

  static Stream<Arguments> cells() {
    List<Place> places = Stream.of(Place.values()).filter(Place::isAtAnEdge).toList();
    return Extent.cells(4, places, List.of(Way.values()), Arguments::of);
  }

  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource("cells")
  void everyItemEndsAsItMustAndSoDoesThePool(Place place, Way way) throws Throwable {
    try {
      ENDS.get(List.<Object>of(place, way)).get();
    } catch (ExecutionException e) {
      throw e.getCause();
    }
  }

  private static void happens(Place place, Way way) throws Exception {
    switch (place) {
      case INITIALIZER -> asAWorkerStarts(way);
      case SHUTDOWN -> asThePoolIsShutDown(way);
      case EXIT_OF_THE_WORKER -> asTheWorkerExits(way);
      default -> throw new AssertionError(place);
    }
  }

  private static Pool open(int workers, Duration startupTimeout, WorkerInitializer initializer) {
    return Pools.open(
        workers,
        o ->
            o.withStartupTimeout(startupTimeout)
                .withJvmOptions("-XX:MaxMetaspaceSize=48m")
                .withInitializer(initializer)
                .withPolicy(
                    o.policy().withTimeout(Way.LONG_LIMIT).withGrace(Duration.ofMillis(200))));
  }

  private static void asAWorkerStarts(Way way) throws Exception {
    // What hangs is over any limit, also over one that a busy machine may not even boot a JVM in.
    Duration startupTimeout =
        way.ends == Way.Ends.TIMED_OUT ? Duration.ofMillis(700) : Duration.ofSeconds(30);
    Pool pool = open(1, startupTimeout, way::happen);
    try {
      var all =
          CompletableFuture.supplyAsync(
              () -> pool.outcomes(ITEMS, x -> x + 1).toList(), Thread::startVirtualThread);
      List<Outcome<Integer>> outcomes = all.get(ENDS_WITHIN.toSeconds(), TimeUnit.SECONDS);
      assertThat(outcomes).hasSize(ITEMS.size());
      for (Outcome<Integer> outcome : outcomes) {
        if (way.ends == Way.Ends.NORMAL) {
          assertThat(outcome).isInstanceOf(Outcome.Done.class);
        } else {
          assertThat(outcome).isInstanceOf(Outcome.Failed.class);
          assertThat(((Outcome.Failed<Integer>) outcome).cause())
              .isInstanceOf(WorkerStartException.class)
              .hasMessageContaining(said(way));
        }
      }
    } finally {
      Pools.end(pool);
    }
  }

  /** Returns what the message about workers that cannot start must contain. */
  private static String said(Way way) {
    return switch (way.ends) {
      case FAILED -> "the initializer of the workers failed";
      case TIMED_OUT -> "not ready within";
      case LOST ->
          switch (way) {
            case EXITS_WITH_0 -> "exited with code 0";
            case EXITS_WITH_1 -> "exited with code 1";
            case EXITS_AND_A_HOOK_NEVER_ENDS -> "its shutdown hooks had not ended";
            case HALTS -> "exited with code 3";
            case IS_KILLED -> "SIGKILL";
            case CRASHES_IN_NATIVE_CODE -> "crashed in native code";
            default -> throw new AssertionError(way);
          };
      case NORMAL -> throw new AssertionError(way);
    };
  }

  /** A task that waits until its pool is being shut down, and then does it. */
  private static int inShutdown(String flag, int item, Way way) {
    while (!Files.exists(Path.of(flag))) {
      LockSupport.parkNanos(1_000_000);
    }
    if (item == 0) {
      way.happen();
    }
    return item + 1;
  }

  private static void asThePoolIsShutDown(Way way) throws Exception {
    String flag = folder.resolve("shut down " + way).toString();
    var workers = new Pools.Workers();
    Pool pool =
        Pools.open(
            2,
            o ->
                o.withJvmOptions("-XX:MaxMetaspaceSize=48m")
                    .withPolicy(
                        o.policy()
                            .withListener(workers)
                            .withTimeout(
                                way.ends == Way.Ends.TIMED_OUT ? IN_SHUTDOWN : Way.LONG_LIMIT)
                            .withGrace(Duration.ofMillis(200))));
    try {
      // Before anything runs that waits for its neighbour, under a limit.
      Waiting.until("both workers are ready", ENDS_WITHIN, () -> workers.ready.size() >= 2);
      List<CompletableFuture<Integer>> futures =
          ITEMS.stream()
              .map(item -> pool.submit(item, (Integer x) -> inShutdown(flag, x, way)))
              .toList();
      Waiting.until("both workers run", ENDS_WITHIN, () -> workers.started.get() >= 2);
      pool.shutdown();
      signal(flag);
      for (int item : ITEMS) {
        Class<?> cause = cause(futures.get(item));
        if (item == 0 && way.ends != Way.Ends.NORMAL) {
          assertThat(cause).as("culprit").isNotNull();
        } else {
          assertThat(cause).as("neighbour %d", item).isNull();
        }
      }
      assertThat(pool.awaitTermination(ENDS_WITHIN.toSeconds(), TimeUnit.SECONDS))
          .as("the pool ends by itself")
          .isTrue();
    } finally {
      Pools.end(pool);
    }
  }

  private static void signal(String flag) throws IOException {
    Files.createFile(Path.of(flag));
  }

  /** What a future ended with; null if it ended well. */
  private static Class<?> cause(CompletableFuture<Integer> future)
      throws InterruptedException, TimeoutException {
    try {
      future.get(ENDS_WITHIN.toSeconds(), TimeUnit.SECONDS);
      return null;
    } catch (ExecutionException e) {
      return e.getCause().getClass();
    }
  }

  private static int withHook(int item, Way way) {
    if (item == 0) {
      Runtime.getRuntime().addShutdownHook(new Thread(way::happen));
    }
    return item + 1;
  }

  private static void asTheWorkerExits(Way way) throws Exception {
    Pool pool = open(1, Duration.ofSeconds(30), () -> {});
    try {
      assertThat(pool.map(ITEMS, x -> withHook(x, way)))
          .isEqualTo(IntStream.rangeClosed(1, ITEMS.size()).boxed().toList());
      pool.shutdown();
      assertThat(pool.awaitTermination(ENDS_WITHIN.toSeconds(), TimeUnit.SECONDS))
          .as("the pool ends whatever its worker does")
          .isTrue();
    } finally {
      Pools.end(pool);
    }
  }
}
