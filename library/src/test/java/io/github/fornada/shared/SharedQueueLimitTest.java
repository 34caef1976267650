package io.github.fornada.shared;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Pool;
import io.github.fornada.SideBySide;
import io.github.fornada.shared.memory.Mutex;
import io.github.fornada.threads.ThreadPool;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/** Limits of waits at a queue of which another process has a lock for long. */
@SideBySide
@Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD)
class SharedQueueLimitTest {
  private static final Duration SHORT = Duration.ofMillis(1);

  // The numbers of a ring's locks.
  private static final int SENDERS = 2;
  private static final int RECEIVERS = 4;

  @Test
  void aReceiverGivesUpInTimeThoughAnotherHasTheLockAndThereIsAnElement() throws Exception {
    try (Pool pool = ThreadPool.open()) {
      SharedQueue<Integer> queue = SharedSpace.of(pool).queue(2);
      queue.send(1);
      // Another view of the lock than the queue's own, as another process has.
      Mutex lock = new Mutex(queue.region, RECEIVERS);
      assertThat(lock.acquire(Mutex.FOR_EVER)).isZero();
      assertThat(queue.tryReceive(SHORT)).isNull();
      assertThat(queue.tryReceive(Duration.ZERO)).isNull();
      assertThat(queue.tryLease(SHORT)).isNull();
      assertThat(queue.tryLease(Duration.ZERO)).isNull();
      lock.release();
      assertThat(queue.tryReceive(SHORT)).isEqualTo(1);
    }
  }

  @Test
  void aSenderGivesUpInTimeThoughAnotherHasTheLockAndThereIsRoom() throws Exception {
    try (Pool pool = ThreadPool.open()) {
      SharedQueue<Integer> queue = SharedSpace.of(pool).queue(2);
      Mutex lock = new Mutex(queue.region, SENDERS);
      assertThat(lock.acquire(Mutex.FOR_EVER)).isZero();
      assertThat(queue.trySend(1, SHORT)).isFalse();
      lock.release();
      assertThat(queue.trySend(1, SHORT)).isTrue();
    }
  }
}
