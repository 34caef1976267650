package io.github.fornada.process.payload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.TaskFunction;
import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.process.wire.MessageOutput;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serial;
import java.io.Serializable;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is written and read without user code, and what is not. */
class UserCodeTest {
  private static final ClassLoader LOADER = ClassLoader.getSystemClassLoader();

  /** Fails if any of its own code runs. */
  private static final class Replaces implements Serializable {
    @Serial private static final long serialVersionUID = 1L;

    @Serial
    private Object writeReplace() {
      throw new AssertionError("user code has run");
    }
  }

  private static final class Writes implements Serializable, Comparator<String> {
    @Serial private static final long serialVersionUID = 1L;

    @Serial
    private void writeObject(ObjectOutputStream out) {
      throw new AssertionError("user code has run");
    }

    @Override
    public int compare(String a, String b) {
      return a.compareTo(b);
    }
  }

  @SuppressWarnings({"serial", "unused"}) // anything may be in it; only the stream reads it
  private static class Holder implements Serializable {
    @Serial private static final long serialVersionUID = 1L;

    final @Nullable Object held;
    final String name = "holder";

    Holder(@Nullable Object held) {
      this.held = held;
    }
  }

  private static final class SubHolder extends Holder {
    @Serial private static final long serialVersionUID = 1L;

    SubHolder(@Nullable Object held) {
      super(held);
    }
  }

  private record Part(@Nullable Object held, List<String> names) {}

  private interface SerializableFunction extends TaskFunction<Object, Object> {}

  static Stream<Object> withCodeWithin() {
    Object code = new Replaces();
    var map = new HashMap<Object, Object>();
    map.put("key", code);
    var keys = new HashMap<Object, Object>();
    keys.put(code, "value");
    var sorted = new TreeMap<String, String>(new Writes());
    SerializableFunction lambda = x -> List.of(x, code);
    return Stream.of(
        code,
        new Writes(),
        new Holder(code),
        new SubHolder(code),
        new Holder(new Holder(code)),
        new Holder(List.of(code)),
        new Holder(List.of(List.of(1, Map.of("key", code)))),
        new ArrayList<>(List.of(code)),
        Arrays.asList(1, code),
        List.of(1, 2, 3, code),
        new Holder(new Object[] {1, code}),
        new Holder(new Object[][] {{}, {code}}),
        map,
        keys,
        sorted,
        new HashSet<>(List.of(code)),
        Collections.unmodifiableList(new ArrayList<>(List.of(code))),
        Collections.synchronizedList(new ArrayList<>(List.of(code))),
        new AtomicReference<>(code),
        new Part(code, List.of()),
        new Holder(new Part(code, List.of())),
        new IOException(
            "with code",
            new IOException("within") {
              @Serial private static final long serialVersionUID = 1L;

              @Serial
              private Object writeReplace() {
                throw new AssertionError("user code has run");
              }
            }),
        lambda);
  }

  @ParameterizedTest
  @MethodSource
  void withCodeWithin(Object value) {
    assertThatThrownBy(() -> Payloads.encodeWithoutUserCode(value, new MessageOutput()))
        .isInstanceOf(UserCodeException.class);
  }

  static Stream<Object> withoutCode() {
    var cycle = new ArrayList<Object>();
    cycle.add(cycle);
    SerializableFunction lambda = x -> new Part(x, List.of("a"));
    return Stream.of(
        new Holder(1),
        new Holder(null),
        new SubHolder(new Holder("x")),
        new Holder(List.of(1, "a", LocalDate.EPOCH)),
        new Holder(new int[] {1}),
        new Holder(Path.of("x")),
        new Holder(Thread.State.NEW),
        new Holder(new Part(BigDecimal.ONE, List.of("a"))),
        new ArrayList<>(List.of(1, "a", new Holder(UUID.randomUUID()))),
        Arrays.asList(1, 2),
        Map.of("a", List.of(Instant.EPOCH)),
        new TreeMap<>(Map.of("a", 1)),
        new Holder(new Object[] {1, "a", new String[] {"b"}}),
        cycle,
        lambda);
  }

  @ParameterizedTest
  @MethodSource
  void withoutCode(Object value) throws Exception {
    var out = new MessageOutput();
    Payloads.encodeWithoutUserCode(value, out);
    assertThat(out.size()).isPositive();
  }

  // ---- reading

  private record Plain(int a, long b, double c, String d, boolean e, Object f, float g) {}

  private record Compact(int a) {
    Compact {
      a = Math.abs(a);
    }
  }

  private record Explicit(int a) {
    Explicit(int a) {
      this.a = Objects.checkIndex(a, 100);
    }
  }

  private record OwnEquals(int a) {
    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof OwnEquals that && a == that.a;
    }

    @Override
    public int hashCode() {
      return a;
    }
  }

  @SuppressWarnings("UnusedVariable") // many variables are what is tried
  private record Wide(long a, long b, long c, double d, double e, String f, int g, byte h) {}

  private record Empty() {}

  @Test
  void theCompilersConstructorsAreToldFromTheUsers() {
    assertThat(RecordCode.of(Plain.class)).isEqualTo(new RecordCode(true, true));
    assertThat(RecordCode.of(Wide.class)).isEqualTo(new RecordCode(true, true));
    assertThat(RecordCode.of(Empty.class)).isEqualTo(new RecordCode(true, true));
    assertThat(RecordCode.of(Compact.class)).isEqualTo(new RecordCode(false, true));
    assertThat(RecordCode.of(Explicit.class)).isEqualTo(new RecordCode(false, true));
    assertThat(RecordCode.of(OwnEquals.class)).isEqualTo(new RecordCode(true, false));
  }

  private static byte[] encoded(Object value) throws IOException {
    var out = new MessageOutput();
    Payloads.encode(value, out);
    return out.toByteArray();
  }

  private static @Nullable Object readWithout(byte[] bytes) throws Exception {
    return Payloads.decodeWithoutUserCode(new MessageInput(bytes, 0, bytes.length), LOADER);
  }

  private static @Nullable Object learn(byte[] bytes) throws Exception {
    return Payloads.decodeAndLearn(new MessageInput(bytes, 0, bytes.length), LOADER, null);
  }

  @Test
  void aRecordIsReadWithoutUserCodeFromTheSecondTimeOn() throws Exception {
    var value = new Wide(1, 2, 3, 4, 5, "six", 7, (byte) 8);
    byte[] bytes = encoded(new Plain(1, 2, 3, "four", true, new Empty(), 7));
    assertThatThrownBy(() -> readWithout(bytes)).isInstanceOf(UserCodeException.class);
    assertThat(learn(bytes)).isEqualTo(readWithout(bytes));
    byte[] wide = encoded(List.of(value));
    assertThatThrownBy(() -> readWithout(wide)).isInstanceOf(UserCodeException.class);
    assertThat(learn(wide)).isEqualTo(List.of(value));
    assertThat(readWithout(wide)).isEqualTo(List.of(value));
  }

  private static final class Reads implements Serializable {
    @Serial private static final long serialVersionUID = 1L;

    @Serial
    private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
      in.defaultReadObject();
    }
  }

  private static final class Hashes implements Serializable {
    @Serial private static final long serialVersionUID = 1L;

    @Override
    public int hashCode() {
      return 1;
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Hashes;
    }
  }

  static class NotSerializable {}

  private static final class OfOther extends NotSerializable implements Serializable {
    @Serial private static final long serialVersionUID = 1L;
  }

  static Stream<Object> withCodeForReading() {
    SerializableFunction lambda = x -> x;
    return Stream.of(
        new Compact(1),
        new Explicit(1),
        new Reads(),
        new Hashes(),
        new OfOther(),
        new ArrayList<>(List.of(new Reads())),
        List.of(new Compact(1)),
        List.of(new OwnEquals(1)),
        new TreeMap<String, String>(Map.of("a", "b")) {
          @Serial private static final long serialVersionUID = 1L;
        },
        new Holder(new Hashes()),
        lambda);
  }

  @ParameterizedTest
  @MethodSource
  void withCodeForReading(Object value) throws Exception {
    byte[] bytes = encoded(value);
    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(() -> readWithout(bytes)).isInstanceOf(UserCodeException.class);
      assertThat(learn(bytes)).isNotNull();
    }
  }

  private static final class OwnException extends IllegalStateException {
    @Serial private static final long serialVersionUID = 1L;

    OwnException() {
      super("own", new IOException("cause"));
    }
  }

  @Test
  void anExceptionWithoutCodeIsReadWithoutUserCodeFromTheSecondTimeOn() throws Exception {
    var out = new MessageOutput();
    Throwables.encode(new OwnException(), out, LOADER);
    byte[] bytes = out.toByteArray();
    assertThatThrownBy(() ->
            Throwables.decodeWithoutUserCode(new MessageInput(bytes, 0, bytes.length), LOADER))
        .isInstanceOf(UserCodeException.class);
    assertThat(Throwables.decode(new MessageInput(bytes, 0, bytes.length), LOADER))
        .isInstanceOf(OwnException.class);
    assertThat(Throwables.decodeWithoutUserCode(new MessageInput(bytes, 0, bytes.length), LOADER))
        .isInstanceOf(OwnException.class)
        .hasMessage("own");
  }

  @Test
  void valuesOfTheJdkAreReadWithoutUserCodeAtOnce() throws Exception {
    for (Object value :
        List.of(
            List.of(1, "a"),
            Map.of("a", List.of(BigDecimal.TEN)),
            LocalDate.EPOCH,
            new TreeMap<>(Map.of("a", 1)),
            UUID.randomUUID(),
            Thread.State.NEW)) {
      assertThat(readWithout(encoded(value))).isEqualTo(value);
    }
  }
}
