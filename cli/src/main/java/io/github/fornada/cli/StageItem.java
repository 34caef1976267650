package io.github.fornada.cli;

import io.github.fornada.TaskFunction;
import java.io.Serializable;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a stage of a pipeline is given, where it must be known of which item of the source it was
 * made.
 *
 * @param index the place of that item in the source, from 0
 * @param text the text that the stage's function gets
 */
record StageItem(long index, String text) implements Serializable {
  /** Returns the text, which names the item on pages and in messages. */
  @Override
  public String toString() {
    return text;
  }

  /** A stage that another one follows, so that its function returns something. */
  record Inner(MethodCall call) implements TaskFunction<StageItem, StageItem> {
    @Override
    public StageItem apply(StageItem item) throws Exception {
      return new StageItem(item.index(), Objects.requireNonNull(call.apply(item.text())));
    }
  }

  /** The last stage. */
  record Last(MethodCall call) implements TaskFunction<StageItem, @Nullable String> {
    @Override
    public @Nullable String apply(StageItem item) throws Exception {
      return call.apply(item.text());
    }
  }
}
