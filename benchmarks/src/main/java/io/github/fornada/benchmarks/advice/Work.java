package io.github.fornada.benchmarks.advice;

import io.github.fornada.Pool;
import io.github.fornada.TaskFunction;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * One workload: what to do with which items, and what is true of it.
 *
 * @param name its name on the command line
 * @param causes the causes that are right, by their labels; empty if anything may be said
 * @param place a part of the place of the lock that has to be named; empty if there is none
 * @param items the items
 * @param function gives what is done with an item, for the pool that does it; the sum of the
 *     results, which are numbers or bytes, is the same in every run
 * @param how how the items are given to a pool
 * @param otherSide what runs beside it; null for nothing
 */
record Work<T>(
    String name,
    List<String> causes,
    String place,
    List<T> items,
    Maker<T> function,
    How how,
    @Nullable OtherSide otherSide) {

  /** How items are given to a pool. */
  enum How {
    /** All at once. */
    MAP,
    /** All at once, and some may fail. */
    SUBMIT,
    /** All at once, and no result is kept. */
    OUTCOMES,
    /** One by one, by a source that needs 5 ms for each. */
    SLOW_SOURCE
  }

  /** Makes a function for a pool. */
  interface Maker<T> {
    TaskFunction<T, ?> in(Pool pool);
  }

  static <T> Work<T> of(
      String name, String causes, int count, IntFunction<T> item, TaskFunction<T, ?> function) {
    return made(name, causes, count, item, pool -> function);
  }

  static <T> Work<T> made(
      String name, String causes, int count, IntFunction<T> item, Maker<T> function) {
    List<T> items = IntStream.range(0, Math.max(1, count)).mapToObj(item).toList();
    List<String> right = causes.isEmpty() ? List.of() : List.of(causes.split(" "));
    return new Work<>(name, right, "", items, function, How.MAP, null);
  }

  Work<T> at(String lockPlace) {
    return new Work<>(name, causes, lockPlace, items, function, how, otherSide);
  }

  Work<T> given(How by) {
    return new Work<>(name, causes, place, items, function, by, otherSide);
  }

  Work<T> beside(OtherSide other) {
    return new Work<>(name, causes, place, items, function, how, other);
  }
}
