package io.github.fornada.process.worker;

import io.github.fornada.jvm.OwnThreads;
import io.github.fornada.process.host.HandshakeServer;
import io.github.fornada.process.host.Nesting;
import io.github.fornada.process.host.PrivateDirectory;
import io.github.fornada.process.host.Reaper;
import io.github.fornada.process.payload.CodecSessions;
import io.github.fornada.process.payload.Loaders;
import io.github.fornada.process.payload.Mappings;
import io.github.fornada.process.payload.Payloads;
import io.github.fornada.process.payload.Throwables;
import io.github.fornada.process.wire.ClaimWord;
import io.github.fornada.process.wire.ControlChannel;
import io.github.fornada.process.wire.CorruptFrameException;
import io.github.fornada.process.wire.Doorbell;
import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.process.wire.MessageOutput;
import io.github.fornada.process.wire.MessageTypes;
import io.github.fornada.process.wire.Segment;
import io.github.fornada.process.wire.WorkerConfig;
import io.github.fornada.shared.memory.Space;
import io.github.fornada.shared.memory.Spaces;
import io.github.fornada.spi.PayloadCodec;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The program that a worker JVM runs. Only pools and reserves start it: it reads its token from its
 * standard input, connects to the pool, and runs the tasks that it is sent until the pool is gone.
 */
public final class WorkerMain {
  private static final int LONGEST_LINE = 10_000;

  /** A string, because that class is compiled separately, after this one. */
  private static final String PARENT_SIGNALS = "io.github.fornada.process.worker.ParentSignals";

  private WorkerMain() {}

  public static void main(String[] args) throws IOException {
    if (args.length > 0) {
      WarmUp.run(Path.of(args[0])); // no pool waits for this worker yet
    }
    String[] told = readLine().split(" ", 3);
    if (told.length != 3) {
      System.err.println(
          "This is Fornada's worker; a ProcessPool starts it. It cannot be run by hand.");
      System.exit(MessageTypes.EXIT_PROTOCOL);
    }
    Nesting.isWorker();
    String token = told[0];
    int number = Integer.parseInt(told[1]);
    Path entrance = Path.of(told[2]);
    var forcedExit = new ForcedExit();
    forcedExit.start();
    ControlChannel control;
    WorkerConfig config;
    try {
      control =
          new ControlChannel(HandshakeServer.connect(entrance, number, token), forcedExit::alarm);
      // What does not depend on the pool: a worker in reserve waits for one in the next step.
      SpareFiles.hold();
      leaveSignalsToTheParent();
      HeapWatch.start();
      TaskOutput.install();
      ExitAnnouncer.install(control);
      config = WorkerConfig.receive(control);
    } catch (ConnectException | EOFException e) {
      // the pool ended while this worker booted: there is nothing to report, and no parent to
      // report it to
      orphaned(entrance.getParent());
      return;
    }
    Spaces.isWorker(
        config.directory(),
        config.number(),
        new Space.Host() {
          @Override
          public void freed(String file) {
            control.send(MessageTypes.FREED, new MessageOutput().putString(file));
          }

          @Override
          public void restore() throws IOException {
            PrivateDirectory.restore(config.directory());
          }
        });
    Mappings.lookIn(config.directory());
    config.folders().forEach(Mappings::lookIn);
    Segment segment = Segment.open(config.segment());
    var questions = new ParentQuestions(control);
    var loader = new ParentClassLoader(questions, WorkerMain.class.getClassLoader());
    Loaders.serve(loader, loader);
    var watchdog = new TaskWatchdog(control, new ClaimWord(segment.header()), config);
    Doorbell doorbell = Doorbell.ofWorker(segment.header(), control::ring, control.bell());
    var listener =
        OwnThreads.daemon("fornada-control")
            .unstarted(() ->
                listen(control, doorbell, questions, watchdog, forcedExit, config.directory()));
    listener.start();
    watchdog.start();
    Thread task = Thread.currentThread();
    task.setName("fornada-task");
    task.setContextClassLoader(loader);
    watchdog.watches(task);
    CodecSessions codec = null;
    String part = "codec";
    try {
      codec = openCodec(config, loader);
      part = "initializer";
      WorkerSetUp setUp = setUp(config, loader);
      if (setUp != null) {
        for (WorkerSetUp.Step step : setUp.steps()) {
          part = step.part();
          step.run();
          var _ = Thread.interrupted(); // the first item must not find what this has left
        }
      }
    } catch (Throwable e) {
      var out = new MessageOutput().putString(part);
      Throwables.encode(e, out, loader);
      control.send(MessageTypes.SET_UP_FAILED, out);
      control.awaitSent();
      System.exit(1);
    }
    var loop = new TaskLoop(segment, doorbell, loader, watchdog, config, codec);
    // Not earlier: until the worker is ready, the parent does not read output.
    TaskOutput.connect(loop::print);
    control.send(
        MessageTypes.READY,
        new MessageOutput().putLong(ProcessHandle.current().pid()).putLong(System.nanoTime()));
    try {
      loop.run();
    } catch (CorruptFrameException e) {
      System.err.println("fornada worker: " + e.getMessage());
      Runtime.getRuntime().halt(MessageTypes.EXIT_PROTOCOL);
    } catch (Error e) {
      endIfOutOfFiles();
      throw e;
    }
    // The parent is gone, and the control thread ends this process; nothing is left to do here.
  }

  /** Opens the user's codec, so that no item waits for it; null if there is none. */
  private static @Nullable CodecSessions openCodec(WorkerConfig config, ClassLoader loader)
      throws Exception {
    byte[] bytes = config.codec();
    if (bytes.length == 0) {
      return null;
    }
    var codec = (PayloadCodec) Payloads.decode(new MessageInput(bytes, 0, bytes.length), loader);
    var sessions = new CodecSessions(Objects.requireNonNull(codec), loader);
    sessions.open();
    return sessions;
  }

  /** Returns the user's set-up, which runs first; null for none. */
  private static @Nullable WorkerSetUp setUp(WorkerConfig config, ClassLoader loader)
      throws IOException, ClassNotFoundException {
    byte[] bytes = config.setUp();
    return bytes.length == 0
        ? null
        : (WorkerSetUp) Payloads.decode(new MessageInput(bytes, 0, bytes.length), loader);
  }

  /**
   * Reads the line with the token, if there is one. The rest of the input is empty; tasks may read
   * it.
   */
  private static String readLine() throws IOException {
    var line = new ByteArrayOutputStream();
    for (int b = System.in.read(); b >= 0 && b != '\n'; b = System.in.read()) {
      if (line.size() > LONGEST_LINE) {
        throw new IOException("more than " + LONGEST_LINE + " bytes where a token should be");
      }
      line.write(b);
    }
    return line.toString(HandshakeServer.PLATFORM_CHARSET);
  }

  private static void listen(
      ControlChannel control,
      Doorbell doorbell,
      ParentQuestions questions,
      TaskWatchdog watchdog,
      ForcedExit forcedExit,
      Path directory) {
    try {
      while (true) {
        ControlChannel.Frame frame = control.receive();
        switch (frame.type()) {
          case MessageTypes.BELL -> doorbell.rang();
          case MessageTypes.CLASS, MessageTypes.RESOURCE -> questions.answer(frame.body());
          case MessageTypes.CANCEL -> watchdog.cancel(frame.body().getLong());
          case MessageTypes.UNMAP -> {
            String file = frame.body().getString();
            Mappings.forget(file);
            Spaces.forget(file);
          }
          case MessageTypes.EXIT -> {
            stepAside(control, doorbell);
            // On a thread of its own, because a shutdown hook of user code may wait forever, and
            // this thread must go on to see the end of the parent.
            OwnThreads.daemon("fornada-exit").start(() -> System.exit(0));
          }
          case MessageTypes.EXITING_SEEN -> stepAside(control, doorbell);
          default -> throw new CorruptFrameException("control frame of type " + frame.type());
        }
      }
    } catch (OutOfMemoryError e) {
      if (!forcedExit.isAlarmed()) {
        // This worker cannot be reached because memory ran out; the parent is alive and replaces
        // it.
        Runtime.getRuntime().halt(MessageTypes.EXIT_OUT_OF_MEMORY);
      }
      orphaned(directory);
    } catch (IOException | RuntimeException | Error e) {
      if (e instanceof LinkageError) {
        endIfOutOfFiles();
      }
      forcedExit.alarm();
      // usually the end of the stream; without this channel a worker cannot be reached
      orphaned(directory);
    }
  }

  /**
   * Ends this worker if a class could not be read because a task has used up all file descriptors:
   * that class never loads again, so a fresh JVM is needed. The exit code is the report.
   */
  private static void endIfOutOfFiles() {
    if (SpareFiles.areUsedUp()) {
      Runtime.getRuntime().halt(MessageTypes.EXIT_OUT_OF_FILES);
    }
  }

  /** Before the exit: no thread of this library's may be in native code then. */
  private static void stepAside(ControlChannel control, Doorbell doorbell) throws IOException {
    Spaces.stepAside();
    doorbell.stepAside();
    control.stepAside();
  }

  /**
   * Called when the parent is gone, for whatever reason: nothing of this worker may stay. One
   * thread only.
   */
  private static void orphaned(@Nullable Path directory) {
    try {
      var killed = new ArrayList<>(Reaper.descendants(ProcessHandle.current()));
      killed.forEach(ProcessHandle::destroyForcibly);
      String marks = System.getenv(Reaper.MARK);
      String mark = marks == null ? null : marks.substring(marks.lastIndexOf(',') + 1);
      if (directory != null && PrivateDirectory.isAbandoned(directory)) {
        if (mark != null) {
          // Kills all workers of the pool: another one may be stopped by a signal, and never see
          // the end of its parent. For a worker from a reserve, the others cannot be found by their
          // marks.
          String all = directory.getFileName() + "/";
          killed.addAll(Reaper.killMarked(mark.startsWith(all) ? all : mark));
        }
        PrivateDirectory.delete(directory);
      } else if (mark != null) {
        killed.addAll(Reaper.killMarked(mark));
      }
      long self = ProcessHandle.current().pid();
      if (!killed.isEmpty() || PrivateDirectory.hasAnyOf(self)) {
        // The folders of pools of this worker and of the processes just killed, which may have had
        // pools too.
        PrivateDirectory.deleteAllOf(self);
        Reaper.awaitEnd(killed);
        PrivateDirectory.sweep(PrivateDirectory.bases());
      }
    } finally {
      Runtime.getRuntime().halt(MessageTypes.EXIT_ORPHANED);
    }
  }

  /** See {@link ParentSignals}. Until this returns, a signal ends a worker that has no item yet. */
  private static void leaveSignalsToTheParent() {
    try {
      var _ = Class.forName(PARENT_SIGNALS);
    } catch (ClassNotFoundException | LinkageError e) {
      // A JDK without the module jdk.unsupported: a signal then ends the worker together with its
      // parent.
    }
  }
}
