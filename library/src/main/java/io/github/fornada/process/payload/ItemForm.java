package io.github.fornada.process.payload;

import org.jspecify.annotations.Nullable;

/** How an item is sent. It is decided once for each item that the sender has claimed. */
public enum ItemForm {
  /** Encoded soon and without user code, so that any thread may do it. */
  QUICK,
  /** An array, or the like, too large for a message: its bytes go through a file. */
  LARGE_ARRAY,
  /** All else: it takes long to encode, or user code has a part in it. */
  OTHER;

  /**
   * Returns the form of {@code value}.
   *
   * @param coded whether a codec writes what is not plain
   */
  public static ItemForm of(@Nullable Object value, boolean coded) {
    if (Payloads.isQuick(value)
        || (!coded && value instanceof Record r && RecordShape.isQuick(r))) {
      return QUICK;
    }
    return Payloads.largeArray(value) == null ? OTHER : LARGE_ARRAY;
  }
}
