package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Pool;
import io.github.fornada.Waiting;
import io.github.fornada.process.host.HandshakeServer;
import io.github.fornada.process.wire.Connection;
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
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
class SecurityTest {
  private Pool pool;

  @BeforeEach
  void open() {
    pool = Pools.open(1);
  }

  @AfterEach
  void end() throws InterruptedException {
    System.clearProperty(HandshakeServer.PROPERTY);
    Pools.end(pool);
  }

  /** Opens a pool whose workers come through a socket, as where there are no FIFOs. */
  private void openWithSockets() throws InterruptedException {
    Pools.end(pool);
    System.setProperty(HandshakeServer.PROPERTY, "sockets");
    pool = Pools.open(1);
  }

  private static Path folder() {
    List<Path> folders = Leftovers.folders(Pools.pid());
    folders.removeIf(
        folder -> // the second one, on disk
        Files.notExists(folder.resolve("arguments"))
                && Files.notExists(folder.resolve("arguments-aot")));
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
    openWithSockets();
    String wrong = "00".repeat(HandshakeServer.TOKEN_BYTES);
    for (int number = 0; number < 4; number++) {
      try (Connection peer = HandshakeServer.connect(folder().resolve("door"), number, wrong)) {
        assertThat(peer.read(ByteBuffer.allocate(1))).as("end of the stream").isEqualTo(-1);
      }
    }
    assertThat(Pools.soon(pool.submit(1, x -> x + 1))).isEqualTo(2);
  }

  @Test
  void peersThatSayNothingKeepNobodyOut() throws Exception {
    openWithSockets();
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
  void theFifosOfAReadyWorkerHaveNoNamesAnyMore() throws Exception {
    assertThat(Pools.soon(pool.submit(1, x -> x + 1))).isEqualTo(2);
    String[] names = folder().toFile().list();
    assertThat(names).isNotNull().noneMatch(name -> name.startsWith("line-"));
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
