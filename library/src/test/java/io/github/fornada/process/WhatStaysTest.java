package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Pool;
import io.github.fornada.SideBySide;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskFunction;
import io.github.fornada.Waiting;
import java.io.IOException;
import java.io.Serializable;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.ConsoleHandler;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a pool must not keep: results, mappings, folders, streams. */
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
@ExtendWith(NothingIsLeft.class)
@SideBySide
class WhatStaysTest {
  private static final int LARGE = 2_000_000;

  record Plain(String text, List<byte[]> parts) implements Serializable {}

  @SuppressWarnings("ImmutableEnumChecker") // lambdas without state
  enum Kind {
    ARRAY(x -> new byte[LARGE]),
    STRING(x -> "r".repeat(LARGE) + x),
    SMALL(x -> List.of("r" + x)),
    OBJECT(x -> new Plain("r" + x, List.of(new byte[10])));

    final TaskFunction<Integer, Object> function;

    Kind(TaskFunction<Integer, Object> function) {
      this.function = function;
    }
  }

  private static List<WeakReference<Object>> results(Pool pool, Kind kind) throws Exception {
    var seen = new ArrayList<WeakReference<Object>>();
    for (Object result : pool.map(List.of(1, 2, 3), kind.function)) {
      seen.add(new WeakReference<>(result));
    }
    seen.add(new WeakReference<>(Pools.soon(pool.submit(4, kind.function))));
    pool.outcomes(List.of(5, 6), kind.function)
        .forEach(outcome -> seen.add(new WeakReference<>(outcome)));
    return seen;
  }

  @ParameterizedTest
  @EnumSource
  void anIdlePoolKeepsNoResults(Kind kind) throws Exception {
    Pool pool = Pools.open(2);
    try {
      List<WeakReference<Object>> seen = results(pool, kind);
      Waiting.untilCollected(
          "the collector has them all",
          Leftovers.SOON,
          () -> seen.stream().allMatch(reference -> reference.get() == null));
    } finally {
      Pools.end(pool);
    }
  }

  private static int mappings(Path folder) {
    return SharedTest.mapped(folder.getFileName() + "/segment-").size();
  }

  @Test
  void theMemorySharedWithAWorkerGoesWithIt() throws Exception {
    ProcessPool pool = ProcessPool.open(o -> o.withWorkers(1).withHeap("64m").withMaxTasks(1));
    Path folder = pool.engine.directory();
    try {
      for (int i = 0; i < 6; i++) {
        assertThat(Pools.soon(pool.submit(i, x -> -x))).isEqualTo(-i);
      }
      Waiting.until("those replaced", Leftovers.SOON, () -> mappings(folder) <= 2);
    } finally {
      Pools.end(pool);
    }
    assertThat(mappings(folder)).as("after the pool's end").isZero();
  }

  @Test
  void itGoesWithAWorkerThatIsKilledToo() throws Exception {
    ProcessPool pool = ProcessPool.open(o -> o.withWorkers(1).withHeap("64m"));
    Path folder = pool.engine.directory();
    try {
      for (int i = 0; i < 3; i++) {
        long pid = (long) Pools.soon(pool.submit(i, x -> ProcessHandle.current().pid()));
        ProcessHandle.of(pid).orElseThrow().destroyForcibly();
        Waiting.until(
            "another", Leftovers.SOON, () -> pool.stats().workers().getFirst().pid() != pid);
      }
      Pools.soon(pool.submit(1, x -> x));
      assertThat(mappings(folder)).isEqualTo(1);
    } finally {
      Pools.end(pool);
    }
    assertThat(mappings(folder)).isZero();
  }

  /**
   * Reports its process id, shares bytes in a pool of its own, and dies with it.
   *
   * @param levels of pools in this worker: 1 or 2
   */
  record Dies(String place, int levels) implements Serializable {
    int run() throws Exception {
      Files.createFile(Path.of(place, Long.toString(Pools.pid())));
      Pool inner = Pools.open(1);
      var _ = inner.share(new byte[1 << 20]);
      Pools.soon(inner.submit(1, x -> x));
      if (levels > 1) {
        // The innermost is killed with its parent, and not by itself.
        Pool deeper = Pools.open(1);
        var _ = deeper.submit(new Dies(place, 1), Dies::opens);
        Waiting.until("it has a pool", Leftovers.SOON, () -> count(place) == 3);
      }
      Runtime.getRuntime().halt(3);
      return 0;
    }

    /** Opens a pool, and stays. */
    int opens() throws Exception {
      Files.createFile(Path.of(place, Long.toString(Pools.pid())));
      Pool inner = Pools.open(1);
      Pools.soon(inner.submit(1, x -> x));
      Files.createFile(Path.of(place, "0"));
      Thread.sleep(60_000);
      return 0;
    }

    private static long count(String place) {
      try (var files = Files.list(Path.of(place))) {
        return files.count();
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void theFoldersOfAPoolInAWorkerGoWithTheWorker(int levels, @TempDir Path place) throws Exception {
    ProcessPool pool = ProcessPool.open(o -> o.withWorkers(1).withHeap("64m"));
    try {
      var outcome =
          pool.outcomes(List.of(new Dies(place.toString(), levels)), Dies::run).toList().getFirst();
      assertThat(outcome.toString()).contains("exited with code 3");
      try (var files = Files.newDirectoryStream(place)) {
        for (Path file : files) {
          long pid = Long.parseLong(String.valueOf(file.getFileName()));
          Waiting.until(
              "no folder is left", Leftovers.SOON, () -> Leftovers.folders(pid).isEmpty());
        }
      }
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void whatALoggerOfTheInitializerPrintsLaterBelongsToItsItem() throws Exception {
    var printed = new CopyOnWriteArrayList<TaskEvent.Printed>();
    Pool pool =
        Pools.open(
            1,
            o ->
                o.withListener(
                        event -> {
                          if (event instanceof TaskEvent.Printed line) {
                            printed.add(line);
                          }
                        })
                    .withInitializer(() -> {
                      Logger logger = Logger.getLogger("acme");
                      logger.setUseParentHandlers(false);
                      logger.addHandler(new ConsoleHandler());
                      logger.info("ready");
                    }));
    try {
      var _ =
          pool.map(
              List.of(0, 1, 2),
              x -> {
                Logger.getLogger("acme").info("from item " + x);
                return x;
              });
    } finally {
      Pools.end(pool);
    }
    assertThat(printed)
        .filteredOn(line -> line.line().contains("from item"))
        .hasSize(3)
        .allSatisfy(line -> {
          assertThat(line.line()).endsWith("from item " + line.item());
          assertThat(line.error()).isTrue();
        });
  }
}
