package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.SideBySide;
import io.github.fornada.process.wire.CorruptFrameException;
import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.process.wire.MessageOutput;
import org.junit.jupiter.api.Test;

@SideBySide
class AgentLoadTest {
  private static final long MILLI = 1_000_000;

  @Test
  void aLongItemAmongManyShortOnesLeavesEnoughAheadOfEachOfManyWorkers() throws Exception {
    AgentLoad load = ran(16, 100, 6 * MILLI);

    load.ran(1, 300 * MILLI);

    assertThat(aheadOfEach(load, 16)).isBetween(10, 16);
  }

  @Test
  void oneWorkerWhoseItemsComeToTakeLongSoonHasNoneAhead() throws Exception {
    AgentLoad load = ran(1, 100, 6 * MILLI);

    for (int i = 0; i < 20; i++) {
      load.ran(1, 300 * MILLI);
    }

    assertThat(aheadOfEach(load, 1)).isZero();
  }

  @Test
  void noneIsAheadOfAnAgentThatGaveAllBackUntilAnItemHasEnded() throws Exception {
    AgentLoad load = ran(4, 100, 6 * MILLI);
    int usual = aheadOfEach(load, 4);

    load.wantNoneAhead();
    int stuck = aheadOfEach(load, 4);
    load.ran(1, 6 * MILLI);

    assertThat(usual).isPositive();
    assertThat(stuck).isZero();
    assertThat(aheadOfEach(load, 4)).isEqualTo(usual);
  }

  @Test
  void reportsOfManyWorkersAreNoMoreFrequentThanEvery40Milliseconds() {
    assertThat(ran(16, 100, 6 * MILLI).gatherNanos()).isEqualTo(40 * MILLI);
  }

  @Test
  void tenItemsOfOneWorkerAreReportedTogetherIfTheyTakeNoMoreThan100Milliseconds() {
    assertThat(ran(1, 100, 6 * MILLI).gatherNanos()).isEqualTo(60 * MILLI);
    assertThat(ran(1, 100, 50 * MILLI).gatherNanos()).isEqualTo(100 * MILLI);
  }

  private static AgentLoad ran(int workers, int items, long nanosEach) {
    var load = new AgentLoad();
    load.use(workers);
    for (int i = 0; i < items; i++) {
      load.ran(1, nanosEach);
    }
    return load;
  }

  /** Returns how many items the pool is asked for beyond one for each worker, for each worker. */
  private static int aheadOfEach(AgentLoad load, int workers) throws CorruptFrameException {
    byte[] told = load.put(new MessageOutput()).toByteArray();
    int wanted = new MessageInput(told, 0, told.length).getInt();
    return wanted / workers - 1;
  }
}
