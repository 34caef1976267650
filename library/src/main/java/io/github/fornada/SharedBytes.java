package io.github.fornada;

import java.io.Serializable;
import java.lang.foreign.MemorySegment;

/**
 * Bytes that all tasks of a pool read without a copy for each task: a model, an index, a large
 * table. Created by {@link Pool#share(MemorySegment)} or, from a file, by {@link
 * Pool#share(java.nio.file.Path)}.
 *
 * <p>A lambda may capture shared bytes, and they may be an item or part of one. Only their name and
 * length are sent to a worker process. The worker maps the bytes once, when the first task asks for
 * them; they stay mapped until this object is closed or the worker ends. In a pool of threads the
 * tasks read the original bytes.
 *
 * {@snippet :
 * try (var pool = ProcessPool.open();
 *     var model = pool.share(Path.of("model.bin"))) {
 *   List<Double> scores = pool.map(texts, text -> Score.of(model.segment(), text));
 * }
 * }
 *
 * <p><b>Memory effects.</b> Every task sees the content that the bytes had when they were shared.
 * Whether tasks see a later change of the array or the file is undefined: change neither. If
 * another file takes the name of a shared one, whoever has mapped it keeps its content, and a
 * worker that maps it later fails and says so. If a file is truncated while it is shared, its
 * readers fail with {@link InternalError}, as with any mapped file; the outcome of a task says
 * which file it was.
 *
 * <p>May be used by several threads at once. The idea comes from Python's {@code
 * multiprocessing.shared_memory}; unlike there, users need not attach to the memory by name or
 * count its users.
 */
public interface SharedBytes extends Serializable, AutoCloseable {
  /**
   * Returns the bytes, read-only. {@link MemorySegment#asByteBuffer} gives a buffer over up to 2 GB
   * of them. The segment may be used until this object is closed. In a worker the first call maps
   * the bytes, which takes some microseconds; every later call reads a field.
   *
   * @throws IllegalStateException if this object or its pool was closed
   * @throws java.io.UncheckedIOException if a worker process cannot map the bytes, or its thread
   *     was interrupted while it did
   */
  MemorySegment segment();

  /** Returns the number of bytes. Does not map them, and works after the close too. */
  long byteSize();

  /**
   * Ends the sharing in every worker and frees the memory. Close it when the tasks that use it have
   * ended: a task that still uses it fails with {@link IllegalStateException}. The pool closes what
   * is left when it terminates. In a worker process, on a task's copy, this method does nothing:
   * only the process that shared the bytes can close them. Closing twice has no effect.
   */
  @Override
  void close();
}
