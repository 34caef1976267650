package io.github.fornada.process.worker;

import io.github.fornada.process.wire.ControlChannel;
import io.github.fornada.process.wire.MessageOutput;
import io.github.fornada.process.wire.MessageTypes;

/**
 * Tells the parent that this JVM is exiting. A shutdown hook of user code may never end; then only
 * the parent can end this process.
 */
final class ExitAnnouncer extends Thread {
  /** As long as the exit would take without the answer. */
  private static final long ANSWER_NANOS = 300_000_000;

  private final ControlChannel control;

  private ExitAnnouncer(ControlChannel control) {
    super("fornada-exiting");
    this.control = control;
  }

  static void install(ControlChannel control) {
    var announcer = new ExitAnnouncer(control);
    try {
      Runtime.getRuntime().addShutdownHook(announcer);
    } catch (IllegalStateException e) {
      announcer.announce(); // the JVM is exiting already
    }
  }

  @Override
  public void run() {
    announce();
  }

  private void announce() {
    control.send(MessageTypes.EXITING, new MessageOutput());
    // When the hooks have run, the exit stops all threads: also one that has yet to send this, and
    // the one that the answer is for.
    control.awaitAside(ANSWER_NANOS);
  }
}
