package io.github.fornada;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An item together with its outcome. The element of a stream in order of completion, where the
 * position of an outcome does not say which item it belongs to.
 *
 * @param index the item's index in the input, from 0
 * @param item the item
 * @param outcome how the item ended
 */
public record Completion<T extends @Nullable Object, R extends @Nullable Object>(
    long index, T item, Outcome<R> outcome) {
  public Completion {
    Objects.requireNonNull(outcome, "outcome");
  }
}
