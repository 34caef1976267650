package io.github.fornada.pipeline;

import io.github.fornada.TaskFunction;
import io.github.fornada.spi.FedCall;
import java.io.Serial;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The function of a stage that makes many of one. In this JVM it passes on each as it comes, and
 * returns half-way where there is no room for more; in a worker JVM it returns all of them.
 */
final class FlatFunction implements FedCall.Composed<@Nullable Object, @Nullable Object> {
  @Serial private static final long serialVersionUID = 1L;

  /** In place of a result. Only within this JVM. */
  enum End {
    /** There are no more. */
    WHOLE,
    /** There was no room for more: it goes on from there when there is. */
    HALF_WAY
  }

  @SuppressWarnings("serial") // a list of the JDK's own
  private final List<Step> before;

  private final TaskFunction<@Nullable Object, @Nullable Object> main;

  @SuppressWarnings("serial") // a list of the JDK's own
  private final List<Step> after;

  FlatFunction(
      List<Step> before, TaskFunction<@Nullable Object, @Nullable Object> main, List<Step> after) {
    this.before = List.copyOf(before);
    this.main = main;
    this.after = List.copyOf(after);
  }

  @Override
  public TaskFunction<?, ?> main() {
    return main;
  }

  @Override
  public @Nullable Object apply(@Nullable Object item) throws Exception {
    FlatCursor cursor = FlatCursor.current();
    return cursor == null ? all(item) : passOn(item, cursor);
  }

  private Stream<?> stream(@Nullable Object item) throws Exception {
    Object value = Step.apply(before, item);
    if (value == Dropped.DROPPED) {
      return Stream.empty();
    }
    Object made = main.apply(value);
    return made == null ? Stream.empty() : (Stream<?>) made; // as Stream.flatMap has it
  }

  private FlatList all(@Nullable Object item) throws Exception {
    var all = new ArrayList<@Nullable Object>();
    try (Stream<?> stream = stream(item)) {
      for (Iterator<?> it = stream.iterator(); it.hasNext(); ) {
        Object value = Step.apply(after, it.next());
        if (value != Dropped.DROPPED) {
          all.add(value);
        }
      }
    }
    return new FlatList(all);
  }

  private End passOn(@Nullable Object item, FlatCursor cursor) throws Exception {
    boolean leftOpen = false;
    try {
      Iterator<?> it = cursor.iterator();
      if (it == null) {
        it = cursor.begin(stream(item));
      }
      while (cursor.hasRoom()) {
        if (!it.hasNext()) {
          return End.WHOLE;
        }
        Object value = Step.apply(after, it.next());
        if (value != Dropped.DROPPED) {
          cursor.passOn(value);
        }
      }
      leftOpen = true;
      return End.HALF_WAY;
    } finally {
      if (!leftOpen) {
        cursor.closeStream();
      }
    }
  }
}
