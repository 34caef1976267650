package io.github.fornada.advice.sense;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.fornada.TaskFunction;
import io.github.fornada.process.payload.Payloads;
import io.github.fornada.process.wire.MessageOutput;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.io.Serial;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** What it would take to send a value to a worker. */
final class PayloadSizesTest {
  private static final AtomicBoolean CALLED = new AtomicBoolean();

  /** A record of plain parts. */
  private record Point(int x, double y) {}

  /** A class that writes itself. */
  private static final class Own implements Serializable {
    @Serial private static final long serialVersionUID = 1L;

    @Serial
    private void writeObject(ObjectOutputStream out) throws IOException {
      CALLED.set(true);
      out.defaultWriteObject();
    }
  }

  /** A class with a field that cannot be sent. */
  private static final class Holder implements Serializable {
    @Serial private static final long serialVersionUID = 1L;

    @SuppressWarnings("serial") // that is the point
    private final Object inner = new Object();

    @Override
    public String toString() {
      return "holder of " + inner.getClass();
    }
  }

  private static long sent(Object value) throws IOException {
    var out = new MessageOutput();
    Payloads.encode(value, out);
    return out.size();
  }

  @Test
  void theSizeIsThatOfThePayload() throws IOException {
    for (Object value :
        List.of(
            1,
            2L,
            "some text",
            new byte[1000],
            new double[50],
            Path.of("a", "b"),
            new Point(1, 2),
            List.of("a", "b"),
            Map.of("a", new Point(3, 4)))) {
      assertThat(PayloadSizes.bytes(value)).as(value.toString()).isEqualTo((double) sent(value));
    }
    assertThat(PayloadSizes.bytes(null)).isEqualTo(1);
  }

  @Test
  void aLargeGraphIsNotWrittenToItsEnd() {
    List<String> large = List.of("x".repeat(100 << 20));
    assertThat(PayloadSizes.bytes(List.of(large, large))).isEqualTo((double) PayloadSizes.LARGEST);
    assertThat(PayloadSizes.bytes(new byte[100 << 20])).isCloseTo(100 << 20, within(1.0));
  }

  @Test
  void codeOfTheUserIsNotRun() {
    assertThat(PayloadSizes.bytes(new Own())).isNaN();
    assertThat(PayloadSizes.doubt("the item", new Own())).isNull();
    assertThat(CALLED).isFalse();
  }

  @Test
  void whatCannotBeSentIsNamedByItsPath() {
    assertThat(PayloadSizes.doubt("the item", new Object()))
        .startsWith("the item (java.lang.Object) is not serializable.");
    assertThat(PayloadSizes.doubt("the item", new Holder()))
        .startsWith("the item.inner (java.lang.Object) is not serializable.");
    Object captured = new Object();
    TaskFunction<String, String> function = text -> text + captured;
    assertThat(PayloadSizes.doubtOfFunction(function))
        .startsWith("the function, a lambda in ")
        .contains("captured value 1 (java.lang.Object) is not serializable.");
    TaskFunction<String, String> plain = String::strip;
    assertThat(PayloadSizes.doubtOfFunction(plain)).isNull();
    assertThat(PayloadSizes.doubt("the item", "text")).isNull();
    assertThat(PayloadSizes.doubt("the item", new Point(1, 2))).isNull();
  }
}
