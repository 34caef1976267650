package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.Waiting;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/** An interrupt is for one thread: it must never close a channel that others use. */
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
class InterruptTest {
  private final Pools.Workers workers = new Pools.Workers();

  @AfterEach
  void clear() {
    var _ = Thread.interrupted();
  }

  private Pool open() {
    return Pools.open(1, o -> patient(o.withListener(workers)));
  }

  /** A task that obeys may do so late: a busy machine gives it no processor for a while. */
  private static ProcessOptions patient(ProcessOptions o) {
    return o.withPolicy(o.policy().withGrace(Waiting.DEADLINE));
  }

  @Test
  void submitFromAnInterruptedThreadCostsNoWorker() throws Exception {
    try (Pool pool = open()) {
      assertThat(Pools.soon(pool.submit(1, x -> x + 1))).isEqualTo(2);
      for (int i = 0; i < 20; i++) {
        Thread.currentThread().interrupt();
        CompletableFuture<Integer> future = pool.submit(i, x -> x + 1);
        assertThat(Thread.interrupted()).as("the interrupt is kept").isTrue();
        assertThat(Pools.soon(future)).isEqualTo(i + 1);
      }
    }
    assertThat(workers.lost).isEmpty();
  }

  @Test
  void aLargeItemSubmittedByAnInterruptedThreadArrives() throws Exception {
    try (Pool pool = open()) {
      assertThat(Pools.soon(pool.submit(new byte[1], x -> x.length))).isEqualTo(1);
      Thread.currentThread().interrupt();
      CompletableFuture<Integer> future = pool.submit(new byte[1 << 20], x -> x.length);
      assertThat(Thread.interrupted()).isTrue();
      assertThat(Pools.soon(future)).isEqualTo(1 << 20);
    }
    assertThat(workers.lost).isEmpty();
  }

  @Test
  void aCallbackThatInterruptsItsThreadHarmsNothing() throws Exception {
    try (Pool pool = open()) {
      for (int i = 0; i < 10; i++) {
        CompletableFuture<Void> done =
            pool.submit(
                    i,
                    x -> {
                      LockSupport.parkNanos(5_000_000);
                      return x;
                    })
                .thenAccept(x -> Thread.currentThread().interrupt());
        Pools.soon(done);
      }
    }
    assertThat(workers.lost).isEmpty();
  }

  @Test
  void aTaskThatIsInterruptedMayStillLookUpAClassThatIsNowhere() throws Exception {
    try (Pool pool = open()) {
      Object said =
          Pools.soon(
              pool.submit(
                  "there.is.No.Such",
                  name -> {
                    Thread.currentThread().interrupt();
                    try {
                      return Class.forName(
                              name, false, Thread.currentThread().getContextClassLoader())
                          .getName();
                    } catch (ClassNotFoundException e) {
                      return Thread.interrupted() ? "still interrupted" : "not interrupted";
                    }
                  }));
      assertThat(said).isEqualTo("still interrupted");
    }
    assertThat(workers.lost).isEmpty();
  }

  @Test
  void anInterruptedConsumerCancelsAnObedientTaskWithoutTheLossOfItsWorker() throws Exception {
    try (Pool pool = open()) {
      var began = new CountDownLatch(1);
      var cancelled = new AtomicBoolean();
      Thread consumer =
          Thread.ofPlatform()
              .start(() -> {
                try (Stream<Outcome<Integer>> all =
                    pool.outcomes(
                        List.of(1, 2),
                        x -> {
                          if (x == 2) {
                            Thread.sleep(60_000);
                          }
                          return x;
                        })) {
                  all.forEach(o -> began.countDown());
                } catch (CancellationException e) {
                  cancelled.set(true);
                }
              });
      began.await();
      consumer.interrupt();
      assertThat(consumer.join(Leftovers.SOON)).isTrue();
      assertThat(cancelled).isTrue();
      assertThat(Pools.soon(pool.submit(5, x -> x))).isEqualTo(5);
    }
    assertThat(workers.lost).isEmpty();
  }

  @Test
  void aThreadThatATaskLeftBehindMayInterruptTheTaskThreadLater() throws Exception {
    try (Pool pool = open()) {
      for (int i = 0; i < 5; i++) {
        int number = i;
        assertThat(
                Pools.soon(
                    pool.submit(
                        number,
                        x -> {
                          Thread self = Thread.currentThread();
                          Thread.ofPlatform()
                              .daemon()
                              .start(() -> {
                                LockSupport.parkNanos(30_000_000);
                                self.interrupt();
                              });
                          return x;
                        })))
            .isEqualTo(number);
        Waiting.until("the interrupt came", Duration.ofSeconds(2), later(50));
      }
    }
    assertThat(workers.lost).as("an interrupt of an idle task thread").isEmpty();
  }

  private static java.util.function.BooleanSupplier later(long millis) {
    long at = System.nanoTime() + millis * 1_000_000;
    return () -> System.nanoTime() - at > 0;
  }

  @Test
  void aVeryShortLimitOnAnObservedPoolLosesNoWorker() {
    try (Pool pool =
        Pools.open(
            2, o -> patient(o.withListener(workers).withTimeout(Duration.ofNanos(200_000))))) {
      List<Outcome<Integer>> outcomes =
          pool.outcomes(
                  IntStream.range(0, 3000).boxed().toList(),
                  x -> {
                    if (x % 10 == 0) {
                      Thread.sleep(0, 150_000);
                    }
                    return x;
                  })
              .toList();
      assertThat(outcomes).hasSize(3000);
      assertThat(
              outcomes.stream()
                  .filter(o -> !(o instanceof Outcome.Done))
                  .map(o -> o.getClass().getSimpleName())
                  .distinct()
                  .toList())
          .isSubsetOf("TimedOut", "Failed");
      assertThat(outcomes.stream().filter(o -> o instanceof Outcome.Failed).limit(3).toList())
          .isEmpty();
    }
    assertThat(workers.lost).isEmpty();
  }
}
