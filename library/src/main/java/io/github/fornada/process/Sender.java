package io.github.fornada.process;

import io.github.fornada.Outcome;
import io.github.fornada.process.launch.MemorySizes;
import io.github.fornada.process.payload.BulkValue;
import io.github.fornada.process.payload.CodecSessions;
import io.github.fornada.process.payload.Immutables;
import io.github.fornada.process.payload.ItemForm;
import io.github.fornada.process.payload.Payloads;
import io.github.fornada.process.wire.MessageOutput;
import io.github.fornada.process.wire.MessageTypes;
import io.github.fornada.process.wire.RingWriter;
import io.github.fornada.spi.Batch;
import io.github.fornada.spi.HandedOver;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Encodes items and sends them to one worker. Used by one thread at a time, which the {@link
 * Dispatcher} ensures.
 *
 * <p>A <em>row</em> is several consecutive items of one batch that are sent in one message ({@link
 * MessageTypes#TASKS}). A row costs the ring and the worker less than one message for each item.
 */
final class Sender {
  /** The result of an attempt to send a batch. */
  enum Result {
    /** There was no work. */
    NOTHING,
    /** All of the batch was sent. */
    SENT,
    /** The ring is full; the rest of the batch must be sent when the worker has read. */
    FULL,
    /** The next item needs the user's code to be encoded. */
    NEEDS_FEEDER,
    /** The worker died meanwhile. */
    WORKER_GONE
  }

  /** The position of the number of items in the message of a row: after a ticket and a function. */
  static final int COUNT_AT = 12;

  /** The maximum number of single items that are written while the lock is held. */
  private static final int PIECE = 32; // Guess

  /** The maximum number of items in a row. */
  private static final int MAX_IN_ROW = 256; // Guess

  /** How long a row may be built: its first objects wait for those behind them. */
  private static final long ROW_NANOS = 1_000_000; // Guess

  /** Arrays of fewer bytes are not announced: they are copied before a worker has woken up. */
  private static final long WORTH_ANNOUNCING = 1 << 20; // Guess

  /** Arrays of more than one part in this many of a worker's heap are not announced. */
  private static final int LARGEST_PART = 4; // Guess

  /** With fewer free bytes than this in the ring, no row is built. */
  private static final int MIN_ROOM = 1024;

  private final Engine engine;
  private final Dispatcher dispatcher;
  private final OpenRows rows;
  private final UserCodeGuard encodingGuard;
  private final MessageBuilder builder;
  private final MessageOutput body;
  private final KnownFunctions functions;
  private final @Nullable CodecSessions codec;

  /** In bytes: see {@link #LARGEST_PART}. */
  private final long largestAnnounced;

  /** The worker that items go to. */
  private volatile @Nullable WorkerProcess worker;

  /** The size of the object written last: large objects are sent one by one. */
  private int lastSize;

  /**
   * Whether an array was announced and not sent since. Then no other is announced: a worker that
   * dies while it makes room has begun no item that could be blamed, and its replacements could do
   * the same forever.
   */
  private boolean announced;

  Sender(Engine engine, Dispatcher dispatcher, int index) {
    this.engine = engine;
    this.dispatcher = dispatcher;
    this.rows = new OpenRows(engine, dispatcher);
    this.encodingGuard = new UserCodeGuard(engine, dispatcher::replaceFeeder);
    this.builder = new MessageBuilder(engine, index, encodingGuard);
    this.body = builder.body();
    this.functions = new KnownFunctions(engine, builder);
    this.codec = CodecSessions.of(engine.options().launch().codec());
    this.largestAnnounced = MemorySizes.parse("heap", engine.launcher().heap()) / LARGEST_PART;
  }

  /**
   * Replaces a sender whose thread does not return from user code, and so uses the sender no
   * further: see {@link UserCodeGuard}. The old sender keeps the objects that the user code may
   * still write to. Objects that it cannot reach, such as the functions that the worker knows, move
   * to this one. Under lock.
   */
  Sender(Sender stuck, Dispatcher dispatcher) {
    this.engine = stuck.engine;
    this.dispatcher = stuck.dispatcher;
    stuck.rows.abandon();
    this.rows = new OpenRows(engine, dispatcher);
    this.encodingGuard = new UserCodeGuard(engine, dispatcher::replaceFeeder);
    this.builder = new MessageBuilder(stuck.builder, encodingGuard);
    this.body = builder.body();
    this.functions = stuck.functions;
    functions.moveTo(builder);
    this.codec = CodecSessions.of(engine.options().launch().codec());
    this.worker = stuck.worker;
    this.largestAnnounced = stuck.largestAnnounced;
  }

  UserCodeGuard encodingGuard() {
    return encodingGuard;
  }

  /**
   * Announces a large array that will be sent if this worker is the next that is free. Called while
   * feeding.
   */
  void announce(Object array, MemorySegment bytes) {
    WorkerProcess to = worker;
    if (to != null) {
      announce(array, bytes, to);
    }
  }

  /** Sets the worker to send to. Called by the slot's thread. */
  void reset(WorkerProcess started) {
    worker = started;
  }

  <T, R> Result send(Batch<T, R> batch, boolean onFeeder) {
    if (!onFeeder) {
      return sendClaimed(batch, false);
    }
    encodingGuard.begins(batch);
    try {
      return sendClaimed(batch, true);
    } finally {
      encodingGuard.ends();
    }
  }

  private <T, R> Result sendClaimed(Batch<T, R> batch, boolean onFeeder) {
    WorkerProcess to = worker;
    if (to == null) {
      return Result.WORKER_GONE;
    }
    functions.serve(to);
    if (engine.mayHandBack() && NotSendableException.isFuture(batch.item(0))) {
      engine.handOverToSource(batch); // a copy elsewhere could not complete the future here
      return Result.SENT;
    }
    boolean inRows = batch.size() > 1 && !engine.isObserved() && !engine.isRecorded();
    for (int i = batch.claim(); i >= 0; i = batch.claim()) {
      Piece piece;
      encodingGuard.next(i);
      try {
        int function = functions.number(batch, onFeeder, to, dispatcher);
        ItemForm form = form(batch, i);
        if (function < 0) {
          piece = new Piece(i, refusal(function));
        } else if (form == ItemForm.QUICK) {
          piece = inRows ? sendRow(batch, i, function, to) : sendPiece(batch, i, function, to);
        } else if (!onFeeder) {
          piece = new Piece(i, Result.NEEDS_FEEDER);
        } else if (isUnwanted(batch)) {
          batch.end(i, new Outcome.Cancelled<>("it was stopped with its call"), null);
          continue;
        } else if (inRows && fitsInRow(form)) {
          piece = sendObjects(batch, i, function, to);
        } else {
          piece = new Piece(i, sendItem(batch, i, form, function, to));
          dispatcher.flush(to);
        }
      } catch (UserCodeGuard.Abandoned e) {
        throw e;
      } catch (Throwable e) { // anything that the user's writeObject throws
        if (mayHandBack(e)) {
          var _ = batch.release(i);
          engine.handOverToSource(batch);
          return Result.SENT;
        }
        fail(batch, i, e);
        continue;
      }
      if (isUnwanted(batch)) {
        // The stop may have come in between, when it did not find the items with any worker.
        for (int k = i; k <= piece.last; k++) {
          var _ = dispatcher.cancelInFlight(batch, k);
        }
      }
      if (piece.refused != null) {
        var _ = batch.release(piece.last);
        return piece.refused;
      }
    }
    return Result.SENT;
  }

  /** Returns how an item is sent, as it was handed over or as it is. */
  private ItemForm form(Batch<?, ?> batch, int i) {
    return batch.handedOver(i) instanceof HandedItem handed
        ? handed.form()
        : ItemForm.of(batch.item(i), codec != null);
  }

  private static Result refusal(int function) {
    return switch (function) {
      case KnownFunctions.UNKNOWN -> Result.NEEDS_FEEDER;
      case KnownFunctions.GONE -> Result.WORKER_GONE;
      default -> Result.FULL;
    };
  }

  /** Returns whether an item that could not be written can be run elsewhere. */
  private boolean mayHandBack(Throwable thrown) {
    return engine.mayHandBack() && !(thrown instanceof UserCodeGuard.Stopped);
  }

  private boolean isUnwanted(Batch<?, ?> batch) {
    return batch.isUnwanted() || engine.isStopping();
  }

  private <R> void fail(Batch<?, R> batch, int i, Throwable thrown) {
    if (thrown instanceof UserCodeGuard.Stopped stopped) {
      UserCodeGuard.end(batch, i, engine.policy().timeout(), stopped.stack);
      return;
    }
    Throwable cause =
        thrown instanceof NotWrittenException written && written.getCause() != null
            ? written.getCause()
            : thrown;
    try {
      batch.end(i, new Outcome.Failed<>(NotSendableException.explain(batch, i, cause)), null);
    } catch (OutOfMemoryError e) {
      batch.fail(i, e, "");
    }
  }

  /** Appends an item to a row. */
  private void write(Batch<?, ?> batch, int i) throws IOException {
    if (batch.handedOver(i) instanceof HandedItem handed) {
      Payloads.append(payload(handed), body);
      return;
    }
    int from = body.size();
    encodingGuard.write(batch.item(i), body, codec);
    keep(batch, i, from);
  }

  /** Appends a {@linkplain ItemForm#QUICK quick} item to a row. */
  private void writePlain(Batch<?, ?> batch, int i) throws IOException {
    if (batch.handedOver(i) instanceof HandedItem handed) {
      Payloads.append(payload(handed), body);
      return;
    }
    int from = body.size();
    Payloads.encode(batch.item(i), body);
    keep(batch, i, from);
  }

  private static byte[] payload(HandedItem handed) throws NotWrittenException {
    byte[] payload = handed.bytes();
    if (payload == null) {
      throw new NotWrittenException(handed.failure());
    }
    return payload;
  }

  /**
   * Keeps the bytes of an item that may change, so that if it is sent again, in a retry or to
   * another worker, it is sent as it is now.
   */
  private void keep(Batch<?, ?> batch, int i, int from) {
    Object item = batch.item(i);
    if (!Immutables.contains(item)) {
      batch.handedOver(i, HandedItem.of(item, Arrays.copyOfRange(body.array(), from, body.size())));
    }
  }

  /**
   * How many items were sent: {@code last} is the last item claimed, {@code refused} why that was
   * not sent; null if it was.
   */
  private record Piece(int last, @Nullable Result refused) {}

  /**
   * Sends consecutive plain items, each in a message of its own, while holding the lock. The first
   * is claimed already.
   */
  private <T, R> Piece sendPiece(Batch<T, R> batch, int first, int function, WorkerProcess to)
      throws IOException {
    dispatcher.lock();
    try {
      int i = first;
      int before = first;
      for (int n = 1; ; n++) {
        Result refused;
        try {
          refused = sendItem(batch, i, ItemForm.QUICK, function, to);
        } catch (Throwable e) { // such as no room for its file
          if (i == first) {
            throw e;
          }
          var _ = batch.release(i); // the item is then the first of the next piece, and fails there
          return new Piece(before, null);
        }
        if (refused != null || n == PIECE) {
          return new Piece(i, refused);
        }
        int next = batch.claim();
        if (next < 0) {
          return new Piece(i, null);
        }
        before = i;
        i = next;
        if (form(batch, i) != ItemForm.QUICK) {
          return new Piece(i, Result.NEEDS_FEEDER);
        }
      }
    } finally {
      dispatcher.unlockAndFlush(to);
    }
  }

  /**
   * Sends a row of plain items. The first is claimed already. Items that do not fit are released.
   */
  private <T, R> Piece sendRow(Batch<T, R> batch, int first, int function, WorkerProcess to)
      throws IOException {
    dispatcher.lock();
    try {
      int room = to.room();
      int most = Math.min(MAX_IN_ROW, dispatcher.numbersLeft());
      if (room < MIN_ROOM || most < 1) {
        return new Piece(first, Result.FULL);
      }
      int claimed = first + 1 + batch.claimRow(first + 1, most - 1);
      body.clear().putLong(0).putInt(function).putInt(0);
      int end = first; // of those that are whole
      while (end < claimed && (end == first || form(batch, end) == ItemForm.QUICK)) {
        int before = body.size();
        try {
          body.putInt(0);
          writePlain(batch, end);
        } catch (Throwable e) { // such as no memory
          release(batch, Math.max(end, first + 1), claimed);
          if (end == first) {
            throw e;
          }
          body.truncate(before); // the item is then the first of the next row, and fails there
          claimed = end;
          break;
        }
        if (body.size() > room) {
          body.truncate(before);
          break;
        }
        body.setInt(before, body.size() - before - Integer.BYTES);
        end++;
      }
      release(batch, Math.max(end, first + 1), claimed);
      if (end == first) {
        return room == RingWriter.LONGEST
            ? sendPiece(batch, first, function, to) // its payload goes through a file
            : new Piece(first, Result.FULL);
      }
      var sent = new Piece(end - 1, null);
      Result refused;
      try {
        refused = dispatcher.commit(batch, first, end - first, to, body);
      } catch (OutOfMemoryError e) { // nothing was sent
        release(batch, first + 1, end);
        throw e;
      }
      if (refused == null) {
        return sent;
      }
      release(batch, first + 1, end);
      return new Piece(first, refused);
    } finally {
      dispatcher.unlockAndFlush(to);
    }
  }

  private static void release(Batch<?, ?> batch, int from, int to) {
    for (int k = from; k < to; k++) {
      var _ = batch.release(k);
    }
  }

  /** Claims the item after {@code i} if that is the next to be claimed; returns -1 if not. */
  private static int nextInRow(Batch<?, ?> batch, int i, int end) {
    if (i + 1 >= end) {
      return -1;
    }
    int next = batch.claim();
    if (next >= 0 && next != i + 1) {
      var _ = batch.release(next);
      return -1;
    }
    return next;
  }

  /** Returns whether an item that needs user code will probably fit into a row. */
  private boolean fitsInRow(ItemForm form) {
    if (form == ItemForm.LARGE_ARRAY || lastSize > RingWriter.LONGEST / 4) {
      lastSize = 0;
      return false;
    }
    return true;
  }

  /**
   * Sends a row of items that need user code, and plain items among them. The first is claimed
   * already. The lock is not held, because user code may take long or never return: see {@link
   * OpenRow}. If it throws, the row is sent without its item.
   *
   * @throws Throwable what it has thrown for the first item
   */
  private <T, R> Piece sendObjects(Batch<T, R> batch, int first, int function, WorkerProcess to)
      throws Throwable {
    int room = to.room();
    int most = Math.min(MAX_IN_ROW, dispatcher.numbersLeft());
    if (room < MIN_ROOM || most < 1) {
      return new Piece(first, Result.FULL);
    }
    body.clear().putLong(0).putInt(function).putInt(0);
    OpenRow row = rows.open(batch, first, to);
    int end = first; // of those that are whole
    Throwable thrown = null;
    boolean tooLong = false;
    for (int i = first; i >= 0; i = nextInRow(batch, i, first + most)) {
      int before = body.size();
      try {
        if (i > first && form(batch, i) == ItemForm.LARGE_ARRAY) {
          var _ = batch.release(i);
          break;
        }
        body.putInt(0);
        encodingGuard.next(i);
        write(batch, i);
        if (body.size() <= room) {
          body.setInt(before, body.size() - before - Integer.BYTES);
          row.grown(body, i + 1 - first);
        }
      } catch (UserCodeGuard.Abandoned e) {
        throw e;
      } catch (Throwable e) { // anything that the user's writeObject throws
        body.truncate(before);
        thrown = e;
        break;
      }
      lastSize = body.size() - before;
      if (body.size() > room) {
        body.truncate(before);
        tooLong = true;
        if (i > first) {
          var _ = batch.release(i);
        }
        break;
      }
      end = i + 1;
      if (row.openNanos() > ROW_NANOS) {
        break;
      }
    }
    Result refused;
    try {
      refused = rows.close(row, end - first, body);
    } catch (OutOfMemoryError e) { // nothing was sent
      release(batch, first + 1, end);
      throw e;
    }
    int sentEarly = row.sentEarly();
    if (sentEarly > 0) {
      release(batch, first + sentEarly, end);
    }
    if (thrown != null) {
      if (end == first) {
        throw thrown;
      }
      if (mayHandBack(thrown)) {
        // The item is then the first of the next row, and is handed back from there: not here,
        // where the items before it are not sent yet if the ring was full.
        var _ = batch.release(end);
      } else {
        fail(batch, end, thrown);
      }
    }
    if (refused != null) {
      release(batch, first + 1, end); // the caller releases the first
      return new Piece(first, refused);
    }
    if (end == first && tooLong) {
      if (room < RingWriter.LONGEST) {
        return new Piece(first, Result.FULL);
      }
      lastSize = Integer.MAX_VALUE; // so that it is sent in a message of its own, through a file
      var _ = batch.release(first);
      return new Piece(first - 1, null);
    }
    return new Piece(sentEarly > 0 ? first + sentEarly - 1 : end - 1, null);
  }

  private <T, R> @Nullable Result sendItem(
      Batch<T, R> batch, int i, ItemForm form, int function, WorkerProcess to) throws IOException {
    HandedOver copy = batch.handedOver(i);
    if (copy == null && form == ItemForm.LARGE_ARRAY) {
      Object array = Objects.requireNonNull(batch.item(i));
      MemorySegment bytes = Objects.requireNonNull(Payloads.largeArray(array));
      announce(array, bytes, to);
      copy = engine.handover().array(array, bytes, false);
      batch.handedOver(i, copy);
    }
    body.clear().putLong(0).putInt(function).putByte(engine.isObserved() ? 1 : 0);
    int size;
    if (copy instanceof HandedItem handed) {
      HandedItem.ArrayFile array = handed.file();
      size = array == null ? builder.put(payload(handed)) : builder.put(array);
    } else {
      size = builder.put(batch.item(i), codec);
      if (builder.file() == null) {
        keep(batch, i, body.size() - size);
      }
    }
    lastSize = size;
    Result refused = dispatcher.commit(batch, i, to, body, size, builder.file());
    if (refused != null) {
      builder.discard();
    } else {
      announced = false;
      if (size > RingWriter.LONGEST) {
        var _ = body.clear(); // the payload is in a file
      }
    }
    return refused;
  }

  /**
   * Announces a large array, so that the worker allocates and clears room for it while the bytes
   * are copied here.
   */
  private void announce(Object array, MemorySegment bytes, WorkerProcess to) {
    long size = bytes.byteSize();
    if (size < WORTH_ANNOUNCING || size > largestAnnounced || announced) {
      return;
    }
    announced = true;
    MessageOutput coming = new MessageOutput().putByte(BulkValue.tag(array)).putLong(size);
    if (dispatcher.write(to, MessageTypes.COMING, coming)) {
      dispatcher.flush(to);
    }
  }
}
