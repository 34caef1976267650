package io.github.fornada.process;

import io.github.fornada.process.payload.Payloads;
import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.process.wire.MessageOutput;
import io.github.fornada.process.wire.MessageTypes;
import io.github.fornada.spi.Batch;
import java.io.IOException;
import java.io.NotSerializableException;
import java.io.ObjectOutputStream;
import java.io.Serial;
import java.nio.file.Path;

/**
 * A pool in another JVM, perhaps on another machine, that an {@link Engine} works for. Functions,
 * items and results pass through this JVM as the bytes that they are, and nobody reads them here:
 * their classes need not be known.
 */
interface FarSide extends ClassServer.Elsewhere, OutputPrinter.Elsewhere {
  /** A worker has taken a batch. Must be quick. */
  void taken(Batch<?, ?> batch);

  /** No worker can be started any more. Must be quick. */
  void breaks(WorkerStartException reason);

  /** The payload of a result, in the place of the result. */
  record Value(MessageInput payload) {
    /** A result that takes up all the rest of a message. */
    static Value of(MessageInput in) throws IOException {
      byte[] bytes = in.rest();
      return new Value(new MessageInput(bytes, 0, bytes.length));
    }

    /** A result, wherever it is. */
    static Value of(byte location, MessageInput body, Path directory) throws IOException {
      if (location != MessageTypes.ARRAY_IN_FILE) {
        return of(body);
      }
      Object array = Payloads.getArrayFile(body, directory, null);
      var out = new MessageOutput();
      Payloads.encode(array, out);
      return new Value(new MessageInput(out.array(), 0, out.size()));
    }
  }

  /** The payload of what a task has thrown, in the place of the exception. */
  final class Failure extends Exception {
    @Serial private static final long serialVersionUID = 1L;

    final transient byte[] payload;

    private Failure(byte[] payload) {
      super("what a task has thrown, as bytes", null, false, false);
      this.payload = payload;
    }

    static Failure of(MessageInput in) throws IOException {
      return new Failure(in.rest());
    }

    @Serial
    private void writeObject(ObjectOutputStream out) throws NotSerializableException {
      throw new NotSerializableException("it travels as its bytes"); // so this is never called
    }
  }
}
