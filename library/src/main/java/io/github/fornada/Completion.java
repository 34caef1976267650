package io.github.fornada;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An item together with its outcome: what a stream in order of completion is made of, where an
 * outcome's place no longer tells whose it is.
 *
 * @param index the item's place in the input, from 0
 * @param item the item
 * @param outcome what became of it
 */
public record Completion<T extends @Nullable Object, R extends @Nullable Object>(
    long index, T item, Outcome<R> outcome) {
  public Completion {
    Objects.requireNonNull(outcome, "outcome");
  }
}
