package io.github.fornada.process;

import io.github.fornada.jvm.Log;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.Comparator;
import java.util.Spliterator;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.Gatherer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/** Shuts pools down that nobody can reach any more, and keeps from it those in use. */
final class AbandonedPools {
  /** One thread of the JDK's for all pools; it sleeps until the collector has found something. */
  private static final Cleaner CLEANER = Cleaner.create();

  private AbandonedPools() {}

  /** From now on the engine is shut down when its handle is forgotten, if not before. */
  static void watch(ProcessPool handle, Engine engine) {
    var _ = CLEANER.register(handle, new Shutdown(engine));
  }

  /** Holds no handle: a lambda made in a method of the pool's could. */
  private record Shutdown(Engine engine) implements Runnable {
    /** In order: what was handed over is done first. Does not wait; often all is over already. */
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

  /** A stream that keeps the pool: a lazy one takes its items from a pool that is open. */
  static <E extends @Nullable Object> Stream<E> not(ProcessPool pool, Stream<E> stream) {
    return StreamSupport.stream(new Keeping<>(pool, stream.spliterator()), false)
        .onClose(stream::close);
  }

  /** As its source, whose iterator or spliterator alone the user may hold. */
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

  /** A gatherer that keeps the pool for as long as it has elements to push. */
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
