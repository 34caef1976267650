package io.github.fornada.process.payload;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.NotSerializableException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** The way to what cannot be sent, and what is said where it is not found. */
class UnserializableTest {
  @SuppressWarnings("serial") // that is what this is about
  private static final class BadRowException extends IOException {
    private static final long serialVersionUID = 1L;
    private final Object row = new Object();

    @Override
    public String getMessage() {
      return "bad row " + row;
    }
  }

  private static String text(Object root) {
    var thrown = new NotSerializableException("java.lang.Object");
    return Unserializable.text(Unserializable.in(root, "the result"), thrown, "the result");
  }

  @Test
  void theWayGoesThroughTheCauseOfAnException() {
    assertThat(text(new IOException("disk", new BadRowException())))
        .startsWith("the result.getCause().row (java.lang.Object) is not serializable. ");
  }

  @Test
  void theWayGoesThroughWhatWasSuppressed() {
    var thrown = new IOException("disk");
    thrown.addSuppressed(new BadRowException());
    assertThat(text(thrown))
        .startsWith("the result.getSuppressed().row (java.lang.Object) is not serializable. ");
  }

  @Test
  void whereTheWayIsClosedTheTextSaysInWhatItIs() {
    assertThat(text(new AtomicReference<>(new Object())))
        .isEqualTo(
            "the result holds a java.lang.Object, which is not serializable. Make its class"
                + " implement java.io.Serializable, mark the field transient, or create it inside"
                + " the task.");
  }
}
