package io.github.fornada.stress.pipelines;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.TaskFunction;
import io.github.fornada.stress.pipelines.Plan.Consumption;
import io.github.fornada.stress.pipelines.Plan.Kind;
import io.github.fornada.stress.pipelines.Plan.SourcePlan;
import io.github.fornada.stress.pipelines.StagePlan.Batches;
import io.github.fornada.stress.pipelines.StagePlan.Fan;
import io.github.fornada.stress.pipelines.StagePlan.Faults;
import io.github.fornada.stress.pipelines.StagePlan.Limits;
import io.github.fornada.stress.pipelines.StagePlan.Model;
import io.github.fornada.stress.pipelines.StagePlan.Pace;
import io.github.fornada.stress.pipelines.StagePlan.Where;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A fault that is planted in one item of one stage is found, and told for what it is. */
@Timeout(value = 240, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class PipelineStormTest {
  private static final long SEED = 3;
  private static final int ITEMS = 500;
  private static final long VICTIM = 100;

  /** The stage with the fault. */
  private static final int DEPTH = 1;

  /** The pipeline is closed then. A loaded machine must not come to it in good runs. */
  private static final Duration DEADLINE = Duration.ofSeconds(20);

  private static final Duration SHORT_DEADLINE = Duration.ofSeconds(2);

  enum Planted {
    DROPPED("no outcome, and a loop gives DONE") {
      @Override
      Stream<Value> change(Stream<Value> children) {
        return children.skip(1);
      }
    },
    DOUBLED("an item with two outcomes") {
      @Override
      Stream<Value> change(Stream<Value> children) {
        return children.mapMulti((child, sink) -> {
          sink.accept(child);
          sink.accept(child);
        });
      }
    },
    SWAPPED("out of order") {
      @Override
      Stream<Value> change(Stream<Value> children) {
        return children.sorted(Comparator.comparingLong(child -> -child.tokens()[0]));
      }
    },
    ADDED("an outcome that no loop would give") {
      @Override
      Stream<Value> change(Stream<Value> children) {
        long more = Tokens.child(Tokens.ofSource(VICTIM), DEPTH, Tokens.MOST_CHILDREN);
        return Stream.concat(children, Stream.of(Value.of(more)));
      }
    },
    OF_ANOTHER("wrong origins") {
      @Override
      Stream<Value> change(Stream<Value> children) {
        return Stream.of(Value.of(Tokens.child(Tokens.ofSource(VICTIM + 1), DEPTH, 0)));
      }
    },
    FAILED("failed otherwise than planned") {
      @Override
      Stream<Value> change(Stream<Value> children) {
        throw new IllegalStateException("planted");
      }
    };

    final String told;

    Planted(String told) {
      this.told = told;
    }

    abstract Stream<Value> change(Stream<Value> children);
  }

  private static StagePlan stage(
      int depth, @Nullable Batches batches, @Nullable Fan fan, Model model) {
    return new StagePlan(
        SEED,
        depth,
        batches,
        batches != null,
        fan,
        Faults.NONE,
        Pace.QUICK,
        Limits.NONE,
        new Where(model, 2),
        0,
        false);
  }

  private static Plan plan(List<StagePlan> stages, Consumption consumption) {
    return new Plan(SEED, SourcePlan.list(ITEMS), stages, null, Plan.Options.DEFAULT, consumption);
  }

  /** Exactly three children each. */
  private static Plan flatPlan() {
    return plan(
        List.of(
            stage(0, null, null, Model.THREADS),
            stage(DEPTH, null, new Fan(1, 0, 3, 1, 0, false), Model.THREADS),
            stage(2, null, null, Model.SHARED_VIRTUAL_THREADS)),
        Consumption.FOR_EACH);
  }

  private static @Nullable String fault(
      Plan plan, Duration deadline, UnaryOperator<TaskFunction<Object, Object>> change) {
    try (var pools = new SharedPools()) {
      return PipelineStorm.fault(
          plan,
          pools,
          task -> ((StageTask) task).plan().depth() == DEPTH ? change.apply(task) : task,
          deadline);
    }
  }

  private static boolean isVictim(Object item) {
    return Tokens.index(Value.tokens(item)[0]) == VICTIM;
  }

  @Test
  void aPipelineWithoutFaultIsRight() {
    assertThat(fault(flatPlan(), DEADLINE, task -> task)).isNull();
  }

  @ParameterizedTest
  @EnumSource
  @SuppressWarnings("unchecked") // what a flat stage makes
  void aPlantedFaultIsFound(Planted planted) {
    UnaryOperator<TaskFunction<Object, Object>> change =
        task ->
            item ->
                isVictim(item)
                    ? planted.change((Stream<Value>) task.apply(item))
                    : task.apply(item);

    assertThat(fault(flatPlan(), DEADLINE, change)).startsWith(planted.told);
  }

  @Test
  void anItemThatNeverEndsIsFoundWithThePlaceWhereItStands() {
    UnaryOperator<TaskFunction<Object, Object>> change =
        task ->
            item -> {
              if (isVictim(item)) {
                new CountDownLatch(1).await(); // until the run is closed
              }
              return task.apply(item);
            };

    Duration deadline = SHORT_DEADLINE;
    String found = fault(flatPlan(), deadline, change);
    // On a busy machine the start may take as long, and the item has not begun then.
    while (deadline.compareTo(DEADLINE) < 0
        && (found == null || !found.contains("CountDownLatch.await"))) {
      deadline = deadline.multipliedBy(4);
      found = fault(flatPlan(), deadline, change);
    }
    assertThat(found)
        .startsWith("no progress for " + deadline)
        .contains("s1: ", "CountDownLatch.await");
  }

  @Test
  void anItemThatIsLostFromABatchIsFound() {
    Plan plan =
        plan(
            List.of(
                stage(0, null, null, Model.THREADS),
                stage(DEPTH, new Batches(7, Duration.ofDays(1)), null, Model.THREADS)),
            Consumption.FOR_EACH);
    UnaryOperator<TaskFunction<Object, Object>> change =
        task ->
            item ->
                new Value(
                    LongStream.of(Value.tokens(task.apply(item)))
                        .filter(token -> Tokens.index(token) != VICTIM)
                        .toArray());

    assertThat(fault(plan, DEADLINE, task -> task)).isNull();
    assertThat(fault(plan, DEADLINE, change)).startsWith("wrong origins");
  }

  @Test
  @SuppressWarnings("unchecked") // what a flat stage makes
  void anItemThatIsLostBeforeACancelIsFound() {
    var cancelled = new Consumption(Kind.CANCELLED_BY_CONSUMER, 2 * (int) VICTIM * 3);
    Plan plan = plan(flatPlan().stages(), cancelled);
    UnaryOperator<TaskFunction<Object, Object>> change =
        task ->
            item -> isVictim(item) ? ((Stream<Value>) task.apply(item)).skip(1) : task.apply(item);

    assertThat(fault(plan, DEADLINE, task -> task)).isNull();
    assertThat(fault(plan, DEADLINE, change)).startsWith(Planted.DROPPED.told);
  }

  @Test
  void aDeathThatWasNotPlannedIsFound() {
    Plan plan =
        plan(
            List.of(stage(0, null, null, Model.THREADS), stage(DEPTH, null, null, Model.PROCESSES)),
            Consumption.FOR_EACH);
    UnaryOperator<TaskFunction<Object, Object>> change =
        task ->
            item -> {
              if (isVictim(item)) {
                Runtime.getRuntime().halt(7);
              }
              return task.apply(item);
            };

    assertThat(fault(plan, DEADLINE, task -> task)).isNull();
    assertThat(fault(plan, DEADLINE, change))
        .startsWith("blamed for a death that it did not cause");
  }

  @Test
  void theSameSeedGivesTheSamePlan() {
    for (long seed = 0; seed < 1000; seed++) {
      assertThat(PlanDraw.of(seed, true)).isEqualTo(PlanDraw.of(seed, true));
    }
    assertThat(PlanDraw.of(1, true)).isNotEqualTo(PlanDraw.of(2, true));
  }

  @Test
  void whatAnEndlessStreamMakesBeforeItIsStoppedHasTokens() {
    int found = 0;
    for (long seed = 0; seed < 20_000; seed++) {
      Plan plan = PlanDraw.of(seed, false);
      StagePlan last = plan.stages().getLast();
      if (last.fan() != null && last.fan().isEndless()) {
        found++;
        // Whose turn it is may take half of the places more.
        double results = plan.consumption().when() + 1.5 * plan.options().queue();
        assertThat(results / (1 - last.drops()))
            .as("children of one item in the plan of seed %s", seed)
            .isLessThan(Tokens.MOST_CHILDREN);
      }
    }
    assertThat(found).isGreaterThan(20);
  }
}
