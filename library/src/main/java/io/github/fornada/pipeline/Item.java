package io.github.fornada.pipeline;

import io.github.fornada.Outcome;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One item on its way through a pipeline. At any moment one thread or one queue has it, and handing
 * it over makes what was written before visible.
 */
final class Item {
  /** What it means for the order of the queue it goes to. */
  enum Kind {
    /** All that became of its place in the order. */
    WHOLE,
    /** Some of it; more follows. */
    PART,
    /** Nothing more of it; this one stands for no item. */
    END
  }

  /** What the next stage gets. */
  @Nullable Object value;

  /** The {@link Origin}, or an array of them. */
  final Object origin;

  Kind kind = Kind.WHOLE;

  /** Its place in the order of the queue it goes to. */
  long place;

  /** How many places of that queue it takes. */
  int slots = 1;

  /** How it ended, if it has no value any more. */
  @Nullable Outcome<?> outcome;

  /** The stage in which it ended, or that gave it. */
  @Nullable Stage stage;

  /** The worker that ended it, or gave it; empty if none. */
  String worker = "";

  /** The thread that runs it, in this JVM. Written by that, and read by a look for stalls. */
  @Nullable Thread runner;

  /** What is still to come of it, in a stage that makes many of one: that of its last attempt. */
  @Nullable FlatCursor cursor;

  /** The item pushed before it. Used by the queue. */
  @Nullable Item link;

  Item(@Nullable Object value, Object origin) {
    this.value = value;
    this.origin = origin;
  }

  List<Origin> origins() {
    return origin instanceof Origin one ? List.of(one) : List.of((Origin[]) origin);
  }

  /** The items from which a batch was made, each once. */
  static Origin[] originsOf(List<Item> items) {
    var each = new Origin[items.size()];
    long before = -1;
    for (int k = 0; k < each.length; k++) {
      if (!(items.get(k).origin instanceof Origin one) || one.index() <= before) {
        return withoutDoubles(items);
      }
      before = one.index();
      each[k] = one;
    }
    return each;
  }

  private static Origin[] withoutDoubles(List<Item> items) {
    var all = new LinkedHashMap<Long, Origin>(); // not by their own equals: that is user code
    long last = -1;
    for (Item item : items) {
      if (item.origin instanceof Origin one) {
        if (one.index() != last) { // those of one item come in a row, mostly
          last = one.index();
          all.put(last, one);
        }
      } else {
        for (Origin one : (Origin[]) item.origin) {
          all.put(one.index(), one);
        }
      }
    }
    return all.values().toArray(Origin[]::new);
  }

  /** Returns the places in the source of what it was made from, for messages. */
  String place() {
    List<Origin> all = origins();
    if (all.size() == 1) {
      return "item " + all.getFirst().index();
    }
    var some = new ArrayList<String>();
    for (Origin one : all.subList(0, Math.min(3, all.size()))) {
      some.add(Long.toString(one.index()));
    }
    return "items " + String.join(", ", some) + (all.size() > 3 ? " and others" : "");
  }
}
