package io.github.fornada.shared;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Checks whether what was seen of one object is possible: whether there is one moment for each
 * operation, between its call and its return, so that the operations one after the other at these
 * moments have the results that were seen (Wing and Gong, 1993). Works as Lowe's just-in-time
 * algorithm (2017): all states that are possible so far are kept, and operations that are still
 * going on take effect only as late as a return asks for it. So the time grows with the length of
 * the history, and only with the number of operations at once exponentially.
 */
public final class Linearizability {
  private Linearizability() {}

  /** What an operation with the result that was seen does to the state. */
  @FunctionalInterface
  public interface Effect<S> {
    /** Returns the next state; null if the operation cannot have that result in this one. */
    @Nullable S on(S state);
  }

  /**
   * An operation.
   *
   * @param what for messages
   * @param call when it was called
   * @param end when it had returned; or when it could not take effect any more
   * @param happened false if it may or may not have taken effect, because its process died
   * @param effect what it does
   * @param ends the operation that cannot take effect after this one; null for none
   */
  public record Op<S>(
      String what, long call, long end, boolean happened, Effect<S> effect, @Nullable Op<S> ends) {}

  /**
   * A possible past: the state, and which of the operations that are going on have taken effect.
   */
  private record Past<S>(S state, long done) {}

  private record Event<S>(long time, boolean isReturn, Op<S> op) {}

  /**
   * Returns what is impossible, in words; null if the history is possible.
   *
   * @param start the state at the beginning; states are compared by {@code equals}
   */
  public static <S> @Nullable String fault(S start, List<Op<S>> history) {
    var events = new ArrayList<Event<S>>(2 * history.size());
    for (Op<S> op : history) {
      events.add(new Event<>(op.call(), false, op));
      events.add(new Event<>(op.end(), true, op));
    }
    // What happens at one time happens at once. Who ends another operation returns before it.
    events.sort(
        Comparator.<Event<S>>comparingLong(Event::time)
            .thenComparing(Event::isReturn)
            .thenComparing(event -> event.op().ends() == null));
    Set<Past<S>> pasts = Set.of(new Past<>(start, 0));
    var open = new IdentityHashMap<Op<S>, Integer>(); // the number of its bit
    var recent = new ArrayDeque<String>();
    long used = 0;
    for (Event<S> event : events) {
      Op<S> op = event.op();
      if (!event.isReturn()) {
        int bit = Long.numberOfTrailingZeros(~used);
        if (bit == Long.SIZE) {
          throw new IllegalArgumentException("more than 64 operations at once");
        }
        used |= 1L << bit;
        open.put(op, bit);
        continue;
      }
      int bit = open.get(op);
      Set<Past<S>> before = pasts;
      pasts = after(pasts, open, op, bit);
      if (pasts.isEmpty()) {
        return "impossible: "
            + op.what()
            + "; going on: "
            + open.keySet().stream().map(Op::what).toList()
            + "; possible before it: "
            + before.stream().limit(10).toList()
            + "; the last ones: "
            + recent;
      }
      open.remove(op);
      used &= ~(1L << bit);
      recent.add(op.what());
      if (recent.size() > 20) {
        String _ = recent.remove();
      }
    }
    return null;
  }

  /** Returns the pasts after the return of an operation. */
  private static <S> Set<Past<S>> after(
      Set<Past<S>> pasts, Map<Op<S>, Integer> open, Op<S> op, int bit) {
    var after = new HashSet<Past<S>>();
    var seen = new HashSet<>(pasts);
    var todo = new ArrayDeque<>(pasts);
    while (!todo.isEmpty()) {
      Past<S> past = todo.remove();
      if ((past.done() & 1L << bit) != 0) {
        after.add(new Past<>(past.state(), past.done() & ~(1L << bit)));
        continue;
      }
      if (!op.happened()) {
        after.add(past);
      }
      for (Map.Entry<Op<S>, Integer> each : open.entrySet()) {
        long own = 1L << each.getValue();
        if ((past.done() & own) != 0) {
          continue;
        }
        S state = each.getKey().effect().on(past.state());
        if (state != null) {
          Op<S> ends = each.getKey().ends();
          Integer other = ends == null ? null : open.get(ends);
          long done = past.done() | own | (other == null ? 0 : 1L << other);
          var next = new Past<>(state, done);
          if (seen.add(next)) {
            todo.add(next);
          }
        }
      }
    }
    return after;
  }
}
