package io.github.fornada.shared;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Pool;
import io.github.fornada.SideBySide;
import io.github.fornada.threads.ThreadPool;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/** Limits of waits at a queue of which another process has a lock for long. */
@SideBySide
@Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD)
class SharedQueueLimitTest {
  private static final Duration SHORT = Duration.ofMillis(1);

  // Where the words of a ring's locks are.
  private static final long SENDERS = 2 * 64;
  private static final long RECEIVERS = 4 * 64;

  private static final long NOBODY = 0;
  private static final long ANOTHER_PROCESS = 9;

  private static void owns(SharedQueue<?> queue, long lock, long process) {
    queue.region.segment().set(ValueLayout.JAVA_LONG, lock, process);
  }

  @Test
  void aReceiverGivesUpInTimeThoughAnotherHasTheLockAndThereIsAnElement() throws Exception {
    try (Pool pool = ThreadPool.open()) {
      SharedQueue<Integer> queue = SharedSpace.of(pool).queue(2);
      queue.send(1);
      owns(queue, RECEIVERS, ANOTHER_PROCESS);
      assertThat(queue.tryReceive(SHORT)).isNull();
      assertThat(queue.tryReceive(Duration.ZERO)).isNull();
      assertThat(queue.tryLease(SHORT)).isNull();
      assertThat(queue.tryLease(Duration.ZERO)).isNull();
      owns(queue, RECEIVERS, NOBODY);
      assertThat(queue.tryReceive(SHORT)).isEqualTo(1);
    }
  }

  @Test
  void aSenderGivesUpInTimeThoughAnotherHasTheLockAndThereIsRoom() throws Exception {
    try (Pool pool = ThreadPool.open()) {
      SharedQueue<Integer> queue = SharedSpace.of(pool).queue(2);
      owns(queue, SENDERS, ANOTHER_PROCESS);
      assertThat(queue.trySend(1, SHORT)).isFalse();
      owns(queue, SENDERS, NOBODY);
      assertThat(queue.trySend(1, SHORT)).isTrue();
    }
  }
}
