package io.github.fornada.async;

import io.github.fornada.Completion;
import io.github.fornada.Outcome;
import io.github.fornada.TaskFunction;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Gatherer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Concurrent streams: gatherers that apply a function to many elements at once, and a merge of
 * several sources.
 *
 * <p>Each element in progress has a virtual thread of its own. When the stream's terminal operation
 * returns or throws, none of them is left: a stream that wants no more ({@code findFirst}, {@code
 * limit}), a failure, an exception further down the stream and an interrupt of its thread cancel
 * what is in progress, by interrupts, and wait until it has ended. A failure of the stream's own
 * source is the one exception: the JDK does not report it to a gatherer, so what is in progress
 * ends by itself.
 *
 * <p>At most a {@linkplain GatherOptions#window window} of elements lies between what was taken
 * from the source and what was passed on, however slow the first of them is. (The JDK's {@code
 * Gatherers.mapConcurrent} had no such bound: openjdk/jdk pull request 22999.) The function
 * inherits the carriers, scoped values and listeners of the {@link TaskScope} around, or of a
 * {@link TaskContext}, as tasks do.
 *
 * <p><b>Memory effects.</b> What was done before an element came down the stream happens-before the
 * function; what that did happens-before its result is passed on.
 *
 * <p><b>Interrupts.</b> An interrupt of the stream's thread while it waits cancels what is in
 * progress and throws {@link java.util.concurrent.CancellationException}, with the interrupt status
 * still set.
 *
 * {@snippet :
 * List<Page> pages = urls.stream()
 *     .gather(AsyncStreams.mapConcurrent(20, Page::fetch, o -> o.withTimeout(ofSeconds(2))))
 *     .toList();
 * }
 *
 * <p>A pool's {@code mapping} does the same on the pool's threads; these are for one stream, with
 * nothing to open or to close. The shape is that of {@code java.util.stream.Gatherers}.
 */
public final class AsyncStreams {
  private AsyncStreams() {}

  /**
   * Returns a gatherer that applies a function to at most {@code atMost} elements at once; results
   * come in the order of the elements. The first failure cancels the others and is thrown as a
   * {@link io.github.fornada.TaskException} that names the element.
   *
   * @throws IllegalArgumentException if atMost is less than 1
   */
  public static <T extends @Nullable Object, R extends @Nullable Object>
      Gatherer<T, ?, R> mapConcurrent(int atMost, TaskFunction<? super T, ? extends R> function) {
    return mapConcurrent(atMost, function, o -> o);
  }

  /**
   * Returns such a gatherer with options: unordered, a timeout for each element, another window.
   *
   * @throws IllegalArgumentException if atMost is less than 1
   */
  public static <T extends @Nullable Object, R extends @Nullable Object>
      Gatherer<T, ?, R> mapConcurrent(
          int atMost,
          TaskFunction<? super T, ? extends R> function,
          UnaryOperator<GatherOptions> options) {
    return AsyncStreams.<T, R, R>gatherer(atMost, options, true, function, GatherRun::resultOf);
  }

  /**
   * Returns a gatherer that applies a function to at most {@code atMost} elements at once; outcomes
   * come in the order of the elements, and none of them ends the stream.
   *
   * @throws IllegalArgumentException if atMost is less than 1
   */
  public static <T extends @Nullable Object, R extends @Nullable Object>
      Gatherer<T, ?, Outcome<R>> outcomes(
          int atMost, TaskFunction<? super T, ? extends R> function) {
    return outcomes(atMost, function, o -> o);
  }

  /**
   * Returns such a gatherer with options: a timeout for each element, another window. With {@link
   * GatherOptions#unordered} outcomes come in order of completion; with {@link #completions} each
   * comes with its element.
   *
   * @throws IllegalArgumentException if atMost is less than 1
   */
  public static <T extends @Nullable Object, R extends @Nullable Object>
      Gatherer<T, ?, Outcome<R>> outcomes(
          int atMost,
          TaskFunction<? super T, ? extends R> function,
          UnaryOperator<GatherOptions> options) {
    return AsyncStreams.<T, R, Outcome<R>>gatherer(
        atMost, options, false, function, (completion, _) -> completion.outcome());
  }

  /**
   * Returns a gatherer that applies a function to at most {@code atMost} elements at once; elements
   * come with their outcomes, in order of completion, and none of them ends the stream.
   *
   * @throws IllegalArgumentException if atMost is less than 1
   */
  public static <T extends @Nullable Object, R extends @Nullable Object>
      Gatherer<T, ?, Completion<T, R>> completions(
          int atMost, TaskFunction<? super T, ? extends R> function) {
    return completions(atMost, function, o -> o);
  }

  /**
   * Returns such a gatherer with options: a timeout for each element, another window.
   *
   * @throws IllegalArgumentException if atMost is less than 1
   */
  public static <T extends @Nullable Object, R extends @Nullable Object>
      Gatherer<T, ?, Completion<T, R>> completions(
          int atMost,
          TaskFunction<? super T, ? extends R> function,
          UnaryOperator<GatherOptions> options) {
    return AsyncStreams.<T, R, Completion<T, R>>gatherer(
        atMost, o -> options.apply(o.unordered()), false, function, (completion, _) -> completion);
  }

  private static <
          T extends @Nullable Object, R extends @Nullable Object, E extends @Nullable Object>
      Gatherer<T, ?, E> gatherer(
          int atMost,
          UnaryOperator<GatherOptions> options,
          boolean failFast,
          TaskFunction<? super T, ? extends R> function,
          GatherRun.Shape<T, R, E> shape) {
    if (atMost < 1) {
      throw new IllegalArgumentException("atMost must be at least 1, got " + atMost);
    }
    Objects.requireNonNull(function, "function");
    GatherOptions chosen = options.apply(GatherOptions.DEFAULT);
    return Gatherer.<T, GatherRun<T, R, E>, E>ofSequential(
        () -> new GatherRun<>(atMost, chosen, failFast, function, shape),
        Gatherer.Integrator.<GatherRun<T, R, E>, T, E>of(GatherRun::integrate),
        GatherRun::finish);
  }

  /**
   * Returns a stream of the elements of several sources, as they come, each source read by a thread
   * of its own. An exception of a source is thrown by the stream and ends it, and the threads of
   * the other sources are interrupted.
   *
   * <p>Work begins with the terminal operation. When that returns or throws, no thread is left; a
   * source that ignores interrupts delays that. ({@code Stream.iterator} and {@code spliterator}
   * are no terminal operations in this sense: they let the JDK read all there is ahead.)
   *
   * @param sources collections, {@link Channel}s, or {@code () -> stream.iterator()}; without null
   */
  @SafeVarargs
  @SuppressWarnings("varargs") // only read
  public static <T> Stream<T> merge(Iterable<? extends T>... sources) {
    return merge(List.of(sources));
  }

  /** Returns such a stream of the sources in a list. */
  public static <T> Stream<T> merge(List<? extends Iterable<? extends T>> sources) {
    List<Iterable<? extends T>> all = List.copyOf(sources);
    // flatMap closes the inner stream, and with it the threads, however the outer one ends.
    return Stream.of(all).flatMap(each -> new Merge<T>(each).stream());
  }
}
