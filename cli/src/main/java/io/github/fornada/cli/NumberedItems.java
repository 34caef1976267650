package io.github.fornada.cli;

import io.github.fornada.TaskEvent;
import io.github.fornada.TaskListener;
import java.util.function.LongUnaryOperator;

/**
 * Passes on events with the numbers of their inputs, from 1, in place of the indexes of their
 * items, from 0, and with what is told of them in the command's words: so that a page for people
 * says what messages say.
 */
final class NumberedItems implements TaskListener {
  private final TaskListener to;
  private final LongUnaryOperator numbers;

  /** Creates a listener; {@code numbers} gives the number of an item for its index. */
  NumberedItems(TaskListener to, LongUnaryOperator numbers) {
    this.to = to;
    this.numbers = numbers;
  }

  @Override
  public void onEvent(TaskEvent event) {
    // Only what has ended is drawn.
    if (event instanceof TaskEvent.Finished finished) {
      long index = finished.item() instanceof StageItem item ? item.index() : finished.index();
      long number = numbers.applyAsLong(index);
      to.onEvent(
          TaskEvent.Finished.of(
              finished.task(),
              number,
              finished.item(),
              finished.attempt(),
              finished.last(),
              OptionWording.told(finished.outcome(), index, number),
              finished.usage(),
              finished.nanos()));
    } else {
      to.onEvent(event);
    }
  }
}
