package io.github.fornada.jvm;

import io.github.fornada.stress.Explorer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A thread runs two items. The first is interrupted, and then its thread is abandoned, if the item
 * has not ended: one of the two must happen, and the second item must not be interrupted.
 */
public final class InterruptGateScenario implements Explorer.Scenario {
  private final InterruptGate<String> gate = new InterruptGate<>();
  private volatile @Nullable Thread owner;
  private volatile long first;

  private volatile boolean interrupted;
  private volatile boolean ended;
  private volatile boolean abandoned;
  private volatile @Nullable String wrong;

  @Override
  public List<Runnable> threads() {
    return List.of(this::work, this::interrupt, this::giveUp);
  }

  private void work() {
    Thread self = Thread.currentThread();
    long pass = gate.open();
    first = pass;
    owner = self;
    Explorer.step();
    boolean before = interrupted;
    if (!end(pass, before)) {
      return;
    }
    ended = true;
    long second = gate.open();
    Explorer.step();
    if (self.isInterrupted()) {
      wrong = "the interrupt of the first item reached the second";
    }
    if (!gate.close(second)) {
      wrong = "the second item ends as interrupted";
    }
    if (self.isInterrupted()) {
      wrong = "the interrupt of the first item came after the second";
    }
  }

  private boolean end(long pass, boolean before) {
    if (gate.close(pass)) {
      if (before) {
        wrong = "the interrupt of the first item was missed";
      }
      return true;
    }
    if (!gate.closeInterrupted(pass)) {
      return false;
    }
    if (!"why".equals(gate.takeCause())) {
      wrong = "the first item does not know why it was interrupted";
    }
    return true;
  }

  private void interrupt() {
    Explorer.await(() -> owner != null);
    if (owner != null && gate.interrupt(first, owner, "why")) {
      interrupted = true;
    }
  }

  private void giveUp() {
    Explorer.await(() -> owner != null);
    Explorer.await(() ->
        ended
            || InterruptGate.isInterrupted(gate.word())
            || InterruptGate.isInterrupting(gate.word()));
    abandoned = gate.abandon(first);
  }

  @Override
  public void check() {
    if (wrong != null) {
      throw new AssertionError(wrong);
    }
    if (ended == abandoned) {
      throw new AssertionError("ended: " + ended + ", abandoned: " + abandoned);
    }
  }
}
