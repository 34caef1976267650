package io.github.fornada.pipeline;

import io.github.fornada.jvm.Collected;
import io.github.fornada.jvm.Log;
import io.github.fornada.jvm.OwnThreads;
import io.github.fornada.jvm.StackRoom;
import java.lang.ref.Reference;
import java.util.Spliterator;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * One run of a {@link Pipeline}. It owns the pools that were opened for it: close it, in a
 * try-with-resources statement. One that was not closed is, with a warning, when the collector has
 * found that nobody holds it or its stream.
 *
 * @param <R> what the last stage gives
 */
public final class PipelineRun<R extends @Nullable Object> implements AutoCloseable {
  private final PipelineEngine engine;
  private final AtomicBoolean consumed = new AtomicBoolean();

  PipelineRun(PipelineEngine engine) {
    this.engine = engine;
    var _ = Collected.then(this, new Forgotten(engine));
  }

  /** Must not refer to the run, which is found unreachable while the engine's threads go on. */
  private record Forgotten(PipelineEngine engine) implements Runnable {
    @Override
    public void run() {
      if (!engine.isClosed()) {
        OwnThreads.start("fornada-pipeline-forgotten", engine::close); // which waits
        Log.get()
            .log(
                System.Logger.Level.WARNING,
                "a pipeline's run was forgotten without close; it is closed now. Close it, best by"
                    + " try-with-resources: until the collector finds it, its pools stay");
      }
    }
  }

  /**
   * Returns the lazy stream of outcomes, in the order of the source: the order in which a plain
   * loop would come to them. Work starts with the terminal operation.
   *
   * <p>Every item that was taken from the source ends in one outcome, but for what a filter drops;
   * in a {@linkplain Pipeline#flatStage flat stage} each of the items that it became does, and in
   * {@linkplain Pipeline#batches batches} all of them together do. Each stage passes its results on
   * in order: a slow item holds up those after it at most until the queue behind the stage is full.
   *
   * <p>If the source throws, the stream delivers the outcomes of the items before and then throws
   * that. With {@link PipelineOptions#withStopOnFailure} it ends after the outcomes of all items
   * that were taken, the cancelled ones too. If the consuming thread is interrupted while it waits,
   * everything is cancelled and {@link java.util.concurrent.CancellationException} is thrown with
   * the interrupt still set. If the pool of a stage is shut down by its owner, everything is
   * cancelled, and after the outcomes {@link java.util.concurrent.RejectedExecutionException} is
   * thrown. Closing the stream, or this run, cancels all that has not ended.
   *
   * @throws IllegalStateException if a stream was asked for before: a run goes once through its
   *     source
   */
  public Stream<PipelineOutcome<R>> outcomes() {
    return stream(true);
  }

  /**
   * Returns the lazy stream of outcomes in the order in which they come: no item waits for a slower
   * one before it. Otherwise it is as {@link #outcomes}.
   *
   * @throws IllegalStateException if a stream was asked for before
   */
  public Stream<PipelineOutcome<R>> completions() {
    return stream(false);
  }

  private Stream<PipelineOutcome<R>> stream(boolean ordered) {
    if (consumed.getAndSet(true)) {
      throw new IllegalStateException(
          "the outcomes of this run were asked for before: run the pipeline again for others");
    }
    if (ordered) {
      engine.keepsOrder();
    }
    return StreamSupport.stream(new Outcomes<R>(this, ordered), false).onClose(engine::abandon);
  }

  /** Returns the figures of all stages so far; after the end, of the whole run. */
  public PipelineSummary summary() {
    return PipelineSummary.of(engine);
  }

  /**
   * Cancels all that has not ended. Never waits: what runs may still be ending when this returns.
   * The stream delivers the outcomes of all items and then throws {@link
   * java.util.concurrent.CancellationException}. What the source gives when the stream has begun to
   * deliver those counts as never taken: a source that is just being asked may lose one.
   */
  public void cancel() {
    StackRoom.require();
    engine.stop(
        "the pipeline was cancelled", new CancellationException("the pipeline was cancelled"));
  }

  /**
   * Cancels all that has not ended, and waits until nothing of this run is left: no item in any
   * stage, and no pool that was opened for it. Pools that were open before stay open. It waits no
   * longer than a second for the source, which may never return, and no longer than another for a
   * listener: one that has not returned after half of it is interrupted, and so is the last call of
   * a progress listener. Where a listener ignores that, the log says where it stands, its thread
   * stays until it returns, and it is called no more. An interrupt of the caller is kept and does
   * not end the wait. When called from one of the run's own tasks, it only begins all this, because
   * it would wait for itself.
   */
  @Override
  public void close() {
    StackRoom.require();
    engine.close();
  }

  /** Returns where each stage and its queue stand, for those who look for what holds it up. */
  @Override
  public String toString() {
    return "PipelineRun[" + engine + "]";
  }

  /** Keeps the run reachable for as long as somebody holds the stream or its iterator. */
  private record Outcomes<R extends @Nullable Object>(PipelineRun<R> run, boolean ordered)
      implements Spliterator<PipelineOutcome<R>> {
    @Override
    @SuppressWarnings("unchecked") // the last stage gives what the pipeline is of
    public boolean tryAdvance(Consumer<? super PipelineOutcome<R>> action) {
      StackRoom.require();
      PipelineOutcome<@Nullable Object> next;
      try {
        next = run.engine.next();
      } finally {
        Reference.reachabilityFence(run);
      }
      if (next == null) {
        return false;
      }
      action.accept((PipelineOutcome<R>) next);
      return true;
    }

    @Override
    public @Nullable Spliterator<PipelineOutcome<R>> trySplit() {
      return null;
    }

    @Override
    public long estimateSize() {
      return Long.MAX_VALUE;
    }

    @Override
    public int characteristics() {
      return NONNULL | (ordered ? ORDERED : 0);
    }
  }
}
