package io.github.fornada.scenarios.math;

import io.github.fornada.Pool;
import io.github.fornada.SharedBytes;
import io.github.fornada.TaskFunction;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** Numbers shared with the tasks of a pool, and their sum by parts. */
final class SharedSum {
  private final Pool pool;
  private final SharedBytes bytes;
  private final int parts;

  private SharedSum(Pool pool, SharedBytes bytes, int parts) {
    this.pool = pool;
    this.bytes = bytes;
    this.parts = parts;
  }

  /** Shares the numbers; they are given back when the pool closes. */
  static SharedSum share(Pool pool, long[] values, int parts) {
    return new SharedSum(pool, pool.share(MemorySegment.ofArray(values)), parts);
  }

  List<Long> run() throws InterruptedException {
    var indexes = new ArrayList<Integer>();
    for (int part = 0; part < parts; part++) {
      indexes.add(part);
    }
    SharedBytes all = bytes;
    int count = parts;
    TaskFunction<Integer, Long> function = part -> of(all.segment(), part, count);
    return pool.map(indexes, function);
  }

  /** Returns the sum of one part of the array. */
  static long of(long[] values, int part, int parts) {
    int from = (int) ((long) values.length * part / parts);
    int to = (int) ((long) values.length * (part + 1) / parts);
    long sum = 0;
    for (int i = from; i < to; i++) {
      sum += values[i];
    }
    return sum;
  }

  private static long of(MemorySegment values, int part, int parts) {
    long length = values.byteSize() / Long.BYTES;
    long from = length * part / parts;
    long to = length * (part + 1) / parts;
    MemorySegment own = values.asSlice(from * Long.BYTES, (to - from) * Long.BYTES);
    int count = (int) (to - from);
    long sum = 0;
    for (int i = 0; i < count; i++) {
      sum += own.get(ValueLayout.JAVA_LONG_UNALIGNED, (long) i * Long.BYTES);
    }
    return sum;
  }
}
