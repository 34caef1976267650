package io.github.fornada.process;

import io.github.fornada.Batch;
import io.github.fornada.Outcome;
import io.github.fornada.TaskFunction;
import java.io.IOException;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
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

  /** Functions that a worker keeps; more are forgotten, oldest use first. */
  private static final int MOST_FUNCTIONS = 64;

  private final ProcessPool pool;
  private final String filePrefix;
  private final Output body = new Output();

  /** The worker these functions are known to. */
  private volatile @Nullable WorkerProcess worker;

  private final IdentityHashMap<TaskFunction<?, ?>, Integer> numbers = new IdentityHashMap<>();

  /** By number, the least lately used first. */
  private final LinkedHashMap<Integer, TaskFunction<?, ?>> byUse =
      new LinkedHashMap<>(16, 0.75f, true);

  private @Nullable WorkerProcess knownTo;
  private int nextFunction;
  private long files;

  Sender(ProcessPool pool, int place) {
    this.pool = pool;
    this.filePrefix = "argument-" + place + "-";
  }

  /** A new worker knows no functions. Called by the lane's thread. */
  void reset(WorkerProcess started) {
    worker = started;
  }

  /** An item ready to be written. */
  record Message(WorkerProcess worker, Output body, int bytes) {
    boolean write(long ticket) {
      body.setLong(0, ticket);
      return worker.requests().tryWrite(Wire.TASK, body.array(), body.size());
    }
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
    }
    Result result = Result.SENT;
    int function = -1;
    for (int i = batch.claim(); i >= 0; i = batch.claim()) {
      if (batch.isUnwanted() || pool.isStopping()) {
        batch.end(i, new Outcome.Cancelled<>("it was stopped with its call"), null);
        continue;
      }
      Result refused;
      try {
        if (function < 0) {
          Integer known = numbers.get(batch.function());
          if (known == null && !onFeeder) {
            refused = Result.NEEDS_FEEDER;
          } else {
            function = known == null ? teach(batch.function(), to, flow) : known;
            byUse.get(function); // used now
            refused = function < 0 ? Result.FULL : sendItem(batch, i, function, onFeeder, to, flow);
          }
        } else {
          refused = sendItem(batch, i, function, onFeeder, to, flow);
        }
      } catch (IOException | RuntimeException | StackOverflowError | OutOfMemoryError e) {
        batch.end(i, new Outcome.Failed<>(NotSendable.explain(batch, i, e)), null);
        continue;
      }
      if (refused != null) {
        var _ = batch.release(i);
        result = refused;
        break;
      }
      if (batch.isUnwanted() || pool.isStopping()) {
        // The stop came between: it did not find the item with any worker.
        var _ = flow.cancel(batch, i);
      }
    }
    flow.flush(to);
    return result;
  }

  private <T, R> @Nullable Result sendItem(
      Batch<T, R> batch, int i, int function, boolean onFeeder, WorkerProcess to, Flow flow)
      throws IOException {
    Object item = batch.item(i);
    if (!onFeeder && !Payloads.isPlain(item)) {
      return Result.NEEDS_FEEDER;
    }
    body.clear().putLong(0).putInt(function).putByte(pool.isObserved() ? 1 : 0);
    int size = payload(item);
    return flow.commit(batch, i, new Message(to, body, size));
  }

  /** Appends the payload, or where it is. Returns its size. */
  private int payload(@Nullable Object value) throws IOException {
    int from = body.size();
    body.putByte(Wire.IN_MESSAGE);
    Payloads.encode(value, body);
    int size = body.size() - from - 1;
    if (body.size() > RingWriter.LONGEST) {
      String file = filePrefix + files++;
      Spill.write(pool.directory().resolve(file), body.array(), from + 1, size);
      body.truncate(from);
      body.putByte(Wire.IN_FILE).putInt(size).putString(file);
    }
    return size;
  }

  /** Makes a function known to the worker. Returns its number; -1 if the ring is full. */
  private int teach(TaskFunction<?, ?> function, WorkerProcess to, Flow flow) throws IOException {
    pool.classes().add(function.getClass().getClassLoader());
    int number = nextFunction;
    body.clear().putInt(number);
    payload(function);
    if (!flow.write(to, Wire.FUNCTION, body)) {
      return -1;
    }
    nextFunction++;
    numbers.put(function, number);
    byUse.put(number, function);
    if (byUse.size() > MOST_FUNCTIONS) {
      Iterator<Map.Entry<Integer, TaskFunction<?, ?>>> oldest = byUse.entrySet().iterator();
      Map.Entry<Integer, TaskFunction<?, ?>> entry = oldest.next();
      if (flow.write(to, Wire.FORGET, body.clear().putInt(entry.getKey()))) {
        numbers.remove(entry.getValue());
        oldest.remove();
      }
    }
    return number;
  }
}
