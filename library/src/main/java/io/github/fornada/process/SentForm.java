package io.github.fornada.process;

import io.github.fornada.process.payload.BulkValue;
import io.github.fornada.process.payload.Payloads;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.jspecify.annotations.Nullable;

/**
 * What an item was sent as, in short: two that are equal were the same bytes.
 *
 * @param tag the kind of a large array; {@link #OF_ANY} for all else
 * @param size in bytes
 * @param digest of the bytes
 */
record SentForm(int tag, long size, ByteBuffer digest) {
  private static final int OF_ANY = -1;

  /** How many bytes are looked at in one go. */
  private static final long PIECE = 1 << 16; // Guess

  /** Returns the form of an item that was written. */
  static SentForm ofPayload(byte[] payload) {
    return of(OF_ANY, MemorySegment.ofArray(payload));
  }

  /** Returns the form of a large array that was written to a file; null if that is gone. */
  static @Nullable SentForm ofFile(int tag, Path file, long size) {
    try (var channel = FileChannel.open(file, StandardOpenOption.READ);
        var arena = Arena.ofConfined()) {
      return of(tag, channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena));
    } catch (IOException | IllegalStateException e) {
      return null; // deleted from outside: the item is then not recognized
    }
  }

  /** Returns the form of an item as it would be sent now, if it is a large array; else null. */
  static @Nullable SentForm of(@Nullable Object item) {
    MemorySegment large = Payloads.largeArray(item);
    if (item == null || large == null) {
      return null;
    }
    try {
      return of(BulkValue.tag(item), large);
    } catch (IllegalStateException | WrongThreadException e) {
      return null; // its arena was closed: it cannot be sent either
    }
  }

  private static SentForm of(int tag, MemorySegment bytes) {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has it", e);
    }
    byte[] piece = new byte[(int) Math.min(PIECE, bytes.byteSize())];
    for (long at = 0; at < bytes.byteSize(); at += piece.length) {
      int n = (int) Math.min(piece.length, bytes.byteSize() - at);
      MemorySegment.copy(bytes, at, MemorySegment.ofArray(piece), 0, n);
      digest.update(piece, 0, n);
    }
    return new SentForm(tag, bytes.byteSize(), ByteBuffer.wrap(digest.digest()));
  }
}
