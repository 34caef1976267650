package io.github.fornada.process;

import io.github.fornada.Batch;
import org.jspecify.annotations.Nullable;

/** An item on its way to a worker. */
record Sent(Batch<?, ?> batch, int i, long ticket, int bytes, @Nullable String file) {
  long number() {
    return Claims.number(ticket);
  }

  /** It will not be read any more: its file, if it has one, goes. */
  void forget(Engine pool) {
    pool.discard(file);
  }
}
