package io.github.fornada.process.host;

import io.github.fornada.process.wire.Connection;
import java.io.IOException;
import java.nio.file.Path;

/** Where one worker is let in. Closed when it was let in, or will not come. */
public interface Entrance extends AutoCloseable {
  /** Returns what the worker is told, to find it. */
  Path path();

  /**
   * Waits until the worker has presented its token.
   *
   * @throws java.io.EOFException if this was closed first, because the worker will not come
   */
  Connection accept() throws IOException, InterruptedException;

  /** Ends {@link #accept}, and lets nobody in any more. Does nothing to a worker that is in. */
  @Override
  void close();
}
