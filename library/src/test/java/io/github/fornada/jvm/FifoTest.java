package io.github.fornada.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FifoTest {
  /** Any steps, on it and on the JDK's queue. */
  @Test
  void itHoldsWhatTheQueueOfTheJdkHolds() {
    for (int seed = 0; seed < 200; seed++) {
      var random = new Random(seed);
      var fifo = new Fifo<Integer>();
      var model = new ArrayDeque<Integer>();
      for (int step = 0; step < 400; step++) {
        step(random, step, fifo, model);
        assertThat(fifo).as("seed %s, step %s", seed, step).hasSize(model.size());
        assertThat(fifo.peek()).isEqualTo(model.peek());
      }
      assertThat(fifo).as("seed %s", seed).containsExactlyElementsOf(model);
    }
  }

  private static void step(
      Random random, int value, Fifo<Integer> fifo, ArrayDeque<Integer> model) {
    switch (random.nextInt(9)) {
      case 0, 1, 2 -> {
        fifo.addLast(value);
        model.addLast(value);
      }
      case 3 -> {
        fifo.addFirst(value);
        model.addFirst(value);
      }
      case 4 -> assertThat(fifo.poll()).isEqualTo(model.poll());
      case 5 -> {
        if (!model.isEmpty()) {
          assertThat(fifo.last()).isEqualTo(model.getLast());
          assertThat(fifo.removeLast()).isEqualTo(model.removeLast());
        }
      }
      case 6 -> fifo.reserve(random.nextInt(40));
      case 7 -> {
        if (random.nextInt(20) == 0) {
          fifo.clear();
          model.clear();
        }
      }
      default -> {
        int third = random.nextInt(3);
        for (Iterator<Integer> it = fifo.iterator(); it.hasNext(); ) {
          if (it.next() % 3 == third && random.nextInt(4) == 0) {
            it.remove();
          }
        }
        model.clear();
        model.addAll(fifo);
      }
    }
  }

  @Test
  void removingTakesOutTheElementThatTheIteratorHasGiven() {
    var fifo = new Fifo<String>();
    for (String each : new String[] {"a", "b", "c", "d"}) {
      fifo.add(each);
    }
    fifo.removeIf(each -> each.equals("b") || each.equals("d"));
    assertThat(fifo).containsExactly("a", "c");
  }

  @Test
  void thereIsNothingToRemoveInAnEmptyOne() {
    var fifo = new Fifo<String>();
    assertThat(fifo.poll()).isNull();
    assertThat(fifo.peek()).isNull();
    assertThatThrownBy(fifo::remove).isInstanceOf(NoSuchElementException.class);
    assertThatThrownBy(fifo::last).isInstanceOf(NoSuchElementException.class);
  }
}
