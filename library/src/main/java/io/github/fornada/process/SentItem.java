package io.github.fornada.process;

import io.github.fornada.process.wire.ClaimWord;
import io.github.fornada.spi.Batch;
import org.jspecify.annotations.Nullable;

/** An item on its way to a worker. */
record SentItem(Batch<?, ?> batch, int i, long ticket, int bytes, @Nullable String file) {
  long number() {
    return ClaimWord.number(ticket);
  }

  /** It will not be read any more: its file, if it has one, goes. */
  void forget(Engine engine) {
    engine.discard(file);
  }
}
