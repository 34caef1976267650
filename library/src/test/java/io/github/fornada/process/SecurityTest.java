package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Pool;
import io.github.fornada.Waiting;
import io.github.fornada.process.host.HandshakeServer;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/** Only the pool and its workers can communicate. */
@Timeout(value = 40, threadMode = ThreadMode.SEPARATE_THREAD)
class SecurityTest {
  private Pool pool;

  @BeforeEach
  void open() {
    pool = Pools.open(1);
  }

  @AfterEach
  void end() throws InterruptedException {
    Pools.end(pool);
  }

  private static Path folder() {
    List<Path> folders = Leftovers.folders(Pools.pid());
    folders.removeIf(folder -> !Files.exists(folder.resolve("door"))); // the second one, on disk
    assertThat(folders).as("only this pool is open").hasSize(1);
    return folders.getFirst();
  }

  @Test
  void theFolderCanBeEnteredByItsOwnerOnly() throws IOException {
    List<Path> folders = Leftovers.folders(Pools.pid());
    assertThat(folders).contains(folder());
    for (Path each : folders) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(each)))
          .isEqualTo("rwx------");
    }
  }

  @Test
  void aPeerWithTheWrongTokenIsTurnedAway() throws Exception {
    String wrong = "00".repeat(HandshakeServer.TOKEN_BYTES);
    for (int number = 0; number < 4; number++) {
      try (SocketChannel peer = HandshakeServer.connect(folder().resolve("door"), number, wrong)) {
        assertThat(peer.read(ByteBuffer.allocate(1))).as("end of the stream").isEqualTo(-1);
      }
    }
    assertThat(Pools.soon(pool.submit(1, x -> x + 1))).isEqualTo(2);
  }

  @Test
  void peersThatSayNothingKeepNobodyOut() throws Exception {
    List<SocketChannel> silent = new ArrayList<>();
    try {
      for (int i = 0; i < 40; i++) {
        silent.add(SocketChannel.open(UnixDomainSocketAddress.of(folder().resolve("door"))));
      }
      assertThatThrownBy(() ->
              Pools.soon(
                  pool.submit(
                      1,
                      x -> {
                        Runtime.getRuntime().halt(1);
                        return x;
                      })))
          .isNotNull();
      assertThat(Pools.soon(pool.submit(1, x -> x + 1))).as("a new worker came in").isEqualTo(2);
    } finally {
      for (SocketChannel channel : silent) {
        channel.close();
      }
    }
  }

  @Test
  void theCommandLineAndTheEnvironmentOfAWorkerHoldNoSecret() throws Exception {
    System.setProperty("planted.password", "swordfish");
    Object told =
        Pools.soon(
            pool.submit(
                1,
                x ->
                    Files.readString(Path.of("/proc/self/cmdline")).replace('\0', ' ')
                        + System.getenv()));
    System.clearProperty("planted.password");
    assertThat((String) told)
        .contains("@")
        .doesNotContain("swordfish")
        .doesNotContainPattern("[0-9a-f]{" + 2 * HandshakeServer.TOKEN_BYTES + "}");
  }

  @Test
  void theSharedMemoryOfAReadyWorkerHasNoNameAnyMore() throws Exception {
    assertThat(Pools.soon(pool.submit(1, x -> x + 1))).isEqualTo(2);
    Waiting.until(
        "no segment is there",
        Leftovers.SOON,
        () -> {
          String[] names = folder().toFile().list();
          return names != null && List.of(names).stream().noneMatch(n -> n.startsWith("segment"));
        });
  }
}
