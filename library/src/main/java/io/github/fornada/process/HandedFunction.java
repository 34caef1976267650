package io.github.fornada.process;

import io.github.fornada.TaskFunction;
import io.github.fornada.spi.HandedOver;
import java.io.NotSerializableException;
import java.io.ObjectOutputStream;
import java.io.Serial;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A function as it was when it was handed over. Two are equal if their bytes are equal: what one
 * has done to a worker, the other will.
 */
final class HandedFunction<T extends @Nullable Object, R extends @Nullable Object>
    extends HandedOver implements TaskFunction<T, R> {
  @Serial private static final long serialVersionUID = 1L;

  @SuppressWarnings("serial") // never serialized
  private final TaskFunction<T, R> original;

  /** The payload; null if it could not be written. */
  private final byte @Nullable [] bytes;

  private final @Nullable Throwable failure;
  private final int hash;

  HandedFunction(
      TaskFunction<T, R> original, byte @Nullable [] bytes, @Nullable Throwable failure) {
    this.original = original;
    this.bytes = bytes;
    this.failure = failure;
    this.hash = Arrays.hashCode(bytes);
  }

  @Override
  public TaskFunction<T, R> original() {
    return original;
  }

  byte @Nullable [] bytes() {
    return bytes;
  }

  @Nullable Throwable failure() {
    return failure;
  }

  @Override
  public R apply(T item) throws Exception {
    return original.apply(item);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other == this
        || (other instanceof HandedFunction<?, ?> function
            && bytes != null
            && hash == function.hash
            && Arrays.equals(bytes, function.bytes));
  }

  @Override
  public int hashCode() {
    return hash;
  }

  @Serial
  private void writeObject(ObjectOutputStream out) throws NotSerializableException {
    throw new NotSerializableException("it travels as its bytes"); // so this is never called
  }
}
