package io.github.fornada.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Inputs that are no items: a line that is no text, a file that is gone or may not be read. Each
 * costs itself only: it is reported, counts as failed, and the others run.
 */
final class Refusals {
  /**
   * One of them.
   *
   * @param input what it is, such as {@code line 3 of names.txt}
   * @param why what is wrong with it, and what to do
   */
  record Refusal(String input, String why) {}

  private final AtomicLong count = new AtomicLong();

  // Guarded by this.
  private final List<Refusal> early = new ArrayList<>();
  private @Nullable Consumer<Refusal> listener;

  /** Adds one; called by whichever thread reads the inputs. */
  void add(String input, String why) {
    var refusal = new Refusal(input, why);
    count.incrementAndGet();
    Consumer<Refusal> told;
    synchronized (this) {
      told = listener;
      if (told == null) {
        early.add(refusal);
        return;
      }
    }
    told.accept(refusal);
  }

  /** How many there are so far. */
  long count() {
    return count.get();
  }

  /** Whom to tell, of those that there are already, and of each that comes. */
  void tell(Consumer<Refusal> receiver) {
    List<Refusal> before;
    synchronized (this) {
      before = List.copyOf(early);
      early.clear();
      listener = receiver;
    }
    before.forEach(receiver);
  }
}
