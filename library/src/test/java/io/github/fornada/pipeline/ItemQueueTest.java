package io.github.fornada.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Outcome;
import io.github.fornada.Waiting;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ItemQueueTest {
  private static Item item(long place, Item.Kind kind) {
    var item = new Item("value", new Origin(place, "value"));
    item.place = place;
    item.kind = kind;
    return item;
  }

  private static void sort(ItemQueue queue) {
    queue.lock().lock();
    try {
      queue.free(queue.sort());
    } finally {
      queue.lock().unlock();
    }
  }

  @Test
  void itsTurnFindsAPlaceThoughThoseBehindTookMoreThanThereAreByNow() {
    var queue = new ItemQueue(0, Duration.ZERO, 1000);
    queue.keepsOrder();
    assertThat(queue.reserve(500, 500)).isEqualTo(500);
    for (int k = 0; k < 500; k++) {
      queue.put(item(1, Item.Kind.PART));
    }
    sort(queue);
    queue.limit(16); // the stage behind has become slower
    assertThat(queue.reserve(1, 25)).isZero();
    for (int k = 0; k < 8; k++) {
      assertThat(queue.reserveInTurn()).as("place %d of half a queue", k).isTrue();
      queue.put(item(0, Item.Kind.PART));
      assertThat(queue.reserveInTurn()).as("while the taker has not looked").isFalse();
      sort(queue);
    }
    assertThat(queue.reserveInTurn()).as("more than half a queue").isFalse();
  }

  @Test
  void itsTurnHearsThatWhatItWasRefusedForWasPutInABatch() {
    var queue = new ItemQueue(26, Duration.ofDays(1), 1000);
    queue.keepsOrder();
    assertThat(queue.reserve(500)).isEqualTo(500);
    for (int k = 0; k < 500; k++) {
      queue.put(item(1, Item.Kind.PART));
    }
    sort(queue);
    queue.limit(52); // the stage behind has become slower
    assertThat(queue.reserveInTurn()).isTrue();
    queue.put(item(0, Item.Kind.PART));
    assertThat(queue.reserveInTurn()).as("while the taker has not looked").isFalse();
    long news = queue.news();
    sort(queue);
    assertThat(queue.news()).as("no place is free, and none will be").isNotEqualTo(news);
    assertThat(queue.reserveInTurn()).isTrue();
  }

  @Test
  void batchesThatAreFullLeaveNothingBehindThatHoldsTheQueue() {
    var queue = new ItemQueue(2, Duration.ofDays(1), 0);
    for (int batch = 0; batch < 3; batch++) {
      for (int k = 0; k < 2; k++) {
        assertThat(queue.reserve(1)).isOne();
        queue.put(item(0, Item.Kind.WHOLE));
        sort(queue);
      }
      queue.free(queue.ready().remove().slots);
    }
    queue.inputEnds();
    var gone = new WeakReference<>(queue);
    queue = null;
    Waiting.untilCollected("no timer holds the queue for a day", () -> gone.refersTo(null));
  }

  @Test
  void aBatchIsMadeWhenItsTimeIsOverThoughOneBeforeItWasFull() {
    var made = new CountDownLatch(1);
    var queue = new ItemQueue(2, Duration.ofMillis(50), 0);
    queue.joins(
        new Giver() {
          @Override
          public boolean wantsRoom(int room, int limit) {
            return false;
          }

          @Override
          public void roomAgain() {}
        },
        made::countDown);
    for (int k = 0; k < 3; k++) {
      assertThat(queue.reserve(1)).isOne();
      queue.put(item(0, Item.Kind.WHOLE));
      sort(queue);
    }
    Waiting.until("the second is told", () -> made.getCount() == 0);
    assertThat(queue.ready()).hasSize(2);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void nobodyWaitsForEverWhereEndedItemsStandBehindAnOpenBatch(boolean lengthChanges) {
    for (int seed = 0; seed < 100; seed++) {
      var both = new GiverAndTaker(new Random(seed), lengthChanges);
      for (int step = 0; step < 1_000; step++) {
        both.gives();
        both.takes();
        assertThat(both.canGoOn()).as("seed %d, step %d: %s", seed, step, both.queue).isTrue();
      }
    }
  }

  /** Both sides of a queue of batches of which some items have ended, by one thread. */
  private static final class GiverAndTaker implements Giver, Taker {
    private static final int BATCH = 26;

    private final Random random;
    private final boolean lengthChanges;
    private final ItemQueue queue = new ItemQueue(BATCH, Duration.ofDays(1), 0);

    private long place;
    private boolean starved;

    GiverAndTaker(Random random, boolean lengthChanges) {
      this.random = random;
      this.lengthChanges = lengthChanges;
      queue.keepsOrder();
      queue.joins(this, this);
    }

    /** Until there is no room; one kind of items after the other. */
    void gives() {
      boolean ends = random.nextBoolean();
      for (int n = random.nextInt(3 * BATCH); n > 0 && !starved; n--) {
        starved = queue.reserve(1) == 0;
        if (!starved) {
          Item item = item(place++, Item.Kind.WHOLE);
          item.outcome = ends ? new Outcome.Cancelled<>("has ended") : null;
          queue.put(item);
        }
      }
      if (lengthChanges) {
        queue.limit(random.nextInt(10 * BATCH));
      }
    }

    /** Some of what is there. */
    void takes() {
      sort(queue);
      int freed = 0;
      for (int n = 1 + random.nextInt(BATCH); n > 0 && !queue.ready().isEmpty(); n--) {
        freed += queue.ready().remove().slots;
      }
      queue.free(freed);
      queue.tellGiver();
    }

    boolean canGoOn() {
      return !starved || !queue.ready().isEmpty();
    }

    @Override
    public boolean wantsRoom(int room, int limit) {
      return starved && ItemQueue.isRoomAgain(room, limit);
    }

    @Override
    public void roomAgain() {
      starved = false;
    }

    @Override
    public void wake() {}
  }
}
