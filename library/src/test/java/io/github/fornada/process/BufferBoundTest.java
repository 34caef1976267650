package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.Pool;
import io.github.fornada.process.payload.BufferFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/**
 * Files for large arguments are never for two items at once, and never too many. Much memory: not
 * beside other tests in a JVM.
 */
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
class BufferBoundTest {
  private Pool pool;

  @BeforeEach
  void open() {
    pool = Pools.open(2, o -> o.withHeap("256m"));
  }

  @AfterEach
  void end() throws InterruptedException {
    Pools.end(pool);
  }

  @Test
  void manyAtOnceOfAllSizesAreNeverMixed() throws Exception {
    List<byte[]> items =
        IntStream.range(0, 300)
            .mapToObj(i -> BufferFilesTest.filled(100_000 + (i * 7919) % 50 * 40_000, i % 100))
            .toList();
    List<Long> expected = items.stream().map(BufferFilesTest::only).toList();
    assertThat(pool.map(items, BufferFilesTest::only)).isEqualTo(expected);
  }

  private static long sizeOf(Path file) throws IOException {
    try {
      return Files.size(file);
    } catch (NoSuchFileException e) {
      return 0; // it was not used for a while
    }
  }

  @Test
  void theyTakeNoMoreThanTheirBoundAndTheRestGoesInFilesOfItsOwn() throws Exception {
    byte[] large = BufferFilesTest.filled((int) (BufferFiles.MAX_BYTES / 4) + 1000, 7); // three fit
    long most = 0;
    for (int round = 0; round < 3; round++) {
      List<CompletableFuture<Long>> all =
          IntStream.range(0, 6).mapToObj(i -> pool.submit(large, BufferFilesTest::only)).toList();
      for (CompletableFuture<Long> one : all) {
        assertThat(one.join()).isEqualTo(7_000_000_000L + large.length);
        long size = 0;
        for (Path file : BufferFilesTest.files((ProcessPool) pool, "buffer-*")) {
          size += sizeOf(file);
        }
        most = Math.max(most, size);
      }
    }
    assertThat(most).isPositive().isLessThanOrEqualTo(BufferFiles.MAX_BYTES);
    assertThat(
            Pools.soon(pool.submit(new byte[(int) BufferFiles.MAX_BYTES / 2 + 1], x -> x.length)))
        .as("larger than half of the bound")
        .isEqualTo((int) BufferFiles.MAX_BYTES / 2 + 1);
  }
}
