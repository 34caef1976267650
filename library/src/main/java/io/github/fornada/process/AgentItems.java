package io.github.fornada.process;

import io.github.fornada.Outcome;
import io.github.fornada.process.payload.Throwables;
import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.process.wire.MessageOutput;
import io.github.fornada.process.wire.PayloadTooLargeException;
import io.github.fornada.spi.Batch;
import io.github.fornada.spi.FedCall;
import io.github.fornada.spi.Taken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The items that an agent has of its pool, from when they come until they have ended or went back.
 * Of others' locks only that of the {@link AgentReports} may be taken under its own.
 */
final class AgentItems {
  private final AgentRunner runner;
  private final AgentReports reports;
  private final AgentEntries entries;
  private final AgentLoad load;
  private final ReentrantLock lock = new ReentrantLock();

  // All guarded by lock.
  private final Map<Integer, AgentCall> calls = new HashMap<>();
  private final Map<Long, AgentCall.Item> items = new HashMap<>();

  /** The calls that were not ended: those that the pool has forgotten may have items here. */
  private final List<AgentCall> live = new ArrayList<>();

  /** Whether some of them may be over. */
  private boolean isAnyOver;

  /** How many items have ended here. */
  private long ended;

  private long endedAtShed = -1;

  AgentItems(AgentRunner runner, AgentReports reports, AgentEntries entries, AgentLoad load) {
    this.runner = runner;
    this.reports = reports;
    this.entries = entries;
    this.load = load;
  }

  // ---- what the pool sends; one thread

  void function(int number, byte[] payload) {
    var call = new AgentCall();
    FedCall fed = runner.call(payload, new Feed(call));
    call.begins(fed);
    fed.start();
    lock.lock();
    try {
      calls.put(number, call);
      live.add(call);
    } finally {
      lock.unlock();
    }
  }

  void forget(int number) {
    lock.lock();
    try {
      AgentCall call = calls.remove(number);
      if (call != null) {
        call.isForgotten = true;
        isAnyOver |= call.open == 0;
      }
    } finally {
      lock.unlock();
    }
    endOver();
  }

  /** Ends the calls that the pool has forgotten and that have no items here any more. */
  private void endOver() {
    for (AgentCall call = anyOver(); call != null; call = anyOver()) {
      call.fed().end();
    }
  }

  private @Nullable AgentCall anyOver() {
    lock.lock();
    try {
      for (int k = 0; isAnyOver && k < live.size(); k++) {
        if (live.get(k).isForgotten && live.get(k).open == 0) {
          return live.remove(k);
        }
      }
      isAnyOver = false;
      return null;
    } finally {
      lock.unlock();
    }
  }

  void item(long number, int function, byte[] payload) throws IOException {
    AgentCall call;
    lock.lock();
    try {
      call = calls.get(function);
      if (call == null) {
        throw new IOException("the pool sent an item without its function");
      }
      var item = new AgentCall.Item(number, call, payload);
      items.put(number, item);
      load.hold(items.size());
      call.open++;
      call.queue.addLast(item);
      if (load.isClosed()) {
        giveBack(call.queue.last());
        return;
      }
    } finally {
      lock.unlock();
    }
    call.fed().offer();
  }

  void cancel(long number, String reason) {
    AgentCall.Item item;
    Batch<?, ?> batch;
    lock.lock();
    try {
      item = items.get(number);
      if (item == null) {
        return; // it has ended
      }
      if (!item.isTaken) {
        AgentCall.Item none = item;
        reports.add(out -> entries.cancelled(none, "", reason, out));
        var _ = item.call.queue.remove(item);
        closed(item);
        item = null;
        batch = null;
      } else {
        batch = item.batch;
        item.cancelled = reason;
      }
    } finally {
      lock.unlock();
    }
    if (item == null) {
      endOver();
    } else {
      runner.cancel(item, batch, reason);
    }
  }

  /**
   * Gives back what was not begun, the last first: other agents have nothing to do. First what no
   * worker has taken; then what waits behind an item that takes long. No more than half of it,
   * whatever the pool believes to be here; but all, if nothing has ended since the last time.
   */
  void shed(int most) {
    int left;
    List<AgentCall.Item> taken;
    lock.lock();
    try {
      boolean stuck = ended == endedAtShed;
      endedAtShed = ended;
      int waiting = Math.max(0, items.size() - load.workers());
      left = stuck ? Integer.MAX_VALUE : Math.min(most, (waiting + 1) / 2);
      if (stuck) {
        load.wantNoneAhead(); // it must not get the same items again
      }
      for (AgentCall call : live) {
        for (; left > 0 && !call.queue.isEmpty(); left--) {
          giveBack(call.queue.last());
        }
      }
      taken = left == 0 ? List.of() : takenLastFirst();
    } finally {
      lock.unlock();
    }
    endOver();
    if (left > 0) {
      runner.withdraw(left, taken);
    }
  }

  /** Under lock. */
  private List<AgentCall.Item> takenLastFirst() {
    return items.values().stream()
        .filter(item -> item.isTaken)
        .sorted((one, other) -> Long.compare(other.number, one.number))
        .toList();
  }

  /** Gives back the last item that no worker has taken of its call. Under lock. */
  private void giveBack(AgentCall.Item item) {
    reports.addAtOnce(out -> AgentEntries.returned(item, out)); // first: there may be no room
    var _ = item.call.queue.removeLast();
    closed(item);
  }

  /** The item is no longer here, and the pool is told so. Under lock; {@link #endOver} follows. */
  private void closed(AgentCall.Item item) {
    items.remove(item.number);
    load.hold(items.size());
    item.call.open--;
    isAnyOver |= item.call.isForgotten && item.call.open == 0;
  }

  // ---- what those who run the items tell

  /** A worker has taken a batch. */
  void taken(Batch<?, ?> batch) {
    List<Integer> cancelled = List.of();
    lock.lock();
    try {
      for (int i = 0; i < batch.size(); i++) {
        if (batch.item(i) instanceof AgentCall.Item item && item.batch == null) {
          item.place = i;
          item.batch = batch;
          if (item.cancelled != null) {
            cancelled = cancelled.isEmpty() ? new ArrayList<>() : cancelled;
            cancelled.add(i);
          }
        }
      }
    } finally {
      lock.unlock();
    }
    for (int i : cancelled) {
      var _ = AgentCall.refuse(batch, i, "it was stopped with its call");
    }
  }

  /** No worker can be started any more: what none has taken goes back, and nothing else comes. */
  void breaks(@Nullable String why) {
    if (load.isClosed()) {
      return;
    }
    lock.lock();
    try {
      load.breaks();
      for (AgentCall call : live) {
        while (!call.queue.isEmpty()) {
          giveBack(call.queue.last());
        }
      }
      reports.addAtOnce(out -> AgentEntries.broken(why, out));
    } finally {
      lock.unlock();
    }
    endOver();
  }

  /** Reports the end of an item, once. If there is no room for that, nothing has changed. */
  private void finish(AgentCall.Item item, AgentReports.Entry entry) {
    lock.lock();
    try {
      if (!items.containsKey(item.number)) {
        return; // told of before
      }
      if (item.isReturned) {
        reports.addAtOnce(entry);
      } else {
        reports.addEnd(entry);
      }
      closed(item);
      ended += item.isReturned ? 0 : 1;
    } finally {
      lock.unlock();
    }
    endOver();
  }

  /** It was stopped with the agent, which nobody has asked for: to the pool it is lost. */
  private void leave(AgentCall.Item item) {
    lock.lock();
    try {
      if (items.containsKey(item.number)) {
        closed(item);
      }
    } finally {
      lock.unlock();
    }
    endOver();
  }

  /** Gives out the items of one call, and reports what became of them. */
  private final class Feed implements FedCall.Feed {
    private final AgentCall call;

    Feed(AgentCall call) {
      this.call = call;
    }

    @Override
    public void take(int most, Taken into) {
      lock.lock();
      try {
        int n = Math.min(most, call.queue.size());
        var handed = new @Nullable Object[n];
        var tags = new @Nullable Object[n];
        Iterator<AgentCall.Item> all = call.queue.iterator();
        for (int k = 0; k < n; k++) {
          AgentCall.Item item = all.next();
          handed[k] = HandedItem.of(item, item.payload);
          tags[k] = item;
        }
        for (int k = 0; k < n; k++) { // now that there was memory for all
          call.queue.remove().isTaken = true;
        }
        into.put(handed, tags, n);
      } finally {
        lock.unlock();
      }
    }

    @Override
    public boolean hasMore() {
      lock.lock();
      try {
        return !call.queue.isEmpty();
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void taken() {}

    @Override
    public void done(Object tag, @Nullable Object value, String worker, boolean isLast) {
      AgentCall.Item item = (AgentCall.Item) tag;
      if (!(value instanceof FarSide.Value(MessageInput payload))) {
        throw new AssertionError(value);
      }
      try {
        finish(item, out -> entries.done(item, worker, payload, out));
      } catch (PayloadTooLargeException e) {
        ended(tag, new Outcome.Failed<>(e), worker);
      }
    }

    @Override
    public void ended(Object tag, Outcome<?> outcome, String worker) {
      AgentCall.Item item = (AgentCall.Item) tag;
      String cancelled = item.cancelled;
      if (load.isStopped() && cancelled == null && !item.isReturned && !outcome.isDone()) {
        leave(item);
        return;
      }
      switch (outcome) {
        case Outcome.Done<?> done -> done(tag, done.value(), worker, true);
        case Outcome.Failed<?> _ when cancelled != null && runner.failsWhenCancelled() ->
            cancelled(item, worker, cancelled);
        case Outcome.Failed<?>(FarSide.Failure failed) ->
            finish(item, out -> entries.failed(item, worker, failed.payload, out));
        case Outcome.Failed<?>(Throwable cause) -> {
          var bytes = new MessageOutput(); // of this JVM: no user code
          Throwables.encode(cause, bytes, runner.loader());
          finish(item, out -> entries.failed(item, worker, bytes.toByteArray(), out));
        }
        case Outcome.TimedOut<?> how ->
            finish(item, out -> entries.timedOut(item, worker, how, out));
        case Outcome.WorkerLost<?> how ->
            finish(item, out -> entries.lost(item, worker, how.certificate(), out));
        case Outcome.Cancelled<?>(String reason) -> cancelled(item, worker, reason);
      }
    }

    private void cancelled(AgentCall.Item item, String worker, String reason) {
      finish(
          item,
          out -> {
            if (item.isReturned) {
              AgentEntries.returned(item, out);
            } else {
              entries.cancelled(item, worker, reason, out);
            }
          });
    }

    @Override
    public boolean canBeToldAgain() {
      return true;
    }

    @Override
    public void batchClosed() {}

    @Override
    public void ran(int count, long nanos, String worker) {
      load.ran(count, nanos);
    }

    @Override
    public void usedCpu(long nanos) {}

    @Override
    public boolean mayRetry(Object tag) {
      return false; // the pool decides that
    }

    @Override
    public String label(Object tag, String item) {
      return tag.toString();
    }

    @Override
    public void refused() {}
  }
}
