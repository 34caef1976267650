package io.github.fornada.spi;

import io.github.fornada.process.ProcessOptions;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Serializable;
import java.util.List;

/**
 * How items and results that have no encoding of Fornada's own become bytes, in the place of the
 * JDK's serialization. Chosen with {@link ProcessOptions#withCodec}.
 *
 * <p>A codec is asked for objects only: null, strings, boxed ints, longs, doubles and booleans,
 * ordinary paths, arrays of numbers and characters, byte buffers, memory segments and shared bytes
 * that are items or results themselves always travel in encodings of Fornada's own. Functions,
 * exceptions and the workers' initializer never travel by the codec.
 *
 * <p>The codec itself is sent to each worker by the JDK's serialization, its class found or fetched
 * as those of tasks are, and opened there before the worker is ready; if that fails the pool fails.
 * A codec without settings needs nothing but this interface:
 *
 * {@snippet :
 * final class ShoutingCodec implements PayloadCodec {
 *   public Session open(ClassLoader loader) {
 *     return new Session() {
 *       public void write(Object value, OutputStream out) throws IOException {
 *         out.write(value.toString().getBytes(UTF_8));
 *       }
 *
 *       public Object read(byte[] bytes, int from, int length) {
 *         return new String(bytes, from, length, UTF_8).toUpperCase(ROOT);
 *       }
 *     };
 *   }
 * }
 *
 * ProcessPool.open(o -> o.withCodec(new ShoutingCodec()));
 * }
 *
 * <p>Whatever a session throws fails the item concerned, with a message that names the codec, and
 * nothing else; so a session has to be fit for further use after it has thrown. Results are read
 * back in the worker before they are sent, so that what reading them runs happens there first.
 *
 * <p>Workers hand each other nothing and run the user's own code anyway, so that a codec need not
 * restrict classes. It should not allocate more than fits the bytes that it was given.
 */
public interface PayloadCodec extends Serializable {
  /**
   * Begins to write and read. Called several times in each process: for each end of the way to a
   * worker, and for each class loader that results need. Called by any thread, several at once.
   *
   * @param loader where to find the classes of what is read
   */
  Session open(ClassLoader loader);

  /**
   * Options that the workers' JVMs need for this codec, such as {@code --add-opens=...}. They come
   * before those of {@link ProcessOptions#withJvmOptions}. None by default.
   */
  default List<String> workerJvmOptions() {
    return List.of();
  }

  /** The codec's name in messages; that of its class by default. */
  default String name() {
    return getClass().getSimpleName();
  }

  /**
   * Writes and reads. Used by one thread at a time, not always the same one; what one has done is
   * visible to the next.
   */
  interface Session {
    /**
     * Writes a value. The number of bytes is kept by Fornada, so no end needs to be marked.
     *
     * @param out grows in memory; writing to it may throw if more than 2 GB are written
     * @throws IOException if the value cannot be written
     */
    void write(Object value, OutputStream out) throws IOException;

    /**
     * Reads a value from the bytes that one call of {@link #write} wrote, here or in another
     * process.
     *
     * @param bytes to be read only, and only until this method returns: they are used again then
     * @param from where the value begins
     * @param length how many bytes it has
     * @throws IOException if that is not a value
     * @throws ClassNotFoundException if a class is not found
     */
    Object read(byte[] bytes, int from, int length) throws IOException, ClassNotFoundException;
  }
}
