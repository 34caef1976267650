package io.github.fornada.scenarios.gil;

import io.github.fornada.scenarios.harness.MissingException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.util.Optional;

/**
 * The C library's {@code srand48} and {@code lrand48}. Their state is one for the whole process,
 * and they are documented as not safe for several threads; used so they give wrong numbers and do
 * not crash.
 *
 * <p>It is {@code lrand48}, which calculates with integers, and not {@code drand48}: on one of two
 * processors, a compiled loop around calls of {@code drand48} took ten times as long in sequence as
 * on threads, but not with {@code -XX:UseAVX=2}. So it is about registers of AVX-512 that are left
 * in use, and says nothing about locks.
 */
final class NativeRandom {
  // Read where they are used, and never through a local variable: code that is compiled while its
  // loop runs knows the value of a constant, but of no local, and then each call is interpreted.
  private static final MethodHandle SEED =
      handle("srand48", FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG));
  private static final MethodHandle NEXT =
      handle("lrand48", FunctionDescriptor.of(ValueLayout.JAVA_LONG));
  private static final int CALLS = 60_000;

  private NativeRandom() {}

  private static Optional<MemorySegment> find(String name) {
    return Linker.nativeLinker().defaultLookup().find(name);
  }

  /** Returns a handle of a function; one that does nothing if there is no such function. */
  @SuppressWarnings("restricted") // the launcher enables native access
  private static MethodHandle handle(String name, FunctionDescriptor type) {
    // Critical: these calls take nanoseconds and never wait.
    return find(name)
        .map(s -> Linker.nativeLinker().downcallHandle(s, type, Linker.Option.critical(false)))
        .orElseGet(() -> MethodHandles.empty(type.toMethodType()));
  }

  /** Throws if this system's C library does not have the functions. */
  static void require() throws MissingException {
    if (find("srand48").isEmpty() || find("lrand48").isEmpty()) {
      throw new MissingException("this system's C library has no srand48 and lrand48");
    }
  }

  /** Returns the sum of the numbers that follow the seed; wrong if another thread calls too. */
  static long unguarded(int seed) {
    try {
      SEED.invokeExact((long) seed);
      long sum = 0;
      for (int i = 0; i < CALLS; i++) {
        sum += (long) NEXT.invokeExact();
      }
      return sum;
    } catch (Throwable e) {
      throw new IllegalStateException("a call of the C library failed", e);
    }
  }

  /** Returns the same, with every other caller in this JVM kept out. */
  static long guarded(int seed) {
    synchronized (NativeRandom.class) {
      return unguarded(seed);
    }
  }
}
