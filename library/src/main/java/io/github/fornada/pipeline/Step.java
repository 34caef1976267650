package io.github.fornada.pipeline;

import io.github.fornada.TaskFunction;
import java.io.Serializable;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One function of those that a stage is made of.
 *
 * @param isFilter whether its result says if the item goes on
 */
record Step(TaskFunction<@Nullable Object, @Nullable Object> function, boolean isFilter)
    implements Serializable {

  /** What the steps, one after the other, make of an item; {@link Dropped} if a filter drops it. */
  static @Nullable Object apply(List<Step> steps, @Nullable Object item) throws Exception {
    Object value = item;
    for (Step step : steps) {
      Object result = step.function.apply(value);
      if (!step.isFilter) {
        value = result;
      } else if (result == null) {
        throw new NullPointerException("a filter returned null instead of true or false");
      } else if (!Boolean.TRUE.equals(result)) {
        return Dropped.DROPPED;
      }
    }
    return value;
  }
}
