package io.github.fornada.advice;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.ExecutionModel;
import io.github.fornada.TaskFunction;
import io.github.fornada.advice.decide.Machine;
import io.github.fornada.spi.AbstractPool;
import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is said of a job whose items end before its classes were looked at. */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ShortJobTest {
  private static final long DEADLINE_SECONDS = 60;

  private static final TaskFunction<Integer, Integer> FUNCTION = i -> i;

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(DEADLINE_SECONDS, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** The item ends just before the first observation, and the classes are known only after it. */
  private static final class LateSenses extends NoSenses {
    final CountDownLatch seen = new CountDownLatch(1);
    final CountDownLatch observed = new CountDownLatch(1);
    final AtomicReference<@Nullable Controller> controller = new AtomicReference<>();

    @Override
    public Machine machine() {
      seen.countDown();
      Controller watched = controller.get();
      while (watched != null && watched.threads().figures().ended() == 0) {
        Thread.onSpinWait();
      }
      return new Machine(4, 4, 1L << 32, 1L << 27, 3e8, 4e8, 1e4, 5e4, 2, 4);
    }

    @Override
    public @Nullable String threadDoubt(Object function) {
      await(observed);
      return "Counter.n is a static field that it changes";
    }

    @Override
    public Sensed read(Collection<Long> pids) {
      observed.countDown();
      return super.read(pids);
    }
  }

  @Test
  void theAdviceWaitsForTheLookAtTheClassesThoughAllItemsWereObservedBefore() throws Exception {
    var senses = new LateSenses();
    var controller =
        new Controller(AutoOptions.defaults().withoutMemory(), Choosers.DEFAULT, senses, null);
    senses.controller.set(controller);
    try (AbstractPool pool = controller.threads().pool()) {
      int result =
          pool.submit(
                  7,
                  i -> {
                    await(senses.seen);
                    return i;
                  })
              .get(DEADLINE_SECONDS, TimeUnit.SECONDS);
      assertThat(result).isEqualTo(7);
    }
    Advice advice = controller.finalAdvice(FUNCTION, 7);
    assertThat(String.join(" ", advice.sentences()))
        .contains("Threads were not used: Counter.n is a static field that it changes.")
        .doesNotContain("examined");
    assertThat(advice.estimates())
        .filteredOn(each -> each.model() == ExecutionModel.PROCESSES)
        .allSatisfy(each -> assertThat(each.ruledOut()).isEmpty());
  }

  /** Nobody has looked at the work while it ran, so nobody waits in {@link LateSenses#read} yet. */
  @Test
  void whatWasOverBeforeTheFirstLookIsLookedAtForTheAdvice() throws Exception {
    var senses = new LateSenses();
    senses.observed.countDown();
    var controller =
        new Controller(AutoOptions.defaults().withoutMemory(), Choosers.DEFAULT, senses, null);
    try (AbstractPool pool = controller.threads().pool()) {
      assertThat(pool.submit(7, FUNCTION)).succeedsWithin(Duration.ofSeconds(DEADLINE_SECONDS));
    }
    Advice advice = controller.finalAdvice(FUNCTION, 7);
    assertThat(String.join(" ", advice.sentences()))
        .contains("Threads were not used: Counter.n is a static field that it changes.")
        .doesNotContain("over before it was looked at", "examined");
    assertThat(advice.estimates())
        .filteredOn(each -> each.model() == ExecutionModel.PROCESSES)
        .allSatisfy(each -> assertThat(each.ruledOut()).isEmpty());
  }
}
