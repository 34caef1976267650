package io.github.fornada.process;

import io.github.fornada.jvm.Collected;
import io.github.fornada.jvm.Log;
import java.lang.ref.Reference;
import java.util.Comparator;
import java.util.Spliterator;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.Gatherer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * Shuts down pools whose handle is no longer reachable, and keeps handles reachable while they are
 * in use.
 */
final class AbandonedPools {
  private AbandonedPools() {}

  /** Makes sure that the engine is shut down when its handle becomes unreachable. */
  static void watch(ProcessPool handle, Engine engine) {
    var _ = Collected.then(handle, new Shutdown(engine));
  }

  /** Must not refer to the handle; a lambda written in a method of the pool could. */
  private record Shutdown(Engine engine) implements Runnable {
    /**
     * An orderly shutdown: accepted items are still run. Does not wait; often the pool has ended
     * already.
     */
    @Override
    public void run() {
      if (!engine.isShutdown()) {
        engine.forgotten();
        Log.get()
            .log(
                System.Logger.Level.WARNING,
                "a process pool was forgotten without close; it is shut down now. Close it, best by"
                    + " try-with-resources: until the collector finds it, its workers stay");
      }
    }
  }

  /**
   * Returns a stream that keeps the pool's handle reachable, because a lazy stream needs a pool
   * that is open.
   */
  static <E extends @Nullable Object> Stream<E> not(ProcessPool pool, Stream<E> stream) {
    return StreamSupport.stream(new Keeping<>(pool, stream.spliterator()), false)
        .onClose(stream::close);
  }

  /** The source of such a stream: the user may keep only the stream's iterator or spliterator. */
  private record Keeping<E extends @Nullable Object>(ProcessPool pool, Spliterator<E> source)
      implements Spliterator<E> {
    @Override
    public boolean tryAdvance(Consumer<? super E> action) {
      try {
        return source.tryAdvance(action);
      } finally {
        Reference.reachabilityFence(pool);
      }
    }

    @Override
    public void forEachRemaining(Consumer<? super E> action) {
      try {
        source.forEachRemaining(action);
      } finally {
        Reference.reachabilityFence(pool);
      }
    }

    @Override
    public @Nullable Spliterator<E> trySplit() {
      Spliterator<E> part = source.trySplit();
      return part == null ? null : new Keeping<>(pool, part);
    }

    @Override
    public long estimateSize() {
      return source.estimateSize();
    }

    @Override
    public long getExactSizeIfKnown() {
      return source.getExactSizeIfKnown();
    }

    @Override
    public int characteristics() {
      return source.characteristics();
    }

    @Override
    public Comparator<? super E> getComparator() {
      return source.getComparator();
    }
  }

  /** Returns a gatherer that keeps the pool's handle reachable while it has elements to push. */
  static <T extends @Nullable Object, R extends @Nullable Object> Gatherer<T, ?, R> not(
      ProcessPool pool, Gatherer<T, ?, R> gatherer) {
    return keeping(pool, gatherer);
  }

  private static <
          T extends @Nullable Object, A extends @Nullable Object, R extends @Nullable Object>
      Gatherer<T, A, R> keeping(ProcessPool pool, Gatherer<T, A, R> gatherer) {
    Gatherer.Integrator<A, T, R> integrator = gatherer.integrator();
    BiConsumer<A, Gatherer.Downstream<? super R>> finisher = gatherer.finisher();
    return Gatherer.ofSequential(
        gatherer.initializer(),
        (state, element, downstream) -> {
          try {
            return integrator.integrate(state, element, downstream);
          } finally {
            Reference.reachabilityFence(pool);
          }
        },
        (state, downstream) -> {
          try {
            finisher.accept(state, downstream);
          } finally {
            Reference.reachabilityFence(pool);
          }
        });
  }
}
