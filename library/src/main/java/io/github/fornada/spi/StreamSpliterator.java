package io.github.fornada.spi;

import java.util.Collection;
import java.util.Spliterator;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Presents a run as the spliterator of its stream. */
final class StreamSpliterator<E> implements Spliterator<E> {
  private final StreamRun<?, ?, E> run;
  private final @Nullable Iterable<?> source;
  private final boolean ordered;

  StreamSpliterator(StreamRun<?, ?, E> run, @Nullable Iterable<?> source, boolean ordered) {
    this.run = run;
    this.source = source;
    this.ordered = ordered;
  }

  @Override
  public boolean tryAdvance(Consumer<? super E> action) {
    E element = run.next();
    if (element == null) {
      return false;
    }
    action.accept(element);
    return true;
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
