package io.github.fornada.process;

import java.io.IOException;
import java.io.ObjectInputFilter;
import java.io.ObjectInputStream;
import java.io.ObjectStreamClass;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Items and results as bytes: directly for the common small types and for arrays of primitives, by
 * the JDK's serialization for all else.
 */
final class Payloads {
  private static final byte NULL = 0;
  private static final byte STRING = 1;
  private static final byte INT = 2;
  private static final byte LONG = 3;
  private static final byte DOUBLE = 4;
  private static final byte TRUE = 5;
  private static final byte FALSE = 6;
  private static final byte BYTES = 7;
  private static final byte INTS = 8;
  private static final byte LONGS = 9;
  private static final byte DOUBLES = 10;
  static final byte RECORD = 11;
  private static final byte PATH = 12;
  private static final byte SHARED = 13;
  private static final byte SERIALIZED = 20;

  /** Values up to this are encoded by whoever brings them. */
  private static final int QUICK_BYTES = 16 * 1024; // Guess

  /**
   * Bounds what a corrupt or hostile stream can make the reader allocate; classes are not
   * restricted, for the peer runs the user's own code. A filter of the JVM's own (jdk.serialFilter)
   * still applies.
   */
  private static final ObjectInputFilter FILTER =
      ObjectInputFilter.Config.createFilter("maxdepth=100000;maxarray=2147483647");

  private Payloads() {}

  /** Whether encoding the value runs none of the user's code. */
  static boolean isPlain(@Nullable Object value) {
    return switch (value) {
      case null -> true;
      case Integer n -> true;
      case String s -> true;
      case Long n -> true;
      case Double d -> true;
      case Boolean b -> true;
      case Path p -> PathForm.isOrdinary(p);
      case MappedBytes b -> true;
      case byte[] a -> true;
      case int[] a -> true;
      case long[] a -> true;
      case double[] a -> true;
      default -> false;
    };
  }

  /** Whether the value is plain and soon encoded, so that any thread may do it on its way. */
  static boolean isQuick(@Nullable Object value) {
    return switch (value) {
      case Integer n -> true;
      case String s -> s.length() <= QUICK_BYTES;
      case byte[] a -> a.length <= QUICK_BYTES;
      case int[] a -> a.length <= QUICK_BYTES / Integer.BYTES;
      case long[] a -> a.length <= QUICK_BYTES / Long.BYTES;
      case double[] a -> a.length <= QUICK_BYTES / Double.BYTES;
      case null, default -> isPlain(value);
    };
  }

  /** The bytes of an array too large for a message; null for all else. */
  static @Nullable MemorySegment largeArray(@Nullable Object value) {
    MemorySegment bytes = value == null ? null : segmentOf(value);
    return bytes != null && bytes.byteSize() > RingWriter.LONGEST / 2 ? bytes : null;
  }

  /** Appends where a large array was written to. */
  static void putArrayFile(Object array, MemorySegment bytes, String file, Output out) {
    int tag =
        switch (array) {
          case byte[] a -> BYTES;
          case int[] a -> INTS;
          case long[] a -> LONGS;
          default -> DOUBLES;
        };
    out.putByte(Wire.ARRAY_IN_FILE).putByte(tag).putLong(bytes.byteSize()).putString(file);
  }

  /** Reads a large array straight from its file, which is deleted: one copy. */
  static Object getArrayFile(Input in, Path directory) throws IOException {
    byte tag = in.getByte();
    long bytes = in.getLong();
    Path file = Spill.resolve(directory, in.getString());
    int size =
        switch (tag) {
          case BYTES -> 1;
          case INTS -> Integer.BYTES;
          case LONGS, DOUBLES -> Long.BYTES;
          default -> throw new CorruptFrameException("array of kind " + tag);
        };
    if (bytes < 0 || bytes % size != 0 || bytes / size > Integer.MAX_VALUE - 8) {
      throw new CorruptFrameException("array of " + bytes + " bytes");
    }
    boolean again = Spill.isBuffer(file);
    if (again ? Files.size(file) < bytes : Files.size(file) != bytes) { // before it is allocated
      throw new CorruptFrameException("a payload file announced as " + bytes + " bytes");
    }
    int length = (int) (bytes / size);
    Object array =
        switch (tag) {
          case BYTES -> new byte[length];
          case INTS -> new int[length];
          case LONGS -> new long[length];
          default -> new double[length];
        };
    MemorySegment into = Objects.requireNonNull(segmentOf(array));
    if (again) {
      MemorySegment.copy(Mappings.get(file), 0, into, 0, bytes);
    } else {
      Spill.readArray(file, into);
    }
    return array;
  }

  private static @Nullable MemorySegment segmentOf(Object array) {
    return switch (array) {
      case byte[] a -> MemorySegment.ofArray(a);
      case int[] a -> MemorySegment.ofArray(a);
      case long[] a -> MemorySegment.ofArray(a);
      case double[] a -> MemorySegment.ofArray(a);
      default -> null;
    };
  }

  /** Appends the value to the output. */
  static void encode(@Nullable Object value, Output out) throws IOException {
    switch (value) {
      case null -> out.putByte(NULL);
      case Integer n -> out.putByte(INT).putInt(n);
      case Long n -> out.putByte(LONG).putLong(n);
      case Double d -> out.putByte(DOUBLE).putLong(Double.doubleToRawLongBits(d));
      case Boolean b -> out.putByte(b ? TRUE : FALSE);
      case String s -> {
        out.putByte(STRING);
        byte[] utf8 = s.getBytes(StandardCharsets.UTF_8);
        // A string with half a surrogate pair does not survive UTF-8.
        if (utf8.length < s.length() || !new String(utf8, StandardCharsets.UTF_8).equals(s)) {
          out.truncate(out.size() - 1);
          serialize(s, out);
        } else {
          out.write(utf8, 0, utf8.length);
        }
      }
      case Path p when PathForm.isOrdinary(p) -> {
        out.putByte(PATH);
        encode(p.toString(), out);
      }
      case MappedBytes b ->
          out.putByte(SHARED).putString(b.mark()).putString(b.file()).putLong(b.byteSize());
      case byte[] a -> {
        out.putByte(BYTES);
        out.write(a, 0, a.length);
      }
      case int[] a -> out.putByte(INTS).putArray(MemorySegment.ofArray(a));
      case long[] a -> out.putByte(LONGS).putArray(MemorySegment.ofArray(a));
      case double[] a -> out.putByte(DOUBLES).putArray(MemorySegment.ofArray(a));
      case Record r when RecordShape.encode(r, out) -> {}
      default -> serialize(value, out);
    }
  }

  private static void serialize(Object value, Output out) throws IOException {
    out.putByte(SERIALIZED);
    var stream = new PathForm.Stream(out);
    stream.writeObject(value);
    stream.flush();
  }

  /** Reads a value that takes up all the rest of the input. */
  static @Nullable Object decode(Input in, ClassLoader loader)
      throws IOException, ClassNotFoundException {
    byte tag = in.getByte();
    return switch (tag) {
      case NULL -> null;
      case STRING -> new String(in.array(), in.position(), in.remaining(), StandardCharsets.UTF_8);
      case INT -> in.getInt();
      case LONG -> in.getLong();
      case DOUBLE -> Double.longBitsToDouble(in.getLong());
      case TRUE -> true;
      case FALSE -> false;
      case BYTES -> Arrays.copyOfRange(in.array(), in.position(), in.position() + in.remaining());
      case INTS -> {
        int[] a = new int[in.remaining() / 4];
        copy(in, MemorySegment.ofArray(a));
        yield a;
      }
      case LONGS -> {
        long[] a = new long[in.remaining() / 8];
        copy(in, MemorySegment.ofArray(a));
        yield a;
      }
      case DOUBLES -> {
        double[] a = new double[in.remaining() / 8];
        copy(in, MemorySegment.ofArray(a));
        yield a;
      }
      case PATH -> Path.of((String) Objects.requireNonNull(decode(in, loader)));
      case SHARED -> new MappedBytes(in.getString(), in.getString(), in.getLong());
      case RECORD -> RecordShape.decode(in, loader);
      case SERIALIZED -> deserialize(in, loader);
      default -> throw new CorruptFrameException("payload of kind " + tag);
    };
  }

  private static void copy(Input from, MemorySegment to) {
    // Both sides are on one machine, so the machine's own byte order will do.
    MemorySegment.copy(MemorySegment.ofArray(from.array()), from.position(), to, 0, to.byteSize());
  }

  private static Object deserialize(Input in, ClassLoader loader)
      throws IOException, ClassNotFoundException {
    var stream = new LoaderStream(in, loader);
    stream.setObjectInputFilter(
        ObjectInputFilter.merge(FILTER, ObjectInputFilter.Config.getSerialFilter()));
    return stream.readObject();
  }

  /** Finds classes through a given loader, where the JDK's stream looks at its caller's. */
  private static final class LoaderStream extends ObjectInputStream {
    private final ClassLoader loader;

    LoaderStream(Input in, ClassLoader loader) throws IOException {
      super(in);
      this.loader = loader;
    }

    @Override
    protected Class<?> resolveClass(ObjectStreamClass description)
        throws IOException, ClassNotFoundException {
      try {
        return Class.forName(description.getName(), false, loader);
      } catch (ClassNotFoundException e) {
        try {
          return super.resolveClass(description); // primitive types
        } catch (ClassNotFoundException nowhere) {
          throw e; // it tells why
        }
      }
    }

    @Override
    @SuppressWarnings("deprecation") // the stream asks for the class, before there is a handler
    protected Class<?> resolveProxyClass(String[] names)
        throws IOException, ClassNotFoundException {
      var interfaces = new Class<?>[names.length];
      for (int i = 0; i < names.length; i++) {
        interfaces[i] = Class.forName(names[i], false, loader);
      }
      return Proxy.getProxyClass(loader, interfaces);
    }
  }
}
