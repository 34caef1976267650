package io.github.fornada.process.payload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.github.fornada.SideBySide;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.ThreadFactory;
import org.junit.jupiter.api.Test;

/** Copies of arrays so large that a second thread takes part. */
@SideBySide
class ParallelCopyTest {
  private static final int BYTES = 9 << 20;

  private static void copied(ThreadFactory threads) {
    var from = new byte[BYTES];
    for (int i = 0; i < BYTES; i++) {
      from[i] = (byte) (i * 31);
    }
    var to = new byte[BYTES];
    ParallelCopy.copy(MemorySegment.ofArray(from), MemorySegment.ofArray(to), BYTES, threads);
    assertThat(Arrays.equals(from, to)).as("the copy is whole").isTrue();
  }

  @Test
  void aCopyIsWholeThoughNoThreadCanBeStarted() {
    ThreadFactory none =
        body ->
            new Thread(body) {
              @Override
              public void start() {
                throw new OutOfMemoryError("unable to create native thread");
              }
            };
    assertThatCode(() -> copied(none)).doesNotThrowAnyException();
  }

  @Test
  void aCopyIsWholeThatTwoThreadsMake() {
    copied(Thread::new);
  }
}
