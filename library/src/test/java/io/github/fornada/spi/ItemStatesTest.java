package io.github.fornada.spi;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Items packed into words behave as if each had a variable of its own. */
class ItemStatesTest {
  private static final int STEPS = 20_000;

  @Test
  void allThatIsDoneToThemIsAsWithOneVariableForEach() {
    for (int size : new int[] {1, 2, 31, 32, 33, 63, 64, 65, 100, 256}) {
      var random = new Random(size);
      var states = new ItemStates(size);
      int[] plain = new int[size];
      for (int step = 0; step < STEPS; step++) {
        int i = random.nextInt(size);
        int most = 1 + random.nextInt(size + 3);
        switch (random.nextInt(6)) {
          case 0 -> assertThat(states.claim(i)).isEqualTo(claim(plain, i));
          case 1 ->
              assertThat(states.claimRow(i, most))
                  .isEqualTo(row(plain, i, most, ItemStates.WAITING, ItemStates.RUNNING));
          case 2 ->
              assertThat(states.endRow(i, most))
                  .isEqualTo(row(plain, i, most, ItemStates.RUNNING, ItemStates.ENDED));
          case 3 -> assertThat(states.end(i)).isEqualTo(set(plain, i, ItemStates.ENDED));
          case 4 ->
              assertThat(states.move(i, ItemStates.RUNNING, ItemStates.WAITING))
                  .isEqualTo(row(plain, i, 1, ItemStates.RUNNING, ItemStates.WAITING) == 1);
          default ->
              assertThat(states.hasWaiting())
                  .isEqualTo(Arrays.stream(plain).anyMatch(s -> s == ItemStates.WAITING));
        }
        for (int k = 0; k < size && step % 97 == 0; k++) {
          assertThat(states.get(k)).as("item %d of %d", k, size).isEqualTo(plain[k]);
        }
        if (Arrays.stream(plain).allMatch(s -> s == ItemStates.ENDED)) {
          states = new ItemStates(size);
          plain = new int[size];
        }
      }
    }
  }

  private static int set(int[] plain, int i, int to) {
    int before = plain[i];
    plain[i] = to;
    return before;
  }

  private static int claim(int[] plain, int from) {
    for (int i = from; i < plain.length; i++) {
      if (plain[i] == ItemStates.WAITING) {
        plain[i] = ItemStates.RUNNING;
        return i;
      }
    }
    return -1;
  }

  private static int row(int[] plain, int first, int most, int from, int to) {
    int n = 0;
    while (n < most && first + n < plain.length && plain[first + n] == from) {
      plain[first + n] = to;
      n++;
    }
    return n;
  }

  @Test
  void everyItemIsClaimedOnceHoweverManyClaim() throws InterruptedException {
    int size = 100_000;
    var states = new ItemStates(size);
    List<List<Integer>> claimed = new ArrayList<>();
    var threads = new ArrayList<Thread>();
    for (int t = 0; t < 4; t++) {
      var mine = new ArrayList<Integer>();
      claimed.add(mine);
      boolean inRows = t % 2 == 0;
      threads.add(
          Thread.ofPlatform()
              .start(() -> {
                for (int i = states.claim(0); i >= 0; i = states.claim(i)) {
                  mine.add(i);
                  int row = inRows && i + 1 < size ? states.claimRow(i + 1, 7) : 0;
                  for (int k = 1; k <= row; k++) {
                    mine.add(i + k);
                  }
                }
              }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(claimed.stream().flatMap(List::stream)).doesNotHaveDuplicates().hasSize(size);
  }
}
