package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Extent;
import io.github.fornada.InPart;
import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.SideBySide;
import io.github.fornada.Waiting;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every place crossed with every way of dying: one item, in the middle of harmless ones, does it.
 * It must end as the way says; its neighbours must be done; the pool must go on.
 *
 * <p>Cells share a pool of two workers, so each also shows that the cell before left no harm. Those
 * that must end at their timeout have a pool with a short one; for all others it is so long that no
 * busy machine reaches it.
 */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
@ExtendWith(NothingIsLeft.class)
@SideBySide
@InPart
class CrashMatrixTest {
  private static final int ITEMS = 9;
  private static final int CULPRIT = 4;

  private static Pool patient;
  private static Pool hasty;

  @BeforeAll
  static void open() {
    patient = open(Way.LONG_LIMIT);
    hasty = open(Way.SHORT_LIMIT);
  }

  private static Pool open(Duration limit) {
    return ProcessPool.open(o ->
        o.withWorkers(2)
            .withHeap("64m")
            .withJvmOptions("-XX:MaxMetaspaceSize=48m")
            .withInitializer(Pools::loadWhatItemsNeed)
            .withPolicy(o.policy().withTimeout(limit).withGrace(Duration.ofMillis(200))));
  }

  @AfterAll
  static void close() {
    patient.close();
    hasty.close();
  }

  /** A loop in the parent would take a processor from later cells. */
  @AfterEach
  void endWhatHangsInTheParent() {
    int _ = Way.cell.incrementAndGet();
  }

  static Stream<Arguments> cells() {
    // for places at an edge see CrashMatrixAtTheEdgesTest
    List<Place> places = Stream.of(Place.values()).filter(place -> !place.isAtAnEdge()).toList();
    return Extent.cells(4, places, List.of(Way.values()), Arguments::of)
        .filter(cell -> whyNot((Place) cell.get()[0], (Way) cell.get()[1]) == null);
  }

  /** Why a cell cannot occur; null if it can. */
  private static String whyNot(Place place, Way way) {
    if (place == Place.BETWEEN_TASKS) {
      // It happens on a thread of its own, so only what hits the whole process is felt.
      return switch (way) {
        case EXITS_WITH_0, EXITS_WITH_1, HALTS, IS_KILLED, CRASHES_IN_NATIVE_CODE -> null;
        case EXITS_AND_A_HOOK_NEVER_ENDS -> null;
        case CLOSES_ITS_OUTPUT, SPAWNS_A_CHILD, LEAVES_A_THREAD_BEHIND -> null;
        default -> "on another thread than the task's it concerns no item";
      };
    }
    if (place == Place.ARGUMENT_IS_SERIALIZED) {
      return switch (way) {
        case THROWS_EXCEPTION, THROWS_ERROR, THROWS_SOMETHING_THAT_CANNOT_BE_SERIALIZED -> null;
        case OVERFLOWS_THE_STACK -> null;
        case LOOPS_DEAF_TO_INTERRUPTS, SLEEPS_FOR_EVER, DEADLOCKS -> null;
        case THROWS_WHAT_ONLY_THE_WORKER_KNOWS -> "no worker is there yet";
        case EXHAUSTS_THE_HEAP, EXHAUSTS_THE_METASPACE ->
            "what the parent has too little of, all that runs in it lacks, this test too";
        default -> "what ends or changes the parent is the parent's own";
      };
    }
    if (place == Place.RESULT_IS_DESERIALIZED && way.ends == Way.Ends.NORMAL) {
      return "a result that reads well is read in the parent too: what that does is the parent's"
          + " own";
    }
    return null;
  }

  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource("cells")
  void oneItemEndsAsItMustAndAllOthersAreDone(Place place, Way way) throws Exception {
    Pool pool = way.ends == Way.Ends.TIMED_OUT ? hasty : patient;
    Pools.warm(pool, IntStream.range(0, ITEMS).mapToObj(Bomb::harmless).toList(), Bomb::run);
    List<Bomb> items = new ArrayList<>();
    for (int i = 0; i < ITEMS; i++) {
      items.add(i == CULPRIT ? new Bomb(i, way, place) : Bomb.harmless(i));
    }

    int lostBefore = lost(pool);
    List<Outcome<Bomb.Result>> outcomes =
        Waiting.oneOfFew(
            () -> pool.outcomes(items, Bomb::run).toList(),
            all -> Waiting.othersAreInTime(all, CULPRIT));

    assertThat(outcomes).hasSize(ITEMS);
    for (int i = 0; i < ITEMS; i++) {
      Outcome<Bomb.Result> outcome = outcomes.get(i);
      if (i != CULPRIT && place != Place.BETWEEN_TASKS) {
        assertThat(outcome).as("neighbour %d", i).isInstanceOf(Outcome.Done.class);
        assertThat(outcome.get().number).isEqualTo(i);
      } else if (i == CULPRIT) {
        assertThat(outcome).as("culprit").isInstanceOf(expected(place, way));
      }
    }
    if (place == Place.BETWEEN_TASKS && way.ends == Way.Ends.LOST) {
      // Otherwise the death may come late and hit the items of the next cell.
      Waiting.until("the worker dies", Leftovers.SOON, () -> lost(pool) > lostBefore);
    }
    assertThat(pool.outcomes(List.of(Bomb.harmless(1)), Bomb::run).toList())
        .as("the pool goes on")
        .hasSize(1);
  }

  private static int lost(Pool pool) {
    return ((ProcessPool) pool).stats().workers().stream().mapToInt(WorkerStats::lost).sum();
  }

  private static Class<?> expected(Place place, Way way) {
    if (place == Place.BETWEEN_TASKS) {
      return Outcome.Done.class;
    }
    return switch (way.ends) {
      case NORMAL -> Outcome.Done.class;
      case FAILED -> Outcome.Failed.class;
      case TIMED_OUT -> Outcome.TimedOut.class;
      case LOST -> Outcome.WorkerLost.class;
    };
  }
}
