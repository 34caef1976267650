package io.github.fornada.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Inputs that are not items: a line that is not text, a file that was deleted or cannot be read.
 * Each is reported and counts as failed; all other items run.
 *
 * <p>Whoever reads the inputs tells this of each of them, in their order, so that every input has a
 * number: its place among all of them, from 1, refused ones included. The items of a pool have
 * indexes, from 0, and refused inputs have none.
 */
final class Refusals {
  /**
   * One such input.
   *
   * @param number its place in the inputs, from 1
   * @param item its text, as far as it is known
   * @param input its name in messages, such as {@code line 3 of names.txt}
   * @param why what is wrong with it, and what to do
   */
  record Refusal(long number, String item, String input, String why) {}

  /** Receives such inputs. */
  interface Receiver {
    /** Receives one. */
    void refused(Refusal refusal);

    /**
     * Waits until it can keep another one, or is interrupted; the interrupt is set again then. For
     * the thread that reads the inputs, after each of them.
     */
    default void awaitRoom() {}
  }

  // Guarded by this.
  private final List<Refusal> early = new ArrayList<>();
  private @Nullable Receiver listener;
  private long accepted;

  private long refused;

  /**
   * For each stretch of refused inputs that follow each other, how many items had been accepted
   * before it, ascending; and how many had been refused at its end.
   */
  private long[] acceptedBefore = new long[8];

  private long[] refusedUpTo = new long[8];
  private int stretches;

  /**
   * Adds one; called by the thread that reads the inputs.
   *
   * @param item its text, as far as it is known
   * @param input its name in messages
   */
  void add(String item, String input, String why) {
    Refusal refusal;
    Receiver receiver;
    synchronized (this) {
      refused++;
      if (stretches == 0 || acceptedBefore[stretches - 1] != accepted) {
        beginStretch();
      }
      refusedUpTo[stretches - 1] = refused;
      refusal = new Refusal(accepted + refused, item, input, why);
      receiver = listener;
      if (receiver == null) {
        early.add(refusal);
        return;
      }
    }
    receiver.refused(refusal);
    receiver.awaitRoom();
  }

  private void beginStretch() {
    if (stretches == acceptedBefore.length) {
      acceptedBefore = Arrays.copyOf(acceptedBefore, 2 * stretches);
      refusedUpTo = Arrays.copyOf(refusedUpTo, 2 * stretches);
    }
    acceptedBefore[stretches++] = accepted;
  }

  /** Notes that the next input is an item; called by the thread that reads the inputs. */
  synchronized void accept() {
    accepted++;
  }

  /** Returns the number that the next input will have, from 1. */
  synchronized long next() {
    return accepted + refused + 1;
  }

  /**
   * Returns the number of an item that was accepted.
   *
   * @param index its place among the items, from 0
   */
  synchronized long number(long index) {
    int from = 0;
    int to = stretches;
    while (from < to) { // those that were refused after it begin at to
      int middle = (from + to) >>> 1;
      if (acceptedBefore[middle] <= index) {
        from = middle + 1;
      } else {
        to = middle;
      }
    }
    return index + (to == 0 ? 0 : refusedUpTo[to - 1]) + 1;
  }

  /** Returns how many there are so far. */
  synchronized long count() {
    return refused;
  }

  /**
   * Sets the receiver, which gets those that there are already, all of them at once, and each
   * further one.
   */
  void setReceiver(Receiver receiver) {
    List<Refusal> before;
    synchronized (this) {
      before = List.copyOf(early);
      early.clear();
      listener = receiver;
    }
    before.forEach(receiver::refused);
  }
}
