package io.github.fornada.pipeline;

import io.github.fornada.TaskFunction;
import io.github.fornada.spi.FedCall;
import java.io.Serial;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A stage's function with the maps and filters that belong to it. */
final class StepsFunction implements FedCall.Composed<@Nullable Object, @Nullable Object> {
  @Serial private static final long serialVersionUID = 1L;

  @SuppressWarnings("serial") // a list of the JDK's own
  private final List<Step> steps;

  private final int main;

  /**
   * A function of several.
   *
   * @param main the place of the stage's own
   */
  StepsFunction(List<Step> steps, int main) {
    this.steps = List.copyOf(steps);
    this.main = main;
  }

  @Override
  public TaskFunction<?, ?> main() {
    return steps.get(main).function();
  }

  @Override
  public @Nullable Object apply(@Nullable Object item) throws Exception {
    return Step.apply(steps, item);
  }
}
