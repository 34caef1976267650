package io.github.fornada.shared;

import io.github.fornada.process.payload.Payloads;
import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.process.wire.MessageOutput;
import io.github.fornada.shared.memory.Space;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Objects;

/** Encodes and decodes what queues and values hold. */
final class Elements {
  /** Room for the encoded form of a number or a short text. */
  private static final int SMALL = 64; // Guess

  /** Whether what is encoded stays in this process. */
  private static final ScopedValue<Boolean> STAYS_HERE = ScopedValue.newInstance();

  private Elements() {}

  /** Whether the calling thread encodes an element that no other process will see. */
  static boolean isForThisProcess() {
    return STAYS_HERE.orElse(false);
  }

  /**
   * Returns the encoded form.
   *
   * @param space where it will be; in this process's memory it may refer to objects that are too
   * @param what what it is, for the message
   * @throws IllegalArgumentException if it cannot be encoded
   */
  static MessageOutput encoded(Space space, String what, Object value) {
    var out = new MessageOutput(SMALL);
    try {
      if (space.folder() == null) {
        ScopedValue.where(STAYS_HERE, true)
            .call(() -> {
              Payloads.encode(value, out);
              return out;
            });
      } else {
        Payloads.encode(value, out);
      }
    } catch (IOException | RuntimeException e) { // it may have code of its own for that
      throw new IllegalArgumentException(
          what + " of type " + value.getClass().getName() + " cannot be encoded: " + e, e);
    }
    return out;
  }

  /**
   * Returns what is encoded in the first {@code length} bytes; with the context class loader.
   *
   * @throws UncheckedIOException if it cannot be decoded
   */
  static Object decoded(String what, byte[] bytes, int length) {
    ClassLoader context = Thread.currentThread().getContextClassLoader();
    ClassLoader loader = context == null ? ClassLoader.getSystemClassLoader() : context;
    try {
      return Objects.requireNonNull(Payloads.decode(new MessageInput(bytes, 0, length), loader));
    } catch (IOException e) {
      throw new UncheckedIOException(what + " could not be decoded: " + e.getMessage(), e);
    } catch (ClassNotFoundException e) {
      throw new UncheckedIOException(
          what + " could not be decoded: its class is not known here: " + e.getMessage(),
          new IOException(e));
    } catch (RuntimeException e) { // it may have code of its own for that
      throw new UncheckedIOException(what + " could not be decoded: " + e, new IOException(e));
    }
  }
}
