package io.github.fornada.scenarios.harness;

import io.github.fornada.Pool;
import io.github.fornada.TaskFunction;
import java.util.List;
import java.util.Optional;

/**
 * A trial that is a function applied to a list of items, which is most of them.
 *
 * @param <T> the items
 * @param <R> the results
 */
public abstract class MapTrial<T, R> extends Trial<List<R>> {
  private final List<T> items;
  private final TaskFunction<T, R> function;

  /** Creates a trial of this function over these items. */
  protected MapTrial(String name, List<T> items, TaskFunction<T, R> function) {
    super(name);
    this.items = items;
    this.function = function;
  }

  /** Returns the items. */
  protected final List<T> items() {
    return items;
  }

  /** Returns the function. */
  protected final TaskFunction<T, R> function() {
    return function;
  }

  @Override
  public List<R> sequential() throws Exception {
    return HandWritten.loop(items, function);
  }

  @Override
  public List<R> under(Pool pool) throws Exception {
    return pool.map(items, function);
  }

  @Override
  public Optional<Step<List<R>>> expert() {
    return Optional.of(
        new Step<>(
            "threads by hand",
            () ->
                HandWritten.threads(items, function, Runtime.getRuntime().availableProcessors())));
  }
}
