package io.github.fornada.process;

import io.github.fornada.TaskFunction;
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

/** The functions that one worker knows, by numbers. For the thread that feeds it, one at a time. */
final class KnownFunctions {
  /** Instead of a number: the worker does not know it, and to teach it takes the feeder. */
  static final int UNKNOWN = -2;

  /** Instead of a number: there was no room to teach it. */
  static final int NO_ROOM = -1;

  /** Instead of a number: the worker is gone. */
  static final int GONE = -3;

  /** Functions that a worker keeps; more are forgotten, oldest use first. */
  private static final int MOST = 64;

  /** Bytes of them that a worker keeps, but always the latest: a lambda may capture much. */
  private static final long MAX_BYTES = 1 << 20;

  private final Engine engine;

  /** What messages are put together in. Changed with the sender, under lock. */
  private MessageBuilder builder;

  /** Those that cannot change, or could not be written when they were handed over: by identity. */
  private final IdentityHashMap<TaskFunction<?, ?>, Integer> numbers = new IdentityHashMap<>();

  /** All others, by their bytes. */
  private final Map<HandedFunction<?, ?>, Integer> numbersByBytes = new HashMap<>();

  /** By number, the least lately used first. */
  private final LinkedHashMap<Integer, TaskFunction<?, ?>> byUse =
      new LinkedHashMap<>(16, 0.75f, true);

  private final Map<Integer, Integer> sizes = new HashMap<>();
  private long bytes;
  private int next;
  private @Nullable WorkerProcess knownTo;

  // The last function used, for a quick look.
  private @Nullable TaskFunction<?, ?> last;
  private int lastNumber;

  KnownFunctions(Engine engine, MessageBuilder builder) {
    this.engine = engine;
    this.builder = builder;
  }

  /** Another sender uses them; the one before it has not taught what it was about to teach. */
  void moveTo(MessageBuilder next) {
    builder = next;
  }

  /** From now on they are for this worker, who knows none if it is a new one. */
  @SuppressWarnings("ReferenceEquality") // a worker is equal to itself only
  void serve(WorkerProcess to) {
    if (knownTo != to) {
      knownTo = to;
      last = null;
      numbers.clear();
      numbersByBytes.clear();
      byUse.clear();
      sizes.clear();
      bytes = 0;
    }
  }

  /** The number of a batch's function, taught if need be; negative if that is not possible now. */
  @SuppressWarnings("ReferenceEquality") // functions are told apart by identity
  int number(Batch<?, ?> batch, boolean onFeeder, WorkerProcess to, Dispatcher dispatcher)
      throws IOException {
    if (batch.function() == last) {
      return lastNumber;
    }
    Integer known;
    if (batch.function() instanceof HandedFunction<?, ?> handed) {
      known = numbersByBytes.get(handed);
      byte[] payload = handed.bytes();
      if (known == null && !onFeeder && (payload == null || !Payloads.isQuick(payload))) {
        return UNKNOWN;
      }
    } else {
      known = numbers.get(batch.function());
      if (known == null && !onFeeder && LambdaForm.of(batch.function()) == null) {
        return UNKNOWN; // it may take the user's code to write it
      }
    }
    int number = known == null ? teach(batch, to, dispatcher) : known;
    if (number >= 0) {
      var _ = byUse.get(number); // used now
      last = batch.function();
      lastNumber = number;
    }
    return number;
  }

  private int teach(Batch<?, ?> batch, WorkerProcess to, Dispatcher dispatcher) throws IOException {
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
    if (function instanceof HandedFunction<?, ?> handed) {
      numbersByBytes.put(handed, number);
    } else {
      numbers.put(function, number);
    }
    byUse.put(number, function);
    sizes.put(number, size);
    bytes += size;
    while (byUse.size() > MOST || (bytes > MAX_BYTES && byUse.size() > 1)) {
      Iterator<Map.Entry<Integer, TaskFunction<?, ?>>> oldest = byUse.entrySet().iterator();
      Map.Entry<Integer, TaskFunction<?, ?>> entry = oldest.next();
      if (!dispatcher.write(
          to, MessageTypes.FORGET, builder.body().clear().putInt(entry.getKey()))) {
        break; // no room now; the next one makes up for it
      }
      if (entry.getValue() instanceof HandedFunction<?, ?> handed) {
        numbersByBytes.remove(handed);
      } else {
        numbers.remove(entry.getValue());
      }
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
