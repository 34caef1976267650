package io.github.fornada.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Inputs that are not items: a line that is not text, a file that was deleted or cannot be read.
 * Each is reported and counts as failed; all other items run.
 */
final class Refusals {
  /**
   * One such input.
   *
   * @param input its name, such as {@code line 3 of names.txt}
   * @param why what is wrong with it, and what to do
   */
  record Refusal(String input, String why) {}

  private final AtomicLong count = new AtomicLong();

  // Guarded by this.
  private final List<Refusal> early = new ArrayList<>();
  private @Nullable Consumer<Refusal> listener;

  /** Adds one; called by the thread that reads the inputs. */
  void add(String input, String why) {
    var refusal = new Refusal(input, why);
    count.incrementAndGet();
    Consumer<Refusal> receiver;
    synchronized (this) {
      receiver = listener;
      if (receiver == null) {
        early.add(refusal);
        return;
      }
    }
    receiver.accept(refusal);
  }

  /** Returns how many there are so far. */
  long count() {
    return count.get();
  }

  /** Sets the receiver, which gets those that there are already and each further one. */
  void setReceiver(Consumer<Refusal> receiver) {
    List<Refusal> before;
    synchronized (this) {
      before = List.copyOf(early);
      early.clear();
      listener = receiver;
    }
    before.forEach(receiver);
  }
}
