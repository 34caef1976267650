package io.github.fornada.process;

import io.github.fornada.process.payload.ItemForm;
import io.github.fornada.process.payload.Payloads;
import io.github.fornada.spi.HandedOver;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** An item as it was when it was handed over: every attempt is sent the same bytes. */
final class HandedItem extends HandedOver {
  private final @Nullable Object original;

  /** The payload; null if it is in a file, or could not be written. */
  private final byte @Nullable [] bytes;

  /** The file with the raw bytes of a large array. */
  private final @Nullable ArrayFile file;

  /** Why it could not be written. */
  private final @Nullable Throwable failure;

  private final AtomicBoolean released = new AtomicBoolean();

  /**
   * A large array in a file that stays until its item has ended.
   *
   * @param tag the kind of array
   */
  record ArrayFile(Engine engine, int tag, long size, String name) {}

  private HandedItem(
      @Nullable Object original,
      byte @Nullable [] bytes,
      @Nullable ArrayFile file,
      @Nullable Throwable failure) {
    this.original = original;
    this.bytes = bytes;
    this.file = file;
    this.failure = failure;
  }

  static HandedItem of(@Nullable Object original, byte[] payload) {
    return new HandedItem(original, payload, null, null);
  }

  static HandedItem of(Object original, ArrayFile file) {
    return new HandedItem(original, null, file, null);
  }

  static HandedItem failed(@Nullable Object original, Throwable failure) {
    return new HandedItem(original, null, null, failure);
  }

  @Override
  public @Nullable Object original() {
    return original;
  }

  /**
   * Returns how it is sent. What could not be written is {@link ItemForm#OTHER}, and fails then.
   */
  ItemForm form() {
    return file != null
        ? ItemForm.LARGE_ARRAY
        : bytes != null && Payloads.isQuick(bytes) ? ItemForm.QUICK : ItemForm.OTHER;
  }

  /** Returns what it was written as; null if it was not, or its file is gone. */
  @Nullable SentForm sentForm() {
    if (bytes != null) {
      return SentForm.ofPayload(bytes);
    }
    return file == null
        ? null
        : SentForm.ofFile(file.tag, file.engine.directory().resolve(file.name), file.size);
  }

  byte @Nullable [] bytes() {
    return bytes;
  }

  @Nullable ArrayFile file() {
    return file;
  }

  @Nullable Throwable failure() {
    return failure;
  }

  @Override
  public void release() {
    if (file != null && !released.getAndSet(true)) {
      file.engine.discard(file.name);
    }
  }
}
