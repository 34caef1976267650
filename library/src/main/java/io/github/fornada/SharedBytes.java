package io.github.fornada;

import java.io.Serializable;
import java.lang.foreign.MemorySegment;

/**
 * Bytes that all tasks of a pool read and none copies: a model, an index, a large table. Made by
 * {@link Pool#share(MemorySegment)} or, from a file, by {@link Pool#share(java.nio.file.Path)}.
 *
 * <p>A lambda may capture it, and it may be an item or part of one. On its way to a worker process
 * only its name and its length are sent; there the bytes are mapped once, when the first task asks
 * for them, and stay mapped until this is closed or the worker ends. In a pool of threads the tasks
 * see the bytes where they are.
 *
 * {@snippet :
 * try (var pool = ProcessPool.open();
 *     var model = pool.share(Path.of("model.bin"))) {
 *   List<Double> scores = pool.map(texts, text -> Score.of(model.segment(), text));
 * }
 * }
 *
 * <p><b>Memory effects.</b> What was in the bytes when they were shared is seen by every task.
 * Whether a later change of the array or the file is seen is not defined: change neither. A file
 * that is cut shorter while it is shared makes its readers fail with {@link InternalError}, as with
 * any mapped file.
 *
 * <p>May be used by several threads at once. The idea is that of Python's {@code
 * multiprocessing.shared_memory}; that nobody has to attach to it by name and to count who still
 * uses it is ours.
 */
public interface SharedBytes extends Serializable, AutoCloseable {
  /**
   * The bytes, read-only; {@link MemorySegment#asByteBuffer} gives a buffer over up to 2 GB of
   * them. To be used until this is closed. In a worker the first call maps the bytes, which takes
   * some microseconds; every later one is a look at a field.
   *
   * @throws IllegalStateException if this or its pool was closed
   * @throws java.io.UncheckedIOException if a worker process cannot map the bytes, or its thread
   *     was interrupted while it did
   */
  MemorySegment segment();

  /** The number of bytes, known without mapping them, and after the close too. */
  long byteSize();

  /**
   * Ends the sharing, in every worker, and lets go of the memory. Close it when the tasks that use
   * it have ended: one that still does fails with {@link IllegalStateException}. The pool closes
   * what is left when it terminates. In a worker process, on the copy that a task got, this does
   * nothing: only who shared it can close it. Closing twice does no harm.
   */
  @Override
  void close();
}
