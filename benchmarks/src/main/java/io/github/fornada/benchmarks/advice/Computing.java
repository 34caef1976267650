package io.github.fornada.benchmarks.advice;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Pattern;
import java.util.stream.LongStream;

/** Items that compute and share nothing but the machine. */
final class Computing {
  /** About the steps that a processor does in a microsecond. */
  private static final int STEPS_PER_MICRO = 400;

  private static final int MIB = 1 << 20;

  /** One for each JVM, made at the first use. */
  private static final class Memory {
    static final long[] LARGE = new long[8 * MIB];

    static {
      Arrays.setAll(LARGE, i -> i);
    }
  }

  private Computing() {}

  /** Computes for about so many microseconds. */
  static long micros(double micros) {
    return steps((long) (micros * STEPS_PER_MICRO));
  }

  static long steps(long steps) {
    long x = 88_172_645_463_325_252L;
    for (long i = 0; i < steps; i++) {
      x ^= x << 13;
      x ^= x >>> 7;
      x ^= x << 17;
    }
    return x & 0xFFFF;
  }

  /** A factor between 0.1 and 10, each order of magnitude as likely. */
  static double hundredfold(int index) {
    return Math.pow(10, 2 * new SplittableRandom(index).nextDouble() - 1);
  }

  /** A factor with a log-normal distribution, of mean about 1. */
  static double logNormal(int index) {
    return Math.exp(1.2 * new SplittableRandom(31L * index).nextGaussian() - 0.72);
  }

  /** Nine of ten are short. */
  static double bimodal(int index) {
    return new SplittableRandom(17L * index).nextDouble() < 0.9 ? 0.4 : 6.4;
  }

  /** Makes many small objects, a part of which lives for a while. */
  static Long allocates(Integer objects) {
    List<byte[]> some = new ArrayList<>();
    long sum = 0;
    for (int i = 0; i < objects; i++) {
      byte[] made = new byte[48 + i % 64];
      if (i % 8 == 0) {
        some.add(made);
      }
      sum += made.length;
    }
    return sum + some.size();
  }

  /** Reads 64 MiB in order. */
  static Long sum(Integer times) {
    long sum = 0;
    for (int k = 0; k < times; k++) {
      for (long each : Memory.LARGE) {
        sum += each;
      }
    }
    return sum;
  }

  /** Reads from anywhere in 64 MiB: hardly any of it is in a cache. */
  static Long misses(Integer reads) {
    long[] memory = Memory.LARGE;
    int at = reads;
    long sum = 0;
    for (int i = 0; i < reads; i++) {
      at = (at * 1_664_525 + 1_013_904_223) & (memory.length - 1);
      sum += memory[at];
      at += (int) (sum & 1);
    }
    return sum;
  }

  /** Items that are parallel themselves. */
  static Long parallel(Double micros) {
    int parts = 64;
    return LongStream.range(0, parts).parallel().map(i -> micros(micros / parts)).sum();
  }

  /** Compiles a pattern of its own and matches with it: much code, little of it hot. */
  static Long patterns(Integer index) {
    long sum = 0;
    for (int i = 0; i < 20; i++) {
      Pattern pattern = Pattern.compile("(a|b" + (index + i) % 97 + ")*[c-k]{2,5}(x?y+)*z$");
      sum += pattern.matcher("ab".repeat(20) + "ccddxyyz").find() ? 1 : 0;
    }
    return sum;
  }

  /** Defines a class of its own, which is loaded and linked. */
  static Long loadsClasses(Integer index) {
    long sum = 0;
    for (int i = 0; i < 5; i++) {
      var loader = new ClassLoader(Computing.class.getClassLoader()) {};
      Object made =
          java.lang.reflect.Proxy.newProxyInstance(
              loader, new Class<?>[] {Runnable.class, Comparable.class}, (p, m, a) -> 1);
      sum += made instanceof Runnable ? 1 : 0;
    }
    return sum + (index & 1);
  }
}
