package io.github.fornada.process;

import io.github.fornada.AbstractPool;
import io.github.fornada.Batch;
import io.github.fornada.Outcome;
import io.github.fornada.TaskFunction;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Encodes items for one worker. One thread at a time: the lane sees to that. */
final class Sender {
  /** What became of a try to send. */
  enum Result {
    /** There was no work. */
    NOTHING,
    /** All of the batch is on its way. */
    SENT,
    /** The ring is full; the rest of the batch is to be sent when the worker has read. */
    FULL,
    /** The next item needs the user's code to be encoded. */
    NEEDS_FEEDER,
    /** The worker died meanwhile. */
    WORKER_GONE
  }

  /**
   * Instead of a function's number: the worker does not know it, or there was no room to teach it.
   */
  private static final int UNKNOWN = -2;

  private static final int NO_ROOM = -1;
  private static final int GONE = -3;

  /** Items written under one hold of the lock. */
  private static final int PIECE = 32; // Guess

  /** Items in one message at most. */
  private static final int MOST_IN_ROW = 256; // Guess

  /** Less room than this in the ring is not worth a message of several items. */
  private static final int LEAST_ROOM = 1024;

  /** Functions that a worker keeps; more are forgotten, oldest use first. */
  private static final int MOST_FUNCTIONS = 64;

  /** And so many bytes of them, but always the latest: a lambda may capture much. */
  private static final long MOST_FUNCTION_BYTES = 1 << 20;

  private final Engine pool;
  private final String filePrefix;
  private final Output body = new Output();
  private final @Nullable Coder coder;

  /** The worker these functions are known to. */
  private volatile @Nullable WorkerProcess worker;

  private final IdentityHashMap<TaskFunction<?, ?>, Integer> numbers = new IdentityHashMap<>();

  /** By number, the least lately used first. */
  private final LinkedHashMap<Integer, TaskFunction<?, ?>> byUse =
      new LinkedHashMap<>(16, 0.75f, true);

  private @Nullable WorkerProcess knownTo;

  // The last function used, for a quick look.
  private @Nullable TaskFunction<?, ?> lastFunction;
  private @Nullable WorkerProcess lastTaughtTo;
  private int lastNumber;

  private final Map<Integer, Integer> sizes = new HashMap<>();
  private long functionBytes;
  private int nextFunction;
  private long files;

  /** The file of the payload made last; null if it is in its message. */
  private @Nullable String file;

  Sender(Engine pool, int place) {
    this.pool = pool;
    this.coder = Coder.of(pool.options().launch().codec());
    this.filePrefix = "argument-" + place + "-";
  }

  /** A new worker knows no functions. Called by the lane's thread. */
  void reset(WorkerProcess started) {
    worker = started;
  }

  <T, R> Result send(Batch<T, R> batch, boolean onFeeder, Flow flow) {
    WorkerProcess to = worker;
    if (to == null) {
      return Result.WORKER_GONE;
    }
    if (knownTo != to) {
      knownTo = to;
      numbers.clear();
      byUse.clear();
      sizes.clear();
      functionBytes = 0;
    }
    for (int i = batch.claim(); i >= 0; i = batch.claim()) {
      Result refused;
      int last = i;
      try {
        int function = number(batch, onFeeder, to, flow);
        if (function < 0) {
          refused =
              switch (function) {
                case UNKNOWN -> Result.NEEDS_FEEDER;
                case GONE -> Result.WORKER_GONE;
                default -> Result.FULL;
              };
        } else if (Payloads.isQuick(batch.item(i))) {
          Piece piece =
              batch.size() > 1 && !pool.isObserved() && !AbstractPool.isRecorded()
                  ? sendRow(batch, i, function, to, flow)
                  : sendPiece(batch, i, function, to, flow);
          refused = piece.refused;
          last = piece.last;
        } else if (!onFeeder) {
          refused = Result.NEEDS_FEEDER;
        } else if (isUnwanted(batch)) {
          batch.end(i, new Outcome.Cancelled<>("it was stopped with its call"), null);
          continue;
        } else {
          refused = sendItem(batch, i, function, to, flow);
          flow.flush(to);
        }
      } catch (Throwable e) { // whatever the user's writeObject throws
        batch.end(i, new Outcome.Failed<>(NotSendable.explain(batch, i, e)), null);
        continue;
      }
      if (isUnwanted(batch)) {
        // The stop may have come between, when it did not find the items with any worker.
        for (int k = i; k <= last; k++) {
          var _ = flow.cancel(batch, k);
        }
      }
      if (refused != null) {
        var _ = batch.release(last);
        return refused;
      }
    }
    return Result.SENT;
  }

  private boolean isUnwanted(Batch<?, ?> batch) {
    return batch.isUnwanted() || pool.isStopping();
  }

  /** How far a piece came: the last item claimed, and why that was not sent; null if it was. */
  private record Piece(int last, @Nullable Result refused) {}

  /** Sends plain items in a row under one hold of the lock, beginning with one that is claimed. */
  private <T, R> Piece sendPiece(
      Batch<T, R> batch, int first, int function, WorkerProcess to, Flow flow) throws IOException {
    flow.hold();
    try {
      int i = first;
      for (int n = 1; ; n++) {
        Result refused = sendItem(batch, i, function, to, flow);
        if (refused != null || n == PIECE) {
          return new Piece(i, refused);
        }
        int next = batch.claim();
        if (next < 0) {
          return new Piece(i, null);
        }
        i = next;
        if (!Payloads.isQuick(batch.item(i))) {
          return new Piece(i, Result.NEEDS_FEEDER);
        }
      }
    } finally {
      flow.letGo(to);
    }
  }

  /**
   * Sends plain items in a row in one message, beginning with one that is claimed. The items after
   * the last one that fits are not claimed.
   */
  private <T, R> Piece sendRow(
      Batch<T, R> batch, int first, int function, WorkerProcess to, Flow flow) throws IOException {
    flow.hold();
    try {
      int room = to.requests().room();
      if (room < LEAST_ROOM) {
        return new Piece(first, Result.FULL);
      }
      int countAt = body.clear().putLong(0).putInt(function).size();
      body.putInt(0);
      int last = first - 1;
      for (int i = first; ; ) {
        int before = body.size();
        body.putInt(0);
        Payloads.encode(batch.item(i), body);
        if (body.size() > room) {
          body.truncate(before);
          if (i == first) {
            return room == RingWriter.LONGEST
                ? sendPiece(batch, i, function, to, flow) // through a file
                : new Piece(i, Result.FULL);
          }
          var _ = batch.release(i);
          break;
        }
        body.setInt(before, body.size() - before - Integer.BYTES);
        last = i;
        if (i - first == MOST_IN_ROW - 1) {
          break;
        }
        int next = batch.claim();
        if (next < 0) {
          break;
        }
        if (next != i + 1 || !Payloads.isQuick(batch.item(next))) {
          var _ = batch.release(next);
          break;
        }
        i = next;
      }
      int count = last - first + 1;
      body.setInt(countAt, count);
      Result refused = flow.commit(batch, first, count, to, body);
      if (refused != null) {
        for (int k = first + 1; k <= last; k++) {
          var _ = batch.release(k);
        }
        return new Piece(first, refused);
      }
      return new Piece(last, null);
    } finally {
      flow.letGo(to);
    }
  }

  /** The function's number; negative if it is unknown yet, or the ring was full. */
  @SuppressWarnings("ReferenceEquality") // functions are told apart by identity
  private int number(Batch<?, ?> batch, boolean onFeeder, WorkerProcess to, Flow flow)
      throws IOException {
    if (batch.function() == lastFunction && lastTaughtTo == to) {
      return lastNumber;
    }
    Integer known = numbers.get(batch.function());
    if (known == null && !onFeeder) {
      return UNKNOWN;
    }
    int number = known == null ? teach(batch, to, flow) : known;
    if (number >= 0) {
      var _ = byUse.get(number); // used now
      lastFunction = batch.function();
      lastTaughtTo = to;
      lastNumber = number;
    }
    return number;
  }

  private <T, R> @Nullable Result sendItem(
      Batch<T, R> batch, int i, int function, WorkerProcess to, Flow flow) throws IOException {
    body.clear().putLong(0).putInt(function).putByte(pool.isObserved() ? 1 : 0);
    file = null;
    int size = payload(batch.item(i), coder);
    Result refused = flow.commit(batch, i, to, body, size, file);
    if (refused != null) {
      pool.discard(file);
    }
    return refused;
  }

  /** Appends the payload, or where it is. Returns its size. */
  private int payload(@Nullable Object value, @Nullable Coder by) throws IOException {
    int from = body.size();
    MemorySegment large = Payloads.largeArray(value);
    if (value != null && large != null) {
      String name = pool.buffers().store(large);
      if (name == null) {
        name = filePrefix + files++;
        Spill.writeArray(pool.directory().resolve(name), large);
      }
      file = name;
      Payloads.putArrayFile(value, large, name, body);
      return (int) Math.min(Integer.MAX_VALUE, large.byteSize());
    }
    body.putByte(Wire.IN_MESSAGE);
    Payloads.encode(value, body, by);
    int size = body.size() - from - 1;
    if (body.size() > RingWriter.LONGEST) {
      String name = filePrefix + files++;
      Spill.write(pool.directory().resolve(name), body.array(), from + 1, size);
      file = name;
      body.truncate(from);
      body.putByte(Wire.IN_FILE).putInt(size).putString(name);
    }
    return size;
  }

  /** Makes a function known to the worker. Returns its number, or NO_ROOM. */
  private int teach(Batch<?, ?> batch, WorkerProcess to, Flow flow) throws IOException {
    TaskFunction<?, ?> function = batch.function();
    pool.classes().add(batch.userFunction().getClass().getClassLoader());
    int number = nextFunction;
    body.clear().putInt(number);
    file = null;
    int size = payload(function, null);
    if (!flow.write(to, Wire.FUNCTION, body)) {
      pool.discard(file);
      return flow.serves(to) ? NO_ROOM : GONE;
    }
    nextFunction++;
    numbers.put(function, number);
    byUse.put(number, function);
    sizes.put(number, size);
    functionBytes += size;
    while (byUse.size() > MOST_FUNCTIONS
        || (functionBytes > MOST_FUNCTION_BYTES && byUse.size() > 1)) {
      Iterator<Map.Entry<Integer, TaskFunction<?, ?>>> oldest = byUse.entrySet().iterator();
      Map.Entry<Integer, TaskFunction<?, ?>> entry = oldest.next();
      if (!flow.write(to, Wire.FORGET, body.clear().putInt(entry.getKey()))) {
        break; // no room now; the next one makes up for it
      }
      numbers.remove(entry.getValue());
      functionBytes -= Objects.requireNonNull(sizes.remove(entry.getKey()));
      oldest.remove();
    }
    return number;
  }
}
