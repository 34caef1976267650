package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Pool;
import io.github.fornada.Waiting;
import io.github.fornada.process.payload.BufferFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/**
 * Large arguments go through files that are reused: never for two items at once, and never too
 * many.
 */
@Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD)
class BufferFilesTest {
  private Pool pool;

  @BeforeEach
  void open() {
    pool = Pools.open(2, o -> o.withHeap("256m"));
  }

  @AfterEach
  void end() throws InterruptedException {
    Pools.end(pool);
  }

  private static List<Path> files(String glob) {
    var found = new ArrayList<Path>();
    for (Path folder : Leftovers.folders(Pools.pid())) {
      try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, glob)) {
        files.forEach(found::add);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return found;
  }

  private static byte[] filled(int length, int with) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) with);
    return bytes;
  }

  /** The one value that all the bytes have, and their number. */
  static long only(byte[] bytes) {
    for (byte b : bytes) {
      if (b != bytes[0]) {
        throw new IllegalStateException("a mixture of " + b + " and " + bytes[0]);
      }
    }
    return bytes[0] * 1_000_000_000L + bytes.length;
  }

  @Test
  void oneAfterTheOtherUsesTheSameFile() throws Exception {
    Set<Path> seen = new TreeSet<>();
    for (int i = 0; i < 20; i++) {
      int length = (3 << 20) + i * 1000;
      CompletableFuture<Long> sum = pool.submit(filled(length, i), BufferFilesTest::only);
      assertThat(Pools.soon(sum)).isEqualTo(i * 1_000_000_000L + length);
      seen.addAll(files("buffer-*"));
    }
    assertThat(seen).as("one, or two if the machine paused").hasSizeBetween(1, 2);
    assertThat(files("argument-*")).isEmpty();
  }

  @Test
  void manyAtOnceOfAllSizesAreNeverMixed() throws Exception {
    List<byte[]> items =
        IntStream.range(0, 300)
            .mapToObj(i -> filled(100_000 + (i * 7919) % 50 * 40_000, i % 100))
            .toList();
    List<Long> expected = items.stream().map(BufferFilesTest::only).toList();
    assertThat(pool.map(items, BufferFilesTest::only)).isEqualTo(expected);
  }

  @Test
  void theyTakeNoMoreThanTheirBoundAndTheRestGoesInFilesOfItsOwn() throws Exception {
    byte[] large = filled((int) (BufferFiles.MAX_BYTES / 4) + 1000, 7); // three fit
    long most = 0;
    for (int round = 0; round < 3; round++) {
      List<CompletableFuture<Long>> all =
          IntStream.range(0, 6).mapToObj(i -> pool.submit(large, BufferFilesTest::only)).toList();
      for (CompletableFuture<Long> one : all) {
        assertThat(one.join()).isEqualTo(7_000_000_000L + large.length);
        long size = 0;
        for (Path file : files("buffer-*")) {
          size += Files.size(file);
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

  @Test
  void whenNobodyUsesThemForAWhileTheyAreGoneInEveryProcess() throws Exception {
    for (int i = 0; i < 4; i++) {
      assertThat(Pools.soon(pool.submit(filled(1 << 20, 0), BufferFilesTest::only)))
          .isEqualTo((long) (1 << 20));
    }
    Waiting.until("the files are gone", Leftovers.SOON, () -> files("buffer-*").isEmpty());
    assertThat(SharedTest.mapped("/buffer-")).isEmpty();
    Waiting.until(
        "the workers have unmapped them",
        Leftovers.SOON,
        () ->
            IntStream.range(0, 20)
                .mapToObj(i -> pool.submit("/buffer-", SharedTest::mapped))
                .allMatch(mapped -> mapped.join().isEmpty()));
    assertThat(Pools.soon(pool.submit(filled(1 << 20, 1), BufferFilesTest::only)))
        .isEqualTo(1_000_000_000L + (1 << 20));
  }

  @Test
  void aWorkerThatDiesWithABufferGivesItBack() throws Exception {
    Set<Path> seen = new TreeSet<>();
    for (int i = 0; i < 5; i++) {
      CompletableFuture<Integer> dies =
          pool.submit(
              filled(2 << 20, 1),
              x -> {
                Runtime.getRuntime().halt(x[0]);
                return 0;
              });
      assertThatThrownBy(() -> Pools.soon(dies)).isInstanceOf(ExecutionException.class);
      assertThat(Pools.soon(pool.submit(filled(2 << 20, i), BufferFilesTest::only)))
          .isEqualTo(i * 1_000_000_000L + (2 << 20));
      seen.addAll(files("buffer-*"));
    }
    assertThat(seen).hasSizeLessThanOrEqualTo(2);
  }

  @Test
  void whatWasCancelledBeforeItBeganGivesItsBufferBack() throws Exception {
    List<CompletableFuture<Integer>> busy =
        IntStream.range(0, 2)
            .mapToObj(i ->
                pool.submit(
                    i,
                    x -> {
                      Thread.sleep(60_000);
                      return x;
                    }))
            .toList();
    List<CompletableFuture<Long>> waiting =
        IntStream.range(0, 10)
            .mapToObj(i -> pool.submit(filled(1 << 20, i), BufferFilesTest::only))
            .toList();
    waiting.forEach(one -> one.cancel(true));
    busy.forEach(one -> one.cancel(true));
    for (int i = 0; i < 10; i++) {
      assertThat(Pools.soon(pool.submit(filled(1 << 20, i), BufferFilesTest::only)))
          .isEqualTo(i * 1_000_000_000L + (1 << 20));
    }
    Waiting.until("nothing is taken", Leftovers.SOON, () -> files("buffer-*").isEmpty());
  }
}
