package io.github.fornada.advice;

import io.github.fornada.TaskFunction;
import io.github.fornada.advice.decide.Machine;
import io.github.fornada.advice.decide.WaitKind;
import io.github.fornada.advice.sense.Calibration;
import io.github.fornada.advice.sense.Load;
import io.github.fornada.advice.sense.PayloadSizes;
import io.github.fornada.advice.sense.Reading;
import io.github.fornada.advice.sense.Sampler;
import io.github.fornada.advice.sense.SystemLoad;
import io.github.fornada.advice.sense.ThreadSafetyScan;
import io.github.fornada.elastic.Indirect;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Looks at the threads, the machine and the user's classes. */
final class RealSenses implements Senses {
  private static final double UNKNOWN = Double.NaN;

  private @Nullable Sampler sampler;
  private @Nullable SystemLoad load;

  @Override
  public Machine machine() {
    return Calibration.machine();
  }

  @Override
  public @Nullable String threadDoubt(Object code) {
    return switch (code) {
      case Indirect call ->
          ThreadSafetyScan.ofMethod(call.calledClass(), call.calledMethod(), name -> null);
      case TaskFunction<?, ?> function -> ThreadSafetyScan.of(function);
      default -> ThreadSafetyScan.ofTask(code);
    };
  }

  @Override
  public @Nullable String processDoubt(Object code, @Nullable Object item) {
    String doubt =
        code instanceof TaskFunction<?, ?> function
            ? PayloadSizes.doubtOfFunction(function)
            : PayloadSizes.doubt("the task", code);
    return doubt == null ? PayloadSizes.doubt("the item", item) : doubt;
  }

  @Override
  public @Nullable String processDoubt(Object result) {
    return PayloadSizes.doubt("the result", result);
  }

  @Override
  public double bytesOf(@Nullable Object item) {
    return PayloadSizes.bytes(item);
  }

  @Override
  public void begin(Supplier<? extends Collection<Thread>> workers) {
    var looks = new Sampler(workers);
    looks.begin();
    sampler = looks;
    load = new SystemLoad();
  }

  @Override
  public void pauseFor(long nanos) {
    Sampler looks = sampler;
    if (looks != null) {
      looks.pauseFor(nanos);
    }
  }

  @Override
  public Sensed read(Collection<Long> pids) {
    Sampler looks = sampler;
    SystemLoad loads = load;
    Reading reading = looks == null ? NOTHING : looks.read();
    Load busy = loads == null ? IDLE : loads.read(pids);
    return new Sensed(
        reading.nanos() * reading.threads(),
        waits(reading),
        reading.locks(),
        reading.queueNanos(),
        reading.offProcessorNanos(),
        busy.busyCores(),
        busy.foreignCores(),
        busy.throttledShare(),
        busy.collectorShare(),
        busy.compilerCores());
  }

  /** Returns the waits; where threads were looked at and none waited, that is said by a zero. */
  private static Map<WaitKind, Double> waits(Reading reading) {
    if (!reading.waits().isEmpty() || !(reading.threads() > 0)) {
      return reading.waits();
    }
    return Map.of(WaitKind.UNKNOWN, 0.0);
  }

  private static final Reading NOTHING =
      new Reading(0, 0, 0, Map.of(), Map.of(), List.of(), UNKNOWN, UNKNOWN, 0);

  private static final Load IDLE =
      new Load(0, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN);

  @Override
  public void close() {
    if (sampler != null) {
      sampler.close();
      sampler = null;
    }
    if (load != null) {
      load.close();
      load = null;
    }
  }
}
