package io.github.fornada.threads;

import io.github.fornada.elastic.ThreadSide;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Watches a pool that has no helper: the end of one follows that of its pool. */
final class NoHelper implements ThreadSide.Watcher {
  @Nullable ThreadSide pool;

  @Override
  public void work() {}

  @Override
  public boolean helper() {
    return false;
  }

  @Override
  public void ends() {
    Objects.requireNonNull(pool).helperEnded();
  }
}
