package io.github.fornada.process.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.SideBySide;
import org.junit.jupiter.api.Test;

/** When a process with a full heap is ended. */
@SideBySide
class CollectionShareTest {
  private static final long SECOND = 1_000_000_000;
  private static final int LOOKS = 10; // in a second

  private final CollectionShare share = new CollectionShare();
  private long now;
  private long collecting;
  private long all;
  private boolean hopeless;

  /** Lets seconds pass, each with so many ticks for the collector and for everything else. */
  private void pass(int seconds, long ofCollector, long ofOthers) {
    for (int i = 0; i < seconds * LOOKS; i++) {
      look(SECOND / LOOKS, ofCollector / LOOKS, ofOthers / LOOKS);
    }
  }

  private void look(long nanos, long ofCollector, long ofOthers) {
    now += nanos;
    collecting += ofCollector;
    all += ofCollector + ofOthers;
    hopeless |= share.isHopeless(now, collecting, all);
  }

  @Test
  void oneThatOnlyCollectsIsEndedAfterSomeSeconds() {
    pass(3, 100, 0);
    assertThat(hopeless).isFalse();
    pass(3, 100, 0);
    assertThat(hopeless).isTrue();
  }

  @Test
  void onASlowMachineItIsEndedToo() {
    pass(12, 60, 0);
    assertThat(hopeless).isTrue();
  }

  @Test
  void oneThatGetsOnIsNot() {
    pass(60, 80, 20);
    assertThat(hopeless).isFalse();
  }

  @Test
  void oneThatWaitsBetweenCollectionsIsNot() {
    pass(600, 10, 0);
    assertThat(hopeless).isFalse();
  }

  @Test
  void oneLongCollectionIsNoReason() {
    for (int i = 0; i < 10; i++) {
      look(10 * SECOND, 1000, 0); // while all threads stand still
      pass(30, 0, 100);
    }
    assertThat(hopeless).isFalse();
  }
}
