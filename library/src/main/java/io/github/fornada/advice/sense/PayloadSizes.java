package io.github.fornada.advice.sense;

import io.github.fornada.TaskFunction;
import io.github.fornada.jvm.BoundedText;
import io.github.fornada.process.payload.PayloadSize;
import io.github.fornada.process.payload.Payloads;
import io.github.fornada.process.payload.Unserializable;
import io.github.fornada.process.payload.UserCodeException;
import java.io.IOException;
import java.io.NotSerializableException;
import org.jspecify.annotations.Nullable;

/**
 * Tells what it would cost to send a value to a worker process, and whether that is possible,
 * without sending it. No code of the user runs, except to find the path to what cannot be sent, and
 * then within a bounded time.
 */
public final class PayloadSizes {
  /** Larger graphs of objects are not written to the end: their size is then at least this. */
  static final long LARGEST = 4 << 20; // Guess

  private PayloadSizes() {}

  /**
   * Returns the bytes of {@code value} as it is, or would be, sent to a worker process or back; for
   * a graph of objects of more than 4 MiB, 4 MiB. NaN if that cannot be told without running user
   * code, or if the value cannot be sent.
   *
   * <p>This writes the value, which takes about as long as sending it: ask for a few values only.
   */
  public static double bytes(@Nullable Object value) {
    try {
      return PayloadSize.of(value, LARGEST);
    } catch (IOException | RuntimeException | LinkageError e) {
      return Double.NaN; // it cannot be sent; why, doubt() says
    }
  }

  /**
   * Returns why {@code function} cannot be sent to a worker process, with the path of fields to
   * what cannot; null if nothing was found.
   */
  public static @Nullable String doubtOfFunction(TaskFunction<?, ?> function) {
    return doubt("the function", function);
  }

  /**
   * Returns why {@code value} cannot be sent to a worker process or back, with the path of fields
   * to what cannot; null if nothing was found. Classes that write themselves are not tried.
   *
   * @param name what the value is, such as {@code the item}
   */
  public static @Nullable String doubt(String name, @Nullable Object value) {
    if (Payloads.isPlain(value)) {
      return null;
    }
    try {
      var _ = PayloadSize.of(value, LARGEST);
      return null;
    } catch (UserCodeException e) {
      return null; // its own code may well be right
    } catch (NotSerializableException e) {
      return BoundedText.boundedMessage(
          () -> Unserializable.text(Unserializable.in(value, name), e, name),
          name + ": " + e.getMessage() + " is not serializable.");
    } catch (IOException | RuntimeException | LinkageError | StackOverflowError e) {
      return name + " cannot be written: " + e.getClass().getName();
    }
  }
}
