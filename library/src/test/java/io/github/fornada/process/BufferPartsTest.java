package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Pool;
import io.github.fornada.SideBySide;
import io.github.fornada.TaskFunction;
import java.io.Serializable;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/** Buffers and segments that are parts of other objects, whatever else these hold. */
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
@SideBySide
class BufferPartsTest {
  record Pair(Object first, Object second) {}

  static final class Holder implements Serializable {
    final ByteBuffer bytes = three().order(ByteOrder.LITTLE_ENDIAN);
  }

  private Pool pool;

  @BeforeEach
  void open() {
    pool = Pools.open(1);
  }

  @AfterEach
  void close() throws InterruptedException {
    Pools.end(pool);
  }

  private static ByteBuffer three() {
    return ByteBuffer.wrap(new byte[] {9, 1, 2, 3}).position(1);
  }

  private static int sum(Object bytes) {
    int sum = 0;
    if (bytes instanceof ByteBuffer buffer) {
      for (int i = buffer.position(); i < buffer.limit(); i++) {
        sum += buffer.get(i);
      }
    } else {
      for (byte each : ((MemorySegment) bytes).toArray(ValueLayout.JAVA_BYTE)) {
        sum += each;
      }
    }
    return sum;
  }

  @Test
  void besideAnyOtherPart() throws Exception {
    MemorySegment segment = MemorySegment.ofArray(new byte[] {1, 2, 3});
    for (Object bytes : List.of(three(), segment)) {
      for (Object other : List.of(1, new UUID(1, 2), List.of(2), new HashMap<>(Map.of(1, 2)))) {
        CompletableFuture<Pair> copied = pool.submit(new Pair(bytes, other), pair -> pair);
        Pair back = (Pair) Pools.soon(copied);
        assertThat(sum(back.first())).isEqualTo(6);
        assertThat(back.second()).isEqualTo(other);
      }
    }
  }

  @Test
  @SuppressWarnings("ReferenceEquality") // that is what is asked
  void twiceInOneObjectAsOne() throws Exception {
    ByteBuffer buffer = three();
    TaskFunction<Pair, Integer> changes =
        pair -> {
          ((ByteBuffer) pair.first()).put(0, (byte) 10);
          return pair.first() == pair.second() ? sum(pair.second()) : -1;
        };
    assertThat(Pools.soon(pool.submit(new Pair(buffer, buffer), changes))).isEqualTo(15);
    assertThat(sum(buffer)).as("here it is as it was").isEqualTo(6);
  }

  @Test
  void inListsInFieldsAndAmongWhatALambdaCaptures() throws Exception {
    var holder = new Holder();
    Pair captured = new Pair(three(), 1);
    CompletableFuture<List<Integer>> sums =
        pool.submit(
            List.of(three(), three()),
            all ->
                List.of(
                    sum(all.getFirst()) + sum(all.getLast()),
                    sum(holder.bytes),
                    sum(captured.first()),
                    holder.bytes.order() == ByteOrder.LITTLE_ENDIAN ? 1 : 0));
    assertThat(Pools.soon(sums)).isEqualTo(List.of(12, 6, 6, 1));
  }
}
