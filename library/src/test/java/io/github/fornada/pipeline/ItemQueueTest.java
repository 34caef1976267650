package io.github.fornada.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

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
}
