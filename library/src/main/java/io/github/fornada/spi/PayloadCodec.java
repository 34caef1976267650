package io.github.fornada.spi;

import io.github.fornada.process.ProcessOptions;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Serializable;
import java.util.List;

/**
 * Converts items and results that Fornada does not encode itself to bytes and back, instead of the
 * JDK's serialization. Selected with {@link ProcessOptions#withCodec}.
 *
 * <p>A codec is used for other objects only. An item or result that is itself null, a string, a
 * boxed int, long, double or boolean, an ordinary path, an array of numbers or characters, a byte
 * buffer, a memory segment or shared bytes is always encoded by Fornada. Functions, exceptions and
 * the workers' initializer are never encoded by the codec.
 *
 * <p>The codec itself is sent to each worker by the JDK's serialization. Its class is found or
 * fetched like the classes of tasks. The codec is opened in the worker before the worker is ready;
 * if that fails, the pool fails. A codec without settings needs only this interface:
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
 * <p>Any exception of a session fails only the item concerned, with a message that names the codec.
 * A session must therefore remain usable after it has thrown. Results are read back in the worker
 * before they are sent, so any code that reading them runs is run there first.
 *
 * <p>A codec need not restrict classes: workers send each other nothing, and they run the user's
 * own code anyway. It should not allocate more than the given bytes justify.
 */
public interface PayloadCodec extends Serializable {
  /**
   * Opens a session. Called several times in each process: for each end of the connection to a
   * worker, for each class loader that results need, and for another thread where reading a result
   * takes long. Called by any thread, several at once.
   *
   * @param loader the loader of the classes of the values that are read
   */
  Session open(ClassLoader loader);

  /**
   * Returns the options that the workers' JVMs need for this codec, such as {@code
   * --add-opens=...}. They come before those of {@link ProcessOptions#withJvmOptions}. None by
   * default.
   */
  default List<String> workerJvmOptions() {
    return List.of();
  }

  /** Returns the codec's name in messages; by default the simple name of its class. */
  default String name() {
    return getClass().getSimpleName();
  }

  /**
   * Writes and reads values. Used by one thread at a time, not always the same one; actions of one
   * thread are visible to the next.
   */
  interface Session {
    /**
     * Writes {@code value} to {@code out}. Fornada keeps the number of bytes, so the codec need not
     * mark the end.
     *
     * @param out a stream into memory; writing to it may throw if more than 2 GB are written
     * @throws IOException if the value cannot be written
     */
    void write(Object value, OutputStream out) throws IOException;

    /**
     * Reads a value from the bytes that one call of {@link #write} wrote, here or in another
     * process.
     *
     * @param bytes the bytes, which must not be changed, nor used after this method returns:
     *     Fornada then reuses the array
     * @param from where the value begins
     * @param length the number of bytes of the value
     * @throws IOException if the bytes are not a value
     * @throws ClassNotFoundException if a class is not found
     */
    Object read(byte[] bytes, int from, int length) throws IOException, ClassNotFoundException;
  }
}
