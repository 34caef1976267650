package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fornada.SharedBytes;
import io.github.fornada.SideBySide;
import io.github.fornada.Waiting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The pool's private folder is deleted from outside: the pool goes on. */
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
@ExtendWith(NothingIsLeft.class)
@SideBySide
class LostFolderTest {
  private static final int LARGE = 600_000;

  private static ProcessPool open() throws Exception {
    ProcessPool pool = ProcessPool.open(o -> o.withWorkers(1).withHeap("128m"));
    assertThat(Pools.soon(pool.submit(1, x -> x + 1))).isEqualTo(2);
    return pool;
  }

  /** As systemd-tmpfiles and tmpwatch do. */
  private static void deleteFolders(ProcessPool pool) throws IOException {
    for (Path folder : Leftovers.folders(pool)) {
      Leftovers.deleteFolder(folder);
    }
  }

  private static void killWorkers(ProcessPool pool) {
    List<ProcessHandle> before = Leftovers.marked(pool);
    before.forEach(ProcessHandle::destroyForcibly);
    Waiting.until(
        "they are gone", Leftovers.SOON, () -> before.stream().noneMatch(ProcessHandle::isAlive));
  }

  @Test
  void workersThatRunGoOnWithLargeItemsAndResults() throws Exception {
    ProcessPool pool = open();
    try {
      long worker = (long) Pools.soon(pool.submit(1, x -> ProcessHandle.current().pid()));
      deleteFolders(pool);
      assertThat(Pools.soon(pool.submit(1, x -> "r".repeat(LARGE))))
          .as("a large result")
          .isEqualTo("r".repeat(LARGE));
      assertThat(Pools.soon(pool.submit("a".repeat(LARGE), String::length)))
          .as("a large item")
          .isEqualTo(LARGE);
      deleteFolders(pool);
      int[] array = IntStream.range(0, LARGE).toArray();
      for (int round = 0; round < 3; round++) {
        assertThat((int[]) Pools.soon(pool.submit(array, a -> a)))
            .as("a large array, there and back")
            .isEqualTo(array);
        deleteFolders(pool);
      }
      assertThat(Pools.soon(pool.submit(1, x -> ProcessHandle.current().pid()))).isEqualTo(worker);
    } finally {
      Pools.end(pool);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void newWorkersStart(boolean withTheFolder) throws Exception {
    ProcessPool pool = open();
    try {
      Path folder = pool.engine.directory();
      if (withTheFolder) {
        deleteFolders(pool);
      } else {
        Leftovers.deleteFiles(folder); // the folder itself was touched lately
      }
      killWorkers(pool);
      assertThat(Pools.soon(pool.submit(1, x -> x + 1))).isEqualTo(2);
      assertThat(Files.getPosixFilePermissions(folder))
          .isEqualTo(PosixFilePermissions.fromString("rwx------"));
    } finally {
      Pools.end(pool);
    }
    assertThat(pool.engine.directory()).as("and it goes with the pool").doesNotExist();
  }

  @Test
  void whatIsSharedAfterwardsIsShared() throws Exception {
    ProcessPool pool = open();
    try {
      deleteFolders(pool);
      byte[] bytes = new byte[1000];
      Arrays.fill(bytes, (byte) 7);
      try (SharedBytes shared = pool.share(bytes)) {
        assertThat(
                Pools.soon(
                    pool.submit(
                        shared,
                        s -> (int) s.segment().get(java.lang.foreign.ValueLayout.JAVA_BYTE, 999))))
            .isEqualTo(7);
      }
    } finally {
      Pools.end(pool);
    }
  }

  @Test
  void aFolderThatIsOpenToOthersIsNotTaken() throws Exception {
    ProcessPool pool = open();
    try {
      Path folder = pool.engine.directory();
      deleteFolders(pool);
      Files.createDirectory(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxrwxrwx")));
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
      killWorkers(pool);
      var outcome = pool.outcomes(List.of(1), x -> x + 1).toList().getFirst();
      assertThat(outcome.toString()).contains("somebody else's");
    } finally {
      Pools.end(pool);
    }
  }
}
