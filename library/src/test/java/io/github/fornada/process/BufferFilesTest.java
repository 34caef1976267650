package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Pool;
import io.github.fornada.SideBySide;
import io.github.fornada.Waiting;
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
import org.junit.jupiter.api.extension.ExtendWith;

/** Large arguments go through files that are reused, and that are given back. */
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
@ExtendWith(NothingIsLeft.class)
@SideBySide
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

  private List<Path> files(String glob) {
    return files((ProcessPool) pool, glob);
  }

  /** Files of a pool. */
  static List<Path> files(ProcessPool pool, String glob) {
    var found = new ArrayList<Path>();
    try {
      for (Path folder : Leftovers.folders(pool)) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, glob)) {
          files.forEach(found::add);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return found;
  }

  static byte[] filled(int length, int with) {
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
    int pauses = 0;
    for (int i = 0; i < 20; i++) {
      long began = System.nanoTime();
      int length = (3 << 20) + i * 1000;
      CompletableFuture<Long> sum = pool.submit(filled(length, i), BufferFilesTest::only);
      assertThat(Pools.soon(sum)).isEqualTo(i * 1_000_000_000L + length);
      seen.addAll(files("buffer-*"));
      pauses += System.nanoTime() - began > 1_000_000_000 ? 1 : 0; // a file is kept for two
    }
    assertThat(seen).as("one, and one more for a pause").hasSizeBetween(1, 2 + pauses);
    assertThat(files("argument-*")).isEmpty();
  }

  private static boolean isMapped(List<String> names) {
    return names.stream().anyMatch(name -> !SharedTest.mapped(name).isEmpty());
  }

  @Test
  void whenNobodyUsesThemForAWhileTheyAreGoneInEveryProcess() throws Exception {
    for (int i = 0; i < 4; i++) {
      assertThat(Pools.soon(pool.submit(filled(1 << 20, 0), BufferFilesTest::only)))
          .isEqualTo((long) (1 << 20));
    }
    List<String> names =
        Leftovers.folders((ProcessPool) pool).stream()
            .map(folder -> folder.getFileName() + "/buffer-")
            .toList();
    Waiting.until("the files are gone", Leftovers.SOON, () -> files("buffer-*").isEmpty());
    assertThat(isMapped(names)).isFalse();
    Waiting.until(
        "the workers have unmapped them",
        Leftovers.SOON,
        () ->
            IntStream.range(0, 20)
                .mapToObj(i -> pool.submit(names, BufferFilesTest::isMapped))
                .noneMatch(CompletableFuture::join));
    assertThat(Pools.soon(pool.submit(filled(1 << 20, 1), BufferFilesTest::only)))
        .isEqualTo(1_000_000_000L + (1 << 20));
  }

  @Test
  void aWorkerThatDiesWithABufferGivesItBack() throws Exception {
    Set<Path> seen = new TreeSet<>();
    int pauses = 0;
    for (int i = 0; i < 5; i++) {
      long began = System.nanoTime();
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
      pauses += System.nanoTime() - began > 1_000_000_000 ? 1 : 0; // a file is kept for two
    }
    assertThat(seen).as("two, and two more for a pause").hasSizeBetween(1, 2 + 2 * pauses);
    Waiting.until("nothing is taken", Leftovers.SOON, () -> files("buffer-*").isEmpty());
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
