package io.github.fornada.spi;

import io.github.fornada.jvm.Collected;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.Collection;
import java.util.Spliterator;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Presents a run as the spliterator of its stream. Whoever can still take elements holds it: the
 * stream, its iterator, or the thread in its terminal operation. So when it is collected, nobody
 * can, and the run takes nothing more from its source. Nothing that the run refers to may refer to
 * this object.
 */
final class StreamSpliterator<E> implements Spliterator<E> {
  private final StreamRun<?, ?, E> run;
  private final @Nullable Iterable<?> source;
  private final boolean ordered;

  /** Null for a run without a thread that would wait for the consumer. */
  private final Cleaner.@Nullable Cleanable watch;

  StreamSpliterator(StreamRun<?, ?, E> run, @Nullable Iterable<?> source, boolean ordered) {
    this.run = run;
    this.source = source;
    this.ordered = ordered;
    this.watch = run.hasFeeder() ? Collected.then(this, new Abandoned(run)) : null;
  }

  /** Not a lambda: that could refer to the spliterator. */
  private record Abandoned(StreamRun<?, ?, ?> left) implements Runnable {
    @Override
    public void run() {
      left.abandoned();
    }
  }

  @Override
  public boolean tryAdvance(Consumer<? super E> action) {
    try {
      E element = run.next();
      if (element == null) {
        if (watch != null) {
          watch.clean(); // it would keep the run until the collector comes
        }
        return false;
      }
      action.accept(element);
      return true;
    } finally {
      Reference.reachabilityFence(this); // while this thread waits, only the run is used
    }
  }

  @Override
  public @Nullable Spliterator<E> trySplit() {
    return null;
  }

  @Override
  public long estimateSize() {
    return source instanceof Collection<?> c ? c.size() : Long.MAX_VALUE;
  }

  @Override
  public int characteristics() {
    // Not SIZED, even if the size is known: Stream.count would then not run the tasks.
    return NONNULL | (ordered ? ORDERED : 0);
  }
}
