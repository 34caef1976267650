package io.github.fornada;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The parts of an immutable value with their names, of which its equality and its text are made.
 * Created when these are asked for, so that the value itself costs no more.
 */
final class Parts {
  private final String names;
  private final @Nullable Object[] values;

  /**
   * @param names the names of the values, in their order, with ", " in between
   */
  Parts(String names, @Nullable Object... values) {
    this.names = names;
    this.values = values;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Parts that && Arrays.equals(values, that.values);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(values);
  }

  /** Returns a text like that of a record of this name. */
  String text(String kind) {
    var text = new StringBuilder(kind).append('[');
    String[] all = names.split(", ", -1);
    for (int i = 0; i < values.length; i++) {
      text.append(i == 0 ? "" : ", ").append(all[i]).append('=').append(values[i]);
    }
    return text.append(']').toString();
  }

  @Override
  public String toString() {
    return text("");
  }
}
