package io.github.fornada.cli;

import io.github.fornada.TaskUsage;
import java.util.BitSet;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongUnaryOperator;
import java.util.stream.LongStream;

/**
 * The items of a run that have no outcome yet, with their texts and numbers. Lines are known from
 * when they are read, and forgotten when they have their outcome.
 *
 * <p>The source is read by any one thread; everything else is for the thread that takes outcomes.
 */
final class OpenItems {
  private final Inputs inputs;
  private final LongUnaryOperator numbers;

  /** The indexes of those that have an outcome, if all items are known. */
  private final BitSet ended = new BitSet();

  /** The lines without an outcome, by index; bounded by the window of the pool. */
  private final ConcurrentSkipListMap<Long, String> lines = new ConcurrentSkipListMap<>();

  /** Whether there may be lines that nobody has read. Written by the thread that reads them. */
  private volatile boolean hasUnread;

  /**
   * Creates the items of a run, all of them open.
   *
   * @param numbers gives the number of an item, from 1, for its index, from 0
   */
  OpenItems(Inputs inputs, LongUnaryOperator numbers) {
    this.inputs = inputs;
    this.numbers = numbers;
    this.hasUnread = inputs instanceof Inputs.Lines;
  }

  /** Returns the items to run; lines may be iterated once. */
  Iterable<String> source() {
    return switch (inputs) {
      case Inputs.Known(var items) -> items;
      case Inputs.Lines(var source, var _) -> () -> remembering(source.iterator());
    };
  }

  private Iterator<String> remembering(Iterator<String> source) {
    var index = new AtomicLong();
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        boolean more = source.hasNext();
        hasUnread = more;
        return more;
      }

      @Override
      public String next() {
        String item = source.next();
        lines.put(index.getAndIncrement(), item);
        return item;
      }
    };
  }

  /** Notes that an item has its outcome, and returns the item. */
  Ended end(long index) {
    if (inputs instanceof Inputs.Known(var items)) {
      ended.set((int) index);
      return item(index, items.get((int) index));
    }
    return item(index, String.valueOf(lines.remove(index)));
  }

  private Ended item(long index, String text) {
    return new Ended(index, numbers.applyAsLong(index), text, TaskUsage.UNKNOWN);
  }

  /** Returns those without an outcome, in the order of the inputs, as far as they are known. */
  List<Ended> left() {
    return switch (inputs) {
      case Inputs.Known(var items) ->
          LongStream.iterate(
                  ended.nextClearBit(0),
                  i -> i < items.size(),
                  i -> ended.nextClearBit((int) i + 1))
              .mapToObj(i -> item(i, items.get((int) i)))
              .toList();
      case Inputs.Lines l ->
          lines.entrySet().stream().map(each -> item(each.getKey(), each.getValue())).toList();
    };
  }

  /** Returns how many items {@link #left} has. */
  long countLeft() {
    return switch (inputs) {
      case Inputs.Known(var items) -> items.size() - ended.cardinality();
      case Inputs.Lines l -> lines.size();
    };
  }

  /** Says how many items were not done, and that more may be unread; empty if neither is so. */
  String notDone(long left) {
    if (left == 0) {
      return hasUnread ? "the other items were not read" : "";
    }
    return Words.count(left, "item") + " not done" + (hasUnread ? ", and more were not read" : "");
  }
}
