package io.github.fornada.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.SideBySide;
import io.github.fornada.jvm.Fifo;
import io.github.fornada.threads.SequentialPool;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What stages do after a stop, on their own: who tells them of work may come late. */
@SideBySide
final class StageEndTest {
  private static StagePlan plan(String name, Pool pool) {
    return new StagePlan(
        name,
        new StagePlan.Opener(1, false, false, most -> pool),
        false,
        x -> x,
        List.of(),
        List.of(),
        StagePlan.Batches.NONE);
  }

  private static PipelineEngine twoStages(Pool pool) {
    return new PipelineEngine(
        List.of(),
        List.of(plan("a", pool), plan("b", pool)),
        StagePlan.Batches.NONE,
        PipelineOptions.DEFAULT);
  }

  private static Item ended(long index) {
    var item = new Item("value", new Origin(index, "value"));
    item.outcome = new Outcome.Failed<>(new IllegalStateException("no. " + index));
    return item;
  }

  @Test
  void whatHasEndedStaysWhereItIsTakenOutThoughItsStageIsWokenLate() {
    try (Pool pool = SequentialPool.open()) {
      var engine = twoStages(pool);
      Stage behind = engine.stages().get(1);
      var failed = ended(0);
      assertThat(behind.in().reserve(1)).isEqualTo(1);
      behind.in().put(failed);

      engine.stop("a test", null);
      behind.endUnfinished("a test");
      behind.wake(); // by a thread that was held up since before the stop

      var rest = new Fifo<Item>();
      behind.takeAll("a test", rest);
      assertThat(rest).containsExactly(failed);
      engine.close();
    }
  }

  @Test
  void whatHasEndedGoesOnAsLongAsItsStageDoes() {
    try (Pool pool = SequentialPool.open()) {
      var engine = twoStages(pool);
      Stage behind = engine.stages().get(1);
      assertThat(behind.in().reserve(1)).isEqualTo(1);
      behind.in().put(ended(0));
      behind.wake();
      assertThat(behind.in().used()).isZero();
      assertThat(engine.last().used()).isEqualTo(1);
      engine.close();
    }
  }
}
