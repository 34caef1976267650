package io.github.fornada.pipeline;

import io.github.fornada.Outcome;
import io.github.fornada.spi.FedCall;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How one item of a pipeline ended, in which stage, and what it was made from. Immutable.
 *
 * @param <R> the type of a result
 */
public final class PipelineOutcome<R extends @Nullable Object> {
  private final Outcome<R> outcome;
  private final String stage;
  private final String worker;
  private final @Nullable Object item;
  private final List<Origin> origins;

  PipelineOutcome(
      Outcome<R> outcome,
      String stage,
      String worker,
      @Nullable Object item,
      List<Origin> origins) {
    this.outcome = outcome;
    this.stage = stage;
    this.worker = worker;
    this.item = item;
    this.origins = origins;
  }

  /** Returns how the item ended. */
  public Outcome<R> outcome() {
    return outcome;
  }

  /** Returns whether the item came through all stages. */
  public boolean isDone() {
    return outcome.isDone();
  }

  /**
   * Returns the result, or throws an exception that says why there is none.
   *
   * @throws io.github.fornada.TaskException as {@link Outcome#get} does
   */
  public R get() {
    return outcome.get();
  }

  /**
   * Returns the name of the stage in which the item ended: the last one for a result; for an item
   * that was cancelled while it waited, the stage that it waited for.
   */
  public String stage() {
    return stage;
  }

  /** Returns the name of the worker that ran the item there; empty if none had begun it. */
  public String worker() {
    return worker;
  }

  /**
   * Returns what that stage was given, for an item that has no result; the only item of the source
   * that a result was made from, or null if there were several.
   *
   * <p>What went from one stage of processes to the next is read when this is called. If it cannot
   * be read here, because its class is not known say, or was a large array, what is returned stands
   * for it, and its text says how large it is.
   */
  public @Nullable Object item() {
    return item instanceof FedCall.Unread unread ? unread.read() : item;
  }

  /**
   * Returns the items of the source that it was made from, in their order. There is one, but for
   * what comes after {@link Pipeline#batches}.
   */
  public List<Origin> origins() {
    return origins;
  }

  /** Returns the place in the source of the first item that it was made from, from 0. */
  public long index() {
    return origins.getFirst().index();
  }

  @Override
  public String toString() {
    return "PipelineOutcome[index="
        + index()
        + ", stage="
        + stage
        + ", worker="
        + worker
        + ", outcome="
        + outcome
        + "]";
  }
}
