package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Pool;
import io.github.fornada.SideBySide;
import io.github.fornada.TaskFunction;
import io.github.fornada.Waiting;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/** Items that are large or slow to send: none is lost, and nothing is left behind. */
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
@SideBySide
class HeldTest {
  static final CountDownLatch ENCODING = new CountDownLatch(1);
  static volatile boolean goOn;

  /** Is written slowly. */
  static final class Slow implements Serializable {
    private void writeObject(ObjectOutputStream out) throws IOException {
      ENCODING.countDown();
      while (!goOn) {
        LockSupport.parkNanos(1_000_000);
      }
      out.defaultWriteObject();
    }
  }

  @Test
  void aWorkerReplacedWhileAFunctionIsWrittenRunsIt() throws Exception {
    var workers = new Pools.Workers();
    Pool pool = Pools.open(1, o -> o.withListener(workers));
    try {
      assertThat(Pools.soon(pool.submit(1, x -> x + 1))).isEqualTo(2);
      var captured = new Slow();
      CompletableFuture<Integer> future =
          pool.submit(
              2,
              x -> {
                assertThat(captured).isNotNull();
                return x + 1;
              });
      ENCODING.await();
      ProcessHandle.of(workers.ready.getFirst().pid()).orElseThrow().destroyForcibly();
      Waiting.until("a new worker", Leftovers.SOON, () -> workers.ready.size() == 2);
      Waiting.until("it has looked for work", Leftovers.SOON, afterMillis(200));
      goOn = true;
      assertThat(Pools.soon(future)).isEqualTo(3);
    } finally {
      goOn = true;
      Pools.end(pool);
    }
  }

  private static java.util.function.BooleanSupplier afterMillis(long millis) {
    long at = System.nanoTime() + millis * 1_000_000;
    return () -> System.nanoTime() - at > 0;
  }

  @Test
  void aFunctionLargerThanTheHeapFailsItsItem() throws Exception {
    var workers = new Pools.Workers();
    Pool pool = Pools.open(1, o -> o.withListener(workers));
    try {
      byte[] captured = new byte[100 << 20];
      assertThatThrownBy(() -> Pools.soon(pool.submit(1, x -> captured.length + x)))
          .isInstanceOf(ExecutionException.class);
      assertThat(workers.lost).hasSizeLessThan(4);
      assertThat(Pools.soon(pool.submit(1, x -> x + 1))).isEqualTo(2);
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void anItemLargerThanTheHeapFailsAlone() throws Exception {
    Pool pool = Pools.open(1);
    try {
      assertThatThrownBy(() -> Pools.soon(pool.submit(new byte[100 << 20], x -> x.length)))
          .isInstanceOf(ExecutionException.class)
          .hasMessageContaining("64m");
      assertThat(Pools.soon(pool.submit(1, x -> x + 1))).isEqualTo(2);
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void manyLambdasThatCaptureMuchDoNotAddUp() throws Exception {
    var workers = new Pools.Workers();
    Pool pool = Pools.open(1, o -> o.withListener(workers));
    try {
      for (int i = 0; i < 30; i++) {
        byte[] captured = new byte[8 << 20];
        captured[0] = (byte) i;
        assertThat(Pools.soon(pool.submit(1, x -> captured[0] + x))).isEqualTo(i + 1);
      }
      assertThat(workers.lost).isEmpty();
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void largeItemsThatWereCancelledLeaveNoFile() throws Exception {
    Pool pool = Pools.open(1);
    try {
      assertThat(Pools.soon(pool.submit(new byte[1 << 20], x -> x.length))).isEqualTo(1 << 20);
      for (int round = 0; round < 30; round++) {
        List<CompletableFuture<Integer>> futures = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
          futures.add(pool.submit(new byte[1 << 20], x -> x.length));
        }
        futures.forEach(f -> f.cancel(true));
      }
      assertThat(Pools.soon(pool.submit(1, x -> x + 1))).isEqualTo(2);
      Waiting.until("no payload file is left", Leftovers.SOON, () -> payloadFiles(pool).isEmpty());
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void largeItemsQueuedAtAWorkerThatDiesLeaveNoFile() throws Exception {
    Pool pool = Pools.open(2);
    try {
      var items = IntStream.range(0, 200).mapToObj(i -> new byte[300_000 + i]).toList();
      for (int round = 0; round < 3; round++) {
        var _ =
            pool.outcomes(
                    items,
                    x -> {
                      if (x.length % 50 == 7) {
                        Runtime.getRuntime().halt(3);
                      }
                      return x;
                    })
                .toList();
      }
      assertThat(Pools.soon(pool.submit(1, x -> x + 1))).isEqualTo(2);
      // Those of a worker that died are deleted after the outcomes of its items are told.
      Waiting.until("no payload file is left", Leftovers.SOON, () -> payloadFiles(pool).isEmpty());
    } finally {
      Pools.end(pool);
    }
  }

  private static List<Path> payloadFiles(Pool pool) {
    return Stream.of("argument-*", "result-*")
        .flatMap(glob -> BufferFilesTest.files((ProcessPool) pool, glob).stream())
        .toList();
  }

  @Test
  void itemsThatFillTheRingBehindASlowOneAllEnd() throws Exception {
    Pool pool = Pools.open(2);
    try {
      TaskFunction<byte[], Integer> length =
          x -> {
            if (x[0] == 1) {
              LockSupport.parkNanos(4_000_000);
            }
            return x.length;
          };
      for (int round = 0; round < 10; round++) {
        List<byte[]> items = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
          byte[] item = new byte[100_000];
          item[0] = (byte) (i % 40 == 30 ? 1 : 0);
          items.add(item);
        }
        var done = CompletableFuture.supplyAsync(() -> pool.outcomes(items, length).toList());
        assertThat((List<?>) Pools.soon(done)).hasSize(400);
      }
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void manyFunctionsInTurnAreForgottenAndTaughtAgain() throws Exception {
    Pool pool = Pools.open(2);
    try {
      List<TaskFunction<Integer, Integer>> functions = new ArrayList<>();
      for (int i = 0; i < 150; i++) {
        int n = i;
        functions.add(x -> x + n);
      }
      List<CompletableFuture<Integer>> futures = new ArrayList<>();
      List<Integer> expected = new ArrayList<>();
      for (int i = 0; i < 6000; i++) {
        int which = (i * 7) % 150;
        futures.add(pool.submit(i, functions.get(which)));
        expected.add(i + which);
      }
      for (int i = 0; i < 6000; i++) {
        assertThat(Pools.soon(futures.get(i))).isEqualTo(expected.get(i));
      }
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void fiveThousandFreshLambdas() throws Exception {
    Pool pool = Pools.open(2);
    try {
      List<CompletableFuture<Integer>> futures = new ArrayList<>();
      for (int i = 0; i < 5000; i++) {
        int n = i;
        futures.add(pool.submit(1, x -> x + n));
      }
      for (int i = 0; i < 5000; i++) {
        assertThat(Pools.soon(futures.get(i))).isEqualTo(i + 1);
      }
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void cancelWithMuchInFlightEndsAtOnceAndThePoolGoesOn() throws Exception {
    Pool pool = Pools.open(1, o -> o.withHeap("512m"));
    try {
      for (int i = 0; i < 3; i++) {
        CompletableFuture<Integer> future = pool.submit(new byte[100 << 20], x -> x.length);
        assertThat(future.cancel(true)).isTrue();
      }
      assertThat(Pools.soon(pool.submit(1, x -> x + 1))).isEqualTo(2);
    } finally {
      Pools.end(pool);
    }
  }
}
