package io.github.fornada.cli;

import java.util.List;

/** Runs of the command whose figures depend on what else the machine does. */
final class Runs {
  private static final int FEW = 4;

  /** Limits for tasks that have to be over them: short ones first, for a quiet machine. */
  static final List<String> SHORT = List.of("200ms", "1s", "5s", "20s");

  /** The same where a worker or a JVM of its own has to start within them. */
  static final List<String> LONGER = List.of("1s", "3s", "9s", "27s");

  /** Something that is run, and what has been seen of it. */
  @FunctionalInterface
  interface Call<T> {
    T call() throws Exception;
  }

  /** The same with a time limit, as a word of the command line. */
  @FunctionalInterface
  interface LimitedCall<T> {
    T call(String limit) throws Exception;
  }

  /** Whether what has been seen is fine, as far as that depends on the machine. */
  @FunctionalInterface
  interface Check<T> {
    boolean test(T result) throws Exception;
  }

  private Runs() {}

  /** Runs it until what depends on the machine is fine, a few times at most; returns the last. */
  static <T> T oneOfFew(Call<T> call, Check<T> fine) throws Exception {
    T result = call.call();
    for (int k = 1; k < FEW && !fine.test(result); k++) {
      result = call.call();
    }
    return result;
  }

  /** Runs it with longer and longer limits until no other task was over it than has to be. */
  static <T> T inEnoughTime(List<String> limits, LimitedCall<T> call, Check<T> fine)
      throws Exception {
    var next = limits.iterator();
    return oneOfFew(() -> call.call(next.next()), fine);
  }
}
