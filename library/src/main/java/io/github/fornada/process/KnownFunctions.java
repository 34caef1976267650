package io.github.fornada.process;

import io.github.fornada.TaskFunction;
import io.github.fornada.process.payload.Immutables;
import io.github.fornada.process.payload.LambdaForm;
import io.github.fornada.process.payload.Payloads;
import io.github.fornada.process.wire.MessageTypes;
import io.github.fornada.spi.Batch;
import java.io.IOException;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The functions that one worker knows, with their numbers. Used by the feeding thread, of which
 * there is one at a time.
 */
final class KnownFunctions {
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
  private final IdentityHashMap<Object, Integer> numbers = new IdentityHashMap<>();

  /** The keys of the map above by number, the least recently used first. */
  private final LinkedHashMap<Integer, Object> byUse = new LinkedHashMap<>(16, 0.75f, true);

  private final Map<Integer, Integer> sizes = new HashMap<>();
  private long bytes;
  private int next;
  private @Nullable WorkerProcess knownTo;

  // The last function used, as a shortcut.
  private @Nullable TaskFunction<?, ?> last;

  /** The key of that function. */
  private @Nullable Object lastKey;

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
      last = null;
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
    if (batch.function() == last && (lastKey == last || lastKey == batch.call())) {
      return lastNumber;
    }
    Object key = key(batch);
    Integer known = numbers.get(key);
    if (known == null && !onFeeder && !isQuick(batch.function())) {
      return UNKNOWN;
    }
    int number = known == null ? teach(batch, key, to, dispatcher) : known;
    if (number >= 0) {
      var _ = byUse.get(number); // marks it as used now
      last = batch.function();
      lastKey = key;
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

  private int teach(Batch<?, ?> batch, Object key, WorkerProcess to, Dispatcher dispatcher)
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
      Iterator<Map.Entry<Integer, Object>> oldest = byUse.entrySet().iterator();
      Map.Entry<Integer, Object> entry = oldest.next();
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
