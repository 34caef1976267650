package io.github.fornada.guide;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.Waiting;
import io.github.fornada.process.ProcessPool;
import io.github.fornada.threads.SequentialPool;
import io.github.fornada.threads.ThreadPool;
import io.github.fornada.threads.VirtualThreadPool;
import java.time.Duration;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * The programs of the guide that this project began with: cakes that bake, and workers that wait.
 * Bounds are generous: the promise is "in sequence the times add up, together they do not", not a
 * figure.
 */
final class GuideTest {
  private static final Duration A_CAKE = Duration.ofSeconds(1);
  private static final Duration TWO_CAKES_TOGETHER = Duration.ofMillis(1900);

  private static final Duration A_WAIT = Duration.ofMillis(700);
  private static final Duration FIVE_WAITS_TOGETHER = A_WAIT.multipliedBy(4);

  /** What tasks count up, if they share the memory of this JVM. */
  private static final AtomicInteger COUNT = new AtomicInteger();

  static String bakeCake(String flavour) throws InterruptedException {
    Thread.sleep(A_CAKE);
    return flavour + " cake";
  }

  static long waitAndTell(int worker) throws InterruptedException {
    Thread.sleep(A_WAIT);
    COUNT.incrementAndGet();
    return ProcessHandle.current().pid();
  }

  /** Until so many workers have run something: then the time to start them is over. */
  private static void warm(Pool pool, int workers) {
    var pids = new HashSet<Long>();
    Waiting.until(
        "all workers have started",
        () -> {
          pids.addAll(
              pool.outcomes(
                      Collections.nCopies(4 * workers, 0),
                      i -> {
                        Thread.sleep(5); // so that one of them does not do it all
                        return ProcessHandle.current().pid();
                      })
                  .map(Outcome::get)
                  .toList());
          return pids.size() == workers;
        });
  }

  private static Duration bakeTwo(Pool pool) throws InterruptedException {
    pool.map(List.of("warm", "up"), String::length);
    long began = System.nanoTime();
    assertThat(pool.map(List.of("chocolate", "carrot"), GuideTest::bakeCake))
        .containsExactly("chocolate cake", "carrot cake");
    return Duration.ofNanos(System.nanoTime() - began);
  }

  @Test
  void twoCakesInSequenceTakeTheSumOfTheirTimes() throws Exception {
    try (Pool pool = SequentialPool.open()) {
      assertThat(bakeTwo(pool)).isGreaterThanOrEqualTo(A_CAKE.multipliedBy(2));
    }
  }

  @Test
  void twoCakesOnThreadsTakeTheTimeOfOne() throws Exception {
    Waiting.inOneOfFewRuns(() -> {
      try (Pool pool = ThreadPool.open(o -> o.withWorkers(2))) {
        assertThat(bakeTwo(pool)).isBetween(A_CAKE, TWO_CAKES_TOGETHER);
      }
    });
  }

  @Test
  void twoCakesOnVirtualThreadsTakeTheTimeOfOne() throws Exception {
    Waiting.inOneOfFewRuns(() -> {
      try (Pool pool = VirtualThreadPool.open()) {
        assertThat(bakeTwo(pool)).isBetween(A_CAKE, TWO_CAKES_TOGETHER);
      }
    });
  }

  @Test
  void twoCakesInProcessesTakeTheTimeOfOne() throws Exception {
    Waiting.inOneOfFewRuns(() -> {
      try (Pool pool = ProcessPool.open(o -> o.withWorkers(2))) {
        warm(pool, 2);
        assertThat(bakeTwo(pool)).isBetween(A_CAKE, TWO_CAKES_TOGETHER);
      }
    });
  }

  @Test
  void fiveWorkersOnThreadsEndTogetherAndShareTheMemory() throws Exception {
    Waiting.inOneOfFewRuns(() -> fiveWorkersEndTogether(ThreadPool.open(o -> o.withWorkers(5))));
  }

  @Test
  void fiveWorkersOnVirtualThreadsEndTogetherAndShareTheMemory() throws Exception {
    Waiting.inOneOfFewRuns(() -> fiveWorkersEndTogether(VirtualThreadPool.open()));
  }

  private static void fiveWorkersEndTogether(Pool opened) throws InterruptedException {
    int before = COUNT.get();
    long began = System.nanoTime();
    try (Pool pool = opened) {
      assertThat(pool.map(IntStream.range(0, 5).boxed().toList(), GuideTest::waitAndTell))
          .containsOnly(ProcessHandle.current().pid());
    }
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isBetween(A_WAIT, FIVE_WAITS_TOGETHER);
    assertThat(COUNT.get() - before).isEqualTo(5);
  }

  @Test
  void fiveWorkersInProcessesEndTogetherAndShareNothing() throws Exception {
    Waiting.inOneOfFewRuns(GuideTest::fiveWorkersInProcesses);
  }

  private static void fiveWorkersInProcesses() throws InterruptedException {
    int before = COUNT.get();
    try (Pool pool = ProcessPool.open(o -> o.withWorkers(5).withHeap("64m"))) {
      warm(pool, 5);
      long began = System.nanoTime();
      List<Long> pids = pool.map(IntStream.range(0, 5).boxed().toList(), GuideTest::waitAndTell);
      assertThat(Duration.ofNanos(System.nanoTime() - began))
          .isBetween(A_WAIT, FIVE_WAITS_TOGETHER);
      assertThat(new HashSet<>(pids)).as("pids").hasSize(5);
      assertThat(pids).doesNotContain(ProcessHandle.current().pid());
    }
    assertThat(COUNT.get()).as("counted up in other memories only").isEqualTo(before);
  }
}
