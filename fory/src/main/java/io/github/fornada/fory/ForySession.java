package io.github.fornada.fory;

import io.github.fornada.spi.PayloadCodec;
import java.io.IOException;
import java.io.ObjectInputFilter;
import java.io.OutputStream;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.SimpleTimeZone;
import java.util.concurrent.ArrayBlockingQueue;
import org.apache.fory.Fory;
import org.apache.fory.logging.LogLevel;
import org.apache.fory.logging.LoggerFactory;
import org.apache.fory.memory.MemoryBuffer;
import org.apache.fory.serializer.JavaSerializer;
import org.apache.fory.serializer.collection.CollectionSerializers.JDKCompatibleCollectionSerializer;

/** A session with one Fory instance, which only one thread may use at a time. */
final class ForySession implements PayloadCodec.Session {
  /** Makes Fory load its compiler before an item has to wait for it. */
  private record First(int number, String text) {}

  /**
   * Classes that Fory 1.6 changes without a word (a locale loses its script and its extensions, a
   * time zone its offset) or cannot write.
   */
  private static final List<Class<?>> AS_THE_JDK_DOES =
      List.of(Locale.class, SimpleTimeZone.class, Random.class);

  private static final byte[] NOTHING = {};

  private final Fory fory;

  /** Points to the bytes that are read; created once. */
  private final MemoryBuffer input = MemoryBuffer.newHeapBuffer(8);

  static {
    // Fory logs to standard output, where a program's results go, and only what nobody can act on,
    // such as that a class has a writeObject method.
    if (System.getenv("FORY_LOG_LEVEL") == null) {
      LoggerFactory.setLogLevel(LogLevel.ERROR_LEVEL);
    }
  }

  ForySession(ClassLoader loader) {
    if (ObjectInputFilter.Config.getSerialFilter() != null) {
      throw new IllegalStateException(
          "a filter is set for this JVM (jdk.serialFilter), which Fory does not ask: remove it,"
              + " or use the JDK's serialization");
    }
    this.fory =
        Fory.builder()
            .withXlang(false)
            .withCompatible(false) // both sides have the same classes
            .withRefTracking(true)
            .requireClassRegistration(false)
            .withDeserializeUnknownClass(false)
            .withMaxDepth(ForyCodec.MAX_DEPTH)
            .withMaxGraphMemoryBytes(Runtime.getRuntime().maxMemory())
            .withClassLoader(loader)
            .build();
    for (Class<?> type : AS_THE_JDK_DOES) {
      fory.registerSerializer(type, types -> new JavaSerializer(types, type));
    }
    fory.registerSerializer( // an empty one cannot be read again otherwise
        ArrayBlockingQueue.class,
        types -> new JDKCompatibleCollectionSerializer<>(types, ArrayBlockingQueue.class));
    fory.serialize(new First(0, ""));
  }

  @Override
  public void write(Object value, OutputStream out) {
    fory.serialize(out, value);
  }

  @Override
  public Object read(byte[] bytes, int from, int length) throws IOException {
    input.pointTo(bytes, from, length);
    try {
      input.readerIndex(0);
      Object value = fory.deserialize(input);
      if (input.remaining() > 0) {
        throw new IOException(input.remaining() + " bytes more than the value has");
      }
      return value;
    } finally {
      input.pointTo(NOTHING, 0, 0); // the bytes may be many, and the session goes on for long
    }
  }
}
