package io.github.fornada.process;

import io.github.fornada.process.wire.MessageOutput;
import io.github.fornada.spi.Batch;

/**
 * A message of items in a row that is being put together, while the user's code writes one of them.
 * That may take long, or for ever: then those before it are sent without waiting for it.
 */
final class OpenRow {
  /** The items that are whole: how many, and where they end in this array. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Whole(byte[] body, int size, int count) {}

  private final Batch<?, ?> batch;
  private final int first;
  private final WorkerProcess to;
  private final long opened = System.nanoTime();

  /** Written by who puts it together; read by who does not wait for it. */
  private volatile Whole whole = new Whole(new byte[0], 0, 0);

  /** Items that left the row before it was closed. Guarded by the dispatcher's lock. */
  private int gone;

  OpenRow(Batch<?, ?> batch, int first, WorkerProcess to) {
    this.batch = batch;
    this.first = first;
    this.to = to;
  }

  Batch<?, ?> batch() {
    return batch;
  }

  int first() {
    return first;
  }

  WorkerProcess to() {
    return to;
  }

  long openNanos() {
    return System.nanoTime() - opened;
  }

  /** Notes that {@code count} items are whole. What is in the body now is not written again. */
  void grown(MessageOutput body, int count) {
    whole = new Whole(body.array(), body.size(), count);
  }

  Whole whole() {
    return whole;
  }

  int gone() {
    return gone;
  }

  void gone(int count) {
    gone = count;
  }
}
