package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Cells;
import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.SideBySide;
import io.github.fornada.Waiting;
import io.github.fornada.WorkerLostException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;

/** Of many items, only the one to blame fails, and none runs twice. */
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
@ExtendWith(NothingIsLeft.class)
@SideBySide
class BlameTest {
  @TempDir Path folder;

  private static List<Integer> numbers(int n) {
    return IntStream.range(0, n).boxed().toList();
  }

  @ParameterizedTest
  @Cells(
      verify = {"HALTS", "LOOPS_DEAF_TO_INTERRUPTS"},
      rest = {"THROWS_EXCEPTION", "SLEEPS_FOR_EVER"})
  void inTheMiddleOfManyTinyItemsOnlyOneFails(Way way) throws Exception {
    Path log = folder.resolve("log");
    List<Outcome<Integer>> outcomes =
        Waiting.oneOfFew(
            way.limit(),
            limit -> manyTinyItems(way, limit, log),
            all -> Waiting.othersAreInTime(all, 613));
    for (int i = 0; i < 900; i++) {
      if (i == 613) {
        assertThat(outcomes.get(i).isDone()).isFalse();
      } else {
        assertThat(outcomes.get(i)).as("item %d", i).isEqualTo(new Outcome.Done<>(-i));
      }
    }
    List<String> runs = Files.readAllLines(log);
    assertThat(runs).as("each ran once").hasSize(900);
    assertThat(Set.copyOf(runs)).hasSize(900);
  }

  private List<Outcome<Integer>> manyTinyItems(Way way, Duration limit, Path log) throws Exception {
    Files.writeString(log, "");
    String file = log.toString();
    Pool pool =
        Pools.open(
            2,
            o ->
                o.withInitializer(Pools::loadWhatItemsNeed)
                    .withPolicy(o.policy().withTimeout(limit).withGrace(Duration.ofMillis(100))));
    String other = Files.createTempFile(folder, "warm", "").toString();
    try {
      Pools.warm(
          pool,
          numbers(40),
          x -> {
            note(other, x);
            return -x;
          });
      return pool.outcomes(
              numbers(900),
              x -> {
                note(file, x);
                if (x == 613) {
                  way.happen();
                }
                return -x;
              })
          .toList();
    } finally {
      Pools.end(pool);
    }
  }

  private static void note(String file, int x) throws IOException {
    // No concatenation: its first one generates code, within the limit of an item.
    String line = Integer.toString(x).concat("\n");
    Files.writeString(Path.of(file), line, StandardOpenOption.APPEND);
  }

  @Test
  void ofManyItemsThatAreLostEachIsNamedInItsOwnOutcome() throws Exception {
    Pool pool = Pools.open(2);
    try {
      List<Outcome<Integer>> outcomes =
          pool.outcomes(
                  numbers(60),
                  x -> {
                    if (x % 10 == 3) {
                      Runtime.getRuntime().halt(x);
                    }
                    return x;
                  })
              .toList();
      for (int i = 0; i < 60; i++) {
        if (i % 10 == 3) {
          var lost = (Outcome.WorkerLost<Integer>) outcomes.get(i);
          assertThat(lost.exitCode()).isEqualTo(i);
          assertThat(lost.message()).contains("item " + i + " (" + i + ")").contains("not retried");
        } else {
          assertThat(outcomes.get(i)).isEqualTo(new Outcome.Done<>(i));
        }
      }
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void aHundredBadOnesThenAHundredGoodOnesAreAllAnswered() throws Exception {
    Pool pool = Pools.open(2);
    try {
      List<Outcome<Integer>> outcomes =
          pool.outcomes(
                  numbers(200),
                  x -> {
                    if (x < 100) {
                      if (x % 10 == 0) {
                        Runtime.getRuntime().halt(9); // a fresh JVM each, so not all of them
                      }
                      throw new IllegalStateException("bad");
                    }
                    return x;
                  })
              .toList();
      assertThat(
              outcomes.stream()
                  .filter(Outcome::isDone)
                  .map(Outcome::get)
                  .collect(Collectors.toSet()))
          .isEqualTo(IntStream.range(100, 200).boxed().collect(Collectors.toSet()));
      assertThat(outcomes.stream().filter(o -> o instanceof Outcome.WorkerLost).count())
          .isEqualTo(10);
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void workersThatRunOutOfMemoryOneAfterTheOtherBlameNoInnocentItem() throws Exception {
    Pool pool = Pools.open(1);
    try {
      List<Outcome<Integer>> outcomes =
          pool.outcomes(
                  numbers(12),
                  x -> {
                    if (x < 11) {
                      throw new OutOfMemoryError("planted");
                    }
                    return x;
                  })
              .toList();
      for (int i = 0; i < 11; i++) {
        assertThat(outcomes.get(i)).as("item %d", i).isInstanceOf(Outcome.Failed.class);
      }
      assertThat(outcomes.get(11)).isEqualTo(new Outcome.Done<>(11));
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void aKilledIdleWorkerIsReplacedAndTheNextSubmitWorks() throws Exception {
    var workers = new Pools.Workers();
    Pool pool = Pools.open(1, o -> o.withListener(workers));
    try {
      for (int i = 0; i < 3; i++) {
        assertThat(Pools.soon(pool.submit(i, x -> x + 1))).isEqualTo(i + 1);
        ProcessHandle.of(workers.ready.getLast().pid()).orElseThrow().destroyForcibly();
      }
      assertThat(Pools.soon(pool.submit(1, x -> x + 1))).isEqualTo(2);
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void retriesAreAsManyAsAskedForAndTheMessageSaysSo() throws Exception {
    Path log = folder.resolve("log");
    Files.createFile(log);
    String file = log.toString();
    Pool pool =
        Pools.open(
            1, o -> o.withPolicy(o.policy().withRetries(2).withBackOff(Duration.ofMillis(10))));
    try {
      assertThatThrownBy(() ->
              Pools.soon(
                  pool.submit(
                      1,
                      x -> {
                        note(file, x);
                        Runtime.getRuntime().halt(7);
                        return x;
                      })))
          .hasCauseInstanceOf(WorkerLostException.class)
          .hasMessageContaining("retried 2 times");
      assertThat(Files.readAllLines(log)).hasSize(3);
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void anItemOverItsLimitIsTriedAgainAndMaySucceed() throws Exception {
    // Each try is the first item of its worker.
    Waiting.inEnoughTime(Way.SHORT_LIMIT, this::anItemSucceedsAfterOneThatWasOver);
  }

  private void anItemSucceedsAfterOneThatWasOver(Duration limit) throws Exception {
    Path log = folder.resolve("log");
    Files.writeString(log, "");
    String file = log.toString();
    Pool pool =
        Pools.open(
            1,
            o ->
                o.withInitializer(Pools::loadWhatItemsNeed)
                    .withPolicy(
                        o.policy()
                            .withRetries(1)
                            .withTimeout(limit)
                            .withGrace(Duration.ofMillis(50))));
    try {
      Object result =
          Pools.soon(
              pool.submit(
                  1,
                  x -> {
                    note(file, x);
                    while (Files.readAllLines(Path.of(file)).size() == 1) {
                      Thread.onSpinWait();
                    }
                    return x + 1;
                  }));
      assertThat(result).isEqualTo(2);
    } finally {
      Pools.end(pool);
    }
  }

  @SuppressWarnings("restricted") // a crash is what is asked for
  @Test
  void theDeathCertificateOfARealCrashNamesTheReportOfTheJvm() throws Exception {
    Pool pool = Pools.open(1);
    try {
      Outcome<Integer> outcome =
          pool.outcomes(
                  List.of(1),
                  x -> {
                    System.out.println("about to crash");
                    java.lang.foreign.MemorySegment.NULL
                        .reinterpret(8)
                        .set(java.lang.foreign.ValueLayout.JAVA_INT, 0, 1);
                    return x;
                  })
              .toList()
              .getFirst();
      var lost = (Outcome.WorkerLost<Integer>) outcome;
      assertThat(lost.certificate().lastOutput().toString()).contains("about to crash");
      assertThat(lost.certificate().item()).isEqualTo("item 0 (1)");
      Path report = Path.of(lost.certificate().crashLog());
      assertThat(report).exists();
      Files.delete(report);
      assertThat(lost.message()).contains(report.toString());
    } finally {
      Pools.end(pool);
    }
  }
}
