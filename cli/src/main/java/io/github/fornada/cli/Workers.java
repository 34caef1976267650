package io.github.fornada.cli;

import io.github.fornada.ExecutionModel;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A number of workers.
 *
 * @param model the model that it is for; null for each that has none of its own
 * @param count the number
 */
record Workers(@Nullable ExecutionModel model, int count) {
  /**
   * The numbers of several models.
   *
   * @param all for each model that has none of its own; null for the default of its pool
   * @param some for some models
   */
  record ByModel(@Nullable Integer all, Map<ExecutionModel, Integer> some) {
    /** Every pool has its own default. */
    static final ByModel DEFAULT = new ByModel(null, Map.of());

    ByModel {
      some = Map.copyOf(some);
    }

    /** Returns the number of a model; null for the default of its pool. */
    @Nullable Integer of(ExecutionModel model) {
      return some.getOrDefault(model, all);
    }
  }

  /**
   * Returns the numbers by model.
   *
   * @throws Fault if a model has two
   */
  static ByModel byModel(List<Workers> given) {
    Integer all = null;
    var some = new EnumMap<ExecutionModel, Integer>(ExecutionModel.class);
    for (Workers each : given) {
      Integer before = each.model == null ? all : some.get(each.model);
      if (before != null) {
        throw Fault.usage(
            "--workers is given twice"
                + (each.model == null ? "" : " for " + each.model.label())
                + ": "
                + before
                + " and "
                + each.count);
      }
      if (each.model == null) {
        all = each.count;
      } else {
        some.put(each.model, each.count);
      }
    }
    return new ByModel(all, some);
  }
}
