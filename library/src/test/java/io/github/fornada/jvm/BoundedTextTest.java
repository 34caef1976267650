package io.github.fornada.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Waiting;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Only code that really hangs counts as hanging, and is not called again. */
class BoundedTextTest {
  private record Door(String text) {
    @Override
    public String toString() {
      return text;
    }
  }

  @Test
  void aTextThatEndsAsTheMessageOfAHangIsATextLikeOthers() {
    assertThat(BoundedText.of(new Door("the door hangs"))).isEqualTo("the door hangs");
    assertThat(BoundedText.of(new Door("the door stands"))).isEqualTo("the door stands");
  }

  @Test
  void anInterruptOfWhoAsksIsKeptAndIsNoFaultOfTheText() {
    Thread.currentThread().interrupt();
    String _ = BoundedText.of(new Door("one"));
    assertThat(Thread.interrupted()).isTrue();
    assertThat(BoundedText.of(new Door("another"))).isEqualTo("another");
  }

  /** More objects at a time than there are threads that call them. */
  @Test
  void slowTextsOfManyAtOnceAreNoHang() throws Exception {
    // A class of which one was too slow is not called for a while, so each run has its own.
    Iterator<Supplier<Slow>> classes =
        List.<Supplier<Slow>>of(
                () -> new Slow() {}, () -> new Slow() {}, () -> new Slow() {}, () -> new Slow() {})
            .iterator();
    Waiting.inOneOfFewRuns(() -> manyAtOnceAreSlow(classes.next()));
  }

  private static void manyAtOnceAreSlow(Supplier<Slow> slow) throws Exception {
    var texts = new ConcurrentLinkedQueue<String>();
    var askers = new ArrayList<Thread>();
    for (int i = 0; i < 24; i++) {
      askers.add(Thread.ofVirtual().start(() -> texts.add(BoundedText.of(slow.get()))));
    }
    for (Thread asker : askers) {
      asker.join();
    }
    assertThat(texts).hasSize(24).containsOnly("slow");
  }

  private abstract static class Slow {
    @Override
    public String toString() {
      LockSupport.parkNanos(100_000_000);
      return "slow";
    }
  }

  @Test
  void textsThatHangKeepNoOtherTextFromBeingMade() throws Exception {
    var over = new CountDownLatch(1);
    try {
      var askers = new ArrayList<Thread>();
      for (int i = 0; i < 20; i++) {
        askers.add(
            Thread.ofVirtual()
                .start(() ->
                    BoundedText.boundedMessage(() -> hang(over), "fails", "hangs", () -> {})));
      }
      for (Thread asker : askers) {
        asker.join();
      }
      assertThat(BoundedText.of(new Door("open"))).isEqualTo("open");
    } finally {
      over.countDown();
    }
  }

  static String hang(CountDownLatch over) {
    while (over.getCount() > 0) {
      try {
        over.await();
      } catch (InterruptedException e) {
        // It ignores these.
      }
    }
    return "after all";
  }
}
