package io.github.fornada.process;

import io.github.fornada.TaskFunction;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Loads in good time what the parent needs for a first task: it has nothing else to do while its
 * first worker boots, and would otherwise load it between the worker's readiness and the result.
 */
final class Warmth {
  private static final AtomicBoolean WARM = new AtomicBoolean();

  private Warmth() {}

  /**
   * Sends a function and an item to nowhere, once in the life of this JVM.
   *
   * @param segment memory that no worker knows of yet; it is left as it was
   */
  static void warmUp(Segment segment) {
    if (WARM.getAndSet(true)) {
      return;
    }
    try {
      TaskFunction<Integer, Integer> function = i -> i;
      var out = new Output();
      Payloads.encode(function, out);
      Payloads.encode(1, out.clear());
      RingWriter writer = segment.toWorkerWriter();
      RingReader reader = segment.toWorkerReader();
      if (writer.tryWrite(Wire.TASK, out.array(), out.size())) {
        writer.publish();
      }
      if (reader.next()) {
        var _ = Payloads.decode(reader.body(), Warmth.class.getClassLoader());
      }
      segment.rewind();
    } catch (IOException | ClassNotFoundException e) {
      throw new IllegalStateException("a function of this library's own is serializable", e);
    }
  }
}
