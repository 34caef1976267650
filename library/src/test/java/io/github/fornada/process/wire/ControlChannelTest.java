package io.github.fornada.process.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A channel whose reader has stepped aside does all that it did before. */
@Timeout(240)
class ControlChannelTest {
  @TempDir Path folder;
  private ControlChannel one;
  private ControlChannel other;
  private final AtomicInteger ends = new AtomicInteger();

  /** Whether the other side was closed. */
  volatile boolean gone;

  @BeforeEach
  void open() throws Exception {
    List<Connection> ends = connect();
    one = new ControlChannel(ends.get(0), this.ends::incrementAndGet);
    other = new ControlChannel(ends.get(1));
  }

  /** Returns the two ends of a connection. */
  List<Connection> connect() throws Exception {
    var address = UnixDomainSocketAddress.of(folder.resolve("socket"));
    try (var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(address);
      SocketChannel connected = SocketChannel.open(address);
      return List.of(new SocketConnection(server.accept()), new SocketConnection(connected));
    }
  }

  @AfterEach
  void close() throws IOException {
    one.close();
    other.close();
  }

  @Test
  void framesArriveWhetherTheyComeBeforeOrAfterTheReaderSteppedAside() throws Exception {
    other.send(MessageTypes.CANCEL, new MessageOutput().putLong(1));
    other.awaitSent();
    one.stepAside();
    assertThat(one.receive().body().getLong()).isEqualTo(1);

    var next = CompletableFuture.supplyAsync(() -> received(one));
    other.send(MessageTypes.CANCEL, new MessageOutput().putLong(2));
    assertThat(next.get(20, TimeUnit.SECONDS).body().getLong()).isEqualTo(2);
  }

  @Test
  void aFrameLargerThanTheSocketsBufferArrivesWholeBothWays() throws Exception {
    one.stepAside();
    byte[] large = new byte[4 << 20];
    large[large.length - 1] = 7;
    for (ControlChannel[] way : new ControlChannel[][] {{one, other}, {other, one}}) {
      var body = new MessageOutput();
      body.write(large, 0, large.length);
      way[0].send(MessageTypes.CLASS, body);
      ControlChannel.Frame frame = way[1].receive();
      assertThat(frame.body().remaining()).isEqualTo(large.length);
      assertThat(frame.body().array()[large.length - 1]).isEqualTo((byte) 7);
    }
  }

  @Test
  void theEndOfTheOtherSideIsSeen() throws Exception {
    one.stepAside();
    other.close();
    gone = true;
    assertThatThrownBy(() -> one.receive()).isInstanceOf(EOFException.class);
    assertThat(ends).as("told first of all").hasPositiveValue();
  }

  @Test
  void whoWaitsForTheReaderToStepAsideGoesOnWhenItHas() throws Exception {
    var waiting = CompletableFuture.runAsync(() -> one.awaitAside(TimeUnit.MINUTES.toNanos(1)));
    one.stepAside();
    waiting.get(20, TimeUnit.SECONDS);
  }

  @Test
  void theEndOfTheOtherSideIsSeenByAReaderThatWaits() throws Exception {
    var waiting = CompletableFuture.supplyAsync(() -> assertThatThrownBy(() -> one.receive()));
    other.close();
    waiting.get(20, TimeUnit.SECONDS).isInstanceOf(EOFException.class);
    assertThat(ends).as("told first of all").hasPositiveValue();
  }

  @Test
  void whoWaitsForAFrameGoesOnWhenItsOwnSideIsClosed() throws Exception {
    var waiting = CompletableFuture.supplyAsync(() -> assertThatThrownBy(() -> one.receive()));
    one.close();
    waiting.get(20, TimeUnit.SECONDS).isInstanceOf(IOException.class);
  }

  private static ControlChannel.Frame received(ControlChannel channel) {
    try {
      return channel.receive();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
