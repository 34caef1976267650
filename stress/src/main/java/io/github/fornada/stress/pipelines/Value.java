package io.github.fornada.stress.pipelines;

import java.io.Serializable;
import java.util.List;
import java.util.stream.LongStream;

/** What goes through the pipelines: the tokens of one item, or of all that were in a batch. */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Value(long[] tokens) implements Serializable {
  static Value of(long token) {
    return new Value(new long[] {token});
  }

  /** Returns the tokens of a value or of a list of values, in their order. */
  static long[] tokens(Object valueOrBatch) {
    return stream(valueOrBatch).toArray();
  }

  private static LongStream stream(Object valueOrBatch) {
    return switch (valueOrBatch) {
      case Value value -> LongStream.of(value.tokens());
      case List<?> batch -> batch.stream().flatMapToLong(each -> stream((Object) each));
      default -> throw new IllegalArgumentException("neither value nor batch: " + valueOrBatch);
    };
  }
}
