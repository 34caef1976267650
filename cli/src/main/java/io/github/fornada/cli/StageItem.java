package io.github.fornada.cli;

import io.github.fornada.TaskFunction;
import java.io.Serializable;
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

  /** A stage that another one follows; it gives null if the function returns nothing. */
  record Inner(MethodCall call) implements TaskFunction<StageItem, @Nullable StageItem> {
    @Override
    public @Nullable StageItem apply(StageItem item) throws Exception {
      String text = call.apply(item.text());
      return text == null ? null : new StageItem(item.index(), text);
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
