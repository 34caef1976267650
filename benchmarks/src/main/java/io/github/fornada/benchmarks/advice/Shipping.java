package io.github.fornada.benchmarks.advice;

import io.github.fornada.SharedBytes;
import io.github.fornada.TaskFunction;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** Items of which it matters what has to be sent. */
final class Shipping {
  private static final int MIB = 1 << 20;

  private Shipping() {}

  /** The sum of an argument that is large. */
  static Long large(byte[] argument) {
    long sum = 0;
    for (byte each : argument) {
      sum += each;
    }
    return sum + argument.length;
  }

  /** Computes with an argument that is large, under a lock of the class. */
  static synchronized Long largeAndLocked(byte[] argument) {
    return argument.length + Computing.micros(3_000);
  }

  /** A large result is made, and only its sum is compared. */
  static byte[] makes(Integer bytes) {
    byte[] made = new byte[bytes];
    Arrays.fill(made, (byte) 1);
    return made;
  }

  /** Computes with bytes that all items share. */
  record WithShared(SharedBytes shared) implements TaskFunction<Integer, Long> {
    @Override
    public Long apply(Integer index) {
      var bytes = shared.segment();
      long sum = 0;
      long from = (long) (index % 8) * MIB;
      for (long at = from; at < from + 4L * MIB; at += Long.BYTES) {
        sum += bytes.get(ValueLayout.JAVA_LONG_UNALIGNED, at);
      }
      return sum;
    }
  }

  /** What cannot be sent, and locks. */
  static final class NotSendable implements TaskFunction<Double, Long> {
    private static final long serialVersionUID = 1L;

    @SuppressWarnings("serial") // that is the point
    private final Object lock = new Object();

    @Override
    public Long apply(Double micros) {
      synchronized (lock) {
        return Computing.micros(micros);
      }
    }
  }
}
