package io.github.fornada.process;

import io.github.fornada.process.payload.PayloadFiles;
import io.github.fornada.process.payload.Payloads;
import io.github.fornada.process.wire.CorruptFrameException;
import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.process.wire.MessageTypes;
import io.github.fornada.spi.Batch;
import io.github.fornada.spi.FedCall;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Stands in this JVM for a result that goes on to workers of another pool as the bytes that it came
 * as: nobody reads it here, and its class need not be known.
 */
final class RelayedValue implements FedCall.Unread {
  private final long bytes;

  /** What it came as; null if it is in a file, which goes when its item has ended. */
  private final byte @Nullable [] payload;

  /** Knows the classes of results. */
  private final @Nullable ClassLoader loader;

  private RelayedValue(long bytes, byte @Nullable [] payload, @Nullable ClassLoader loader) {
    this.bytes = bytes;
    this.payload = payload;
    this.loader = loader;
  }

  /** The pool that the results of a batch go to unread; null if they are to be read. */
  static @Nullable Engine target(Batch<?, ?> batch, Engine from) {
    return batch.relayTarget() instanceof Engine next
            && next.readsPlainPayloads()
            && from.readsPlainPayloads()
        ? next
        : null;
  }

  /** A result that takes up all the rest of a message. */
  static HandedItem of(MessageInput in, ClassLoader loader) {
    byte[] payload = Arrays.copyOfRange(in.array(), in.position(), in.position() + in.remaining());
    return HandedItem.of(new RelayedValue(payload.length, payload, loader), payload);
  }

  /** A large array in a file, which becomes a file of the pool that it goes to: no copy. */
  static HandedItem ofArrayFile(MessageInput in, Path directory, Engine next) throws IOException {
    int tag = in.getByte();
    long size = in.getLong();
    Path file = PayloadFiles.resolve(directory, in.getString());
    if (Files.size(file) != size) {
      throw new CorruptFrameException("a payload file announced as " + size + " bytes");
    }
    String name = next.handover().nextName();
    Files.move(file, next.directory().resolve(name));
    return HandedItem.of(
        new RelayedValue(size, null, null), new HandedItem.ArrayFile(next, tag, size, name));
  }

  /** A result, wherever it is. */
  static HandedItem of(
      byte location, MessageInput body, Path directory, Engine next, ClassLoader loader)
      throws IOException {
    return location == MessageTypes.ARRAY_IN_FILE
        ? ofArrayFile(body, directory, next)
        : of(body, loader);
  }

  @Override
  public @Nullable Object read() {
    if (payload == null || loader == null) {
      return this;
    }
    try {
      return Payloads.decode(new MessageInput(payload, 0, payload.length), loader);
    } catch (Throwable e) { // a class that is not known here, or the user's readObject
      return this;
    }
  }

  @Override
  public String toString() {
    return "a value of " + bytes + " bytes, passed on unread";
  }
}
