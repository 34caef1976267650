package io.github.fornada.process.worker;

import java.util.List;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * Leaves signals to the parent, from the moment that this class is initialized.
 *
 * <p>Ctrl-C in a terminal, and the end of the terminal, go to every process of the foreground;
 * service managers send SIGTERM to all that a service has started. Whether to stop is the parent's
 * decision: it may want to finish what runs.
 *
 * <p>javac warns of {@code sun.misc.Signal} in a way that cannot be switched off, so the build
 * compiles this file by itself, and the rest of the library names it in a string only. Reflection
 * and a proxy would do as well, and cost each worker 20 ms of processor time, a tenth of its start.
 */
final class ParentSignals implements SignalHandler {
  static {
    try {
      Signal.handle(new Signal("INT"), SIG_IGN);
      // Not ignored but handled, by doing nothing: a process that a task starts inherits what is
      // ignored, and could then not be ended by Process.destroy.
      var none = new ParentSignals();
      for (String name : List.of("TERM", "HUP")) {
        var signal = new Signal(name);
        SignalHandler before = Signal.handle(signal, none);
        if (!before.getClass().getName().startsWith("java.lang.")) {
          Signal.handle(signal, before); // an agent's, say
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
