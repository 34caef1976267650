package io.github.fornada.process.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.process.wire.Connection;
import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** How one worker is let in through FIFOs. */
@Timeout(240)
@EnabledOnOs(OS.LINUX)
class EntranceTest {
  private static final int SECONDS = 20;
  private static final int NUMBER = 3;

  @TempDir Path folder;
  private final String token = HandshakeServer.newToken();
  private HandshakeServer server;

  @BeforeEach
  void open() throws IOException {
    server = new HandshakeServer(folder, 2);
    server.awaitReady();
  }

  @AfterEach
  void close() {
    server.close();
  }

  private List<String> names() throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      var names = new ArrayList<String>();
      files.forEach(file -> names.add(file.getFileName().toString()));
      names.sort(null);
      return names;
    }
  }

  private static CompletableFuture<Connection> accept(Entrance entrance) {
    var accepted = new CompletableFuture<Connection>();
    Thread _ =
        Thread.ofPlatform()
            .daemon()
            .start(() -> {
              try {
                accepted.complete(entrance.accept());
              } catch (IOException | InterruptedException | RuntimeException e) {
                accepted.completeExceptionally(e);
              }
            });
    return accepted;
  }

  @Test
  void aWorkerWithItsTokenIsLetInAndTheNamesAreGone() throws Exception {
    assertThat(names())
        .containsExactly(
            "line-1.bell",
            "line-1.call",
            "line-1.down",
            "line-1.up",
            "line-2.bell",
            "line-2.call",
            "line-2.down",
            "line-2.up");
    Entrance entrance = server.expect(NUMBER, token);
    CompletableFuture<Connection> accepted = accept(entrance);
    try (Connection worker = HandshakeServer.connect(entrance.path(), NUMBER, token);
        Connection parent = accepted.get(SECONDS, TimeUnit.SECONDS)) {
      assertThat(names()).containsExactly("line-2.bell", "line-2.call", "line-2.down", "line-2.up");
      entrance.close(); // as when the worker ends, much later
      for (Connection[] way : new Connection[][] {{worker, parent}, {parent, worker}}) {
        assertThat(way[0].write(ByteBuffer.wrap(new byte[] {7}))).isEqualTo(1);
        var came = ByteBuffer.allocate(2);
        assertThat(way[1].read(came)).isEqualTo(1);
        assertThat(came.get(0)).isEqualTo((byte) 7);
      }
      worker.close();
      assertThat(parent.read(ByteBuffer.allocate(1))).as("end of the stream").isEqualTo(-1);
    }
  }

  @Test
  void aWorkerWithAnotherTokenIsNotLetIn() throws Exception {
    Entrance entrance = server.expect(NUMBER, token);
    CompletableFuture<Connection> accepted = accept(entrance);
    String wrong = "00".repeat(HandshakeServer.TOKEN_BYTES);
    try (Connection worker = HandshakeServer.connect(entrance.path(), NUMBER, wrong)) {
      assertThatThrownBy(() -> accepted.get(SECONDS, TimeUnit.SECONDS))
          .hasCauseInstanceOf(IOException.class)
          .hasMessageContaining("not its token");
      assertThat(worker.read(ByteBuffer.allocate(1))).as("end of the stream").isEqualTo(-1);
    }
  }

  @Test
  void whoWaitsForAWorkerThatEndsIsTold() throws Exception {
    Entrance entrance = server.expect(NUMBER, token);
    CompletableFuture<Connection> accepted = accept(entrance);
    entrance.close();
    assertThatThrownBy(() -> accepted.get(SECONDS, TimeUnit.SECONDS))
        .hasCauseInstanceOf(EOFException.class);
    assertThatThrownBy(entrance::accept).isInstanceOf(EOFException.class);
    assertThat(names()).containsExactly("line-2.bell", "line-2.call", "line-2.down", "line-2.up");
  }

  @Test
  void anInterruptEndsTheWaitForAWorker() throws Exception {
    Entrance entrance = server.expect(NUMBER, token);
    var ended = new CompletableFuture<Exception>();
    var stillInterrupted = new CompletableFuture<Boolean>();
    Thread waiting =
        Thread.ofPlatform()
            .daemon()
            .start(() -> {
              try {
                ended.completeExceptionally(new AssertionError("let in " + entrance.accept()));
              } catch (IOException | InterruptedException e) {
                ended.complete(e);
              }
              stillInterrupted.complete(Thread.currentThread().isInterrupted());
            });
    waiting.interrupt();
    assertThat(ended.get(SECONDS, TimeUnit.SECONDS)).isInstanceOf(InterruptedException.class);
    assertThat(stillInterrupted.get(SECONDS, TimeUnit.SECONDS)).isFalse();
  }

  @Test
  void aWorkerWhosePoolIsGoneIsTold() throws Exception {
    Entrance entrance = server.expect(NUMBER, token);
    entrance.close();
    assertThatThrownBy(() -> HandshakeServer.connect(entrance.path(), NUMBER, token))
        .isInstanceOf(ConnectException.class);
    // The names of a pool that was killed are still there.
    assertThatThrownBy(() -> HandshakeServer.connect(folder.resolve("line-2"), NUMBER, token))
        .isInstanceOf(ConnectException.class);
  }

  @Test
  void moreWorkersThanThoseOfTheBeginningComeIn() throws Exception {
    for (int i = 0; i < 3; i++) {
      Entrance entrance = server.expect(i, token);
      CompletableFuture<Connection> accepted = accept(entrance);
      try (Connection _ = HandshakeServer.connect(entrance.path(), i, token)) {
        accepted.get(SECONDS, TimeUnit.SECONDS).close();
      }
    }
    assertThat(names()).isEmpty();
  }

  @Test
  void workersComeInThoughTheFifosWereDeleted() throws Exception {
    for (String name : names()) {
      Files.delete(folder.resolve(name));
    }
    Entrance entrance = server.expect(NUMBER, token);
    CompletableFuture<Connection> accepted = accept(entrance);
    try (Connection _ = HandshakeServer.connect(entrance.path(), NUMBER, token)) {
      accepted.get(SECONDS, TimeUnit.SECONDS).close();
    }
  }
}
