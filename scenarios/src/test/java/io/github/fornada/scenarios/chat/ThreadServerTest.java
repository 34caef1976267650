package io.github.fornada.scenarios.chat;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Pool;
import io.github.fornada.scenarios.chat.ThreadServer.Half;
import io.github.fornada.threads.VirtualThreadPool;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

/** The server and clients of others: the JDK's, and what is no client at all. */
final class ThreadServerTest {
  private static final Duration LIMIT = Duration.ofMinutes(1);

  /** A client of the JDK, which notes what it hears. */
  private static final class Member implements WebSocket.Listener {
    private final LinkedBlockingQueue<String> heard = new LinkedBlockingQueue<>();

    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean last) {
      heard.add("text " + text);
      socket.request(1);
      return CompletableFuture.completedStage(null);
    }

    @Override
    public CompletionStage<?> onPong(WebSocket socket, ByteBuffer payload) {
      heard.add("pong " + UTF_8.decode(payload));
      socket.request(1);
      return CompletableFuture.completedStage(null);
    }

    @Override
    public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
      heard.add("close " + code);
      return CompletableFuture.completedStage(null);
    }

    String next() throws InterruptedException {
      String next = heard.poll(LIMIT.toSeconds(), TimeUnit.SECONDS);
      return next == null ? "nothing" : next;
    }
  }

  /** Clients that end at once when they are closed, whatever they wait for. */
  private static final class Clients implements AutoCloseable {
    private final HttpClient client = HttpClient.newHttpClient();

    WebSocket join(int port, String room, Member member) {
      return client
          .newWebSocketBuilder()
          .buildAsync(URI.create("ws://127.0.0.1:" + port + room), member)
          .join();
    }

    @Override
    public void close() {
      client.shutdownNow();
    }
  }

  @Test
  void clientsOfTheJdkTalkInTheirRoomAlone() throws Exception {
    try (ThreadServer server = ThreadServer.open();
        Pool pool = VirtualThreadPool.open();
        var clients = new Clients()) {
      var ana = new Member();
      var bia = new Member();
      var eva = new Member();
      WebSocket first = clients.join(server.port(), "/kitchen", ana);
      WebSocket second = clients.join(server.port(), "/kitchen", bia);
      WebSocket other = clients.join(server.port(), "/garden", eva);
      for (Half half : server.halves(0, 3, LIMIT)) {
        var _ = pool.submit(half, Half::run);
      }
      first.sendText("pão de ", false).join();
      first.sendText("queijo", true).join();
      assertThat(ana.next()).isEqualTo("text pão de queijo");
      assertThat(bia.next()).isEqualTo("text pão de queijo");
      second.sendPing(UTF_8.encode("there?")).join();
      assertThat(bia.next()).isEqualTo("pong there?");
      // The room ends when both have quit, and not before.
      first.sendText(Room.QUIT, true).join();
      second.sendText("still here", true).join();
      assertThat(ana.next()).isEqualTo("text still here");
      second.sendText(Room.QUIT, true).join();
      assertThat(ana.next()).isEqualTo("close 1000");
      assertThat(bia.next()).isEqualTo("text still here");
      assertThat(bia.next()).isEqualTo("close 1000");
      // Who closes is answered.
      other.sendClose(WebSocket.NORMAL_CLOSURE, "").join();
      assertThat(eva.next()).isEqualTo("close 1000");
    }
  }

  @Test
  void whoDoesNotKeepToTheProtocolIsCutWithItsCode() throws Exception {
    try (ThreadServer server = ThreadServer.open();
        Pool pool = VirtualThreadPool.open();
        var socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      socket.setSoTimeout((int) LIMIT.toMillis());
      socket
          .getOutputStream()
          .write(Handshake.request("/kitchen", "dGhlIHNhbXBsZSBub25jZQ==").getBytes(ISO_8859_1));
      for (Half half : server.halves(0, 1, LIMIT)) {
        var _ = pool.submit(half, Half::run);
      }
      socket.getOutputStream().write(Frames.ofServer(Frames.TEXT, "no mask".getBytes(UTF_8)));
      byte[] all = socket.getInputStream().readAllBytes();
      assertThat(new String(all, ISO_8859_1)).startsWith("HTTP/1.1 101 ");
      assertThat(all).endsWith(Frames.closeOfServer(Frames.PROTOCOL_ERROR));
    }
  }

  @Test
  void whoNeverReadsWhyItWasCutIsHungUpOn() throws Exception {
    try (ThreadServer server = ThreadServer.open(Duration.ofMillis(50));
        Pool pool = VirtualThreadPool.open();
        var clients = new Clients();
        var deaf = new Socket()) {
      deaf.setReceiveBufferSize(16 << 10);
      deaf.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
      deaf.getOutputStream()
          .write(Handshake.request("/kitchen", "dGhlIHNhbXBsZSBub25jZQ==").getBytes(ISO_8859_1));
      var deafHalves = new ArrayList<CompletableFuture<Integer>>();
      for (Half half : server.halves(0, 1, LIMIT)) {
        deafHalves.add(pool.submit(half, Half::run));
      }
      var ana = new Member();
      WebSocket first = clients.join(server.port(), "/kitchen", ana);
      for (Half half : server.halves(1, 2, LIMIT)) {
        var _ = pool.submit(half, Half::run);
      }
      // One after the other, so that Ana reads in time and the other does not.
      String long4k = "x".repeat(4_000);
      for (int said = 0; said < 200; said++) {
        first.sendText(long4k, true).join();
        var heard = new StringBuilder();
        while (heard.length() < long4k.length()) {
          heard.append(ana.next().substring("text ".length()));
        }
        assertThat(heard.toString()).isEqualTo(long4k);
      }
      for (CompletableFuture<Integer> half : deafHalves) {
        assertThat(half.get(LIMIT.toSeconds(), TimeUnit.SECONDS)).isLessThan(200);
      }
    }
  }

  @Test
  void whatIsNoRequestForWebSocketIsRefused() throws Exception {
    try (ThreadServer server = ThreadServer.open();
        var socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      socket.setSoTimeout((int) LIMIT.toMillis());
      socket.getOutputStream().write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(ISO_8859_1));
      InputStream in = socket.getInputStream();
      assertThat(new String(in.readAllBytes(), ISO_8859_1)).startsWith("HTTP/1.1 400 ");
      assertThatThrownBy(() -> server.halves(0, 1, Duration.ofMillis(10)))
          .isInstanceOf(TimeoutException.class)
          .hasMessage("0 of 1 connections came");
    }
  }
}
