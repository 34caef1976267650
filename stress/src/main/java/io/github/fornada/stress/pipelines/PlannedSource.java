package io.github.fornada.stress.pipelines;

import io.github.fornada.stress.pipelines.Plan.SourcePlan;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.concurrent.CancellationException;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;

/**
 * A source that pauses, stalls and throws as planned.
 *
 * @param asked is told the index of each item before it is given
 */
record PlannedSource(long seed, SourcePlan plan, LongConsumer asked) implements Iterable<Object> {
  private static final int PAUSES = 1;
  private static final int STALL_MILLIS = 100;

  /** What the source throws. */
  static final class SourceException extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  /** Returns the source of a plan: a list, or one that makes its items as they are asked for. */
  static Iterable<Object> of(Plan plan, LongConsumer asked) {
    if (plan.source().isList()) {
      return IntStream.range(0, plan.source().items())
          .<Object>mapToObj(k -> Value.of(Tokens.ofSource(k)))
          .toList();
    }
    return new PlannedSource(plan.seed(), plan.source(), asked);
  }

  @Override
  public Iterator<Object> iterator() {
    return new Items();
  }

  private final class Items implements Iterator<Object> {
    private long next;

    @Override
    public boolean hasNext() {
      asked.accept(next);
      if (Tokens.draw(seed, PAUSES, next) < plan.pauses()) {
        pause(plan.pauseMillis());
      }
      if (next == plan.stallsAt()) {
        pause(STALL_MILLIS);
      }
      if (next == plan.items() && plan.throwsAtEnd()) {
        throw new SourceException();
      }
      return next < plan.items();
    }

    @Override
    public Object next() {
      if (next >= plan.items()) {
        throw new NoSuchElementException();
      }
      return Value.of(Tokens.ofSource(next++));
    }

    private static void pause(long millis) {
      try {
        Thread.sleep(millis);
      } catch (InterruptedException e) {
        throw new CancellationException("the source was interrupted");
      }
    }
  }
}
