package io.github.fornada.process;

import io.github.fornada.Outcome;
import io.github.fornada.jvm.Callbacks;
import io.github.fornada.jvm.HeapShortage;
import io.github.fornada.jvm.Log;
import io.github.fornada.jvm.OwnThreads;
import io.github.fornada.process.payload.Immutables;
import io.github.fornada.process.payload.LambdaForm;
import io.github.fornada.process.payload.Payloads;
import io.github.fornada.process.wire.MessageOutput;
import io.github.fornada.process.wire.PayloadTooLargeException;
import io.github.fornada.spi.Batch;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Writes the items that agents ask for. One thread does so at a time; if user code that writes an
 * item does not return, another feeder takes its place.
 */
final class RemoteFeeder implements Runnable, UserCodeGuard.Successor {
  /** An answer gets no more items when it is this long. */
  private static final int MAX_ANSWER = 4 << 20; // Guess

  private static final int MAX_BATCH = 1024; // Guess

  /** The longest item; all else that an answer has needs far less than what is left. */
  private static final int LONGEST_ITEM = Integer.MAX_VALUE - (64 << 20);

  /** What an item takes in addition to its bytes. */
  private static final int ITEM_HEAD = 17;

  /** How often an answer is tried to be made that the heap has no room for. */
  private static final int MOST_TRIES = 500; // Guess: a second

  /** The feeders of a pool, of which one is at work. */
  static final class Chain {
    private final RemotePool pool;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    // Guarded by lock.
    private boolean work;
    private boolean signalled;
    private boolean ended;

    /** Whether the timer wakes it to share out items anew. */
    private boolean looks;

    private volatile @Nullable RemoteFeeder current;

    Chain(RemotePool pool) {
      this.pool = pool;
    }

    void start() {
      start(new RemoteFeeder(pool, this));
    }

    private void start(RemoteFeeder feeder) {
      current = feeder;
      OwnThreads.start("fornada-feeder", feeder);
    }

    /** There may be items to give out. */
    void workAvailable() {
      signal(true);
    }

    /** An agent asks, or must be told something. */
    void wake() {
      signal(false);
    }

    private void signal(boolean isWork) {
      lock.lock();
      try {
        work |= isWork;
        signalled = true;
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }

    private void setWork(boolean is) {
      lock.lock();
      try {
        work = is;
      } finally {
        lock.unlock();
      }
    }

    void end() {
      lock.lock();
      try {
        ended = true;
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }

    /** Waits for an agent that there is an answer for; null at the end. */
    private @Nullable AgentLink next() {
      lock.lock();
      try {
        while (!ended) {
          signalled = false;
          if (!work && pool.links.shed() && !looks) {
            pool.home().schedule(Duration.ofNanos(RemoteLinks.SHED_NANOS), this::look);
            looks = true; // it waits for this lock
          }
          AgentLink ready = pool.links.ready(work);
          if (ready != null) {
            return ready;
          }
          while (!signalled && !ended) {
            changed.awaitUninterruptibly();
          }
        }
        return null;
      } finally {
        lock.unlock();
      }
    }

    private void look() {
      lock.lock();
      try {
        looks = false;
        signalled = true;
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }

    /** Stops exactly this item if it is being written. */
    boolean cancel(Batch<?, ?> batch, int i) {
      RemoteFeeder feeder = current;
      return feeder != null && feeder.guard.cancel(batch, i);
    }
  }

  private final RemotePool pool;
  private final Chain chain;
  private final UserCodeGuard guard;

  /** One item or function; user code that was abandoned may still write to it. */
  private final MessageOutput one = new MessageOutput();

  /** What its predecessor had claimed only in part; null for nothing. Used by its thread. */
  private @Nullable Batch<?, ?> left;

  private RemoteFeeder(RemotePool pool, Chain chain) {
    this.pool = pool;
    this.chain = chain;
    this.guard = new UserCodeGuard(pool.home(), this);
  }

  /** Goes on where a feeder was abandoned. */
  private RemoteFeeder(RemoteFeeder stuck, Batch<?, ?> batch) {
    this.pool = stuck.pool;
    this.chain = stuck.chain;
    this.guard = new UserCodeGuard(pool.home(), this);
    this.left = batch;
  }

  /** Called by the timer. */
  @Override
  public <R> void replace(Batch<?, R> batch, int i, @Nullable List<StackTraceElement> stack) {
    chain.start(new RemoteFeeder(this, batch));
    Callbacks.run(null, () -> UserCodeGuard.end(batch, i, pool.policy().timeout(), stack));
  }

  @Override
  public void run() {
    try {
      boolean goesOn = true;
      while (goesOn) {
        goesOn = feedNext();
      }
    } catch (UserCodeGuard.Abandoned e) {
      // another feeder is at work
    } finally {
      pool.home().leaves();
    }
  }

  /** Answers one agent; returns false at the end. No error ends the thread that feeds all. */
  private boolean feedNext() {
    try {
      pool.home().enters(); // again each time: it may have failed
      Batch<?, ?> behind = left;
      left = null;
      if (behind != null && behind.hasWaiting()) {
        pool.putBack(behind);
      }
      AgentLink next = chain.next();
      if (next == null) {
        return false;
      }
      fill(next);
      var _ = one.clear();
      send(next);
    } catch (UserCodeGuard.Abandoned e) {
      throw e;
    } catch (OutOfMemoryError e) {
      HeapShortage.await(); // what was written is in the next answer
    } catch (RuntimeException | Error e) { // such as a callback's, after an item has ended
      Log.get().log(System.Logger.Level.WARNING, "items could not be given to an agent", e);
      HeapShortage.await(); // if it happens again and again
    }
    return true;
  }

  private void send(AgentLink to) {
    RemoteLinks.Answer answer = answer(to);
    if (answer != null) {
      answer.to().accept(answer.message());
    }
    // Otherwise it was answered meanwhile, as it had waited for long: what it was about to get
    // comes
    // with the answer to its next question. Or it was given up, and that with it.
  }

  /** Where the heap has no room for the answer for long, its items fail. */
  private RemoteLinks.@Nullable Answer answer(AgentLink to) {
    for (int tries = 1; ; tries++) {
      try {
        return pool.links.answer(to);
      } catch (OutOfMemoryError e) {
        if (tries >= MOST_TRIES || !HeapShortage.isOfHeap(e)) {
          for (AgentLink.Sent back = pool.links.takeBack(to);
              back != null;
              back = pool.links.takeBack(to)) {
            back.batch().fail(back.i(), e, "");
          }
        }
        HeapShortage.await();
      }
    }
  }

  private void fill(AgentLink to) {
    for (int room = pool.links.room(to);
        room > 0 && to.items.size() < MAX_ANSWER;
        room = pool.links.room(to)) {
      chain.setWork(false); // before the queue is read: what comes later sets it again
      Batch<?, ?> batch = pool.take(Math.min(room, MAX_BATCH));
      if (batch == null) {
        return;
      }
      chain.setWork(true);
      guard.begins(batch);
      try {
        fill(to, batch);
      } catch (UserCodeGuard.Abandoned e) {
        throw e;
      } catch (RuntimeException | Error e) {
        if (batch.hasWaiting()) {
          pool.putBack(batch);
        }
        throw e;
      } finally {
        guard.ends();
      }
    }
  }

  private <R> void fill(AgentLink to, Batch<?, R> batch) {
    for (int i = batch.claim(); i >= 0; i = batch.claim()) {
      if (to.items.size() >= MAX_ANSWER) {
        var _ = batch.release(i);
        pool.putBack(batch);
        return;
      }
      guard.next(i);
      try {
        if (batch.isUnwanted() || pool.home().isStopping()) {
          batch.end(i, new Outcome.Cancelled<>("it was stopped with its call"), null);
          continue;
        }
        if (!put(to, batch, i)) {
          var _ = batch.release(i);
          pool.putBack(batch); // the agent is gone
          return;
        }
      } catch (UserCodeGuard.Abandoned e) {
        throw e;
      } catch (Throwable e) { // anything that the user's writeObject throws
        fail(batch, i, e);
        continue;
      }
      if (batch.isUnwanted()) {
        // The stop may have come in between, when no agent had the item.
        var _ = pool.links.cancel(batch, i, "it was stopped with its call");
      }
    }
  }

  private <R> void fail(Batch<?, R> batch, int i, Throwable thrown) {
    try {
      if (thrown instanceof UserCodeGuard.Stopped stopped) {
        UserCodeGuard.end(batch, i, pool.policy().timeout(), stopped.stack);
        return;
      }
      Throwable cause =
          thrown instanceof NotWrittenException written && written.getCause() != null
              ? written.getCause()
              : thrown;
      RemotePool.fail(batch, i, NotSendableException.explain(batch, i, cause));
    } catch (OutOfMemoryError e) {
      batch.fail(i, e, "");
    }
  }

  /**
   * Appends an item to the next answer, and notes that the agent has it; false if the agent is
   * gone. What is thrown has changed nothing.
   */
  private boolean put(AgentLink to, Batch<?, ?> batch, int i) throws Exception {
    int function = function(to, batch);
    write(batch, i);
    if (one.size() > LONGEST_ITEM - to.items.size()) {
      throw new PayloadTooLargeException(
          one.size() + " bytes when serialized; pass a path or split the item");
    }
    to.items.reserve(ITEM_HEAD + one.size()); // before anything is noted: nothing else may fail
    AgentLink.Sent sent = pool.links.place(to, batch, i);
    if (sent == null) {
      return false;
    }
    to.items
        .putByte(RemoteWire.ITEM)
        .putLong(sent.number())
        .putInt(function)
        .putInt(one.size())
        .write(one.array(), 0, one.size());
    return true;
  }

  /** Returns the number of the batch's function, which the agent then knows. */
  private int function(AgentLink to, Batch<?, ?> batch) throws Exception {
    Object key = RemoteFunctions.key(batch);
    RemoteFunctions.Known known = pool.links.function(key);
    if (known == null) {
      pool.classes.add(batch.userFunction().getClass().getClassLoader());
      byte[] payload;
      if (batch.function() instanceof HandedFunction<?, ?> handed) {
        payload = handed.bytes();
        if (payload == null) {
          throw new NotWrittenException(handed.failure());
        }
      } else {
        var _ = one.clear();
        if (LambdaForm.of(batch.function()) == null) {
          guard.write(batch.function(), one, null);
        } else {
          Payloads.encode(batch.function(), one);
        }
        payload = one.toByteArray();
      }
      known = pool.links.add(key, payload);
    }
    if (pool.links.teaches(to, known.number())) {
      boolean whole = false;
      try {
        to.items.reserve(9 + known.payload().length);
        whole = true;
      } finally {
        if (!whole) {
          pool.links.unteach(to, known.number());
        }
      }
      to.items.putByte(RemoteWire.FUNCTION).putInt(known.number()).putBytes(known.payload());
    }
    return known.number();
  }

  private void write(Batch<?, ?> batch, int i) throws Exception {
    var _ = one.clear();
    if (batch.handedOver(i) instanceof HandedItem handed) {
      byte[] payload = handed.bytes();
      if (payload == null) {
        throw new NotWrittenException(handed.failure());
      }
      Payloads.append(payload, one);
      return;
    }
    Object item = batch.item(i);
    if (Payloads.isPlain(item)) {
      Payloads.encode(item, one);
    } else {
      guard.write(item, one, null);
    }
    if (!Immutables.contains(item)) {
      batch.handedOver(i, HandedItem.of(item, one.toByteArray()));
    }
  }
}
