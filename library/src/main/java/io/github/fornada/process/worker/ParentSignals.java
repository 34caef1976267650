package io.github.fornada.process.worker;

import java.util.List;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * Makes this worker leave termination signals to its parent, from the moment that this class is
 * initialized.
 *
 * <p>Ctrl-C in a terminal, and closing the terminal, signal every process in the foreground;
 * service managers send SIGTERM to all processes of a service. Whether to stop is the parent's
 * decision: it may want to finish running tasks.
 *
 * <p>javac warns of {@code sun.misc.Signal} in a way that cannot be switched off, so the build
 * compiles this file separately, and the rest of the library refers to it only by a string.
 * Reflection and a proxy would also work, but cost each worker 20 ms of processor time, a tenth of
 * its start.
 */
final class ParentSignals implements SignalHandler {
  /** The class of the JVM's own handlers, as they are shown to others. */
  private static final String OF_THE_JVM = "sun.misc.Signal$SunMiscHandler";

  static {
    try {
      Signal.handle(new Signal("INT"), SIG_IGN);
      // These signals are handled by doing nothing, not ignored: a process that a task starts
      // inherits ignored signals, and Process.destroy could then not end it.
      var none = new ParentSignals();
      for (String name : List.of("TERM", "HUP")) {
        var signal = new Signal(name);
        SignalHandler before = Signal.handle(signal, none);
        if (!before.getClass().getName().equals(OF_THE_JVM)) {
          Signal.handle(signal, before); // such as an agent's handler, or "ignored", by nohup
        }
      }
    } catch (IllegalArgumentException e) {
      // The JVM was started with -Xrs: a signal then ends the worker together with its parent.
    }
  }

  private ParentSignals() {}

  @Override
  public void handle(Signal signal) {}
}
