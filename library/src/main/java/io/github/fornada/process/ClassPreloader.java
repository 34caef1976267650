package io.github.fornada.process;

import io.github.fornada.DeathCertificate;
import io.github.fornada.Outcome;
import io.github.fornada.TaskFunction;
import io.github.fornada.WorkerLostException;
import io.github.fornada.jvm.OwnThreads;
import io.github.fornada.process.payload.Payloads;
import io.github.fornada.process.wire.MessageOutput;
import io.github.fornada.process.wire.MessageTypes;
import io.github.fornada.process.wire.RingReader;
import io.github.fornada.process.wire.RingWriter;
import io.github.fornada.process.wire.Segment;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Loads in good time what the parent needs for a first task: it has nothing else to do while its
 * first worker boots, and would otherwise load it between the worker's readiness and the result.
 */
final class ClassPreloader {
  /** When nobody waits for a first result any more. */
  private static final Duration LATER = Duration.ofMillis(20); // Guess

  private static final AtomicBoolean WARM = new AtomicBoolean();
  private static final AtomicBoolean WARM_FOR_A_LOSS = new AtomicBoolean();

  private ClassPreloader() {}

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
      var out = new MessageOutput();
      Payloads.encode(function, out);
      Payloads.encode(1, out.clear());
      RingWriter writer = segment.toWorkerWriter();
      RingReader reader = segment.toWorkerReader();
      if (writer.tryWrite(MessageTypes.TASK, out.array(), out.size())) {
        writer.publish();
      }
      if (reader.next()) {
        var _ = Payloads.decode(reader.body(), ClassPreloader.class.getClassLoader());
      }
      segment.rewind();
    } catch (IOException | ClassNotFoundException e) {
      throw new IllegalStateException("a function of this library's own is serializable", e);
    }
  }

  /** Loads, soon, what it takes to tell of a first worker that was lost: some 10 ms. */
  static void soonForALoss() {
    if (!WARM_FOR_A_LOSS.getAndSet(true)) {
      Engine.later(LATER, ClassPreloader::startForALoss);
    }
  }

  /** On a thread of its own: the timer's, which must not be kept waiting, has limits to watch. */
  private static void startForALoss() {
    var _ = OwnThreads.daemon("fornada-class-preload").start(ClassPreloader::forALoss);
  }

  private static void forALoss() {
    String item = Engine.said(() -> "an item", "an item");
    int code = 128 + 9;
    var death =
        DeathCertificate.of("worker-0", 0, code, ExitDiagnosis.manner(code, false))
            .withItem(item, 0)
            .withOutOfMemory(true);
    var outcome = new Outcome.WorkerLost<>(ExitDiagnosis.message(death, 0), death);
    try {
      var _ = outcome.get();
    } catch (WorkerLostException e) {
      // That is what it was for.
    }
  }
}
