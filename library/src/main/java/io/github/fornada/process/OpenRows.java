package io.github.fornada.process;

import io.github.fornada.process.wire.MessageOutput;
import io.github.fornada.spi.Batch;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Supervises the {@linkplain Sender row} that is being built for a worker: user code writes its
 * items, and may not return.
 */
final class OpenRows {
  /** How long the writing of an item may delay the items before it in its row. */
  private static final Duration HELD_UP = Duration.ofMillis(10); // Guess

  private final Engine engine;
  private final Dispatcher dispatcher;

  // The row that is being built; null for none. This and the next field are guarded by the
  // dispatcher's lock.
  private @Nullable OpenRow openRow;

  /** Whether a check of the open row is scheduled. */
  private boolean checkIsDue;

  private final Runnable check = this::check;

  OpenRows(Engine engine, Dispatcher dispatcher) {
    this.engine = engine;
    this.dispatcher = dispatcher;
  }

  /** Opens a row of objects: from now on its items may be sent without waiting for the next. */
  OpenRow open(Batch<?, ?> batch, int first, WorkerProcess to) {
    var row = new OpenRow(batch, first, to);
    dispatcher.lock();
    try {
      openRow = row;
      if (!checkIsDue) {
        checkIn(HELD_UP.toNanos());
      }
    } finally {
      dispatcher.unlock();
    }
    return row;
  }

  /**
   * Closes a row of {@code count} objects and sends it, unless its first items were sent already.
   * The items behind those must then be written again: in the body they do not directly follow a
   * message header.
   */
  Sender.@Nullable Result close(OpenRow row, int count, MessageOutput body) {
    dispatcher.lock();
    try {
      openRow = null;
      if (row.sentEarly() > 0 || count == 0) {
        return null;
      }
      Sender.Result refused = dispatcher.commit(row.batch(), row.first(), count, row.to(), body);
      if (refused == null) {
        dispatcher.flush(row.to());
      }
      return refused;
    } finally {
      dispatcher.unlock();
    }
  }

  /**
   * Called when the thread that builds the row does not return: no more of the row is sent, and
   * complete items that were not sent may be claimed by others. Under lock.
   */
  void abandon() {
    OpenRow row = openRow;
    openRow = null; // a scheduled check then finds nothing
    if (row != null && row.sentEarly() == 0) {
      for (int k = row.first(); k < row.first() + row.whole().count(); k++) {
        var _ = row.batch().release(k);
      }
    }
  }

  /**
   * If the thread that writes an item has not returned in time, sends the complete items and gives
   * back the rest.
   */
  private void check() {
    OpenRow row;
    OpenRow.Whole whole;
    Sender.Result refused = null;
    dispatcher.lock();
    try {
      row = openRow;
      checkIsDue = false;
      if (row == null || row.sentEarly() > 0) {
        return;
      }
      long left = HELD_UP.toNanos() - row.openNanos();
      if (left > 0) {
        checkIn(left);
        return;
      }
      whole = row.whole();
      if (whole.count() > 0) {
        // No other thread writes to the ring or publishes it: the thread that builds the row does
        // neither until it closes the row, under this lock.
        refused =
            dispatcher.commitRow(
                row.batch(), row.first(), whole.count(), row.to(), whole.body(), whole.size());
        if (refused == null) {
          dispatcher.flush(row.to());
        }
        if (refused == Sender.Result.FULL) {
          checkIn(HELD_UP.toNanos());
        } else {
          row.sentEarly(whole.count());
        }
      }
    } finally {
      dispatcher.unlock();
    }
    Batch<?, ?> batch = row.batch();
    for (int k = row.first(); k < row.first() + whole.count(); k++) {
      if (refused == Sender.Result.WORKER_GONE) {
        var _ = batch.release(k);
      } else if (refused == null && (batch.isUnwanted() || engine.isStopping())) {
        var _ = dispatcher.cancelInFlight(batch, k); // as for every item sent after a stop
      }
    }
    if (batch.hasWaiting()) {
      engine.putBack(batch);
    }
  }

  /** Under lock. */
  private void checkIn(long nanos) {
    try {
      Engine.tryLater(Duration.ofNanos(nanos), check);
      checkIsDue = true;
    } catch (OutOfMemoryError e) {
      checkIsDue = false; // the next row that is opened sees to it
    }
  }
}
