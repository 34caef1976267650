package io.github.fornada.process;

import io.github.fornada.TaskFunction;
import io.github.fornada.process.payload.Immutables;
import io.github.fornada.process.payload.LambdaForm;
import io.github.fornada.process.payload.Payloads;
import io.github.fornada.process.wire.MessageTypes;
import io.github.fornada.spi.Batch;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The functions that one worker knows, with their numbers. Used by the feeding thread, of which
 * there is one at a time. Keeps none of them in this JVM: a pool may outlive the application, and
 * the class loader, that a function came from.
 */
final class KnownFunctions {
  /** An object that is compared by identity, and not kept. */
  private static final class Key extends WeakReference<Object> {
    private final int hash;

    Key(Object of) {
      super(of);
      hash = System.identityHashCode(of);
    }

    @Override
    public int hashCode() {
      return hash;
    }

    @Override
    public boolean equals(@Nullable Object other) {
      if (this == other) {
        return true;
      }
      Object own = get();
      return own != null && other instanceof Key key && key.refersTo(own);
    }
  }

  /**
   * Returned instead of a number: the worker does not know the function, and only the feeder may
   * send it.
   */
  static final int UNKNOWN = -2;

  /** Returned instead of a number: there was no room in the ring to send the function. */
  static final int NO_ROOM = -1;

  /** Returned instead of a number: the worker is gone. */
  static final int GONE = -3;

  /**
   * The maximum number of functions that a worker keeps; the least recently used ones are removed.
   */
  private static final int MAX_FUNCTIONS = 64;

  /**
   * The maximum size in bytes of the functions that a worker keeps, apart from the latest: a lambda
   * may capture much.
   */
  private static final long MAX_BYTES = 1 << 20;

  private final Engine engine;

  /** Builds the messages. Changed with the sender, under lock. */
  private MessageBuilder builder;

  /**
   * The numbers of functions that cannot change, by identity; of all others, by {@link Batch#call}.
   * Not by their bytes: what a worker has read from them may have been changed there by a task, and
   * each call is to have what was handed over with it.
   */
  private final Map<Key, Integer> numbers = new HashMap<>();

  /** The keys of the map above by number, the least recently used first. */
  private final LinkedHashMap<Integer, Key> byUse = new LinkedHashMap<>(16, 0.75f, true);

  private final Map<Integer, Integer> sizes = new HashMap<>();
  private long bytes;
  private int next;
  private @Nullable WorkerProcess knownTo;

  // The last function used, as a shortcut.
  private WeakReference<@Nullable TaskFunction<?, ?>> last = new WeakReference<>(null);

  /** Its call, if it is known by that; null if it is known by itself. */
  private @Nullable Object lastCall;

  private int lastNumber;

  KnownFunctions(Engine engine, MessageBuilder builder) {
    this.engine = engine;
    this.builder = builder;
  }

  /**
   * Passes this to another sender. The previous sender has not sent the function that it was about
   * to send.
   */
  void moveTo(MessageBuilder next) {
    builder = next;
  }

  /** Makes this describe the functions of {@code to}; a new worker knows none. */
  @SuppressWarnings("ReferenceEquality") // a worker is equal to itself only
  void serve(WorkerProcess to) {
    if (knownTo != to) {
      knownTo = to;
      last.clear();
      numbers.clear();
      byUse.clear();
      sizes.clear();
      bytes = 0;
    }
  }

  /**
   * Returns the number of a batch's function, after sending it if necessary; negative if that is
   * not possible now.
   */
  @SuppressWarnings("ReferenceEquality") // functions are compared by identity
  int number(Batch<?, ?> batch, boolean onFeeder, WorkerProcess to, Dispatcher dispatcher)
      throws IOException {
    if (last.refersTo(batch.function()) && (lastCall == null || lastCall == batch.call())) {
      return lastNumber;
    }
    Object of = key(batch);
    var key = new Key(of);
    Integer known = numbers.get(key);
    if (known == null && !onFeeder && !isQuick(batch.function())) {
      return UNKNOWN;
    }
    int number = known == null ? teach(batch, key, to, dispatcher) : known;
    if (number >= 0) {
      var _ = byUse.get(number); // marks it as used now
      last = new WeakReference<>(batch.function());
      lastCall = of == batch.function() ? null : of;
      lastNumber = number;
    }
    return number;
  }

  /** Returns whether a function is sent without running user code, and soon. */
  private static boolean isQuick(TaskFunction<?, ?> function) {
    if (function instanceof HandedFunction<?, ?> handed) {
      byte[] payload = handed.bytes();
      return payload != null && Payloads.isQuick(payload);
    }
    return LambdaForm.of(function) != null;
  }

  /** Returns what a worker knows the function of a batch by; it is compared by identity. */
  static Object key(Batch<?, ?> batch) {
    TaskFunction<?, ?> function = batch.function();
    return !(function instanceof HandedFunction<?, ?>)
            && batch.functionParts().stream().allMatch(Immutables::contains)
        ? function
        : batch.call();
  }

  private int teach(Batch<?, ?> batch, Key key, WorkerProcess to, Dispatcher dispatcher)
      throws IOException {
    TaskFunction<?, ?> function = batch.function();
    engine.classes().add(batch.userFunction().getClass().getClassLoader());
    int number = next;
    builder.body().clear().putInt(number);
    int size =
        function instanceof HandedFunction<?, ?> handed ? put(handed) : builder.put(function, null);
    if (!dispatcher.write(to, MessageTypes.FUNCTION, builder.body())) {
      builder.discard();
      return dispatcher.serves(to) ? NO_ROOM : GONE;
    }
    next++;
    numbers.put(key, number);
    byUse.put(number, key);
    sizes.put(number, size);
    bytes += size;
    while (byUse.size() > MAX_FUNCTIONS || (bytes > MAX_BYTES && byUse.size() > 1)) {
      Iterator<Map.Entry<Integer, Key>> oldest = byUse.entrySet().iterator();
      Map.Entry<Integer, Key> entry = oldest.next();
      if (!dispatcher.write(
          to, MessageTypes.FORGET, builder.body().clear().putInt(entry.getKey()))) {
        break; // no room now; the next call tries again
      }
      numbers.remove(entry.getValue());
      bytes -= Objects.requireNonNull(sizes.remove(entry.getKey()));
      oldest.remove();
    }
    return number;
  }

  private int put(HandedFunction<?, ?> function) throws IOException {
    byte[] payload = function.bytes();
    if (payload == null) {
      throw new NotWrittenException(function.failure());
    }
    return builder.put(payload);
  }
}
