package io.github.fornada.process.payload;

import io.github.fornada.process.wire.CorruptFrameException;
import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.process.wire.MessageOutput;
import io.github.fornada.process.wire.MessageTypes;
import io.github.fornada.process.wire.RingWriter;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.SerializedLambda;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Encodes items and results as bytes: common small types and arrays of primitives directly,
 * everything else by the user's codec or the JDK's serialization.
 */
public final class Payloads {
  private static final byte NULL = 0;
  private static final byte STRING = 1;
  private static final byte INT = 2;
  private static final byte LONG = 3;
  private static final byte DOUBLE = 4;
  private static final byte TRUE = 5;
  private static final byte FALSE = 6;
  // 7 to 10 and 14 to 19 are in BulkValue.
  static final byte RECORD = 11;
  private static final byte PATH = 12;
  private static final byte SHARED = 13;
  static final byte SERIALIZED = 20;
  private static final byte CODED = 21;
  static final byte LAMBDA = 22;

  /** Values up to this size are encoded by the thread that hands them over. */
  private static final int QUICK_BYTES = 16 * 1024; // Guess

  private Payloads() {}

  /** Returns whether encoding the value runs no user code. */
  public static boolean isPlain(@Nullable Object value) {
    // No switch over types here and below: its first use costs a fresh program about 15 ms.
    return value == null
        || value instanceof Integer
        || value instanceof String
        || value instanceof Long
        || value instanceof Double
        || value instanceof Boolean
        || value instanceof byte[]
        || value instanceof MappedSharedBytes
        || (value instanceof Path p ? PathForm.isOrdinary(p) : BulkValue.bytes(value) != null);
  }

  /** Returns whether the value is plain and quickly encoded, so that any thread may encode it. */
  public static boolean isQuick(@Nullable Object value) {
    if (value instanceof Integer) {
      return true;
    }
    if (value instanceof String s) {
      return s.length() <= QUICK_BYTES;
    }
    MemorySegment bytes = BulkValue.bytes(value);
    return bytes == null ? isPlain(value) : bytes.byteSize() <= QUICK_BYTES;
  }

  /**
   * Returns the bytes of an array or another bulk value that is too large for a message; null for
   * all other values.
   */
  public static @Nullable MemorySegment largeArray(@Nullable Object value) {
    MemorySegment bytes = BulkValue.bytes(value);
    return bytes != null && bytes.byteSize() > RingWriter.LONGEST / 2 ? bytes : null;
  }

  /**
   * Returns the bytes of an array of primitives that has at least so many; null for all other
   * values.
   */
  public static @Nullable MemorySegment plainArray(Object value, int least) {
    MemorySegment bytes = value.getClass().isArray() ? BulkValue.bytes(value) : null;
    return bytes != null && bytes.byteSize() >= least ? bytes : null;
  }

  /** Appends the name of the file that a large array was written to. */
  public static void putArrayFile(
      Object array, MemorySegment bytes, String file, MessageOutput out) {
    putArrayFile(BulkValue.tag(array), bytes.byteSize(), file, out);
  }

  /** Appends the name of the file that a large array of this kind and size was written to. */
  public static void putArrayFile(int tag, long size, String file, MessageOutput out) {
    out.putByte(MessageTypes.ARRAY_IN_FILE).putByte(tag).putLong(size).putString(file);
  }

  /**
   * Reads a large array directly from its file, which is then deleted. This is the only copy.
   *
   * @param room the array to fill, if it has the right kind and size; null for none
   */
  public static Object getArrayFile(MessageInput in, Path directory, @Nullable BulkValue room)
      throws IOException {
    byte tag = in.getByte();
    long bytes = in.getLong();
    Path file = PayloadFiles.resolve(directory, in.getString());
    boolean again = PayloadFiles.isBuffer(file);
    // checked before the array is allocated
    if (again ? Files.size(file) < bytes : Files.size(file) != bytes) {
      throw new CorruptFrameException("a payload file announced as " + bytes + " bytes");
    }
    BulkValue made = room != null && room.is(tag, bytes) ? room : BulkValue.make(tag, bytes);
    if (again) {
      ParallelCopy.copy(Mappings.get(file), made.bytes(), bytes);
    } else {
      PayloadFiles.readArray(file, made.bytes(), PayloadFiles.isKept(file));
    }
    return made.value();
  }

  /** Appends the value to the output, by the JDK's serialization if it is not encoded directly. */
  public static void encode(@Nullable Object value, MessageOutput out) throws IOException {
    encode(value, out, null);
  }

  /** Appends the value to the output, by this codec if it is not encoded directly. */
  public static void encode(
      @Nullable Object value, MessageOutput out, @Nullable CodecSessions codec) throws IOException {
    if (value == null) {
      out.putByte(NULL);
    } else if (value instanceof Integer n) {
      out.putByte(INT).putInt(n);
    } else if (value instanceof Long n) {
      out.putByte(LONG).putLong(n);
    } else if (value instanceof Double d) {
      out.putByte(DOUBLE).putLong(Double.doubleToRawLongBits(d));
    } else if (value instanceof Boolean b) {
      out.putByte(b ? TRUE : FALSE);
    } else if (value instanceof String s) {
      encode(s, out);
    } else if (value instanceof byte[] a) {
      out.putByte(BulkValue.BYTES);
      out.write(a, 0, a.length);
    } else if (value instanceof MappedSharedBytes b) {
      out.putByte(SHARED)
          .putString(b.sentinel())
          .putString(b.path())
          .putLong(b.byteSize())
          .putString(b.identity());
    } else if (value instanceof Path p && PathForm.isOrdinary(p)) {
      out.putByte(PATH);
      encode(p.toString(), out);
    } else if (codec != null || !(value instanceof Record r) || !RecordShape.encode(r, out)) {
      encodeOther(value, out, codec);
    }
  }

  private static void encodeOther(Object value, MessageOutput out, @Nullable CodecSessions codec)
      throws IOException {
    MemorySegment bytes = BulkValue.bytes(value);
    if (bytes != null) {
      out.putByte(BulkValue.tag(value)).putArray(bytes);
    } else if (codec != null) {
      out.putByte(CODED);
      codec.write(value, out);
    } else {
      SerializedLambda lambda = LambdaForm.of(value);
      if (lambda != null) {
        LambdaForm.encode(value, lambda, out);
      } else {
        serialize(value, out);
      }
    }
  }

  /**
   * Appends the value as {@link #encode(Object, MessageOutput)} does.
   *
   * @throws UserCodeException if that would run user code
   */
  public static void encodeWithoutUserCode(Object value, MessageOutput out) throws IOException {
    if (isPlain(value) || (value instanceof Record && RecordShape.encode(value, out))) {
      if (!(value instanceof Record)) {
        encode(value, out);
      }
      return;
    }
    SerializedLambda lambda = LambdaForm.of(value);
    if (lambda != null) {
      LambdaForm.encode(value, lambda, out);
    } else {
      out.putByte(SERIALIZED);
      ObjectStreams.writeWithoutUserCode(value, out);
    }
  }

  /** Appends a payload that was encoded before. */
  public static void append(byte[] payload, MessageOutput out) {
    out.write(payload, 0, payload.length);
  }

  /** Returns whether a payload that was encoded before is quickly appended. */
  public static boolean isQuick(byte[] payload) {
    return payload.length <= QUICK_BYTES;
  }

  private static void encode(String s, MessageOutput out) throws IOException {
    out.putByte(STRING);
    byte[] utf8 = s.getBytes(StandardCharsets.UTF_8);
    // UTF-8 cannot represent a string with half a surrogate pair.
    if (utf8.length < s.length() || !new String(utf8, StandardCharsets.UTF_8).equals(s)) {
      out.truncate(out.size() - 1);
      serialize(s, out);
    } else {
      out.write(utf8, 0, utf8.length);
    }
  }

  private static void serialize(Object value, MessageOutput out) throws IOException {
    out.putByte(SERIALIZED);
    ObjectStreams.write(value, out);
  }

  /** Reads a value that takes up the rest of the input and was encoded without a codec. */
  public static @Nullable Object decode(MessageInput in, ClassLoader loader)
      throws IOException, ClassNotFoundException {
    return decode(in, loader, null);
  }

  /** Reads a value that takes up the rest of the input. */
  public static @Nullable Object decode(
      MessageInput in, ClassLoader loader, @Nullable CodecSessions codec)
      throws IOException, ClassNotFoundException {
    return decode(in.getByte(), in, loader, codec);
  }

  /**
   * Reads a value as {@link #decode(MessageInput, ClassLoader)} does if that runs no user code.
   *
   * @throws UserCodeException if it might
   */
  public static @Nullable Object decodeWithoutUserCode(MessageInput in, ClassLoader loader)
      throws IOException, ClassNotFoundException {
    byte tag = in.getByte();
    return switch (tag) {
      case RECORD -> RecordShape.decodeWithoutUserCode(in, loader);
      case SERIALIZED -> ObjectStreams.readWithoutUserCode(in, loader);
      case CODED -> throw new UserCodeException("a codec");
      case LAMBDA -> throw new UserCodeException("a lambda");
      default -> decode(tag, in, loader, null);
    };
  }

  /**
   * Reads a value as {@link #decode(MessageInput, ClassLoader, CodecSessions)} does, and notes for
   * {@link #decodeWithoutUserCode} what that has shown of its classes.
   */
  public static @Nullable Object decodeAndLearn(
      MessageInput in, ClassLoader loader, @Nullable CodecSessions codec)
      throws IOException, ClassNotFoundException {
    byte tag = in.getByte();
    if (tag == SERIALIZED) {
      return ObjectStreams.readAndLearn(in, loader);
    }
    Object value = decode(tag, in, loader, codec);
    if (tag == RECORD && value instanceof Record read) {
      RecordShape.learn(read);
    }
    return value;
  }

  private static @Nullable Object decode(
      byte tag, MessageInput in, ClassLoader loader, @Nullable CodecSessions codec)
      throws IOException, ClassNotFoundException {
    return switch (tag) {
      case NULL -> null;
      case STRING -> new String(in.array(), in.position(), in.remaining(), StandardCharsets.UTF_8);
      case INT -> in.getInt();
      case LONG -> in.getLong();
      case DOUBLE -> Double.longBitsToDouble(in.getLong());
      case TRUE -> true;
      case FALSE -> false;
      case BulkValue.BYTES ->
          Arrays.copyOfRange(in.array(), in.position(), in.position() + in.remaining());
      case PATH -> Path.of((String) Objects.requireNonNull(decode(in, loader)));
      case SHARED ->
          new MappedSharedBytes(in.getString(), in.getString(), in.getLong(), in.getString());
      case RECORD -> RecordShape.decode(in, loader);
      case LAMBDA -> LambdaForm.decode(in, loader);
      case SERIALIZED -> ObjectStreams.read(in, loader);
      case CODED -> {
        if (codec == null) {
          throw new CorruptFrameException("a payload of a codec where there is none");
        }
        yield codec.read(in, loader);
      }
      default -> {
        BulkValue made = BulkValue.make(tag, in.remaining());
        MemorySegment from = MemorySegment.ofArray(in.array());
        MemorySegment.copy(from, in.position(), made.bytes(), 0, in.remaining());
        yield made.value();
      }
    };
  }
}
