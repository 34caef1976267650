package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.SideBySide;
import io.github.fornada.process.host.PrivateDirectory;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * A pool's files: lack of room costs at most one item, and files of a living pool are never
 * deleted.
 */
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
@SideBySide
class StorageTest {
  @TempDir Path folder;

  private final List<Path> mounted = new ArrayList<>();

  @AfterEach
  void unmount() throws Exception {
    for (Path place : mounted) {
      run("umount", "--lazy", place.toString());
    }
  }

  /** A place in memory with so many megabytes, as the /dev/shm of a container. */
  private Path small(int megabytes) throws Exception {
    Path place = Files.createDirectory(folder.resolve("small" + mounted.size()));
    int code = run("mount", "-t", "tmpfs", "-o", "size=" + megabytes + "m", "none", place + "");
    Assumptions.assumeTrue(code == 0, "only root can mount a small place in memory");
    mounted.add(place);
    return place;
  }

  private static int run(String... command) throws Exception {
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      return process.waitFor(10, TimeUnit.SECONDS) ? process.exitValue() : -1;
    } catch (IOException e) {
      return -1;
    }
  }

  private static Pool open(int workers, List<Path> bases) {
    return ProcessPool.open(o -> o.withWorkers(workers).withHeap("128m"), bases);
  }

  /** Fills the remaining room. */
  private static void fill(Path place) {
    try (FileChannel file =
        FileChannel.open(
            place.resolve("filler"), StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      while (true) {
        file.write(java.nio.ByteBuffer.allocate(4096));
      }
    } catch (IOException e) {
      // full
    }
  }

  private static long entries(Path place) throws IOException {
    try (DirectoryStream<Path> all = Files.newDirectoryStream(place, "fornada-*")) {
      long n = 0;
      for (var it = all.iterator(); it.hasNext(); it.next()) {
        n++;
      }
      return n;
    }
  }

  @Test
  void aPlaceTooSmallForTheWorkersIsPassedBy() throws Exception {
    Path small = small(4);
    try (Pool pool = open(2, List.of(small, folder))) {
      assertThat(pool.map(List.of(1, 2, 3), x -> x + 1)).containsExactly(2, 3, 4);
      assertThat(entries(folder)).isEqualTo(1);
    }
  }

  @Test
  void whatDoesNotFitIntoMemoryGoesToDiskAndNothingIsLeft() throws Exception {
    Path small = small(8);
    Pool pool = open(2, List.of(small, folder));
    try {
      assertThat(pool.map(List.of(new byte[20 << 20], new byte[3]), x -> x))
          .extracting(x -> x.length)
          .containsExactly(20 << 20, 3);
      assertThat(pool.map(List.of("x".repeat(20 << 20)), x -> x + "y").getFirst())
          .hasSize((20 << 20) + 1);
      fill(small);
      // New workers, whose shared memory has no place there.
      for (int i = 0; i < 4; i++) {
        Outcome<Integer> lost =
            pool.outcomes(
                    List.of(1),
                    x -> {
                      Runtime.getRuntime().halt(3);
                      return x;
                    })
                .toList()
                .getFirst();
        assertThat(lost).isInstanceOf(Outcome.WorkerLost.class);
        assertThat(pool.map(List.of(new byte[1 << 20]), x -> x.length)).containsExactly(1 << 20);
      }
    } finally {
      Pools.end(pool);
    }
    assertThat(entries(small)).isZero();
    assertThat(entries(folder)).isZero();
  }

  @Test
  void withNoRoomAnywhereOnlyTheItemThatNeedsItFails() throws Exception {
    Path small = small(12);
    Pool pool = open(2, List.of(small));
    try {
      List<Outcome<Integer>> outcomes =
          pool.outcomes(List.of(new byte[3], new byte[20 << 20], new byte[4]), x -> x.length)
              .toList();
      assertThat(outcomes.get(0)).isEqualTo(new Outcome.Done<>(3));
      assertThat(outcomes.get(1)).isInstanceOf(Outcome.Failed.class);
      assertThat(outcomes.get(2)).isEqualTo(new Outcome.Done<>(4));
      for (int size : new int[] {20 << 20, 3 << 20}) {
        fill(small);
        assertThatThrownBy(() -> Pools.soon(pool.submit(size, n -> new byte[n])))
            .hasMessageContaining("a payload of")
            .hasMessageContaining("java.io.tmpdir");
        assertThatThrownBy(() -> Pools.soon(pool.submit(size, n -> "x".repeat(n))))
            .hasMessageContaining("a payload of");
        assertThatThrownBy(() -> Pools.soon(pool.submit("x".repeat(size), String::length)))
            .hasMessageContaining("a payload of");
        byte[] captured = new byte[size];
        assertThatThrownBy(() -> Pools.soon(pool.submit(1, x -> x + captured.length)))
            .hasMessageContaining("a payload of");
      }
      assertThat(Pools.soon(pool.submit(1, x -> x + 1))).isEqualTo(2);
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void noRoomForAnyWorkerIsToldToEveryItem() throws Exception {
    Path small = small(1);
    Pool pool = open(1, List.of(small));
    try {
      assertThatThrownBy(() -> Pools.soon(pool.submit(1, x -> x + 1)))
          .hasMessageContaining("could not be made");
    } finally {
      Pools.end(pool);
    }
  }

  // ---- sweeping

  private Path abandoned(String name, boolean withOwner) throws IOException {
    Path left = Files.createDirectory(folder.resolve(name));
    if (withOwner) {
      Files.createFile(left.resolve("owner"));
    }
    Files.writeString(left.resolve("arguments"), "x");
    return left;
  }

  @Test
  void aFolderWhoseOwnerHoldsItsLockStaysThoughNoProcessHasItsNumberHere() throws Exception {
    // As seen from another container: no process here has the process id in the name.
    Path living = abandoned("fornada-999999999-0-1", true);
    Path dead = abandoned("fornada-999999999-0-2", true);
    Process holder = hold(living.resolve("owner"));
    try {
      PrivateDirectory.sweep(List.of(folder));
      assertThat(living.resolve("arguments")).exists();
      assertThat(dead).doesNotExist();
    } finally {
      holder.destroyForcibly().waitFor();
    }
    PrivateDirectory.sweep(List.of(folder));
    assertThat(living).doesNotExist();
  }

  @Test
  void aFolderOfADeadOwnerGoesThoughAnotherProcessHasItsNumberNow() throws Exception {
    Path left = abandoned("fornada-" + ProcessHandle.current().pid() + "-0-1", true);
    PrivateDirectory.sweep(List.of(folder));
    assertThat(left).doesNotExist();
  }

  @Test
  void theSecondFolderOfADeadOwnerGoesWithTheFirst() throws Exception {
    Path left = abandoned("fornada-999999999-0-1", true);
    Path second =
        Files.createDirectory(Files.createDirectory(folder.resolve("d")).resolve("fornada-x"));
    Files.writeString(second.resolve("result-1-1"), "x");
    Files.createSymbolicLink(left.resolve("overflow"), second);
    PrivateDirectory.sweep(List.of(folder));
    assertThat(left).doesNotExist();
    assertThat(second).doesNotExist();
  }

  @Test
  void whatATaskHasPutIntoTheFolderOfADeadOwnerGoesWithItAndNothingThatItsLinksLeadTo()
      throws Exception {
    Path left = abandoned("fornada-999999999-0-1", true);
    Path inner = Files.createDirectories(left.resolve("a").resolve("b"));
    Path outside = Files.createDirectory(folder.resolve("outside"));
    Path kept = Files.writeString(outside.resolve("kept"), "x");
    Files.createSymbolicLink(inner.resolve("link"), outside);
    PrivateDirectory.sweep(List.of(folder));
    assertThat(left).doesNotExist();
    assertThat(kept).exists();
  }

  @Test
  void aFolderInTheMakingStays() throws Exception {
    Path made = abandoned("fornada-999999999-0-1", false);
    PrivateDirectory.sweep(List.of(folder));
    assertThat(made).exists();
    Files.setLastModifiedTime(made, FileTime.from(Instant.now().minusSeconds(3600)));
    PrivateDirectory.sweep(List.of(folder));
    assertThat(made).as("an hour later, and its maker is dead").doesNotExist();
  }

  @Test
  void anotherProcessDoesNotSweepALivingPool() throws Exception {
    try (Pool pool = open(1, List.of(folder))) {
      assertThat(Pools.soon(pool.submit(1, x -> x + 1))).isEqualTo(2);
      PrivateDirectory.sweep(List.of(folder)); // its own process neither
      Process other = sweepElsewhere();
      assertThat(other.waitFor(Leftovers.SOON.toSeconds(), TimeUnit.SECONDS)).isTrue();
      assertThat(other.exitValue()).isZero();
      assertThat(entries(folder)).isEqualTo(1);
      assertThat(Pools.soon(pool.submit(2, x -> x + 1))).isEqualTo(3);
    }
    assertThat(entries(folder)).isZero();
  }

  private Process sweepElsewhere() throws IOException {
    return java("sweep", folder.toString());
  }

  private static Process hold(Path file) throws IOException {
    Process process = java("hold", file.toString());
    assertThat(process.getInputStream().read()).as("it holds the lock").isEqualTo('!');
    return process;
  }

  private static Process java(String... arguments) throws IOException {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(StorageTest.class.getName());
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  public static void main(String[] args) throws Exception {
    if (args[0].equals("sweep")) {
      PrivateDirectory.sweep(List.of(Path.of(args[1])));
      return;
    }
    try (FileChannel file = FileChannel.open(Path.of(args[1]), StandardOpenOption.WRITE)) {
      var _ = file.lock();
      System.out.write('!');
      System.out.flush();
      Thread.sleep(60_000);
    }
  }
}
