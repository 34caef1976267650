package io.github.fornada.process;

import io.github.fornada.process.wire.MessageOutput;
import io.github.fornada.spi.Batch;

/**
 * A {@linkplain Sender row} that is being built while user code writes one of its items. That code
 * may take long, or never return: then the items before it are sent without waiting for it.
 */
final class OpenRow {
  /** The items that are written completely: how many there are, and where they end in the array. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Whole(byte[] body, int size, int count) {}

  private final Batch<?, ?> batch;
  private final int first;
  private final WorkerProcess to;
  private final long opened = System.nanoTime();

  /**
   * Written by the thread that builds the row; read by the thread that sends the row's beginning
   * without waiting.
   */
  private volatile Whole whole = new Whole(new byte[0], 0, 0);

  /**
   * The number of items that were sent before the row was closed. Guarded by the dispatcher's lock.
   */
  private int sentEarly;

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

  /**
   * Notes that {@code count} items are complete. The bytes that are in the body now are not changed
   * any more.
   */
  void grown(MessageOutput body, int count) {
    whole = new Whole(body.array(), body.size(), count);
  }

  Whole whole() {
    return whole;
  }

  int sentEarly() {
    return sentEarly;
  }

  void sentEarly(int count) {
    sentEarly = count;
  }
}
