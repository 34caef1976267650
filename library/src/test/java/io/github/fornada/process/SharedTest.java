package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Pool;
import io.github.fornada.SharedBytes;
import io.github.fornada.SideBySide;
import io.github.fornada.Waiting;
import io.github.fornada.process.payload.Payloads;
import io.github.fornada.process.wire.MessageOutput;
import io.github.fornada.threads.ThreadPool;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Bytes shared with worker processes: mapped, not copied. What all pools promise is tested by the
 * contract.
 */
@EnabledOnOs(OS.LINUX) // to see what a process has mapped
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
@SideBySide
class SharedTest {
  private static final int SIZE = 8 << 20;

  private static byte[] bytes() {
    byte[] bytes = new byte[SIZE];
    for (int i = 0; i < SIZE; i += 1000) {
      bytes[i] = (byte) (i / 1000);
    }
    return bytes;
  }

  /** What this process has mapped of files with this in their names, as inodes. */
  static List<String> mapped(String name) {
    try {
      return Files.readAllLines(Path.of("/proc/self/maps")).stream()
          .filter(line -> line.contains(name))
          .map(line -> line.split("\\s+")[4])
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A worker's pid, and what it has mapped after it has used the bytes some times. */
  record Seen(long pid, int sum, List<String> inodes) implements java.io.Serializable {
    static Seen by(SharedBytes shared, String name) {
      int sum = 0;
      for (int i = 0; i < SIZE; i += 1000) {
        sum += shared.segment().get(ValueLayout.JAVA_BYTE, i);
      }
      return new Seen(Pools.pid(), sum, mapped(name));
    }
  }

  private static int sum(byte[] bytes) {
    int sum = 0;
    for (byte b : bytes) {
      sum += b;
    }
    return sum;
  }

  @Test
  void eachWorkerMapsTheSameMemoryOnce() throws Exception {
    byte[] bytes = bytes();
    try (Pool pool = Pools.open(2);
        SharedBytes shared = pool.share(bytes)) {
      Set<Long> pids = new HashSet<>();
      Set<String> inodes = new HashSet<>();
      Waiting.until(
          "both workers have used them",
          Leftovers.SOON,
          () -> {
            for (Seen seen :
                IntStream.range(0, 50)
                    .mapToObj(i -> pool.submit(shared, b -> Seen.by(b, "/shared-")))
                    .map(CompletableFuture::join)
                    .toList()) {
              assertThat(seen.sum()).isEqualTo(sum(bytes));
              assertThat(seen.inodes()).as("mapped once").hasSize(1);
              inodes.addAll(seen.inodes());
              pids.add(seen.pid());
            }
            return pids.size() == 2;
          });
      assertThat(inodes).as("the same memory in both").hasSize(1);
    }
  }

  @Test
  void aFileIsMappedItselfAndNotCopied(@TempDir Path folder) throws Exception {
    Path file = Files.write(folder.resolve("model.bin"), bytes());
    String inode = Files.getAttribute(file, "unix:ino").toString();
    try (Pool pool = Pools.open(1);
        SharedBytes shared = pool.share(file)) {
      CompletableFuture<Seen> seen = pool.submit(shared, b -> Seen.by(b, "/model.bin"));
      assertThat(seen.join().inodes()).containsExactly(inode);
      assertThat(sizeOfFolders(pool)).as("what the pool holds of it itself").isLessThan(SIZE);
    }
  }

  private static long sizeOfFolders(Pool pool) throws IOException {
    long size = 0;
    for (Path folder : Leftovers.folders((ProcessPool) pool)) {
      try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "shared-*")) {
        for (Path file : files) {
          size += Files.size(file);
        }
      }
    }
    return size;
  }

  @Test
  void onlyTheNameIsSent() throws Exception {
    try (Pool pool = Pools.open(1);
        SharedBytes shared = pool.share(bytes())) {
      var out = new MessageOutput();
      Payloads.encode(shared, out);
      assertThat(out.size()).isLessThan(300);
    }
  }

  @Test
  void aReplacedWorkerMapsThemAgain() throws Exception {
    byte[] bytes = bytes();
    try (Pool pool = Pools.open(1);
        SharedBytes shared = pool.share(bytes)) {
      CompletableFuture<Seen> before = pool.submit(shared, b -> Seen.by(b, "/shared-"));
      long pid = before.join().pid();
      CompletableFuture<Integer> dies =
          pool.submit(
              shared,
              b -> {
                Runtime.getRuntime().halt(b.segment().get(ValueLayout.JAVA_BYTE, 1000));
                return 0;
              });
      assertThatThrownBy(() -> Pools.soon(dies)).isInstanceOf(ExecutionException.class);
      CompletableFuture<Seen> after = pool.submit(shared, b -> Seen.by(b, "/shared-"));
      assertThat(after.join().pid()).isNotEqualTo(pid);
      assertThat(after.join().sum()).isEqualTo(sum(bytes));
      assertThat(after.join().inodes()).isEqualTo(before.join().inodes());
    }
  }

  @Test
  void afterTheCloseNoProcessHoldsThem() throws Exception {
    try (Pool pool = Pools.open(1)) {
      SharedBytes shared = pool.share(bytes());
      assertThat(shared.segment().byteSize()).isEqualTo(SIZE);
      CompletableFuture<Seen> seen = pool.submit(shared, b -> Seen.by(b, "/shared-"));
      assertThat(seen.join().inodes()).hasSize(1);
      shared.close();
      String folder = String.valueOf(((ProcessPool) pool).engine.directory().getFileName());
      assertThat(mapped(folder + "/shared-")).isEmpty();
      assertThat(sizeOfFolders(pool)).isZero();
      Waiting.until(
          "the worker has unmapped them",
          Leftovers.SOON,
          () -> pool.submit("/shared-", SharedTest::mapped).join().isEmpty());
    }
  }

  @Test
  void aCloseWhileATaskReadsThemFailsThatTaskOnly() throws Exception {
    try (Pool pool = Pools.open(1)) {
      SharedBytes shared = pool.share(bytes());
      var pid = (long) Pools.soon(pool.submit(0, x -> Pools.pid()));
      CompletableFuture<Integer> reads =
          pool.submit(
              shared,
              b -> {
                System.out.println("reading");
                int sum = 0;
                for (int i = 0; ; i = (i + 1) % SIZE) {
                  sum += b.segment().get(ValueLayout.JAVA_BYTE, i);
                  if (Thread.interrupted()) {
                    return sum;
                  }
                }
              });
      Waiting.until("the task reads them", Leftovers.SOON, () -> maps(pid).contains("/shared-"));
      shared.close();
      assertThatThrownBy(() -> Pools.soon(reads)).hasCauseInstanceOf(IllegalStateException.class);
      assertThat(Pools.soon(pool.submit(0, x -> Pools.pid()))).isEqualTo(pid);
    }
  }

  private static String maps(long pid) {
    try {
      return Files.readString(Path.of("/proc/" + pid + "/maps"));
    } catch (IOException e) {
      return "";
    }
  }

  @Test
  void aCopyCannotBeClosedByATask() throws Exception {
    try (Pool pool = Pools.open(1);
        SharedBytes shared = pool.share(bytes())) {
      for (int i = 0; i < 2; i++) {
        CompletableFuture<Byte> read =
            pool.submit(
                shared,
                b -> {
                  byte value = b.segment().get(ValueLayout.JAVA_BYTE, 1000);
                  b.close();
                  return value;
                });
        assertThat(Pools.soon(read)).isEqualTo((byte) 1);
      }
      assertThat(shared.segment().get(ValueLayout.JAVA_BYTE, 1000)).isEqualTo((byte) 1);
    }
  }

  /** A pool within a worker, kept from task to task. */
  static final List<Pool> INNER = new ArrayList<>();

  @Test
  void theyGoOnToAPoolWithinAWorkerAndTheCloseDoesToo() throws Exception {
    try (Pool pool = Pools.open(1, o -> o.withHeap("128m"))) {
      SharedBytes shared = pool.share(bytes());
      CompletableFuture<Integer> inner =
          pool.submit(
              shared,
              b -> {
                INNER.add(Pools.open(1));
                CompletableFuture<Seen> seen =
                    INNER.getFirst().submit(b, c -> Seen.by(c, "/shared-"));
                return seen.join().inodes().size();
              });
      assertThat(Pools.soon(inner)).isEqualTo(1);
      shared.close();
      Waiting.until(
          "the inner worker has unmapped them",
          Leftovers.SOON,
          () ->
              pool.submit(
                          "/shared-",
                          name -> INNER.getFirst().submit(name, SharedTest::mapped).join().size())
                      .join()
                  == 0);
    }
  }

  @Test
  void whatAPoolOfThreadsSharesCannotBeSentAndSaysWhatToDo() throws Exception {
    try (Pool threads = ThreadPool.open();
        Pool pool = Pools.open(1);
        SharedBytes shared = threads.share(bytes())) {
      assertThatThrownBy(() -> Pools.soon(pool.submit(shared, SharedBytes::byteSize)))
          .hasMessageContaining("share them with the pool whose tasks use them");
    }
  }

  @Test
  void aFileThatChangedItsLengthIsRefused(@TempDir Path folder) throws Exception {
    Path file = Files.write(folder.resolve("grows"), new byte[10]);
    try (Pool pool = Pools.open(1);
        SharedBytes shared = pool.share(file)) {
      Files.write(file, new byte[20]);
      CompletableFuture<Long> size = pool.submit(shared, b -> b.segment().byteSize());
      assertThatThrownBy(() -> Pools.soon(size)).hasMessageContaining("it had 10 when");
    }
  }
}
