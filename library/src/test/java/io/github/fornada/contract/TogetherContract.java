package io.github.fornada.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Completion;
import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.TaskException;
import io.github.fornada.Waiting;
import java.nio.file.Files;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What holds for pools that run several tasks at once: all but a sequential one. */
interface TogetherContract extends PoolUnderTest {

  private static List<Integer> numbers(int from, int to) {
    return IntStream.range(from, to).boxed().toList();
  }

  private static <T> List<Iterable<T>> bothWays(List<T> items) {
    return List.of(items, Work.lazily(items));
  }

  @Test
  default void aFailureCancelsRunningSiblings() throws Exception {
    Marks marks = marks();
    try (Pool pool = lend(2)) {
      assertThatThrownBy(() ->
              pool.map(
                  List.of("waits", "fails"),
                  item -> {
                    if (item.equals("fails")) {
                      marks.await("began");
                      throw new IllegalStateException("sorry");
                    }
                    marks.set("began");
                    try {
                      marks.await("never");
                    } catch (InterruptedException e) {
                      marks.set("interrupted");
                      throw e;
                    }
                    return item;
                  }))
          .isInstanceOf(TaskException.class)
          .hasMessageContaining("item 1 (fails) failed");
      marks.await("interrupted");
    }
  }

  @Test
  default void aSlowFirstItemDoesNotStopTheOthersWithinTheWindow() throws Exception {
    Marks marks = marks();
    try (Pool pool = open(2, policy -> policy.withWindow(32))) {
      for (Iterable<Integer> items : bothWays(numbers(0, 100))) {
        Marks these = new Marks(Files.createTempDirectory(folder(), "way").toString());
        var first = new CompletableFuture<Outcome<Integer>>();
        Thread consumer =
            Thread.ofPlatform()
                .start(() ->
                    first.complete(
                        pool.<Integer, Integer>outcomes(
                                items,
                                i -> {
                                  these.set(i);
                                  if (i == 0) {
                                    marks.await("go");
                                  }
                                  return i;
                                })
                            .reduce((a, b) -> a)
                            .orElseThrow()));
        these.await(31); // the last of the window
        assertThat(first).isNotDone();
        marks.set("go");
        assertThat(PoolUnderTest.get(first)).isEqualTo(new Outcome.Done<>(0));
        assertThat(consumer.join(PATIENCE)).isTrue();
        Files.delete(folder().resolve("go"));
      }
    }
  }

  @Test
  default void completionsDoNotWaitForASlowerOneBefore() {
    Marks marks = marks();
    try (Pool pool = lend(2)) {
      List<Integer> order =
          pool.completions(
                  List.of(0, 1),
                  i -> {
                    if (i == 0) {
                      marks.await("go");
                    }
                    return i;
                  })
              .map(Completion::item)
              .peek(i -> marks.set("go"))
              .toList();
      assertThat(order).containsExactly(1, 0);
    }
  }

  @Test
  default void slowItemsInOneBatchAreSharedOutToIdleWorkers() throws Exception {
    Marks marks = marks();
    try (Pool pool = lend(4)) {
      List<Integer> items = numbers(0, 20_000);
      // Tiny items first, so that batches grow; then four that end only if they run together.
      List<Integer> results =
          pool.map(
              items,
              i -> {
                if (i >= 19_000 && i < 19_004) {
                  marks.set("here");
                  Waiting.until("four ran together", () -> marks.times("here") == 4);
                }
                return i;
              });
      assertThat(results).isEqualTo(items);
    }
  }
}
