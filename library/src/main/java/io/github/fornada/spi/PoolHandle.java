package io.github.fornada.spi;

import io.github.fornada.Pool;

/**
 * A pool that is only the handle of another, so that it can be collected while that one still
 * works; for authors of pools.
 */
public abstract class PoolHandle implements Pool {
  /** For subclasses. */
  protected PoolHandle() {}

  /** Returns the pool that does the work. */
  protected abstract AbstractPool target();

  /**
   * Returns the pool that does the work of {@code pool}.
   *
   * @throws IllegalArgumentException if it is neither an {@link AbstractPool} nor the handle of one
   */
  static AbstractPool targetOf(Pool pool) {
    return switch (pool) {
      case AbstractPool itself -> itself;
      case PoolHandle handle -> handle.target();
      default ->
          throw new IllegalArgumentException(
              "the pool must be one of this library's, or extend AbstractPool; got "
                  + pool.getClass().getName());
    };
  }
}
