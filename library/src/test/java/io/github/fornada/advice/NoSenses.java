package io.github.fornada.advice;

import io.github.fornada.advice.decide.Machine;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Knows nothing but the number of processors. */
class NoSenses implements Senses {
  private static final double UNKNOWN = Double.NaN;

  @Override
  public Machine machine() {
    int processors = Runtime.getRuntime().availableProcessors();
    return new Machine(
        processors, processors, 1L << 32, 1L << 27, 3e8, 4e8, 1e4, 5e4, 2, processors);
  }

  @Override
  public @Nullable String threadDoubt(Object function) {
    return null;
  }

  @Override
  public @Nullable String processDoubt(Object function, @Nullable Object item) {
    return null;
  }

  @Override
  public @Nullable String processDoubt(Object result) {
    return null;
  }

  @Override
  public double bytesOf(@Nullable Object item) {
    return UNKNOWN;
  }

  @Override
  public void begin(Supplier<? extends Collection<Thread>> workers) {}

  @Override
  public void pauseFor(long nanos) {}

  @Override
  public Sensed read(Collection<Long> pids) {
    return new Sensed(
        0, Map.of(), List.of(), UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN);
  }

  @Override
  public void close() {}
}
