package io.github.fornada.process;

import io.github.fornada.Outcome;
import io.github.fornada.process.payload.Throwables;
import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.process.wire.MessageOutput;
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
    } finally {
      lock.unlock();
    }
  }

  void forget(int number) {
    AgentCall call;
    lock.lock();
    try {
      call = calls.remove(number);
      if (call != null) {
        call.isForgotten = true;
      }
    } finally {
      lock.unlock();
    }
    if (call != null) {
      endIfDone(call);
    }
  }

  private void endIfDone(AgentCall call) {
    lock.lock();
    try {
      if (!call.isForgotten || call.open > 0) {
        return;
      }
    } finally {
      lock.unlock();
    }
    call.fed().end();
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
      if (load.isClosed()) {
        giveBack(item);
        return;
      }
      call.queue.addLast(item);
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
        var _ = item.call.queue.remove(item);
        closed(item);
        AgentCall.Item none = item;
        reports.add(out -> entries.cancelled(none, "", reason, out));
        return;
      }
      batch = item.batch;
      item.cancelled = reason;
    } finally {
      lock.unlock();
    }
    runner.cancel(item, batch, reason);
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
      for (AgentCall call : calls.values()) {
        for (; left > 0 && !call.queue.isEmpty(); left--) {
          giveBack(call.queue.removeLast());
        }
      }
      taken = left == 0 ? List.of() : takenLastFirst();
    } finally {
      lock.unlock();
    }
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

  /** Under lock. */
  private void giveBack(AgentCall.Item item) {
    closed(item);
    reports.addAtOnce(out -> AgentEntries.returned(item, out));
  }

  /** The item is no longer here. Under lock. */
  private void closed(AgentCall.Item item) {
    items.remove(item.number);
    load.hold(items.size());
    item.call.open--;
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
      for (AgentCall call : calls.values()) {
        while (!call.queue.isEmpty()) {
          giveBack(call.queue.remove());
        }
      }
      reports.addAtOnce(out -> AgentEntries.broken(why, out));
    } finally {
      lock.unlock();
    }
  }

  private void finish(AgentCall.Item item, AgentReports.Entry entry) {
    boolean last;
    lock.lock();
    try {
      closed(item);
      ended += item.isReturned ? 0 : 1;
      last = item.call.isForgotten && item.call.open == 0;
    } finally {
      lock.unlock();
    }
    if (item.isReturned) {
      reports.addAtOnce(entry);
    } else {
      reports.addEnd(entry);
    }
    if (last) {
      endIfDone(item.call);
    }
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
      finish(item, out -> entries.done(item, worker, payload, out));
    }

    @Override
    public void ended(Object tag, Outcome<?> outcome, String worker) {
      AgentCall.Item item = (AgentCall.Item) tag;
      String cancelled = item.cancelled;
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
