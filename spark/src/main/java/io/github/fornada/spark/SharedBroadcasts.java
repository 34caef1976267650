package io.github.fornada.spark;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkContext;
import org.apache.spark.broadcast.Broadcast;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/**
 * Shared bytes as Spark's broadcasts: executors get their blocks from each other, so that the
 * program does not send everything to each of them.
 */
final class SharedBroadcasts {
  /** An executor has one part in its heap at a time, apart from what Spark keeps there. */
  private static final int PART = 16 << 20; // Guess

  private static final ClassTag<byte[]> BYTES = ClassTag$.MODULE$.apply(byte[].class);

  private final SparkContext context;

  /** Guarded by this. */
  private final Map<Path, List<Broadcast<byte[]>>> made = new HashMap<>();

  SharedBroadcasts(SparkContext context) {
    this.context = context;
  }

  /** Returns what {@link #fetch} needs on an executor. The first call for a file makes it. */
  synchronized byte[] wayTo(Path file) throws IOException {
    List<Broadcast<byte[]>> parts = made.get(file);
    if (parts == null) {
      parts = broadcast(file);
      made.put(file, parts);
    }
    var bytes = new ByteArrayOutputStream();
    try (var out = new ObjectOutputStream(bytes)) {
      out.writeObject(parts);
    }
    return bytes.toByteArray();
  }

  /** Makes all parts of a file, or none. */
  private List<Broadcast<byte[]>> broadcast(Path file) throws IOException {
    var parts = new ArrayList<Broadcast<byte[]>>();
    boolean whole = false;
    try (InputStream in = Files.newInputStream(file)) {
      for (byte[] part = in.readNBytes(PART); part.length > 0; part = in.readNBytes(PART)) {
        parts.add(context.broadcast(part, BYTES));
      }
      whole = true;
      return parts;
    } finally {
      if (!whole) {
        destroy(parts);
      }
    }
  }

  private void destroy(List<Broadcast<byte[]>> parts) {
    if (!parts.isEmpty() && !context.isStopped()) {
      parts.forEach(Broadcast::destroy);
    }
  }

  /** The file will not be asked for any more. Does not wait. */
  synchronized void forget(Path file) {
    List<Broadcast<byte[]>> parts = made.remove(file);
    if (parts != null) {
      destroy(parts);
    }
  }

  /** Writes the bytes to a new file of an executor. */
  @SuppressWarnings("unchecked") // as wayTo has written it
  static void fetch(byte[] way, Path to) throws IOException {
    List<Broadcast<byte[]>> parts;
    try (var in = new ObjectInputStream(new ByteArrayInputStream(way))) {
      parts = (List<Broadcast<byte[]>>) in.readObject();
    } catch (ClassNotFoundException e) {
      throw new IOException(e);
    }
    try (OutputStream out =
        Files.newOutputStream(to, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      for (Broadcast<byte[]> part : parts) {
        out.write(part.value());
      }
    }
  }
}
