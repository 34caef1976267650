package io.github.fornada.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.io.OutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** A reader that has gone away, whatever language the system speaks. */
@EnabledOnOs({OS.LINUX, OS.MAC})
class BrokenPipeTest {
  @Test
  void theSystemSaysTheSameOfEveryBrokenPipe() throws Exception {
    Process reader =
        new ProcessBuilder("sh", "-c", "exec 0<&-; echo closed; exec sleep 60").start();
    IOException failed;
    try (var said = reader.inputReader()) {
      assertThat(said.readLine()).isEqualTo("closed");
      OutputStream out = reader.getOutputStream();
      failed =
          catchThrowableOfType(
              IOException.class,
              () -> {
                out.write(1);
                out.flush();
              });
    } finally {
      reader.destroyForcibly();
    }
    assertThat(failed).hasMessage(BrokenPipe.words());
    assertThat(BrokenPipe.isCauseOf(failed)).isTrue();
    assertThat(BrokenPipe.isCauseOf(new IOException("Pipe quebrado"))).isFalse();
    assertThat(BrokenPipe.isCauseOf(new IOException())).isFalse();
  }
}
