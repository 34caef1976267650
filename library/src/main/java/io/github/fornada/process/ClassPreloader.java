package io.github.fornada.process;

import io.github.fornada.DeathCertificate;
import io.github.fornada.Outcome;
import io.github.fornada.TaskFunction;
import io.github.fornada.WorkerLostException;
import io.github.fornada.jvm.BoundedText;
import io.github.fornada.jvm.OwnThreads;
import io.github.fornada.jvm.Timer;
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
 * Loads early the classes that the parent needs for a first task. The parent has nothing else to do
 * while its first worker boots; otherwise it would load them between the worker's readiness and the
 * first result.
 */
final class ClassPreloader {
  /** A pause after which the first result has probably arrived. */
  private static final Duration LATER = Duration.ofMillis(20); // Guess

  private static final AtomicBoolean WARM = new AtomicBoolean();
  private static final AtomicBoolean WARM_FOR_A_LOSS = new AtomicBoolean();

  private ClassPreloader() {}

  /**
   * Writes a function and an item to a ring that no worker reads, once in the life of this JVM.
   *
   * @param segment shared memory that no worker uses yet; it is restored afterwards
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

  /**
   * Loads, a little later, the classes that are needed to report a first lost worker, which takes
   * about 10 ms.
   */
  static void soonForALoss() {
    if (!WARM_FOR_A_LOSS.getAndSet(true)) {
      var _ = Timer.after(LATER, ClassPreloader::startForALoss);
    }
  }

  /**
   * Runs on a thread of its own, because the timer's thread must not be delayed: it serves
   * timeouts.
   */
  private static void startForALoss() {
    var _ = OwnThreads.daemon("fornada-class-preload").start(ClassPreloader::forALoss);
  }

  private static void forALoss() {
    String item = BoundedText.boundedMessage(() -> "an item", "an item");
    int code = 128 + 9;
    var death =
        DeathCertificate.of("worker-0", 0, code, ExitDiagnosis.manner(code, false))
            .withItem(item, 0)
            .withOutOfMemory(true);
    var outcome = new Outcome.WorkerLost<>(ExitDiagnosis.message(death, 0), death);
    try {
      var _ = outcome.get();
    } catch (WorkerLostException e) {
      // Expected: making this exception loads the classes.
    }
  }
}
