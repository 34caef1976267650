package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Cells;
import io.github.fornada.Completion;
import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.SideBySide;
import io.github.fornada.TaskException;
import io.github.fornada.Waiting;
import io.github.fornada.process.wire.RingWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TimeZone;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;

/** Several tiny items are sent in one message, and behave like single items. */
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
@ExtendWith(NothingIsLeft.class)
@SideBySide
class RowTest {
  private static final int ITEMS = 20_000;
  private static final int ODD = 13_131;
  private static final List<Integer> NUMBERS = IntStream.range(0, ITEMS).boxed().toList();

  @TempDir Path folder;

  private Pool pool;

  private void open(UnaryOperator<ProcessOptions> change) throws InterruptedException {
    pool = Pools.open(2, change);
    Pools.warm(pool, NUMBERS, x -> -x);
    // Until items are known to be quick, they go one by one.
    for (int i = 0; i < 2; i++) {
      assertThat(pool.outcomes(NUMBERS, x -> -x)).hasSize(ITEMS); // one over a limit is no matter
    }
  }

  @AfterEach
  void end() throws InterruptedException {
    Pools.end(pool);
  }

  @ParameterizedTest
  @Cells(
      verify = {"HALTS", "LOOPS_DEAF_TO_INTERRUPTS"},
      rest = {"THROWS_EXCEPTION", "SLEEPS_FOR_EVER"})
  void onlyTheItemToBlameFails(Way way) throws Exception {
    List<Outcome<Integer>> outcomes =
        Waiting.oneOfFew(
            way.limit(), limit -> oneIsOdd(way, limit), all -> Waiting.othersAreInTime(all, ODD));
    assertThat(outcomes.get(ODD).isDone()).isFalse();
    for (int i = 0; i < ITEMS; i++) {
      if (i != ODD) {
        assertThat(outcomes.get(i)).as("item %d", i).isEqualTo(new Outcome.Done<>(-i));
      }
    }
  }

  private List<Outcome<Integer>> oneIsOdd(Way way, Duration limit) throws Exception {
    open(o -> o.withTimeout(limit).withInitializer(Pools::loadWhatItemsNeed));
    try {
      return pool.outcomes(
              NUMBERS,
              x -> {
                if (x == ODD) {
                  way.happen();
                }
                return -x;
              })
          .toList();
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void aSlowItemHoldsUpNobody() throws Exception {
    open(o -> o);
    Path gate = folder.resolve("gate");
    String file = gate.toString();
    Set<Integer> came = new HashSet<>();
    pool.completions(
            NUMBERS,
            x -> {
              while (x == ODD && !Files.exists(Path.of(file))) {
                LockSupport.parkNanos(1_000_000);
              }
              return -x;
            })
        .forEach(c -> {
          came.add(c.item());
          if (came.size() == ITEMS - 1) {
            open(gate);
          }
        });
    assertThat(came).hasSize(ITEMS);
  }

  private static void open(Path gate) {
    try {
      Files.createFile(gate);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void aFailureEndsAMap() throws Exception {
    open(o -> o);
    assertThatThrownBy(() ->
            pool.map(
                NUMBERS,
                x -> {
                  if (x == ODD) {
                    throw new IllegalStateException("odd");
                  }
                  return -x;
                }))
        .isInstanceOf(TaskException.class)
        .hasMessageContaining("item " + ODD)
        .hasRootCauseMessage("odd");
  }

  @Test
  void whatAnItemChangesForItsProcessIsPutBackForTheNext() throws Exception {
    open(o -> o);
    String before = Locale.getDefault() + " " + TimeZone.getDefault().getID();
    Set<String> seen = new HashSet<>();
    pool.map(
            NUMBERS,
            x -> {
              String now = Locale.getDefault() + " " + TimeZone.getDefault().getID();
              Locale.setDefault(Locale.CANADA_FRENCH);
              TimeZone.setDefault(TimeZone.getTimeZone("Asia/Tokyo"));
              return now;
            })
        .forEach(seen::add);
    assertThat(seen).containsExactly(before);
  }

  private static String locales() {
    return Locale.getDefault()
        + " "
        + Locale.getDefault(Locale.Category.DISPLAY)
        + " "
        + Locale.getDefault(Locale.Category.FORMAT)
        + " "
        + TimeZone.getDefault().getID();
  }

  @Test
  void eachOfTheDefaultLocalesIsPutBackAsTheInitializerLeftIt() throws Exception {
    open(o -> o.withInitializer(() -> Locale.setDefault(Locale.Category.FORMAT, Locale.GERMANY)));
    String before = pool.submit(0, x -> locales()).get();
    assertThat(before).contains("de_DE");
    for (Locale.Category category : Locale.Category.values()) {
      pool.submit(
              category,
              c -> {
                Locale.setDefault(c, Locale.CANADA_FRENCH);
                return 0;
              })
          .get();
      assertThat(pool.submit(0, x -> locales()).get()).isEqualTo(before);
    }
    pool.submit(
            0,
            x -> {
              Locale.setDefault(Locale.JAPAN);
              return 0;
            })
        .get();
    assertThat(pool.submit(0, x -> locales()).get()).isEqualTo(before);
  }

  @Test
  void aFirstItemThatSetsThePropertyOfTheTimeZoneDoesNotSetThatOfOthers() throws Exception {
    open(o -> o.withWorkers(1));
    String there =
        pool.submit(
                0,
                x -> {
                  String zone = TimeZone.getDefault().getID();
                  System.setProperty(
                      "user.timezone", zone.equals("Asia/Tokyo") ? "Asia/Seoul" : "Asia/Tokyo");
                  return zone;
                })
            .get();
    assertThat(pool.submit(0, x -> TimeZone.getDefault().getID()).get()).isEqualTo(there);
  }

  @Test
  void resultsOfEverySizeComeBack() throws Exception {
    open(o -> o);
    int longest = 3 * RingWriter.LONGEST;
    List<Integer> sizes =
        IntStream.range(0, 2_000).mapToObj(i -> i % 500 == 7 ? longest : i).toList();
    List<String> texts = pool.map(sizes, "x"::repeat);
    for (int i = 0; i < sizes.size(); i++) {
      assertThat(texts.get(i)).hasSize(sizes.get(i));
    }
  }

  @Test
  void itemsOfEverySizeArrive() throws Exception {
    open(o -> o);
    int longest = 3 * RingWriter.LONGEST;
    List<String> texts =
        IntStream.range(0, 2_000).mapToObj(i -> "x".repeat(i % 500 == 7 ? longest : i)).toList();
    assertThat(pool.map(texts, String::length))
        .isEqualTo(texts.stream().map(String::length).toList());
  }

  @Test
  void nullAndObjectsMayStandAmongThem() throws Exception {
    open(o -> o);
    List<Object> items =
        IntStream.range(0, 3_000)
            .mapToObj(i -> i % 3 == 0 ? (Object) i : i % 3 == 1 ? List.of(i) : "" + i)
            .toList();
    assertThat(pool.map(items, x -> x instanceof List<?> ? null : x))
        .isEqualTo(
            new ArrayList<>(items.stream().map(x -> x instanceof List<?> ? null : x).toList()));
  }

  @Test
  void aStreamThatIsLeftStopsTheWork() throws Exception {
    open(o -> o);
    try (var completions = pool.completions(NUMBERS, x -> -x)) {
      Completion<Integer, Integer> first = completions.findFirst().orElseThrow();
      assertThat(first.outcome()).isEqualTo(new Outcome.Done<>(-first.item()));
    }
    assertThat(Pools.soon(pool.submit(1, x -> x + 1))).isEqualTo(2);
  }
}
