package io.github.fornada.process.worker;

import io.github.fornada.TaskFunction;
import io.github.fornada.jvm.Log;
import io.github.fornada.process.payload.Mappings;
import io.github.fornada.process.payload.Payloads;
import io.github.fornada.process.wire.ClaimWord;
import io.github.fornada.process.wire.Connection;
import io.github.fornada.process.wire.ControlChannel;
import io.github.fornada.process.wire.Doorbell;
import io.github.fornada.process.wire.MessageOutput;
import io.github.fornada.process.wire.MessageTypes;
import io.github.fornada.process.wire.RingWriter;
import io.github.fornada.process.wire.Segment;
import io.github.fornada.process.wire.WorkerConfig;
import io.github.fornada.shared.memory.Spaces;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * What a worker in reserve does before a pool takes it: everything that a worker does until it has
 * answered a first task, with a task of this library, so that its classes are loaded and linked.
 */
final class WarmUp {
  private WarmUp() {}

  /** The connection of a worker that has no pool yet. */
  private static final class Nowhere implements Connection {
    @Override
    public int read(ByteBuffer into) {
      return -1;
    }

    @Override
    public int write(ByteBuffer from) {
      int all = from.remaining();
      from.position(from.limit());
      return all;
    }

    @Override
    public void stepAside() {}

    @Override
    public void close() {}
  }

  /**
   * Warms up this JVM. A failure here will occur again with a real task, and is reported then.
   *
   * @param file the file for the shared memory, which is deleted afterwards
   */
  static void run(Path file) {
    PrintStream out = System.out;
    PrintStream err = System.err;
    ClassLoader context = Thread.currentThread().getContextClassLoader();
    try (var control = new ControlChannel(new Nowhere())) {
      Segment segment = Segment.create(file);
      Files.delete(file);
      RingWriter writer = segment.toWorkerWriter();
      TaskFunction<Integer, Integer> function = i -> i;
      MessageOutput message = new MessageOutput().putInt(0).putByte(MessageTypes.IN_MESSAGE);
      Payloads.encode(function, message);
      var _ = writer.tryWrite(MessageTypes.FUNCTION, message.array(), message.size());
      message
          .clear()
          .putLong(ClaimWord.ticket(0, 0))
          .putInt(0)
          .putByte(0)
          .putByte(MessageTypes.IN_MESSAGE);
      Payloads.encode(1, message);
      var _ = writer.tryWrite(MessageTypes.TASK, message.array(), message.size());
      writer.publish();
      long grace = Duration.ofSeconds(1).toNanos();
      var config =
          new WorkerConfig(0, file, List.of(), file, -1, grace, "", new byte[0], new byte[0]);
      var watchdog = new TaskWatchdog(control, new ClaimWord(segment.header()), config);
      Doorbell doorbell = Doorbell.ofWorker(segment.header(), () -> {}, null);
      doorbell.close(); // so that the loop ends with the last message
      var loader =
          new ParentClassLoader(new ParentQuestions(control), WarmUp.class.getClassLoader());
      Spaces.warmUp(file);
      Mappings.lookNoMoreIn(file);
      new TaskLoop(segment, doorbell, loader, watchdog, config, null).run();
    } catch (IOException | RuntimeException e) {
      Log.get().log(System.Logger.Level.DEBUG, "a worker in reserve could not warm up", e);
    } finally {
      // The loop has installed its own streams, as after any task.
      System.setOut(out);
      System.setErr(err);
      Thread.currentThread().setContextClassLoader(context);
    }
  }
}
