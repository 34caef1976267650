package io.github.fornada.spi;

import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.TaskFunction;
import java.util.stream.Gatherer;
import org.jspecify.annotations.Nullable;

/** The state of {@link Pool#mapping} while its stream runs; used by that stream's thread only. */
final class MappingState<T extends @Nullable Object, R extends @Nullable Object> {
  private final StreamRun<T, R, Outcome<R>> run;

  /** Whether the stream wants no more elements, so that the remaining work is not needed. */
  private boolean satisfied;

  MappingState(
      AbstractPool pool,
      TaskFunction<? super T, ? extends R> function,
      @Nullable ClassLoader contextLoader) {
    run =
        new StreamRun<>(
            pool, function, null, true, true, (index, item, outcome) -> outcome, contextLoader);
  }

  boolean integrate(T item, Gatherer.Downstream<? super R> downstream) {
    boolean full = run.push(item);
    Outcome<R> due = full ? run.next() : run.nextIfReady();
    for (; due != null; due = run.nextIfReady()) {
      if (!pass(due, downstream)) {
        return false;
      }
    }
    return true;
  }

  void finish(Gatherer.Downstream<? super R> downstream) {
    if (satisfied) {
      return;
    }
    run.endOfPushes();
    for (Outcome<R> due = run.next(); due != null; due = run.next()) {
      if (!pass(due, downstream)) {
        return;
      }
    }
  }

  private boolean pass(Outcome<R> due, Gatherer.Downstream<? super R> downstream) {
    R result = due.get();
    boolean wantsMore;
    try {
      wantsMore = downstream.push(result);
    } catch (Throwable e) { // checked ones too: other languages do not check
      run.stop("a later stage of the stream failed");
      throw e;
    }
    if (wantsMore) {
      return true;
    }
    satisfied = true;
    run.stop("the stream wanted no more");
    return false;
  }
}
