package io.github.fornada.process.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** The same through FIFOs. */
@EnabledOnOs(OS.LINUX)
class FifoControlChannelTest extends ControlChannelTest {
  @Override
  List<Connection> connect() throws Exception {
    Path up = folder.resolve("up");
    Path down = folder.resolve("down");
    Path bell = folder.resolve("bell");
    Path call = folder.resolve("call");
    Process making =
        new ProcessBuilder(
                "mkfifo", up.toString(), down.toString(), bell.toString(), call.toString())
            .start();
    assertThat(making.waitFor(20, TimeUnit.SECONDS)).isTrue();
    assertThat(making.exitValue()).isZero();
    // Both ends of each FIFO are opened before one of them could see its end.
    try (var _ = FifoConnection.both(up);
        var _ = FifoConnection.both(down)) {
      return List.of(
          FifoConnection.open(up, down, call, bell, () -> gone),
          FifoConnection.open(down, up, bell, call, () -> gone));
    }
  }
}
