package io.github.fornada.process.payload;

import io.github.fornada.fory.ForyCodec;
import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.process.wire.MessageOutput;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** The cost of encoding a value as it is sent to a worker, and of decoding it. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Thread)
public class CodecBenchmark {
  /** A small record of plain components, which has a short encoding of its own. */
  public record Point(int id, String name, double x) implements Serializable {}

  /** A record that has no such encoding because of its components. */
  public record Line(Point from, List<Integer> path, Point to) implements Serializable {}

  /** The value that is encoded. */
  public enum Value {
    INTEGER(42),
    STRING("a short line of text"),
    BYTES_1K(new byte[1024]),
    DOUBLES_1K(IntStream.range(0, 128).asDoubleStream().toArray()),
    PATH(Path.of("/some/where/photo-012.jpg")),
    RECORD(new Point(12, "point", 4.0)),
    SERIALIZED(line()),
    RECORD_FORY(new Point(12, "point", 4.0)),
    SERIALIZED_FORY(line());

    @SuppressWarnings("ImmutableEnumChecker") // nobody writes to the arrays
    private final Object value;

    Value(Object value) {
      this.value = value;
    }

    private static Line line() {
      return new Line(new Point(1, "a", 0.5), List.of(1, 2, 3), new Point(2, "b", 1.5));
    }
  }

  @Param public Value value = Value.INTEGER;

  private final MessageOutput out = new MessageOutput();
  private final ClassLoader loader = CodecBenchmark.class.getClassLoader();
  private @Nullable CodecSessions coder;
  private byte[] encoded = new byte[0];

  @Setup
  public void encodeOnce() throws IOException, ClassNotFoundException {
    coder = value.name().endsWith("_FORY") ? CodecSessions.of(new ForyCodec()) : null;
    encode();
    encoded = out.toByteArray();
    Object read = decode();
    if (read == null || !value.value.getClass().isInstance(read)) {
      throw new IllegalStateException("not read as it was written: " + value);
    }
  }

  @Benchmark
  public int encode() throws IOException {
    Payloads.encode(value.value, out.clear(), coder);
    return out.size();
  }

  @Benchmark
  public @Nullable Object decode() throws IOException, ClassNotFoundException {
    return Payloads.decode(new MessageInput(encoded, 0, encoded.length), loader, coder);
  }
}
