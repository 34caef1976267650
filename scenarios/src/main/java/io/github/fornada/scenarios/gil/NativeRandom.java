package io.github.fornada.scenarios.gil;

import io.github.fornada.scenarios.harness.MissingException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The C library's {@code srand48} and {@code drand48}. Their state is one for the whole process,
 * and they are documented as not safe for several threads; used so they give wrong numbers and do
 * not crash.
 */
final class NativeRandom {
  private static final @Nullable MethodHandle SEED =
      handle("srand48", FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG));
  private static final @Nullable MethodHandle NEXT =
      handle("drand48", FunctionDescriptor.of(ValueLayout.JAVA_DOUBLE));
  private static final int CALLS = 60_000;

  private NativeRandom() {}

  @SuppressWarnings("restricted") // the launcher enables native access
  private static @Nullable MethodHandle handle(String name, FunctionDescriptor type) {
    Linker linker = Linker.nativeLinker();
    Optional<MemorySegment> symbol = linker.defaultLookup().find(name);
    // Critical: these calls take nanoseconds and never wait.
    return symbol
        .map(s -> linker.downcallHandle(s, type, Linker.Option.critical(false)))
        .orElse(null);
  }

  /** Throws if this system's C library does not have the functions. */
  static void require() throws MissingException {
    if (SEED == null || NEXT == null) {
      throw new MissingException("this system's C library has no srand48 and drand48");
    }
  }

  /** Returns the sum of the numbers that follow the seed; wrong if another thread calls too. */
  static double unguarded(int seed) {
    MethodHandle first = SEED;
    MethodHandle next = NEXT;
    if (first == null || next == null) {
      throw new IllegalStateException("require() was not called");
    }
    try {
      first.invokeExact((long) seed);
      double sum = 0;
      for (int i = 0; i < CALLS; i++) {
        sum += (double) next.invokeExact();
      }
      return sum;
    } catch (Throwable e) {
      throw new IllegalStateException("a call of the C library failed", e);
    }
  }

  /** Returns the same, with every other caller in this JVM kept out. */
  static double guarded(int seed) {
    synchronized (NativeRandom.class) {
      return unguarded(seed);
    }
  }
}
