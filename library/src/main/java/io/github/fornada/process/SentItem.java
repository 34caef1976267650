package io.github.fornada.process;

import io.github.fornada.process.wire.ClaimWord;
import io.github.fornada.spi.Batch;
import org.jspecify.annotations.Nullable;

/** An item that was sent to a worker and has not ended. */
record SentItem(Batch<?, ?> batch, int i, long ticket, int bytes, @Nullable String file) {
  long number() {
    return ClaimWord.number(ticket);
  }

  /** Deletes the item's file, if it has one, because the worker will not read it any more. */
  void forget(Engine engine) {
    engine.discard(file);
  }
}
