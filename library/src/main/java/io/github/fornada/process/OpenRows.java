package io.github.fornada.process;

import io.github.fornada.process.wire.MessageOutput;
import io.github.fornada.spi.Batch;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The row that is being put together for a worker, watched: the user's code has a part in it, and
 * may not come back.
 */
final class OpenRows {
  /** How long the writing of an item may hold up those before it in its row. */
  private static final Duration HELD_UP = Duration.ofMillis(10); // Guess

  private final Engine engine;
  private final Dispatcher dispatcher;

  // Both guarded by the dispatcher's lock.
  private @Nullable OpenRow openRow;

  /** Whether somebody will look at the open row. */
  private boolean lookIsDue;

  OpenRows(Engine engine, Dispatcher dispatcher) {
    this.engine = engine;
    this.dispatcher = dispatcher;
  }

  /** A row of objects begins: from now on its items may be sent without waiting for the next. */
  OpenRow open(Batch<?, ?> batch, int first, WorkerProcess to) {
    var row = new OpenRow(batch, first, to);
    dispatcher.lock();
    try {
      openRow = row;
      if (!lookIsDue) {
        lookIn(HELD_UP.toNanos());
      }
    } finally {
      dispatcher.unlock();
    }
    return row;
  }

  /**
   * Closes a row of {@code count} objects and sends it, unless its first items have gone. Those
   * behind these are then to be written again: they were not made to stand in front.
   */
  Sender.@Nullable Result close(OpenRow row, int count, MessageOutput body) {
    dispatcher.lock();
    try {
      openRow = null;
      if (row.gone() > 0 || count == 0) {
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
   * The thread that has the row open does not come back: no more of it is sent from here, and what
   * is whole and was not sent may be claimed by others. Under lock.
   */
  void abandon() {
    OpenRow row = openRow;
    openRow = null; // a look that is due finds nothing
    if (row != null && row.gone() == 0) {
      for (int k = row.first(); k < row.first() + row.whole().count(); k++) {
        var _ = row.batch().release(k);
      }
    }
  }

  /**
   * The thread that writes an item does not come back: sends what is whole, gives back the rest.
   */
  private void look() {
    OpenRow row;
    OpenRow.Whole whole;
    Sender.Result refused = null;
    dispatcher.lock();
    try {
      row = openRow;
      lookIsDue = false;
      if (row == null || row.gone() > 0) {
        return;
      }
      long left = HELD_UP.toNanos() - row.openNanos();
      if (left > 0) {
        lookIn(left);
        return;
      }
      whole = row.whole();
      if (whole.count() > 0) {
        // Nobody else writes to the ring or shows it: who has the row open does neither until it
        // closes it, under this lock.
        refused =
            dispatcher.commitRow(
                row.batch(), row.first(), whole.count(), row.to(), whole.body(), whole.size());
        if (refused == null) {
          dispatcher.flush(row.to());
        }
        if (refused == Sender.Result.FULL) {
          lookIn(HELD_UP.toNanos());
        } else {
          row.gone(whole.count());
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
        var _ =
            dispatcher.cancelInFlight(batch, k); // as for all that is sent: the stop came before
      }
    }
    if (batch.hasWaiting()) {
      engine.putBack(batch);
    }
  }

  /** Under lock. */
  private void lookIn(long nanos) {
    lookIsDue = true;
    Engine.later(Duration.ofNanos(nanos), this::look);
  }
}
